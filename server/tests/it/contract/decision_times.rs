//! How long there is to decide: set by who configures, and taken by what waits and names no end.

use domain::actions::contract::{DecideActions as _, ProposeActions as _, UndoRequest};
use domain::actions::take::TakeActions as _;
use domain::decision_times::contract::DecisionTimesBackend as _;
use domain::policies::Demand;
use domain::{Action, ActionType, Caller, Decision, Error, Outcome, Permission, Proposal, Transition};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use service::testing::system as authority;

use super::investigations::{malicious, tool};
use super::policies::{Setting, isolate, seen};
use super::sample::{ANA, ANAS_SESSION, at, decider, id, person};
use crate::database::{Kind, on_both};

on_both!(a_time_is_set_by_who_configures, what_waits_has_the_time_of_its_type);

async fn a_time_is_set_by_who_configures(kind: Kind) {
    let setting = Setting::start(kind).await;
    let Setting { store, service, ana, .. } = &setting;
    let by = ana.authorize_administration(Permission::Configure).unwrap();
    let stranger = Caller { credential: id(0xEE), ..ana.clone() };
    let stranger = stranger.authorize_administration(Permission::Configure).unwrap();
    let isolate = ActionType::IsolateDevice;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.set_decision_time(&decider(ana), isolate, Some(4), at(1)).await.is_err(), "no decision");
    assert!(!tx.set_decision_time(&stranger, isolate, Some(4), at(1)).await.unwrap());
    for hours in [Some(8), Some(4)] {
        assert!(tx.set_decision_time(&by, isolate, hours, at(1)).await.unwrap());
    }
    assert_eq!(tx.decision_times().await.unwrap().0, [(isolate, 4)].into());
    tx.commit().await.unwrap();
    assert_eq!(store.decision_times().await.unwrap().of(isolate).hours, 4);
    // Through the service, with a record of what was before.
    for hours in [0, 5_000] {
        let refused = service.set_decision_time(ana, isolate, Some(hours)).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let operator = person(ANA, ANAS_SESSION);
    assert!(matches!(service.set_decision_time(&operator, isolate, None).await, Err(Error::Forbidden(_))));
    service.set_decision_time(ana, isolate, None).await.unwrap();
    service.set_decision_time(ana, isolate, None).await.unwrap();
    assert!(service.decision_times(&operator).await.unwrap().iter().all(|of| of.is_default));
    let log = store.audit_after(0, 100).await.unwrap();
    let changes: Vec<_> =
        log.iter().filter(|of| of.kind == domain::AuditKind::SettingChanged).map(|of| &of.body).collect();
    assert_eq!(changes.len(), 1, "nothing changed the second time");
    assert_eq!((&changes[0]["before"]["hours"], &changes[0]["after"]["hours"]), (&json!(4), &json!(168)));
}

async fn what_waits_has_the_time_of_its_type(kind: Kind) {
    let setting = Setting::start(kind).await;
    let Setting { store, service, ana, .. } = &setting;
    for (of, hours) in [
        (ActionType::QuarantineFile, 4),
        (ActionType::IsolateDevice, 2),
        (ActionType::ReleaseFromIsolation, 1),
    ] {
        service.set_decision_time(ana, of, Some(hours)).await.unwrap();
    }
    let ends_in = |action: &Action, from: Timestamp| action.expires_at.duration_since(from);
    let hours = SignedDuration::from_hours;
    let proposal = |id: &str| serde_json::from_value::<Proposal>(malicious(id, "Servers", "/tmp/x")).unwrap();
    let named = Proposal { expires_at: Some(at(90_000)), ..proposal("p-2") };
    let made = service.propose(&tool(), vec![proposal("p-1"), named]).await.unwrap();
    let [first, second] = [&made[0].action, &made[1].action];
    assert_eq!(ends_in(first, first.proposed_at), hours(4));
    assert_eq!(second.expires_at, at(90_000), "who proposes may name an end");
    // A repeat that names none keeps what there is.
    service.set_decision_time(ana, ActionType::QuarantineFile, Some(9)).await.unwrap();
    let again = service.propose(&tool(), vec![proposal("p-1")]).await.unwrap();
    assert_eq!(again[0].action.expires_at, first.expires_at);
    // What a person takes on what is protected waits as long, and so does an undo.
    setting.protect(Demand::Held).await;
    let waits = service.take_action(ana, isolate("dc-1", "Beacon")).await.unwrap();
    assert_eq!((waits.decision, ends_in(&waits, waits.proposed_at)), (Decision::Pending, hours(2)));
    setting.approve(&setting.bo, waits.id).await.unwrap();
    let order = service.take_order(&authority()).await.unwrap().unwrap();
    let ended = Transition::Report(Outcome::Completed);
    assert!(service.report(&authority(), order.leased, ended, "done".to_owned()).await.unwrap());
    let done = setting.now(waits.id).await;
    let undo = UndoRequest::because("It is clean".to_owned());
    let undone = service.undo(ana, done.id, seen(&done), undo).await.unwrap();
    let reverse = store.action(&domain::RowScope::ALL, undone.undone_by.unwrap()).await.unwrap().unwrap();
    assert_eq!((reverse.decision, ends_in(&reverse, reverse.proposed_at)), (Decision::Pending, hours(1)));
}
