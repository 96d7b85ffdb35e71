//! The investigations and incidents behind the actions of an estate: told from the actions themselves, so that each page
//! fits what waits and what was done.

use std::collections::BTreeMap;

use domain::incidents::IncidentReport;
use domain::investigations::email::{AuthenticationResult, EmailCopy, EmailPiece, EmailUrl};
use domain::investigations::report::{
    AlertPiece, DevicePiece, EvidencePiece, InvestigationReport, LogPiece, MailboxPiece, UserPiece,
};
use domain::investigations::{InvestigationState, PieceKind, Remediation};
use domain::{Action, AssetKind, Authorized, Decision, Entity, EntityKind, Severity, Status, Verdict};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::SystemTransaction;
use store::investigations::Piece;

/// Investigations and incidents by their ids.
#[derive(Debug, Default)]
pub(super) struct Cases {
    investigations: BTreeMap<String, Vec<Action>>,
    incidents: BTreeMap<String, Vec<Action>>,
}

impl Cases {
    /// Notes to what an action belongs.
    pub(super) fn note(&mut self, action: &Action) {
        if let Some(id) = &action.investigation_id {
            self.investigations.entry(id.clone()).or_default().push(action.clone());
        }
        if let Some(id) = &action.incident_id {
            self.incidents.entry(id.clone()).or_default().push(action.clone());
        }
    }

    /// Writes them all.
    pub(super) async fn write(
        self,
        tx: &mut dyn SystemTransaction,
        by: &Authorized,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        for (id, actions) in &self.investigations {
            let (report, pieces) = investigation(id, actions, now)?;
            let changed = actions.iter().map(|action| action.updated_at).max().unwrap_or(now);
            tx.put_investigation(by, &report, 1, changed).await?;
            tx.put_pieces(by, id, &pieces).await?;
        }
        for (id, actions) in &self.incidents {
            let changed = actions.iter().map(|action| action.updated_at).max().unwrap_or(now);
            tx.put_incident(by, &incident(id, actions), 1, changed).await?;
        }
        Ok(())
    }
}

fn worst(actions: &[Action]) -> Severity {
    // The most severe comes first in the vocabulary.
    actions.iter().map(|action| action.severity).min().unwrap_or(Severity::Medium)
}

fn began(actions: &[Action]) -> Option<Timestamp> {
    let first = actions.iter().map(|action| action.proposed_at).min()?;
    first.checked_sub(SignedDuration::from_mins(9)).ok()
}

fn title(actions: &[Action]) -> Option<String> {
    let alert = actions.iter().find_map(|action| action.alert.as_ref());
    let on = actions.first().map(|action| action.asset.name.clone())?;
    Some(
        alert.map_or_else(
            || format!("Suspicious activity on {on}"),
            |alert| format!("{} on {on}", alert.title),
        ),
    )
}

fn alerts(actions: &[Action]) -> BTreeMap<String, AlertPiece> {
    let alert = |action: &Action| {
        let of = action.alert.clone()?;
        let at = action.proposed_at.checked_sub(SignedDuration::from_mins(10)).ok();
        let category = action.campaign.clone();
        let severity = Some(action.severity);
        Some((of.id.clone(), AlertPiece { id: of.id, title: of.title, severity, category, url: of.url, at }))
    };
    actions.iter().filter_map(alert).collect()
}

fn incident(id: &str, actions: &[Action]) -> IncidentReport {
    IncidentReport {
        id: id.to_owned(),
        title: title(actions),
        severity: Some(worst(actions)),
        started_at: began(actions),
        alerts: alerts(actions).into_values().take(20).collect(),
    }
}

/// How it ended, by what became of its actions; it goes on while one of them runs.
fn state(actions: &[Action]) -> InvestigationState {
    let all = |test: fn(&Action) -> bool| actions.iter().all(test);
    let any = |test: fn(&Action) -> bool| actions.iter().any(test);
    if any(|of| of.decision == Decision::Pending || matches!(of.status, Status::Queued | Status::InProgress))
    {
        InvestigationState::Running
    } else if all(|of| of.verdict == Some(Verdict::NoThreatsFound)) {
        InvestigationState::Benign
    } else if all(|of| of.status == Status::Completed) {
        InvestigationState::SuccessfullyRemediated
    } else if any(|of| matches!(of.status, Status::Completed | Status::PartiallyCompleted)) {
        InvestigationState::PartiallyRemediated
    } else {
        InvestigationState::PartiallyInvestigated
    }
}

fn remediation(action: &Action) -> Remediation {
    match (action.decision, action.status) {
        (Decision::Pending, _) => Remediation::PendingApproval,
        (Decision::Rejected | Decision::Expired | Decision::Withdrawn, _) => Remediation::Declined,
        (_, Status::Queued | Status::InProgress) => Remediation::Running,
        (_, Status::Completed) => Remediation::Remediated,
        (_, Status::PartiallyCompleted) => Remediation::PartiallyRemediated,
        (_, Status::Skipped) => Remediation::NotFound,
        _ => Remediation::Unremediated,
    }
}

fn piece(kind: PieceKind, name: String, at: Timestamp, body: &impl Serialize) -> anyhow::Result<Piece> {
    let body = serde_json::to_string(body)?;
    let (entity_kind, verdict, remediation, device_group) = (None, None, None, None);
    Ok(Piece { kind, name, at, entity_kind, verdict, remediation, device_group, body })
}

/// What an investigation found of the message that an action is on.
fn email(action: &Action) -> Option<EmailPiece> {
    let Entity::EmailMessage {
        message_id, subject, sender, recipients, received_at, delivery, location, ..
    } = &action.entity
    else {
        return None;
    };
    let bad = action.verdict.is_some_and(domain::investigations::is_threat);
    let check = |method: &str, result: &str| AuthenticationResult {
        method: method.to_owned(),
        result: result.to_owned(),
    };
    let domain = sender.rsplit_once('@').map_or(sender.as_str(), |(_, domain)| domain);
    let copy = |mailbox: &String| EmailCopy {
        mailbox: mailbox.clone(),
        delivery: *delivery,
        delivered_at: *received_at,
        location: *location,
        located_at: Some(action.proposed_at),
    };
    Some(EmailPiece {
        subject: Some(subject.clone()),
        sender: Some(sender.clone()),
        recipients: recipients.clone(),
        received_at: *received_at,
        delivery: *delivery,
        authentication: if bad {
            vec![check("spf", "softfail"), check("dkim", "none"), check("dmarc", "fail")]
        } else {
            vec![check("spf", "pass"), check("dkim", "pass"), check("dmarc", "pass")]
        },
        urls: vec![EmailUrl { url: format!("https://{domain}/"), verdict: action.verdict }],
        copies: recipients.iter().map(copy).collect(),
        ..EmailPiece::of(message_id.clone())
    })
}

fn investigation(
    id: &str,
    actions: &[Action],
    now: Timestamp,
) -> anyhow::Result<(InvestigationReport, Vec<Piece>)> {
    let state = state(actions);
    let ended = actions.iter().map(|action| action.updated_at).max();
    let report = InvestigationReport {
        title: title(actions),
        state: Some(state),
        severity: Some(worst(actions)),
        category: actions.iter().find_map(|action| action.campaign.clone()),
        detection_source: actions.first().map(|action| action.source.label().to_owned()),
        incident_id: actions.iter().find_map(|action| action.incident_id.clone()),
        started_at: began(actions),
        ended_at: ended.filter(|_| !state.is_open()),
        queue_time: Some(4),
        ..InvestigationReport::of(id)
    };
    let mut pieces = BTreeMap::new();
    let mut add = |piece: Piece| drop(pieces.insert((piece.kind, piece.name.clone()), piece));
    for (id, alert) in alerts(actions) {
        add(piece(PieceKind::Alert, id, alert.at.unwrap_or(now), &alert)?);
    }
    for (at, action) in actions.iter().enumerate() {
        let asset = &action.asset;
        let name = domain::core::canonical::name(&asset.name);
        let epoch = Timestamp::UNIX_EPOCH;
        add(match asset.kind {
            AssetKind::Device => {
                let device = DevicePiece {
                    name: asset.name.clone(),
                    os: None,
                    device_group: asset.device_group.clone(),
                    criticality: asset.criticality,
                };
                let device_group = asset.device_group.clone();
                Piece { device_group, ..piece(PieceKind::Device, name, epoch, &device)? }
            }
            AssetKind::Mailbox => {
                let mailbox = MailboxPiece { address: asset.name.clone(), owner: None };
                piece(PieceKind::Mailbox, name, epoch, &mailbox)?
            }
            AssetKind::Account => {
                let verdict = action.verdict.filter(|_| action.entity.kind() == EntityKind::User);
                let user = UserPiece { name: asset.name.clone(), verdict };
                Piece { verdict, ..piece(PieceKind::User, name, epoch, &user)? }
            }
        });
        if let Some(email) = email(action) {
            let id = domain::core::canonical::message_id(&email.message_id);
            let at = email.received_at.unwrap_or(action.proposed_at);
            add(piece(PieceKind::Email, id, at, &email)?);
        }
        if action.undo_of.is_none() {
            let evidence = EvidencePiece {
                id: format!("E{at}"),
                entity: action.entity.clone(),
                verdict: action.verdict,
                remediation: Some(remediation(action)),
                first_seen: Some(action.proposed_at),
                assets: vec![asset.name.clone()],
                detection_origin: Some(action.source.label().to_owned()),
            };
            let of = piece(PieceKind::Evidence, evidence.id.clone(), action.proposed_at, &evidence)?;
            let entity_kind = Some(action.entity.kind());
            add(Piece { entity_kind, verdict: evidence.verdict, remediation: evidence.remediation, ..of });
        }
        for (number, found) in action.evidence.iter().enumerate().take(3) {
            let id = format!("L{at}-{number}");
            let created_at =
                action.proposed_at - SignedDuration::from_mins(3 - i64::try_from(number).unwrap_or(0));
            let entry = LogPiece {
                id: id.clone(),
                action_type: Some("Analysis".to_owned()),
                action: found.title.clone(),
                status: Some("Completed".to_owned()),
                device: (asset.kind == AssetKind::Device).then(|| asset.name.clone()),
                description: Some(found.detail.clone()),
                created_at,
                started_at: Some(created_at),
                duration: Some(20),
                pending_time: None,
                queue_time: None,
            };
            add(piece(PieceKind::Log, id, created_at, &entry)?);
        }
    }
    Ok((report, pieces.into_values().collect()))
}
