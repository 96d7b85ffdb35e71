//! What lasts is ended at the end that it named, by the server; done twice it is there once, and lifted once for all.

use std::sync::Arc;

use domain::actions::contract::UndoRequest;
use domain::actions::contract::{DecideActions as _, FollowUpActions as _, ShowAction as _};
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::{
    Action, ActionId, ActionType, Caller, ErrorCode, FollowUp, FollowUpVerb, Outcome, ParameterName,
    RowScope, Seen, Status, Transition, UndoState,
};
use jiff::SignedDuration;
use service::Service;
use service::executor::{Attempt, Executor, Executors, Order};
use service::testing::{FixedClock, system as authority};
use store::SharedStore;

use super::follow_up::instance;
use super::sample::{action, add, add_ana, at, id, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    ends_are_kept_and_forgotten,
    an_end_is_kept_by_the_server_also_after_a_restart,
    an_earlier_undo_leaves_nothing_to_end,
    what_stands_already_is_not_done_again_and_is_lifted_for_both,
    the_longer_of_two_blocks_outlives_the_end_of_the_other,
    ends_that_nobody_can_keep_keep_no_other_from_its_own,
    commands_with_one_effect_run_in_the_order_of_their_decisions,
);

async fn ends_are_kept_and_forgotten(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for number in 1..=2 {
        add(&store, &action(number)).await;
    }
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.set_end(&system(), id(1), at(50)).await.unwrap();
    tx.set_end(&system(), id(2), at(30)).await.unwrap();
    tx.set_end(&system(), id(2), at(40)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.due_ends(at(39), None, 10).await.unwrap().is_empty());
    let (first, second) = ((at(40), id::<ActionId>(2)), (at(50), id(1)));
    assert_eq!(store.due_ends(at(50), None, 10).await.unwrap(), [first, second]);
    assert_eq!(store.due_ends(at(50), None, 1).await.unwrap(), [first]);
    assert_eq!(store.due_ends(at(50), Some(first), 10).await.unwrap(), [second]);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.forget_end(id(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.due_ends(at(50), None, 10).await.unwrap(), [second]);
}

struct Setting {
    _database: Database,
    store: SharedStore,
    clock: Arc<FixedClock>,
    ana: Caller,
    service: Service,
}

impl Setting {
    async fn start(kind: Kind) -> Self {
        let database = Database::migrated(kind).await;
        let store = database.open().await;
        let ana = add_ana(&store).await;
        let clock = FixedClock::at(at(10));
        let service = instance(&store, &clock, &["firewall"]);
        Self { _database: database, store, clock, ana, service }
    }

    /// A block of one address, until a second where one is named, that was approved.
    async fn block(&self, number: u128, until: Option<i64>) -> ActionId {
        self.block_on(number, ("host", "198.51.100.88"), until).await
    }

    async fn block_on(&self, number: u128, (asset, address): (&str, &str), until: Option<i64>) -> ActionId {
        let mut proposed = action(number);
        proposed.action_type = ActionType::BlockIpAddress;
        asset.clone_into(&mut proposed.asset.name);
        let entity = serde_json::json!({ "kind": "ip_address", "address": address });
        proposed.entity = serde_json::from_value(entity).unwrap();
        if let Some(until) = until {
            proposed.parameters.insert(ParameterName::Expiry, at(until).to_string());
        }
        proposed.proposed_at = self.service_now();
        let Action { action_type, entity, asset, parameters, .. } = &proposed;
        proposed.digest = service::digest(*action_type, entity, asset, &[], parameters).unwrap();
        add(&self.store, &proposed).await;
        self.service.approve(&self.ana, proposed.id, seen(&proposed), None).await.unwrap();
        self.clock.forward(SignedDuration::from_secs(1));
        proposed.id
    }

    fn service_now(&self) -> jiff::Timestamp {
        service::clock::Clock::now(&*self.clock)
    }

    async fn take(&self) -> Option<Order> {
        self.service.take_order(&authority()).await.unwrap()
    }

    /// Carries out the next command.
    async fn carry_out(&self) -> ActionId {
        let order = self.take().await.unwrap();
        let of = order.action.id;
        let done = Transition::Report(Outcome::Completed);
        assert!(self.service.report(&authority(), order.leased, done, "as told".to_owned()).await.unwrap());
        self.clock.forward(SignedDuration::from_secs(1));
        of
    }

    async fn now(&self, id: ActionId) -> Action {
        self.store.action(&RowScope::ALL, id).await.unwrap().unwrap()
    }

    async fn undo(&self, of: ActionId, lift_others: bool) -> Result<Action, ErrorCode> {
        let current = self.now(of).await;
        let undone = self
            .service
            .undo(
                &self.ana,
                of,
                seen(&current),
                UndoRequest { lift_others, ..UndoRequest::because("wrong".to_owned()) },
            )
            .await;
        self.clock.forward(SignedDuration::from_secs(1));
        undone.map_err(|error| error.code())
    }
}

fn seen(action: &Action) -> Seen {
    Seen { expected_version: action.version, digest: action.digest.clone() }
}

async fn an_end_is_kept_by_the_server_also_after_a_restart(kind: Kind) {
    let setting = Setting::start(kind).await;
    let block = setting.block(1, Some(60)).await;
    assert_eq!(setting.carry_out().await, block);
    assert_eq!(setting.service.end_due(&authority()).await.unwrap(), 0, "not yet");
    setting.clock.forward(SignedDuration::from_mins(2));
    // Another process, which never saw it, and one that has no executor for it.
    let without = instance(&setting.store, &setting.clock, &[]);
    assert_eq!(without.end_due(&authority()).await.unwrap(), 0, "nobody could");
    let restarted = instance(&setting.store, &setting.clock, &["firewall"]);
    assert_eq!(restarted.end_due(&authority()).await.unwrap(), 1);
    assert_eq!(restarted.end_due(&authority()).await.unwrap(), 0, "once");
    let ending = setting.now(block).await;
    assert_eq!(ending.undo, UndoState::Requested);
    let reverse = setting.now(ending.undone_by.unwrap()).await;
    assert_eq!(
        (reverse.action_type, reverse.comment.as_deref(), reverse.proposed_by.name.as_str()),
        (ActionType::UnblockIpAddress, Some("Its end has come."), "Countersign")
    );
    assert_eq!(setting.carry_out().await, reverse.id);
    assert_eq!(setting.now(block).await.undo, UndoState::Undone);
    store::verify(&*setting.store).await.unwrap();
}

async fn an_earlier_undo_leaves_nothing_to_end(kind: Kind) {
    let setting = Setting::start(kind).await;
    let block = setting.block(1, Some(60)).await;
    setting.carry_out().await;
    setting.undo(block, false).await.unwrap();
    setting.carry_out().await;
    setting.clock.forward(SignedDuration::from_mins(2));
    assert_eq!(setting.service.end_due(&authority()).await.unwrap(), 0);
    assert!(setting.store.due_ends(setting.service_now(), None, 10).await.unwrap().is_empty());
    assert!(setting.take().await.is_none());
}

async fn what_stands_already_is_not_done_again_and_is_lifted_for_both(kind: Kind) {
    let setting = Setting::start(kind).await;
    let first = setting.block(1, None).await;
    let second = setting.block(2, Some(9_000)).await;
    let twins = setting.service.detail(&setting.ana, second).await.unwrap().twins;
    assert_eq!((twins.len(), twins[0].id, twins[0].stands), (1, first, false), "one runs, as is shown");
    assert_eq!(setting.carry_out().await, first);
    assert!(setting.take().await.is_none(), "the second has nothing to do");
    let skipped = setting.now(second).await;
    assert_eq!(skipped.status, Status::Skipped);
    assert_eq!(
        skipped.status_detail.as_deref().unwrap(),
        format!("duplicate of {first}, whose effect already stands")
    );
    // Once that is undone, nothing stands through it any more.
    setting.undo(first, false).await.unwrap();
    let at = setting.service_now();
    assert!(setting.now(second).await.status_detail.unwrap().ends_with("already stands"), "not yet undone");
    setting.carry_out().await;
    let corrected = setting.now(second).await;
    assert_eq!((corrected.status, corrected.version), (Status::Skipped, skipped.version + 1));
    let said = format!(
        "duplicate of {first}, which ANA undid at {}: its effect no longer stands; where it is still needed, take the action anew",
        at.strftime("%F %H:%M:%S UTC")
    );
    assert_eq!(corrected.status_detail, Some(said));
    // One that stands longer than the other is done, and both stand.
    let short = setting.block(3, Some(600)).await;
    let long = setting.block(4, Some(9_000)).await;
    assert_eq!((setting.carry_out().await, setting.carry_out().await), (short, long));
    let shown = setting.service.detail(&setting.ana, short).await.unwrap().twins;
    assert!(shown.iter().any(|twin| twin.id == long && twin.stands), "{shown:?}");
    assert_eq!(setting.undo(short, false).await, Err(ErrorCode::Conflict), "what of the other?");
    setting.undo(short, true).await.unwrap();
    let reverse = setting.carry_out().await;
    for of in [short, long] {
        let lifted = setting.now(of).await;
        assert_eq!((lifted.undo, lifted.undone_by), (UndoState::Undone, Some(reverse)));
    }
    store::verify(&*setting.store).await.unwrap();
}

/// An executor for one host alone.
struct OfHost;

#[async_trait::async_trait]
impl Executor for OfHost {
    fn name(&self) -> &'static str {
        "firewall"
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Responder
    }

    fn carries_out(&self, _action_type: ActionType, action: &Action) -> bool {
        action.asset.name == "host"
    }

    async fn test(&self) -> TestResult {
        TestResult { works: true, says: String::new() }
    }

    async fn execute(&self, _order: &Order) -> Attempt {
        Attempt::Uncertain("no answer".to_owned())
    }
}

async fn ends_that_nobody_can_keep_keep_no_other_from_its_own(kind: Kind) {
    let setting = Setting::start(kind).await;
    for number in 1..=101 {
        let of = setting.block_on(number, ("gone", &format!("203.0.113.{number}")), Some(1_000)).await;
        assert_eq!(setting.carry_out().await, of);
    }
    let last = setting.block(200, Some(1_001)).await;
    assert_eq!(setting.carry_out().await, last);
    setting.clock.forward(SignedDuration::from_mins(20));
    let executors = Executors::new(vec![Arc::new(OfHost) as Arc<dyn Executor>]);
    let service = Service::new(setting.store.clone(), setting.clock.clone(), executors);
    assert_eq!(service.end_due(&authority()).await.unwrap(), 1);
    assert_eq!(setting.now(last).await.undo, UndoState::Requested);
}

async fn the_longer_of_two_blocks_outlives_the_end_of_the_other(kind: Kind) {
    let setting = Setting::start(kind).await;
    let (short, long) = (setting.block(1, Some(60)).await, setting.block(2, Some(600)).await);
    setting.carry_out().await;
    setting.carry_out().await;
    setting.clock.forward(SignedDuration::from_mins(2));
    assert_eq!(setting.service.end_due(&authority()).await.unwrap(), 0, "the other keeps the effect");
    assert_eq!(setting.now(short).await.undo, UndoState::None);
    setting.clock.forward(SignedDuration::from_mins(20));
    assert_eq!(setting.service.end_due(&authority()).await.unwrap(), 1, "nothing keeps it any more");
    setting.carry_out().await;
    for of in [short, long] {
        assert_eq!(setting.now(of).await.undo, UndoState::Undone);
    }
}

async fn commands_with_one_effect_run_in_the_order_of_their_decisions(kind: Kind) {
    let setting = Setting::start(kind).await;
    let first = setting.block(1, None).await;
    setting.carry_out().await;
    // Approved before the release, and kept waiting until after it.
    let stale = setting.block(2, Some(9_000)).await;
    let order = setting.take().await;
    assert!(order.is_none(), "a duplicate");
    assert_eq!(setting.now(stale).await.status, Status::Skipped);
    setting.undo(first, false).await.unwrap();
    let reverse = setting.take().await.unwrap();
    let again = setting.block(3, None).await;
    assert!(setting.take().await.is_none(), "the release is not over");
    assert_eq!(setting.now(again).await.status, Status::Queued);
    let done = Transition::Report(Outcome::Completed);
    assert!(setting.service.report(&authority(), reverse.leased, done, "as told".to_owned()).await.unwrap());
    setting.clock.forward(SignedDuration::from_secs(10));
    assert_eq!(setting.carry_out().await, again, "decided on after the release");

    // What failed before a release and is tried again after it is not done: the release came later.
    let failed = setting.now(again).await;
    assert_eq!(failed.status, Status::Completed);
    let what = FollowUp::new(FollowUpVerb::Retry, None);
    let refused = setting.service.follow_up(&setting.ana, again, seen(&failed), what).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Conflict);
}
