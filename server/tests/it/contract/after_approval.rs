//! What policies ask for after the approval: trying again takes the people that it took, an end that was approved is
//! carried out as it was approved, and what waits nevertheless says what for.

use std::sync::Arc;

use domain::access::FactorState;
use domain::actions::contract::{DecideActions as _, FollowUpActions as _, ShowAction as _, UndoRequest};
use domain::actions::take::TakeActions as _;
use domain::bulk::contract::BulkBackend as _;
use domain::policies::Demand;
use domain::policies::contract::PoliciesBackend as _;
use domain::{
    Action, ActionId, BulkRequest, BulkVerb, Caller, Decision, Denied, Error, FollowUp, FollowUpVerb,
    Outcome, ParameterName, Status, Targets, Transition, UndoState,
};
use jiff::SignedDuration;
use service::Service;
use service::testing::{FixedClock, system as authority};

use super::follow_up::instance;
use super::policies::{Setting, is_denied, isolate, seen};
use super::sample::{action, add, at, system};
use crate::database::{Kind, on_both};

on_both!(
    t42_trying_again_takes_the_people_that_the_approval_took,
    an_end_that_two_people_approved_is_carried_out,
    an_end_that_fewer_approved_waits_for_people_and_says_so,
    an_undo_says_what_it_waits_for,
);

/// An instance whose clock is moved, with an executor that answers when it is told to.
fn hands(setting: &Setting) -> (Service, Arc<FixedClock>) {
    let clock = FixedClock::at(at(100));
    (instance(&setting.store, &clock, &["firewall"]), clock)
}

/// What a tool proposed on a device, until a second where one is named.
async fn proposed(setting: &Setting, number: u128, device: &str, until: Option<i64>) -> Action {
    let mut proposed = action(number);
    device.clone_into(&mut proposed.asset.name);
    if let Some(until) = until {
        proposed.parameters.insert(ParameterName::Expiry, at(until).to_string());
    }
    let Action { action_type, entity, asset, parameters, .. } = &proposed;
    proposed.digest = service::digest(*action_type, entity, asset, &[], parameters).unwrap();
    proposed.expires_at = at(86_000);
    add(&setting.store, &proposed).await;
    proposed
}

/// Ends the next command.
async fn carry_out(service: &Service, outcome: Outcome) -> ActionId {
    let order = service.take_order(&authority()).await.unwrap().unwrap();
    let of = order.action.id;
    let done = Transition::Report(outcome);
    assert!(service.report(&authority(), order.leased, done, "as told".to_owned()).await.unwrap());
    of
}

async fn again(setting: &Setting, service: &Service, by: &Caller, of: ActionId) -> Result<Action, Error> {
    let now = setting.now(of).await;
    service.follow_up(by, of, seen(&now), FollowUp::new(FollowUpVerb::Retry, None)).await
}

async fn approve(setting: &Setting, service: &Service, by: &Caller, of: ActionId) -> Action {
    let now = setting.now(of).await;
    service.approve(by, of, seen(&now), None).await.unwrap()
}

async fn t42_trying_again_takes_the_people_that_the_approval_took(kind: Kind) {
    let setting = Setting::start(kind).await;
    let (service, _) = hands(&setting);
    let Setting { ana, bo, .. } = &setting;
    let of = proposed(&setting, 1, "dc-1", None).await.id;
    approve(&setting, &service, ana, of).await;
    carry_out(&service, Outcome::Failed).await;
    setting.protect(Demand::SecondPerson).await;
    let shown = service.detail(ana, of).await.unwrap();
    assert!(shown.follow_ups.contains(&FollowUpVerb::Retry));
    let says = shown.protection.unwrap().says;
    assert_eq!(says, "Protected: domain controllers. Needs a second person.");
    let first = again(&setting, &service, ana, of).await.unwrap();
    assert_eq!((first.decision, first.status), (Decision::Approved, Status::Failed));
    assert_eq!(first.version, shown.action.version + 1);
    let says = "as told. Protected: domain controllers. Needs a second person. ANA wants it tried again.";
    assert_eq!(first.status_detail.as_deref(), Some(says));
    assert!(service.take_order(&authority()).await.unwrap().is_none(), "nothing is sent");
    assert!(is_denied(again(&setting, &service, ana, of).await, &Denied::ApprovedFirst));
    assert!(!service.detail(ana, of).await.unwrap().follow_ups.contains(&FollowUpVerb::Retry));
    let shown = service.detail(bo, of).await.unwrap();
    assert!(shown.follow_ups.contains(&FollowUpVerb::Retry));
    assert_eq!(shown.protection.unwrap().first.as_deref(), Some("ANA"));

    // What the first wanted is all that failed, so the second can't make it something else.
    let some = FollowUp { targets: vec!["dc-1".to_owned()], ..FollowUp::new(FollowUpVerb::Retry, None) };
    let refused = service.follow_up(bo, of, seen(&first), some).await;
    assert!(matches!(&refused, Err(Error::Invalid(of)) if of[0].pointer == "/targets"), "{refused:?}");
    let second = again(&setting, &service, bo, of).await.unwrap();
    assert_eq!((second.status, second.status_detail.as_ref()), (Status::Queued, None));
    carry_out(&service, Outcome::Failed).await;
    // Each time anew.
    assert_eq!(again(&setting, &service, bo, of).await.unwrap().status, Status::Failed, "Bo is the first");

    // Many are not tried again at once.
    let request = BulkRequest { verb: BulkVerb::Retry, targets: Targets::Ids(vec![of]), from: String::new() };
    let plan = service.plan_bulk(ana, request).await.unwrap();
    assert_eq!(plan.preview.decidable, 0);
    assert!(plan.preview.left_out[0].reason.starts_with("Protected: domain controllers."));

    // Where one person is enough, it is one with a second factor, and not who asked for it.
    service.remove_protection(ana, "domain controllers".to_owned()).await.unwrap();
    setting.protect(Demand::Held).await;
    let stale = Caller { factor: FactorState::Stale, ..ana.clone() };
    assert!(is_denied(again(&setting, &service, &stale, of).await, &Denied::SecondFactor));
    assert_eq!(again(&setting, &service, ana, of).await.unwrap().status, Status::Queued);
    carry_out(&service, Outcome::Completed).await;
    let own = service.take_action(ana, isolate("dc-2", "Beaconing")).await.unwrap().id;
    approve(&setting, &service, bo, own).await;
    carry_out(&service, Outcome::Failed).await;
    assert!(is_denied(again(&setting, &service, ana, own).await, &Denied::OwnProposal));
    assert!(!service.detail(ana, own).await.unwrap().follow_ups.contains(&FollowUpVerb::Retry));
    assert_eq!(again(&setting, &service, bo, own).await.unwrap().status, Status::Queued);
    carry_out(&service, Outcome::Failed).await;
    // What nothing protects takes one, also who asked for it.
    service.remove_protection(ana, "domain controllers".to_owned()).await.unwrap();
    assert_eq!(again(&setting, &service, &stale, own).await.unwrap().status, Status::Queued);
    store::verify(&*setting.store).await.unwrap();
}

async fn an_end_that_two_people_approved_is_carried_out(kind: Kind) {
    let setting = Setting::start(kind).await;
    let (service, clock) = hands(&setting);
    let Setting { ana, bo, .. } = &setting;
    setting.protect(Demand::SecondPerson).await;
    let of = proposed(&setting, 1, "dc-1", Some(600)).await.id;
    let before = service.detail(ana, of).await.unwrap().end.unwrap();
    assert!(!before.contains("waits"), "{before}");
    approve(&setting, &service, ana, of).await;
    approve(&setting, &service, bo, of).await;
    carry_out(&service, Outcome::Completed).await;
    clock.forward(SignedDuration::from_mins(10));
    assert_eq!(service.end_due(&authority()).await.unwrap(), 1);
    let ending = setting.now(of).await;
    let reverse = setting.now(ending.undone_by.unwrap()).await;
    assert_eq!((reverse.decision, reverse.status), (Decision::NotRequired, Status::Queued));
    assert_eq!(carry_out(&service, Outcome::Completed).await, reverse.id);
    assert_eq!(setting.now(of).await.undo, UndoState::Undone);
    store::verify(&*setting.store).await.unwrap();
}

async fn an_end_that_fewer_approved_waits_for_people_and_says_so(kind: Kind) {
    let setting = Setting::start(kind).await;
    let (service, clock) = hands(&setting);
    let Setting { ana, bo, .. } = &setting;
    let (one, free) = (
        proposed(&setting, 1, "dc-1", Some(600)).await.id,
        proposed(&setting, 2, "web-1", Some(600)).await.id,
    );
    for of in [one, free] {
        approve(&setting, &service, ana, of).await;
        carry_out(&service, Outcome::Completed).await;
    }
    // What is protected since was let happen by one person.
    setting.protect(Demand::SecondPerson).await;
    let end = service.detail(ana, one).await.unwrap().end.unwrap();
    assert!(
        end.ends_with("waits for a decision then. Protected: domain controllers. Needs a second person.")
    );
    clock.forward(SignedDuration::from_mins(10));
    assert_eq!(service.end_due(&authority()).await.unwrap(), 2);
    assert_eq!(service.end_due(&authority()).await.unwrap(), 0, "once");
    let ending = setting.now(one).await;
    assert_eq!(ending.undo, UndoState::Requested);
    let reverse = setting.now(ending.undone_by.unwrap()).await;
    assert_eq!(
        (reverse.decision, reverse.status, &reverse.executor),
        (Decision::Pending, Status::None, &None)
    );
    let why = "The end of what it reverses has come, and it waits. Protected: domain controllers. \
               Needs a second person.";
    assert_eq!(reverse.status_detail.as_deref(), Some(why));
    assert_eq!(service.detail(ana, one).await.unwrap().undo_waits.as_deref(), Some(why));
    assert_eq!(carry_out(&service, Outcome::Completed).await, setting.now(free).await.undone_by.unwrap());
    assert!(
        service.take_order(&authority()).await.unwrap().is_none(),
        "of the protected one nothing is sent"
    );
    assert_eq!(approve(&setting, &service, bo, reverse.id).await.decision, Decision::Pending);
    assert_eq!(approve(&setting, &service, ana, reverse.id).await.status, Status::Queued);
    carry_out(&service, Outcome::Completed).await;
    assert_eq!(setting.now(one).await.undo, UndoState::Undone);

    // Where somebody has to be there, no end is carried out by the clock alone.
    service.remove_protection(ana, "domain controllers".to_owned()).await.unwrap();
    setting.protect(Demand::Held).await;
    let held = proposed(&setting, 3, "dc-3", Some(1_200)).await.id;
    let end = service.detail(ana, held).await.unwrap().end.unwrap();
    assert!(end.ends_with("waits for a decision then. Protected: domain controllers. Waits for a person."));
    approve(&setting, &service, ana, held).await;
    carry_out(&service, Outcome::Completed).await;
    clock.forward(SignedDuration::from_mins(10));
    assert_eq!(service.end_due(&authority()).await.unwrap(), 1);
    let reverse = setting.now(setting.now(held).await.undone_by.unwrap()).await;
    assert_eq!(reverse.decision, Decision::Pending);
    service.reject(bo, reverse.id, seen(&reverse), "not yet".to_owned()).await.unwrap();
    let shown = service.detail(ana, held).await.unwrap();
    assert_eq!((shown.action.undo, shown.undo_waits), (UndoState::Failed, None));
    assert!(shown.end.unwrap().contains("undo it"));
    store::verify(&*setting.store).await.unwrap();
}

async fn an_undo_says_what_it_waits_for(kind: Kind) {
    let setting = Setting::start(kind).await;
    let (service, _) = hands(&setting);
    let ana = &setting.ana;
    let mut done = Vec::new();
    for (number, device) in [(1, "dc-1"), (2, "web-1"), (3, "web-2")] {
        let of = proposed(&setting, number, device, None).await.id;
        approve(&setting, &service, ana, of).await;
        done.push(carry_out(&service, Outcome::Completed).await);
    }
    setting.protect(Demand::Held).await;
    let undo = async |of: ActionId| {
        let now = setting.now(of).await;
        let after = service.undo(ana, of, seen(&now), UndoRequest::because("clean".to_owned())).await;
        service.undo_waits(ana, &after.unwrap()).await.unwrap()
    };
    let why = "Protected: domain controllers. Waits for a person. It waits for somebody else.";
    assert_eq!(undo(done[0]).await.as_deref(), Some(why));
    assert_eq!(undo(done[1]).await, None, "it is on its way");
    assert_eq!(service.undo_waits(ana, &setting.now(done[2]).await).await.unwrap(), None, "nobody asked");

    let request =
        BulkRequest { verb: BulkVerb::Undo, targets: Targets::Ids(vec![done[2]]), from: String::new() };
    let plan = service.plan_bulk(ana, request).await.unwrap();
    let job = service.start_bulk(ana, plan.id, Some("clean".to_owned())).await.unwrap();
    assert_eq!(job.waits, None);
    while service.step(&authority()).await.unwrap() {}
    let waits = async |service: &Service| service.bulk_job(ana, plan.id, None, 0).await.unwrap().waits;
    assert_eq!(waits(&service).await, None, "its executor takes it");
    // What nobody can carry out waits, as the undo of that one says.
    let alone = instance(&setting.store, &FixedClock::at(at(100)), &[]);
    let why = alone.undo_waits(ana, &setting.now(done[2]).await).await.unwrap().unwrap();
    assert!(why.contains("is not connected to this server"), "{why}");
    assert_eq!(waits(&alone).await, Some(format!("Quarantine file on web-2: {why}")));
    let reason = "The database was restored.".to_owned();
    service.pause_dispatch(&authority(), system(), reason).await.unwrap();
    let why = "It waits until an administrator goes on: nothing is handed to executors since";
    assert!(service.bulk_job(ana, plan.id, None, 0).await.unwrap().waits.unwrap().starts_with(why));
    let waits = service.undo_waits(ana, &setting.now(done[1]).await).await.unwrap().unwrap();
    assert!(waits.starts_with(why) && waits.ends_with("The database was restored."), "{waits}");
}
