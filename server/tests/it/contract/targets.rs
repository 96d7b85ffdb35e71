//! One action on several devices: a command for each, a status for each, and what both make of the whole.

use std::sync::Arc;

use domain::actions::contract::{
    DecideActions as _, FollowUpActions as _, ProposeActions as _, Proposed, ShowAction as _, UndoRequest,
};
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::{
    Action, ActionId, ActionType, Asset, Caller, Error, FollowUp, FollowUpVerb, Outcome, Proposal, RowScope,
    Scope, Seen, Status, Transition, UndoState,
};
use service::Service;
use service::executor::{Attempt, Executor, Executors, Order};
use service::testing::{FixedClock, proposal, system as authority};
use store::SharedStore;

use super::sample::{action, add_ana, at, id, session};
use crate::database::{Database, Kind, on_both};

on_both!(
    what_failed_of_several_is_tried_again_alone,
    some_are_undone_and_then_the_rest,
    what_is_unknown_of_one_is_settled_for_it,
    what_no_executor_has_got_is_called_off_and_the_rest_goes_on,
    targets_that_will_not_do_are_named,
    the_same_on_one_of_several_targets_is_seen_and_not_done_twice,
    an_undo_on_one_target_lifts_what_stands_there_by_others,
    a_revision_is_found_on_its_targets_and_no_longer_on_those_of_before,
);

/// An executor of one host.
struct Host(&'static str);

#[async_trait::async_trait]
impl Executor for Host {
    fn name(&self) -> &str {
        self.0
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Responder
    }

    fn serves(&self, asset: &Asset) -> bool {
        asset.name == self.0
    }

    fn carries_out(&self, _action_type: ActionType, _action: &Action) -> bool {
        true
    }

    async fn test(&self) -> TestResult {
        TestResult { works: true, says: String::new() }
    }

    async fn execute(&self, _order: &Order) -> Attempt {
        Attempt::Uncertain("no answer".to_owned())
    }
}

struct Setting {
    _database: Database,
    store: SharedStore,
    service: Service,
    clock: Arc<FixedClock>,
    ana: Caller,
    scanner: Caller,
}

impl Setting {
    async fn start(kind: Kind) -> Self {
        let database = Database::migrated(kind).await;
        let store = database.open().await;
        let ana = add_ana(&store).await;
        let clock = FixedClock::at(at(10));
        let hosts = ["web-1", "web-2", "web-3"].map(|name| Arc::new(Host(name)) as Arc<dyn Executor>);
        let service = Service::new(store.clone(), clock.clone(), Executors::new(hosts.into()));
        let scanner = add_scanner(&store).await;
        Self { _database: database, store, service, clock, ana, scanner }
    }

    /// Proposed on the three hosts.
    async fn propose(&self) -> Action {
        let proposed = self.service.propose(&self.scanner, vec![on(&["web-2", "web-3"])]).await.unwrap();
        proposed.into_iter().next().unwrap().action
    }

    async fn approved(&self) -> ActionId {
        let proposed = self.propose().await;
        self.service.approve(&self.ana, proposed.id, seen(&proposed), None).await.unwrap().id
    }

    async fn now(&self, id: ActionId) -> Action {
        self.store.action(&RowScope::ALL, id).await.unwrap().unwrap()
    }

    async fn take(&self) -> Option<Order> {
        self.clock.forward(jiff::SignedDuration::from_secs(1));
        self.service.take_order(&authority()).await.unwrap()
    }

    /// Takes all orders that there are, and ends each as its host is said to.
    async fn carry_out(&self, ends: &[(&str, Transition)]) -> Vec<String> {
        let mut taken = Vec::new();
        while let Some(order) = self.take().await {
            let host = order.action.asset.name.clone();
            assert_eq!((order.executor.name(), order.action.has_targets()), (host.as_str(), false));
            let end = ends.iter().find(|(name, _)| *name == host).map(|(_, end)| *end).unwrap();
            assert!(
                self.service
                    .report(&authority(), order.leased, end, format!("as {host} told"))
                    .await
                    .unwrap()
            );
            taken.push(host);
        }
        taken.sort();
        taken
    }

    async fn ask(&self, of: ActionId, verb: FollowUpVerb, targets: &[&str]) -> Result<Action, Error> {
        let current = self.now(of).await;
        let targets = targets.iter().map(|name| (*name).to_owned()).collect();
        let what = FollowUp { targets, ..FollowUp::new(verb, Some("as seen".to_owned())) };
        self.service.follow_up(&self.ana, of, seen(&current), what).await
    }

    async fn undo(&self, of: ActionId, targets: &[&str]) -> Result<Action, Error> {
        let current = self.now(of).await;
        let targets = targets.iter().map(|name| (*name).to_owned()).collect();
        let undo = UndoRequest { targets, ..UndoRequest::because("wrong".to_owned()) };
        self.service.undo(&self.ana, of, seen(&current), undo).await
    }

    async fn states(&self, of: ActionId) -> Vec<(Status, UndoState)> {
        let targets = self.service.targets(&self.ana, of).await.unwrap();
        targets.into_iter().map(|of| (of.status, of.undo)).collect()
    }
}

/// A tool that proposes.
pub(super) async fn add_scanner(store: &SharedStore) -> Caller {
    let credential = store::Credential {
        id: id(0xF),
        kind: store::CredentialKind::Token,
        user: None,
        scopes: [Scope::Propose].into(),
        ..session(0xF, id(0))
    };
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_credential(&credential).await.unwrap();
    tx.commit().await.unwrap();
    Caller {
        actor: action(0).proposed_by,
        person: None,
        credential: id(0xF),
        roles: [].into(),
        access: domain::Access::default(),
        factor: domain::access::FactorState::NotNeeded,
        scopes: Some([Scope::Propose].into()),
    }
}

fn on(further: &[&str]) -> Proposal {
    let mut of = proposal("several");
    of["type"] = "quarantine_file".into();
    of["asset"] = serde_json::json!({ "kind": "device", "name": "web-1" });
    of["targets"] =
        further.iter().map(|name| serde_json::json!({ "kind": "device", "name": name })).collect();
    serde_json::from_value(of).unwrap()
}

fn seen(action: &Action) -> Seen {
    Seen { expected_version: action.version, digest: action.digest.clone() }
}

const DONE: Transition = Transition::Report(Outcome::Completed);
const FAILED: Transition = Transition::Report(Outcome::Failed);
const NOT_UNDONE: UndoState = UndoState::None;

async fn what_failed_of_several_is_tried_again_alone(kind: Kind) {
    let setting = Setting::start(kind).await;
    let of = setting.approved().await;
    assert_eq!(setting.states(of).await, [(Status::Queued, NOT_UNDONE); 3]);
    let ends = [("web-1", DONE), ("web-2", FAILED), ("web-3", DONE)];
    assert_eq!(setting.carry_out(&ends).await, ["web-1", "web-2", "web-3"]);
    let partly = setting.now(of).await;
    assert_eq!(partly.status, Status::PartiallyCompleted);
    assert_eq!(partly.status_detail.as_deref(), Some("On 3 devices: 2 completed, 1 failed"));
    let detail = setting.service.detail(&setting.ana, of).await.unwrap();
    assert!(detail.follow_ups.contains(&FollowUpVerb::Retry) && detail.undo.is_allowed());
    assert_eq!(detail.targets[1].detail.as_deref(), Some("as web-2 told"));
    assert_eq!(detail.targets[1].executor.as_deref(), Some("web-2"));

    assert!(setting.ask(of, FollowUpVerb::Retry, &["web-1"]).await.is_err(), "it did not fail");
    setting.ask(of, FollowUpVerb::Retry, &[]).await.unwrap();
    assert_eq!(setting.carry_out(&[("web-2", DONE)]).await, ["web-2"], "and no other");
    let done = setting.now(of).await;
    assert_eq!((done.status, done.undo), (Status::Completed, NOT_UNDONE));
    assert!(setting.ask(of, FollowUpVerb::Retry, &[]).await.is_err());
    store::verify(&*setting.store).await.unwrap();
}

async fn some_are_undone_and_then_the_rest(kind: Kind) {
    let setting = Setting::start(kind).await;
    let of = setting.approved().await;
    setting.carry_out(&[("web-1", DONE), ("web-2", DONE), ("web-3", DONE)]).await;
    let Err(Error::Invalid(errors)) = setting.undo(of, &["web-1", "web-9"]).await else { panic!("undone") };
    assert_eq!(errors[0].pointer, "/targets/1");

    let original = setting.undo(of, &["WEB-2"]).await.unwrap();
    let reverse = setting.now(original.undone_by.unwrap()).await;
    assert_eq!((reverse.asset.name.as_str(), reverse.has_targets()), ("web-2", false));
    assert_eq!(setting.carry_out(&[("web-2", DONE)]).await, ["web-2"]);
    assert_eq!(setting.now(of).await.undo, NOT_UNDONE, "the others stand");
    let stands = (Status::Completed, NOT_UNDONE);
    let gone = (Status::Completed, UndoState::Undone);
    assert_eq!(setting.states(of).await, [stands, gone, stands]);

    let original = setting.undo(of, &[]).await.unwrap();
    assert_eq!(setting.now(original.undone_by.unwrap()).await.target_count, Some(2));
    setting.carry_out(&[("web-1", DONE), ("web-3", FAILED)]).await;
    assert_eq!(setting.now(of).await.undo, UndoState::Failed);
    assert_eq!(setting.states(of).await, [gone, gone, (Status::Completed, UndoState::Failed)]);

    setting.undo(of, &[]).await.unwrap();
    assert_eq!(setting.carry_out(&[("web-3", DONE)]).await, ["web-3"], "what is undone is left alone");
    assert_eq!(setting.now(of).await.undo, UndoState::Undone);
    assert_eq!(setting.states(of).await, [gone; 3]);
    store::verify(&*setting.store).await.unwrap();
}

async fn what_is_unknown_of_one_is_settled_for_it(kind: Kind) {
    let setting = Setting::start(kind).await;
    let of = setting.approved().await;
    setting
        .carry_out(&[("web-1", Transition::LoseTrack), ("web-2", Transition::LoseTrack), ("web-3", DONE)])
        .await;
    assert_eq!(setting.now(of).await.status, Status::Unknown);
    assert!(setting.undo(of, &[]).await.is_err(), "first it is settled");
    let still = setting.ask(of, FollowUpVerb::ItHappened, &["web-1"]).await.unwrap();
    assert_eq!(still.status, Status::Unknown, "of the other nobody knows");
    assert!(setting.ask(of, FollowUpVerb::ItHappened, &["web-3"]).await.is_err(), "its end is known");
    let settled = setting.ask(of, FollowUpVerb::ItDidNotHappen, &[]).await.unwrap();
    assert_eq!(settled.status, Status::PartiallyCompleted);
    let states: Vec<_> = setting.states(of).await.into_iter().map(|(status, _)| status).collect();
    assert_eq!(states, [Status::Completed, Status::Failed, Status::Completed]);
    store::verify(&*setting.store).await.unwrap();
}

async fn what_no_executor_has_got_is_called_off_and_the_rest_goes_on(kind: Kind) {
    let setting = Setting::start(kind).await;
    let of = setting.approved().await;
    let order = setting.take().await.unwrap();
    let detail = setting.service.detail(&setting.ana, of).await.unwrap();
    assert!(detail.follow_ups.contains(&FollowUpVerb::Cancel));
    let going_on = setting.ask(of, FollowUpVerb::Cancel, &[]).await.unwrap();
    assert_eq!(going_on.status, Status::InProgress);
    assert!(setting.take().await.is_none(), "the others are called off");
    assert!(setting.ask(of, FollowUpVerb::Cancel, &[]).await.is_err(), "what was sent is not");
    assert!(setting.service.report(&authority(), order.leased, DONE, "done".to_owned()).await.unwrap());
    assert_eq!(setting.now(of).await.status, Status::PartiallyCompleted);

    let all = setting.propose_again().await;
    let cancelled = setting.ask(all, FollowUpVerb::Cancel, &[]).await.unwrap();
    assert_eq!(cancelled.status, Status::Cancelled);
    assert_eq!(setting.states(all).await, [(Status::Cancelled, NOT_UNDONE); 3]);
    store::verify(&*setting.store).await.unwrap();
}

impl Setting {
    async fn propose_again(&self) -> ActionId {
        let mut again = on(&["web-3", "web-2"]);
        "again".clone_into(&mut again.external_id);
        let proposed = self.service.propose(&self.scanner, vec![again]).await.unwrap().remove(0).action;
        self.service.approve(&self.ana, proposed.id, seen(&proposed), None).await.unwrap().id
    }
}

async fn targets_that_will_not_do_are_named(kind: Kind) {
    let setting = Setting::start(kind).await;
    let refused = async |of: Proposal| {
        let Err(Error::Invalid(errors)) = setting.service.propose(&setting.scanner, vec![of]).await else {
            panic!("taken in")
        };
        errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>()
    };
    assert_eq!(refused(on(&["web-2", "WEB-1"])).await, ["/actions/0/targets/1/name"]);
    let many: Vec<_> = (0..1_000).map(|number| format!("host-{number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(refused(on(&many)).await, ["/actions/0/targets"]);
    let mut mailbox = on(&["web-2"]);
    mailbox.targets[0].kind = domain::AssetKind::Mailbox;
    assert_eq!(refused(mailbox).await, ["/actions/0/targets/0/kind"]);
    let mut elsewhere = on(&["web-2", "web-3"]);
    elsewhere.targets[1].device_group = Some("Servers".to_owned());
    assert_eq!(refused(elsewhere).await, ["/actions/0/targets/1/device_group"]);

    let first = setting.propose().await;
    let mut turned = on(&["web-3", "web-2"]);
    let same = setting.service.propose(&setting.scanner, vec![turned.clone()]).await.unwrap().remove(0);
    assert_eq!((same.action.id, same.created, same.changed.len()), (first.id, false, 0), "in any order");
    turned.targets.pop();
    let fewer = setting.service.propose(&setting.scanner, vec![turned]).await.unwrap().remove(0);
    assert_eq!((fewer.action.id, fewer.changed), (first.id, vec!["targets"]));
    assert_ne!(fewer.action.digest, first.digest, "a decision on the three is none on the two");
    assert!(setting.service.approve(&setting.ana, first.id, seen(&first), None).await.is_err());
    let listed = setting.now(first.id).await.brief();
    assert_eq!((listed.targets.len(), listed.target_count), (0, Some(2)));
}

impl Setting {
    /// The same file on one of the hosts, proposed by itself.
    async fn propose_on(&self, host: &str) -> Proposed {
        let mut one = on(&[]);
        one.action_type = ActionType::BlockFile;
        one.external_id = format!("alone on {host}");
        host.clone_into(&mut one.asset.name);
        self.service.propose(&self.scanner, vec![one]).await.unwrap().remove(0)
    }

    /// What lasts, on the three hosts.
    async fn propose_block(&self) -> Action {
        let mut several = on(&["web-2", "web-3"]);
        several.action_type = ActionType::BlockFile;
        self.service.propose(&self.scanner, vec![several]).await.unwrap().remove(0).action
    }

    async fn approve(&self, of: &Action) -> ActionId {
        self.service.approve(&self.ana, of.id, seen(of), None).await.unwrap().id
    }

    /// What is said of others that do the same.
    async fn twins(&self, of: ActionId) -> Vec<(ActionId, bool, String)> {
        let twins = self.service.detail(&self.ana, of).await.unwrap().twins;
        twins.into_iter().map(|twin| (twin.id, twin.stands, twin.says)).collect()
    }
}

async fn the_same_on_one_of_several_targets_is_seen_and_not_done_twice(kind: Kind) {
    let setting = Setting::start(kind).await;
    let several = setting.propose_block().await;
    let one = setting.propose_on("web-2").await;
    let waits = "The same waits for a decision, too";
    assert_eq!(one.twins.len(), 1, "at the proposal");
    assert_eq!((one.twins[0].id, one.twins[0].says.as_str()), (several.id, format!("{waits}.").as_str()));
    let from_several = setting.twins(several.id).await;
    assert_eq!(from_several, [(one.action.id, false, format!("{waits}, on web-2."))]);

    let one = setting.approve(&one.action).await;
    assert_eq!(setting.carry_out(&[("web-2", DONE)]).await, ["web-2"]);
    let stands = setting.twins(several.id).await;
    assert_eq!((stands.len(), stands[0].0, stands[0].1), (1, one, true), "{stands:?}");
    assert!(stands[0].2.starts_with("The same already stands, by ") && stands[0].2.ends_with(", on web-2."));

    // On the target on which it stands it is not done again.
    let several = setting.approve(&several).await;
    assert_eq!(setting.carry_out(&[("web-1", DONE), ("web-3", DONE)]).await, ["web-1", "web-3"]);
    let states: Vec<_> = setting.states(several).await.into_iter().map(|(status, _)| status).collect();
    assert_eq!(states, [Status::Completed, Status::Skipped, Status::Completed]);
    // And the other way round.
    let third = setting.propose_on("web-3").await;
    assert!(third.twins.iter().any(|twin| twin.id == several && twin.stands), "{:?}", third.twins);
    let third = setting.approve(&third.action).await;
    assert!(setting.carry_out(&[]).await.is_empty());
    let third = setting.now(third).await;
    assert_eq!(third.status, Status::Skipped);
    assert!(third.status_detail.unwrap().contains(&several.to_string()));
    // Once the one is undone, nothing stands on that target by it any more.
    let on_second = async || setting.service.targets(&setting.ana, several).await.unwrap()[1].detail.clone();
    assert_eq!(on_second().await, Some(format!("duplicate of {one}, whose effect already stands")));
    setting.undo(one, &[]).await.unwrap();
    assert_eq!(setting.carry_out(&[("web-2", DONE)]).await, ["web-2"]);
    let said = on_second().await.unwrap();
    assert!(said.starts_with(&format!("duplicate of {one}, which ANA undid at 20")), "{said}");
    assert!(said.contains("its effect no longer stands"), "{said}");
    // Likewise of one that was skipped for what one of several targets has.
    setting.undo(several, &["web-3"]).await.unwrap();
    setting.carry_out(&[("web-3", DONE)]).await;
    let third = setting.now(third.id).await.status_detail.unwrap();
    assert!(third.starts_with(&format!("duplicate of {several}, which ANA undid at ")), "{third}");
    store::verify(&*setting.store).await.unwrap();
}

async fn an_undo_on_one_target_lifts_what_stands_there_by_others(kind: Kind) {
    let setting = Setting::start(kind).await;
    // Sent before the other was done, both stand on the second host.
    let several = setting.propose_block().await;
    let several = setting.approve(&several).await;
    let one = setting.propose_on("web-2").await.action;
    let ends = [("web-1", DONE), ("web-2", Transition::LoseTrack), ("web-3", DONE)];
    setting.carry_out(&ends).await;
    let one = setting.approve(&one).await;
    assert_eq!(setting.carry_out(&[("web-2", DONE)]).await, ["web-2"]);
    setting.ask(several, FollowUpVerb::ItHappened, &[]).await.unwrap();
    assert_eq!(setting.now(several).await.status, Status::Completed);

    // What stands on the second host by the other is in nobody's way on the first.
    setting.undo(several, &["web-1"]).await.unwrap();
    setting.carry_out(&[("web-1", DONE)]).await;
    let Err(Error::Conflict { detail, .. }) = setting.undo(several, &["web-2"]).await else {
        panic!("undone")
    };
    assert!(detail.contains(&format!("stands on web-2 by {one}")), "{detail}");
    let Err(Error::Conflict { detail, .. }) = setting.undo(one, &[]).await else { panic!("undone") };
    assert!(detail.contains(&several.to_string()), "{detail}");

    let current = setting.now(one).await;
    let lift = UndoRequest { lift_others: true, ..UndoRequest::because("wrong".to_owned()) };
    setting.service.undo(&setting.ana, one, seen(&current), lift).await.unwrap();
    assert_eq!(setting.carry_out(&[("web-2", DONE)]).await, ["web-2"]);
    assert_eq!(setting.now(one).await.undo, UndoState::Undone);
    let gone = (Status::Completed, UndoState::Undone);
    assert_eq!(setting.states(several).await, [gone, gone, (Status::Completed, NOT_UNDONE)]);
    assert_eq!(setting.now(several).await.undo, NOT_UNDONE, "it stands on the third");
    setting.undo(several, &[]).await.unwrap();
    assert_eq!(setting.carry_out(&[("web-3", DONE)]).await, ["web-3"]);
    assert_eq!(setting.now(several).await.undo, UndoState::Undone);
    store::verify(&*setting.store).await.unwrap();
}

async fn a_revision_is_found_on_its_targets_and_no_longer_on_those_of_before(kind: Kind) {
    let setting = Setting::start(kind).await;
    let several = setting.propose_block().await;
    let mut revised = on(&["web-3"]);
    revised.action_type = ActionType::BlockFile;
    let revised = setting.service.propose(&setting.scanner, vec![revised]).await.unwrap().remove(0);
    assert_eq!((revised.action.id, revised.changed), (several.id, vec!["targets"]));
    assert_eq!(setting.propose_on("web-2").await.twins.len(), 0, "it is no longer on that host");
    let kept = setting.propose_on("web-3").await;
    assert_eq!(kept.twins.iter().map(|twin| twin.id).collect::<Vec<_>>(), [several.id]);

    let mut alone = on(&[]);
    alone.action_type = ActionType::BlockFile;
    let alone = setting.service.propose(&setting.scanner, vec![alone]).await.unwrap().remove(0);
    let kept_of_before = setting.now(several.id).await.has_targets();
    assert_eq!((alone.action.id, kept_of_before), (several.id, true), "what a repeat leaves out is kept");
    store::verify(&*setting.store).await.unwrap();
}
