//! Incidents, and feedback about wrong verdicts: scopes hide them, versions guard them, each goes to whose it is.

use domain::access::Reach;
use domain::cases::{CaseList, CaseQuery};
use domain::incidents::contract::IncidentsBackend as _;
use domain::incidents::{Classification, IncidentReport, IncidentStatus};
use domain::investigations::PieceKind;
use domain::investigations::feedback::{Feedback, WrongVerdict};
use domain::investigations::report::InvestigationReport;
use domain::{Action, Caller, RowScope, Severity};
use store::cases::CaseRow;
use store::investigations::{IncidentState, Piece};

use super::investigations::{ids, piece, put, report as investigation, service, triage};
use super::sample::{SCANNER, action, add, add_ana, at, id, person, proposer};
use crate::database::{Database, Kind, on_both};

on_both!(
    a_scope_hides_incidents,
    an_incident_is_changed_under_its_version,
    feedback_goes_to_whose_action_it_is,
);

async fn a_scope_hides_incidents(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let report = |id: &str| IncidentReport {
        id: id.to_owned(),
        title: None,
        severity: None,
        started_at: None,
        alerts: Vec::new(),
    };
    let mut tx = store.begin().await.unwrap();
    for (second, id) in [(1, "INC-1"), (2, "INC-2"), (3, "INC-3"), (4, "INC-4")] {
        tx.put_incident(&proposer(None), &report(id), 1, at(second)).await.unwrap();
    }
    tx.commit().await.unwrap();
    // The first has an action on a server, the second an investigation of one, the third both on others, the last none.
    let on = |number: u128, incident: &str, group: Option<&str>| {
        let asset = domain::Asset { device_group: group.map(str::to_owned), ..action(number).asset };
        Action { incident_id: Some(incident.to_owned()), asset, ..action(number) }
    };
    add(&store, &on(1, "INC-1", Some("Servers"))).await;
    add(&store, &on(2, "INC-3", Some("Kiosks"))).await;
    let device =
        |group: &str| Piece { device_group: Some(group.to_owned()), ..piece(PieceKind::Device, "a", 0) };
    let of = |incident: &str| InvestigationReport {
        incident_id: Some(incident.to_owned()),
        ..investigation(incident)
    };
    put(&store, &of("INC-2"), 1, 1, &[device("Servers")]).await;
    put(&store, &of("INC-3"), 1, 1, &[device("Kiosks")]).await;
    let seen = async |scope: RowScope| {
        let query = CaseQuery::of(CaseList::Incidents);
        let row = |(_, row)| match row {
            CaseRow::Incident(of) => (of.summary.id, of.summary.waiting, of.summary.investigations),
            other => panic!("{other:?}"),
        };
        let found = store.case_page(&scope, None, &query, None, 10).await.unwrap();
        let all: Vec<_> = found.into_iter().map(row).collect();
        for id in ["INC-1", "INC-2", "INC-3", "INC-4"] {
            let one = store.incident(&scope, id).await.unwrap();
            assert_eq!(one.is_some(), all.iter().any(|(known, ..)| known == id), "{id}");
        }
        all
    };
    let row = |id: &str, waiting, investigations| (id.to_owned(), waiting, investigations);
    let (one, two, four) = (row("INC-1", 1, 0), row("INC-2", 0, 1), row("INC-4", 0, 0));
    assert_eq!(seen(RowScope::ALL).await, [four.clone(), row("INC-3", 1, 1), two.clone(), one.clone()]);
    let groups = |name: &str| RowScope { device_groups: Some([name.to_owned()].into()), ..RowScope::ALL };
    assert_eq!(seen(groups("servers")).await, [four.clone(), two, one]);
    assert_eq!(seen(groups("nowhere")).await, [four]);
    // What is hidden can't be changed or commented on either.
    let holdings = domain::access::holding::Holdings {
        roles: vec![(domain::Role::SecurityOperator, Reach::Everywhere)],
        limit: Reach::Groups(["nowhere".to_owned()].into()),
        ..Default::default()
    };
    let limited = Caller { access: holdings.access(), ..ana.clone() };
    let hidden = service(&store).comment_incident(&limited, "INC-3", "x".to_owned()).await;
    assert!(matches!(hidden, Err(domain::Error::NotFound(_))), "{hidden:?}");
}

async fn an_incident_is_changed_under_its_version(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let report = IncidentReport {
        id: "INC-1".to_owned(),
        title: None,
        severity: Some(Severity::Low),
        started_at: None,
        alerts: Vec::new(),
    };
    let mut tx = store.begin().await.unwrap();
    tx.put_incident(&proposer(None), &report, 1, at(5)).await.unwrap();
    tx.commit().await.unwrap();
    put(&store, &investigation("I-1"), 1, 1, &[]).await;
    add(&store, &Action { incident_id: Some("INC-1".to_owned()), ..action(1) }).await;
    let mut tx = store.begin().await.unwrap();
    let before = tx.incident("INC-1").await.unwrap().unwrap();
    assert_eq!((before.summary.investigations, before.summary.waiting), (1, 1));
    let state = IncidentState {
        status: IncidentStatus::Resolved,
        classification: Some(Classification::FalsePositive),
        assigned_to: Some("Ana".to_owned()),
    };
    assert!(tx.set_incident(&triage(&ana), &before, &state, at(6)).await.unwrap());
    assert!(!tx.set_incident(&triage(&ana), &before, &state, at(7)).await.unwrap());
    assert!(tx.add_comment(&triage(&ana), "INC-1", "ü", at(8)).await.unwrap());
    assert!(tx.add_comment(&triage(&ana), "INC-1", "again", at(8)).await.unwrap());
    assert!(!tx.add_comment(&triage(&ana), "INC-2", "x", at(8)).await.unwrap(), "there is none");
    let stranger = person(0xB, 0xB5);
    assert!(
        !tx.add_comment(&triage(&stranger), "INC-1", "x", at(8)).await.unwrap(),
        "nobody of that session"
    );
    // A report changes nothing that people said.
    tx.put_incident(&proposer(None), &report, 3, at(9)).await.unwrap();
    tx.commit().await.unwrap();
    let after = store.incident(&RowScope::ALL, "INC-1").await.unwrap().unwrap().summary;
    assert_eq!((after.status, after.classification), (IncidentStatus::Resolved, state.classification));
    assert_eq!(store.incident(&RowScope::proposed_by("other"), "INC-1").await.unwrap(), None);
    let comments = store.comments("INC-1").await.unwrap();
    assert_eq!(comments.iter().map(|of| of.text.as_str()).collect::<Vec<_>>(), ["ü", "again"]);
    let count = async |name: &str, value: &str| {
        let query = CaseQuery::from_pairs([("lane", "incidents"), (name, value)]).unwrap();
        ids(&store, &RowScope::ALL, &query, None, 10).await.0.len()
    };
    for (name, value, found) in [
        ("status", "resolved", 1),
        ("status", "active", 0),
        ("classification", "false_positive", 1),
        ("classification", "true_positive", 0),
        ("severity", "low", 1),
        ("q", "inc-", 1),
        ("q", "100%", 0),
        ("sort", "assigned_to", 1),
    ] {
        assert_eq!(count(name, value).await, found, "{name} {value}");
    }
    let actions = store.incident_actions(&RowScope::ALL, "INC-1", 10).await.unwrap();
    assert_eq!(actions.iter().map(|of| of.id).collect::<Vec<_>>(), [id(1)]);
    assert!(store.incident_actions(&RowScope::proposed_by("other"), "INC-1", 10).await.unwrap().is_empty());
}

async fn feedback_goes_to_whose_action_it_is(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    add(&store, &action(1)).await;
    let of = |number: u128| Feedback {
        position: 0,
        at: at(1),
        kind: WrongVerdict::FalsePositive,
        by: "Ana".to_owned(),
        comment: None,
        action_id: Some(id(number)),
        evidence_id: None,
        entity: None,
        rule: Some("Beacon".to_owned()),
        external_id: None,
        investigation_id: None,
        alert_id: None,
    };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.add_feedback(&triage(&ana), &of(1), at(1)).await.unwrap());
    assert!(tx.add_feedback(&triage(&ana), &of(1), at(2)).await.unwrap());
    assert!(!tx.add_feedback(&triage(&ana), &of(9), at(3)).await.unwrap(), "there is none");
    tx.commit().await.unwrap();
    let places = async |principal: Option<&str>, after| {
        let found = store.feedback(principal, after, 10).await.unwrap();
        found.into_iter().map(|of| of.position).collect::<Vec<_>>()
    };
    assert_eq!(places(Some(SCANNER), 0).await, [1, 2]);
    assert_eq!(places(None, 1).await, [2]);
    assert_eq!(places(Some("other"), 0).await, Vec::<i64>::new());
    // Home names the rule, with how much it led to.
    let home = store.home(&RowScope::ALL, at(5)).await.unwrap();
    let noisiest: Vec<_> = home
        .noisiest
        .iter()
        .map(|of| (of.source.as_str(), of.rule.as_str(), of.proposed, of.false_positives))
        .collect();
    assert_eq!(noisiest, [("Scanner", "Beacon", 0, 2)]);
    let limited = RowScope { device_groups: Some([].into()), ..RowScope::ALL };
    assert!(store.home(&limited, at(5)).await.unwrap().noisiest.is_empty());
    // Evidence is its tool's.
    put(&store, &investigation("I-1"), 1, 10, &[piece(PieceKind::Evidence, "e1", 3)]).await;
    assert!(
        store.piece(&RowScope::ALL, "I-1", PieceKind::Evidence, "e1").await.unwrap().unwrap().contains("e1")
    );
    assert_eq!(store.piece(&RowScope::ALL, "I-1", PieceKind::Log, "e1").await.unwrap(), None);
    let found = Feedback {
        action_id: None,
        investigation_id: Some("I-1".to_owned()),
        evidence_id: Some("e1".to_owned()),
        ..of(1)
    };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.add_feedback(&triage(&ana), &found, at(4)).await.unwrap());
    let unknown = Feedback { investigation_id: Some("I-2".to_owned()), ..found };
    assert!(!tx.add_feedback(&triage(&ana), &unknown, at(4)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(places(Some(SCANNER), 2).await, [3]);
}
