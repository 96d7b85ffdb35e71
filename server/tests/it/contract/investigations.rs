//! Investigations and incidents: parts replace parts, scopes hide, levels decide.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::access::device_group::RemediationLevel;
use domain::cases::contract::CasesBackend as _;
use domain::cases::{CaseList, CaseQuery, CaseRows};
use domain::incidents::IncidentReport;
use domain::incidents::contract::IncidentsBackend as _;
use domain::investigations::contract::InvestigationsBackend as _;
use domain::investigations::report::InvestigationReport;
use domain::investigations::{InvestigationState, PieceKind, Remediation, Tab};
use domain::{Action, Authorized, Caller, Decision, EntityKind, RowScope, Severity, Verdict};
use executors::simulated::Simulated;
use service::Service;
use service::executor::Executors;
use service::testing::{FixedClock, system as authority};
use store::cases::{CasePosition, CaseRow};
use store::investigations::{Piece, Place};
use store::{Credential, CredentialKind, SharedStore};

use super::sample::{SCANNER, action, add, add_ana, at, id, person, proposer, session};
use crate::database::{Database, Kind, on_both};

on_both!(
    an_investigation_reads_back_and_parts_replace_parts,
    a_scope_hides_investigations,
    pages_of_investigations_follow_each_other,
    the_level_of_the_device_group_decides,
    a_page_tells_the_whole_investigation,
);

pub(super) fn report(id: &str) -> InvestigationReport {
    InvestigationReport {
        title: Some(format!("Beacon {id}")),
        state: Some(InvestigationState::Running),
        severity: Some(Severity::High),
        incident_id: Some("INC-1".to_owned()),
        started_at: Some(at(1)),
        ..InvestigationReport::of(id)
    }
}

pub(super) fn piece(kind: PieceKind, name: &str, at_second: i64) -> Piece {
    let body = match kind {
        PieceKind::Alert => serde_json::json!({ "id": name, "title": name }),
        PieceKind::Mailbox => serde_json::json!({ "address": name }),
        PieceKind::Evidence => serde_json::json!({ "id": name, "entity": { "kind": "file", "path": name } }),
        PieceKind::Log => serde_json::json!({ "id": name, "action": name, "created_at": at(at_second) }),
        PieceKind::Device | PieceKind::User | PieceKind::Email => serde_json::json!({ "name": name }),
    };
    Piece {
        kind,
        name: name.to_owned(),
        at: at(at_second),
        entity_kind: None,
        verdict: None,
        remediation: None,
        device_group: None,
        body: body.to_string(),
    }
}

pub(super) async fn put(
    store: &SharedStore,
    report: &InvestigationReport,
    version: i64,
    now: i64,
    pieces: &[Piece],
) -> BTreeSet<PieceKind> {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.put_investigation(&proposer(None), report, version, at(now)).await.unwrap();
    let changed = tx.put_pieces(&proposer(None), &report.id, pieces).await.unwrap();
    tx.commit().await.unwrap();
    changed
}

/// Ana, by whom people care for what is reported.
pub(super) fn triage(caller: &Caller) -> Authorized {
    caller.authorize_triage().unwrap()
}

async fn an_investigation_reads_back_and_parts_replace_parts(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    assert_eq!(store.investigation(&RowScope::ALL, "I-1").await.unwrap(), None);
    let evidence = |name: &str, verdict| Piece {
        entity_kind: Some(EntityKind::File),
        verdict: Some(verdict),
        remediation: Some(Remediation::Active),
        ..piece(PieceKind::Evidence, name, 3)
    };
    let first = [
        evidence("e2", Verdict::Malicious),
        evidence("e1", Verdict::Suspicious),
        piece(PieceKind::Log, "l1", 2),
    ];
    let changed = put(&store, &report("I-1"), 1, 10, &first).await;
    assert_eq!(changed, [PieceKind::Evidence, PieceKind::Log].into());
    let stored = store.investigation(&RowScope::ALL, "I-1").await.unwrap().unwrap();
    assert_eq!((stored.report, stored.principal.as_str()), (report("I-1"), SCANNER));
    assert_eq!((stored.summary.updated_at, stored.summary.waiting), (at(10), 0));
    let again = [evidence("e1", Verdict::Malicious)];
    assert_eq!(put(&store, &report("I-1"), 2, 11, &again).await, [PieceKind::Evidence].into());
    // What is the same again changes nothing.
    assert_eq!(put(&store, &report("I-1"), 2, 11, &again).await, BTreeSet::new());
    let names = async |after: Option<&Place>| {
        let rows = store.pieces(&RowScope::ALL, "I-1", PieceKind::Evidence, after, 10).await.unwrap();
        rows.into_iter().map(|((_, name), _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(None).await, ["e1", "e2"]);
    assert_eq!(names(Some(&(at(3), "e1".to_owned()))).await, ["e2"]);
    let counts = store.piece_counts(&RowScope::ALL, "I-1").await.unwrap();
    assert_eq!(counts, [(PieceKind::Evidence, 2), (PieceKind::Log, 1)]);
    let counts = store.evidence_counts(&RowScope::ALL, "I-1").await.unwrap();
    assert_eq!((counts.len(), counts[0].count, counts[0].verdict), (1, 2, Some(Verdict::Malicious)));
    // It waits while an action does.
    let waits = Action { investigation_id: Some("I-1".to_owned()), ..action(1) };
    add(&store, &waits).await;
    add(&store, &Action { investigation_id: Some("i-1".to_owned()), ..action(2) }).await;
    let summary = store.investigation(&RowScope::ALL, "I-1").await.unwrap().unwrap().summary;
    assert_eq!((summary.waiting, summary.state), (1, InvestigationState::PendingApproval));
    let mut tx = store.begin().await.unwrap();
    let before = tx.investigation("I-1").await.unwrap().unwrap();
    let ended = InvestigationState::TerminatedByUser;
    assert!(tx.end_investigation(&triage(&ana), &before, ended, at(20)).await.unwrap());
    assert!(
        !tx.end_investigation(&triage(&ana), &before, ended, at(21)).await.unwrap(),
        "it is another since"
    );
    assert!(tx.end_investigation(&proposer(None), &before, ended, at(21)).await.is_err(), "a tool may not");
    assert_eq!(tx.level_of(None).await.unwrap(), RemediationLevel::SemiAll);
}

async fn a_scope_hides_investigations(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let device = |name: &str, group: Option<&str>| Piece {
        device_group: group.map(str::to_owned),
        ..piece(PieceKind::Device, name, 0)
    };
    put(&store, &report("I-1"), 1, 1, &[device("a", Some("Servers"))]).await;
    put(&store, &report("I-2"), 1, 2, &[device("b", None)]).await;
    put(&store, &report("I-3"), 1, 3, &[]).await;
    let seen = async |scope: RowScope| {
        let all = ids(&store, &scope, &CaseQuery::of(CaseList::Investigations), None, 10).await.0;
        for id in ["I-1", "I-2", "I-3"] {
            let one = store.investigation(&scope, id).await.unwrap();
            assert_eq!(one.is_some(), all.iter().any(|known| known == id));
        }
        all
    };
    let groups = |name: &str| RowScope { device_groups: Some([name.to_owned()].into()), ..RowScope::ALL };
    assert_eq!(seen(RowScope::ALL).await, ["I-3", "I-2", "I-1"]);
    assert_eq!(seen(RowScope::proposed_by(SCANNER)).await, ["I-3", "I-2", "I-1"]);
    assert_eq!(seen(RowScope::proposed_by("other")).await, Vec::<String>::new());
    assert_eq!(seen(groups("servers")).await, ["I-3", "I-1"]);
    assert_eq!(seen(groups(RowScope::UNGROUPED)).await, ["I-3", "I-2"]);
}

async fn pages_of_investigations_follow_each_other(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for number in 0..7 {
        // Two at a time.
        put(&store, &report(&format!("I-{number}")), 1, number / 2, &[]).await;
    }
    let query = CaseQuery::of(CaseList::Investigations);
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let (page, last) = ids(&store, &RowScope::ALL, &query, from.as_ref(), 3).await;
        if page.is_empty() {
            break;
        }
        (found, from) = ([found, page].concat(), last);
    }
    assert_eq!(found, ["I-6", "I-5", "I-4", "I-3", "I-2", "I-1", "I-0"]);
    let count = async |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().copied().chain([("lane", "investigations")]);
        let query = CaseQuery::from_pairs(pairs).unwrap();
        ids(&store, &RowScope::ALL, &query, None, 10).await.0.len()
    };
    assert_eq!(count(&[("state", "running")]).await, 7);
    assert_eq!(count(&[("state", "pending_approval")]).await, 0);
    add(&store, &Action { investigation_id: Some("I-3".to_owned()), ..action(1) }).await;
    assert_eq!(count(&[("state", "running")]).await, 6);
    assert_eq!(count(&[("state", "pending_approval")]).await, 1);
    assert_eq!(count(&[("state", "pending_approval"), ("state", "running")]).await, 7);
    assert_eq!(count(&[("incident", "INC-1")]).await, 7);
    assert_eq!(count(&[("incident", "INC-2")]).await, 0);
    assert_eq!(count(&[("severity", "high"), ("q", "i-3")]).await, 1);
    assert_eq!(count(&[("severity", "low")]).await, 0);
}

/// The ids of one page, and the place of its last row.
pub(super) async fn ids(
    store: &SharedStore,
    scope: &RowScope,
    query: &CaseQuery,
    from: Option<&CasePosition>,
    limit: u32,
) -> (Vec<String>, Option<CasePosition>) {
    let page = store.case_page(scope, None, query, from, limit).await.unwrap();
    let last = page.last().map(|(position, _)| position.clone());
    let id = |(_, row)| match row {
        CaseRow::Investigation(of) => of.summary.id,
        CaseRow::Incident(of) => of.summary.id,
        other => panic!("{other:?}"),
    };
    (page.into_iter().map(id).collect(), last)
}

pub(super) fn service(store: &SharedStore) -> Service {
    Service::new(store.clone(), FixedClock::at(at(100)), Executors::new(vec![Arc::new(Simulated)]))
}

/// A tool that the database need not know.
pub(super) fn tool() -> Caller {
    Caller { scopes: Some([domain::Scope::Propose].into()), person: None, ..scanner() }
}

/// Its token, without which no rule decides for it.
pub(super) async fn add_tool(store: &SharedStore) {
    let token = Credential { kind: CredentialKind::Token, user: None, ..session(0xC5, id(0xC)) };
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_credential(&token).await.unwrap();
    tx.commit().await.unwrap();
}

fn scanner() -> Caller {
    let person = person(0xC, 0xC5);
    Caller { actor: action(0).proposed_by, ..person }
}

pub(super) fn malicious(external_id: &str, group: &str, path: &str) -> serde_json::Value {
    serde_json::json!({
        "external_id": external_id, "type": "quarantine_file", "severity": "high",
        "source": "automated_device_action", "verdict": "malicious",
        "entity": { "kind": "file", "path": path, "sha256": "ab".repeat(32) },
        "asset": { "kind": "device", "name": format!("host {external_id}"), "device_group": group },
    })
}

async fn the_level_of_the_device_group_decides(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for (rank, name, level) in
        [(1, "Full", "full"), (2, "Core", "semi_core"), (3, "Temp", "semi_non_temp"), (4, "Off", "none")]
    {
        let sql = format!(
            "INSERT INTO device_groups (id, rank, name, name_key, level, rule, version)
             VALUES ('{}', {rank}, '{name}', '{}', '{level}', '[]', 1)",
            id::<uuid::Uuid>(rank),
            name.to_lowercase()
        );
        database.execute(&sql).await.unwrap();
    }
    assert_eq!(store.remediation_level(Some("full")).await.unwrap(), RemediationLevel::Full);
    assert_eq!(store.remediation_level(Some("Elsewhere")).await.unwrap(), RemediationLevel::SemiAll);
    let actions = [
        malicious("1", "Full", "C:\\Windows\\x.exe"),
        malicious("2", "Core", "C:\\Windows\\x.exe"),
        malicious("3", "Core", "C:\\Users\\a\\x.exe"),
        malicious("4", "Temp", "C:\\Users\\a\\Downloads\\x.exe"),
        malicious("5", "Temp", "C:\\Users\\a\\x.exe"),
        malicious("6", "Off", "/tmp/x"),
        malicious("7", "Elsewhere", "/tmp/x"),
    ];
    let actions = serde_json::from_value(serde_json::Value::from(actions.to_vec())).unwrap();
    let report = InvestigationReport { actions, ..report("I-9") };
    // What a rule decides needs a token that lives, as any decision does.
    let unknown = service(&store).report_investigation(&tool(), report.clone()).await;
    assert!(matches!(unknown, Err(domain::Error::Forbidden(_))), "{unknown:?}");
    add_tool(&store).await;
    let made = service(&store).report_investigation(&tool(), report).await.unwrap();
    let decisions: Vec<_> = made.actions.iter().map(|of| of.decision).collect();
    let (auto, waits) = (Some(Decision::AutoApproved), Some(Decision::Pending));
    assert_eq!(decisions, [auto, waits, auto, auto, waits, None, waits]);
    assert_eq!(
        (made.investigation.waiting, made.investigation.state),
        (3, InvestigationState::PendingApproval)
    );
    let of = made.actions[0].id.unwrap();
    let action = store.action(&RowScope::ALL, of).await.unwrap().unwrap();
    let rule = "Approved by a rule: Full - remediate threats automatically; verdict Malicious.";
    assert_eq!(action.reason.as_deref(), Some(rule));
    assert!(store.command_of(of).await.unwrap().is_some());
    store::verify(&*store).await.unwrap();
}

#[expect(clippy::too_many_lines, reason = "one page, tab by tab")]
async fn a_page_tells_the_whole_investigation(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let service = service(&store);
    let report: InvestigationReport = serde_json::from_value(serde_json::json!({
        "id": "I-1", "incident_id": "INC-1", "title": "Beacon", "state": "running", "queue_time": 5,
        "started_at": at(10), "alerts": [{ "id": "A", "title": "Beacon", "severity": "high", "at": at(9) }],
        "devices": [{ "name": "host 1", "device_group": "Elsewhere" }], "mailboxes": [{ "address": "kim@a.example" }],
        "users": [{ "name": "kim", "verdict": "suspicious" }],
        "evidence": [
            { "id": "1", "entity": { "kind": "file", "path": "/a" }, "verdict": "malicious", "remediation": "remediated" },
            { "id": "2", "entity": { "kind": "file", "path": "/b" }, "verdict": "no_threats_found" },
            { "id": "3", "entity": { "kind": "process", "pid": 1, "image": "/b" } }
        ],
        "log": [{ "id": "1", "action": "Looked", "created_at": at(11) }],
        "actions": [malicious("1", "Elsewhere", "/srv/a")],
    }))
    .unwrap();
    service.report_investigation(&tool(), report).await.unwrap();
    let incident = IncidentReport {
        id: "INC-1".to_owned(),
        title: None,
        severity: None,
        started_at: None,
        alerts: serde_json::from_value(serde_json::json!([
            { "id": "A", "title": "Beacon" }, { "id": "B", "title": "Odd sign-in", "at": at(8) },
        ]))
        .unwrap(),
    };
    service.report_incident(&tool(), incident).await.unwrap();
    for &tab in Tab::ALL {
        let view = service.investigation_view(&ana, "I-1", tab, Vec::new()).await.unwrap();
        let count = |tab| view.counts.iter().find(|(of, _)| *of == tab).map(|(_, count)| *count);
        let rows = match &view.page.rows {
            CaseRows::Graph(graph) => {
                assert!(graph.nodes.iter().any(|node| node.label == "/a" && node.threat), "{graph:?}");
                assert!(graph.nodes.iter().any(|node| node.label == "1 action waits"), "{graph:?}");
                continue;
            }
            CaseRows::Investigations(_) | CaseRows::Incidents(_) => panic!("no tab of an investigation"),
            CaseRows::Alerts(rows) => rows.len(),
            CaseRows::Devices(rows) => {
                assert_eq!(rows[0].1, RemediationLevel::SemiAll);
                rows.len()
            }
            CaseRows::Mailboxes(rows) => rows.len(),
            CaseRows::Users(rows) => rows.len(),
            CaseRows::Evidence(rows) => rows.len(),
            CaseRows::Entities(rows) => {
                let file = rows.iter().find(|of| of.kind == EntityKind::File).unwrap();
                assert_eq!((file.total, file.malicious, file.remediated, file.clean), (2, 1, 1, 1));
                rows.len()
            }
            CaseRows::Log(rows) => rows.len(),
            CaseRows::Pending(rows) => {
                assert!(rows[0].approve.is_allowed(), "{:?}", rows[0].approve);
                rows.len()
            }
            CaseRows::History(rows) => rows.len(),
        };
        assert_eq!(count(tab), Some(rows as u64), "{tab}");
        assert_eq!((view.duration, view.pending_time, view.queue_time), (90, 0, Some(5)));
    }
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let export = async |list, of: &[(&str, &str)]| {
        let mut file = service.export_cases(&ana, list, Some("I-1"), pairs(of)).await.unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut file, &mut text).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = export(CaseList::Evidence, &[("sort", "-entity")]).await;
    assert_eq!((lines.len(), lines[0].split(',').next()), (4, Some("Entity")), "{lines:?}");
    let entities: Vec<_> = lines[1..].iter().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(entities, ["/b (1)", "/b", "/a"]);
    let some = export(CaseList::Evidence, &[("verdict", "malicious"), ("cols", "verdict,entity")]).await;
    assert_eq!(some, ["Verdict,Entity", "Malicious,/a"]);
    let figures = export(CaseList::Entities, &[("sort", "total"), ("cols", "entity_type,total")]).await;
    assert_eq!(figures, ["Kind,Total", "Process,1", "File,2"]);
    let view = async |tab, of: &[(&str, &str)]| {
        service.investigation_view(&ana, "I-1", tab, pairs(of)).await.map(|view| view.page)
    };
    let none = view(Tab::Evidence, &[("q", "no such thing")]).await.unwrap();
    assert!(matches!(none.rows, CaseRows::Evidence(rows) if rows.is_empty()));
    for (of, field) in [
        (("sort", "alert"), "/sort"),
        (("cols", "entity,title"), "/cols"),
        (("state", "running"), "/state"),
        (("colour", "red"), "/colour"),
        (("cursor", "x"), "/cursor"),
        (("lane", "alerts"), "/lane"),
    ] {
        let refused = view(Tab::Evidence, &[of]).await;
        let Err(domain::Error::Invalid(errors)) = refused else { panic!("{of:?}: {refused:?}") };
        assert_eq!(errors[0].pointer, field);
    }
    // What a person chooses is shown wherever the address says nothing.
    let shown = |page: &domain::cases::CasePage| {
        let shown = page.view.columns.iter().filter(|column| column.shown);
        shown.map(|column| column.name.clone()).collect::<Vec<_>>()
    };
    let chosen = ["verdict", "entity"].map(str::to_owned);
    service.choose_columns(&ana, CaseList::Evidence, chosen.to_vec()).await.unwrap();
    let page = view(Tab::Evidence, &[]).await.unwrap();
    assert_eq!(shown(&page), chosen);
    let choices: Vec<_> =
        page.view.facets[1].choices.iter().map(|of| (of.value.as_str(), of.count)).collect();
    assert_eq!(choices, [("malicious", Some(1)), ("no_threats_found", Some(1))]);
    assert_eq!(shown(&view(Tab::Evidence, &[("cols", "first_seen")]).await.unwrap()), ["first_seen"]);
    assert!(service.choose_columns(&ana, CaseList::Users, chosen.to_vec()).await.is_err(), "of another list");
    service.choose_columns(&ana, CaseList::Evidence, Vec::new()).await.unwrap();
    assert_eq!(shown(&view(Tab::Evidence, &[]).await.unwrap()).len(), 7);
    let incident = service.incident(&ana, "INC-1").await.unwrap();
    assert_eq!((incident.alerts.len(), incident.evidence.len(), incident.pending.len()), (2, 3, 1));
    let told: Vec<_> = incident.story.iter().take(2).map(|line| line.text.as_str()).collect();
    assert_eq!(told, ["Alert: Odd sign-in", "Alert: Beacon"], "an alert of two reports is one");
    assert!(incident.story.len() >= 3, "{:?}", incident.story);
}
