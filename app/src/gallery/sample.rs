//! Actions to show: one that waits, one that may be undone, one whose end is unknown.

use domain::actions::contract::{ActionDetail, Availability, ExecutorView};
use domain::core::time::{SignedDuration, Timestamp};
use domain::executors::ExecutorKind;
use domain::executors::contract::Health;
use domain::{
    Action, ActionId, ActionType, Actor, ActorKind, Alert, Asset, AssetKind, Criticality, Decision, Entity,
    Evidence, Parameters, Severity, Source, Status, UndoState, Verdict,
};

/// The page's present.
pub(super) const NOW: Timestamp = Timestamp::constant(1_795_348_800, 0);

/// Waits for a decision, urgent and reversible.
pub(super) fn pending() -> Action {
    Action {
        id: id(1),
        version: 3,
        digest: "5f2b0c8d1e".repeat(6),
        external_id: Some("EDR-48213".to_owned()),
        action_type: ActionType::QuarantineFile,
        entity: Entity::File {
            path: Some("C:\\Users\\r.contreras\\AppData\\Local\\Temp\\BL_Hamburg_draft.scr".to_owned()),
            sha256: Some("f2e0ddd6cee16ac18de556cf69bf62a6134202a7c8e8d5b3a0843d634c48faff".to_owned()),
            sha1: None,
            md5: None,
        },
        asset: Asset {
            kind: AssetKind::Device,
            name: "lt-rcontreras.corp.northwind-ferries.example".to_owned(),
            criticality: Some(Criticality::VeryHigh),
            device_group: Some("Workstations Hamburg".to_owned()),
        },
        targets: Vec::new(),
        target_count: None,
        parameters: Parameters::default(),
        comment: Some("Same name as on the web servers in spring.\nQuarantine before it starts.".to_owned()),
        severity: Severity::Critical,
        source: Source::AutomatedDevice,
        verdict: Some(Verdict::Malicious),
        evidence: vec![Evidence {
            title: "Screensaver that opens a shell".to_owned(),
            detail: "explorer.exe started it at 03:41 from a mail attachment; it called 198.51.100.7."
                .to_owned(),
            verdict: Some(Verdict::Malicious),
            technique: Some("T1204.002".to_owned()),
        }],
        alert: Some(Alert {
            id: "a-4711".to_owned(),
            title: "Suspicious screensaver".to_owned(),
            url: Some("https://siem.example/alerts/a-4711".to_owned()),
        }),
        campaign: None,
        investigation_id: Some("INV-2041".to_owned()),
        incident_id: Some("INC-310".to_owned()),
        proposed_by: actor(ActorKind::Automation, "Automated investigation"),
        proposed_at: NOW - SignedDuration::from_mins(18),
        expires_at: NOW + SignedDuration::from_mins(42),
        updated_at: NOW - SignedDuration::from_mins(4),
        decision: Decision::Pending,
        status: Status::None,
        status_detail: None,
        undo: UndoState::None,
        decided_by: None,
        decided_at: None,
        reason: None,
        break_glass: false,
        approval_id: None,
        undo_of: None,
        undone_by: None,
        executor: None,
    }
}

/// Was carried out and may be undone.
pub(super) fn completed() -> Action {
    Action {
        id: id(2),
        severity: Severity::High,
        decision: Decision::Approved,
        status: Status::Completed,
        status_detail: Some("Moved to the vault as object 17.".to_owned()),
        decided_by: Some(actor(ActorKind::User, "Priya Raghunathan")),
        decided_at: Some(NOW - SignedDuration::from_mins(9)),
        reason: Some("Seen on two other hosts.".to_owned()),
        executor: Some("responder on this machine".to_owned()),
        ..pending()
    }
}

/// Cannot be undone once it is done.
pub(super) fn irreversible() -> Action {
    Action {
        id: id(3),
        action_type: ActionType::HardDeleteEmail,
        entity: Entity::EmailCluster {
            cluster_id: "c-59109".to_owned(),
            subject: "Overdue freight invoice 59109".to_owned(),
            messages: 120,
            mailboxes: Some(84),
            delivered: Some(97),
            junked: Some(16),
            blocked: Some(7),
            replaced: None,
        },
        asset: Asset {
            kind: AssetKind::Mailbox,
            name: "chartering.desk@northwind-ferries.example".to_owned(),
            criticality: None,
            device_group: None,
        },
        severity: Severity::Medium,
        source: Source::Explorer,
        expires_at: NOW + SignedDuration::from_hours(30),
        ..pending()
    }
}

/// Was sent, and no trustworthy answer came.
pub(super) fn unknown() -> Action {
    Action { id: id(4), severity: Severity::Low, status: Status::Unknown, ..completed() }
}

/// With all that its flyout shows.
pub(super) fn detail(action: Action, offer: Availability) -> ActionDetail {
    ActionDetail {
        protection: None,
        break_glass: None,
        impact: "Hits 1 file on lt-rcontreras.corp.northwind-ferries.example, very high criticality. The same file waits on \
                3 other devices."
            .to_owned(),
        deciders: (!offer.is_allowed()).then(|| "Kofi Mensah, Inês Carvalho and Claire Beaumont may decide this.".to_owned()),
        hunt: Some("https://siem.example/hunt?q=a".to_owned()),
        instances: 3,
        approve: offer.clone(),
        reject: offer.clone(),
        report_verdict: Availability::Allowed,
        undo: offer,
        follow_ups: Vec::new(),
        held: None,
        undo_waits: None,
        targets: Vec::new(),
        packages: Vec::new(),
        download: Availability::Allowed,
        twins: Vec::new(),
        task: None,
        executor: Some(ExecutorView {
            name: "responder on this machine".to_owned(),
            kind: ExecutorKind::Responder,
            rule: None,
            health: Health::Up,
            says: "It last answered at 2026-03-01 08:00:00 UTC.".to_owned(),
        }),
        unserved: None,
        later: Vec::new(),
        earlier: vec![completed(), unknown()],
        standing: Vec::new(),
        revisions: Vec::new(),
        end: None,
        looking: None,
        rendered_at: NOW,
        action,
    }
}

fn actor(kind: ActorKind, name: &str) -> Actor {
    Actor::new(kind, name.to_lowercase(), name)
}

fn id(number: u128) -> ActionId {
    uuid::Uuid::from_u128(0x019a_0000_0000_7000_8000_0000_0000_0000 + number).into()
}
