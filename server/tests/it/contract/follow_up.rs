//! What becomes of an action after its decision, beside its executor's report: it waits for who can carry it out, is called
//! off, tried again, settled by who looked, taken back by who proposed it.

use std::sync::Arc;

use domain::actions::contract::UndoRequest;
use domain::actions::contract::{DecideActions as _, FollowUpActions as _, ShowAction as _};
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::{
    Action, ActionId, ActionType, AuditKind, Caller, ErrorCode, FollowUp, FollowUpVerb, Outcome, RowScope,
    Scope, Seen, Status, Transition, UndoState,
};
use service::Service;
use service::executor::{Attempt, Executor, Executors, Order};
use service::testing::{FixedClock, system as authority};
use store::SharedStore;

use super::sample::{action, add, add_ana, at, id, imported, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    a_command_goes_to_who_can_carry_it_out_and_waits_without,
    a_lost_answer_of_an_undo_is_settled_and_unlocks_the_original,
    what_nobody_has_got_yet_is_called_off,
    what_failed_is_tried_again_by_a_new_command,
    a_command_whose_executor_is_gone_says_so_and_what_to_do,
    only_who_proposed_takes_back_or_replaces,
);

/// An executor of a name, for every asset, that answers nothing by itself.
struct Named(&'static str);

#[async_trait::async_trait]
impl Executor for Named {
    fn name(&self) -> &str {
        self.0
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Responder
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
    clock: Arc<FixedClock>,
    ana: Caller,
}

impl Setting {
    async fn start(kind: Kind) -> Self {
        let database = Database::migrated(kind).await;
        let store = database.open().await;
        let ana = add_ana(&store).await;
        Self { _database: database, store, clock: FixedClock::at(at(10)), ana }
    }

    fn instance(&self, executors: &[&'static str]) -> Service {
        instance(&self.store, &self.clock, executors)
    }

    async fn propose(&self, number: u128) -> Action {
        let mut proposed = action(number);
        let Action { action_type, entity, asset, parameters, .. } = &proposed;
        proposed.digest = service::digest(*action_type, entity, asset, &[], parameters).unwrap();
        add(&self.store, &proposed).await;
        let mut tx = self.store.begin_system(&authority()).await.unwrap();
        tx.append_audit(&system(), imported(&proposed)).await.unwrap();
        tx.commit().await.unwrap();
        proposed
    }

    /// Approved on an instance.
    async fn approve(&self, service: &Service, number: u128) -> Action {
        let proposed = self.propose(number).await;
        service.approve(&self.ana, proposed.id, seen(&proposed), None).await.unwrap()
    }

    async fn now(&self, id: ActionId) -> Action {
        self.store.action(&RowScope::ALL, id).await.unwrap().unwrap()
    }

    async fn ask(&self, service: &Service, of: ActionId, verb: FollowUpVerb) -> Result<Action, ErrorCode> {
        let current = self.now(of).await;
        let what = FollowUp::new(verb, Some("as seen on the host".to_owned()));
        service.follow_up(&self.ana, of, seen(&current), what).await.map_err(|error| error.code())
    }

    async fn kinds(&self) -> Vec<AuditKind> {
        self.store.audit_after(0, 1_000).await.unwrap().into_iter().map(|record| record.kind).collect()
    }
}

/// An instance with executors of these names, of which each serves everything.
pub(super) fn instance(store: &SharedStore, clock: &Arc<FixedClock>, executors: &[&'static str]) -> Service {
    let executors = executors.iter().map(|name| Arc::new(Named(name)) as Arc<dyn Executor>).collect();
    Service::new(store.clone(), clock.clone(), Executors::new(executors))
}

fn seen(action: &Action) -> Seen {
    Seen { expected_version: action.version, digest: action.digest.clone() }
}

async fn take(service: &Service) -> Option<Order> {
    service.take_order(&authority()).await.unwrap()
}

/// How an attempt ends; false if its lease was lost.
async fn end(service: &Service, order: Order, transition: Transition) -> bool {
    service.report(&authority(), order.leased, transition, "as told".to_owned()).await.unwrap()
}

async fn a_command_goes_to_who_can_carry_it_out_and_waits_without(kind: Kind) {
    let setting = Setting::start(kind).await;
    let (with, without, none) =
        (setting.instance(&["scanner"]), setting.instance(&["other"]), setting.instance(&[]));
    let approved = setting.approve(&with, 1).await;
    for other in [&without, &none] {
        assert!(take(other).await.is_none());
        let detail = other.detail(&setting.ana, approved.id).await.unwrap();
        assert_eq!(detail.action.status, Status::Queued);
        assert!(detail.held.unwrap().contains("scanner is not connected"));
    }
    assert_eq!(with.detail(&setting.ana, approved.id).await.unwrap().held, None);
    let order = take(&with).await.unwrap();
    assert_eq!((order.action.id, order.executor.name()), (approved.id, "scanner"));

    // Its process is killed after it may have sent: as long as somebody may come back with the executor, nobody else
    // says anything. Then it is unknown, and never failed.
    setting.clock.forward(jiff::SignedDuration::from_secs(30));
    assert!(take(&without).await.is_none());
    assert_eq!(setting.now(approved.id).await.status, Status::InProgress);
    setting.clock.forward(jiff::SignedDuration::from_mins(2));
    assert!(take(&without).await.is_none());
    let lost = setting.now(approved.id).await;
    assert_eq!(lost.status, Status::Unknown);
    assert!(lost.status_detail.unwrap().contains("a person must look"));
    assert!(!end(&with, order, Transition::Report(Outcome::Completed)).await, "too late: its lease is over");
}

async fn a_lost_answer_of_an_undo_is_settled_and_unlocks_the_original(kind: Kind) {
    let setting = Setting::start(kind).await;
    let service = setting.instance(&["scanner"]);
    let original = setting.approve(&service, 1).await.id;
    assert!(end(&service, take(&service).await.unwrap(), Transition::Report(Outcome::Completed)).await);
    for (verb, want) in
        [(FollowUpVerb::ItDidNotHappen, UndoState::Failed), (FollowUpVerb::ItHappened, UndoState::Undone)]
    {
        let current = setting.now(original).await;
        let undone = service
            .undo(&setting.ana, original, seen(&current), UndoRequest::because("wrong".to_owned()))
            .await
            .unwrap();
        let reverse = undone.undone_by.unwrap();
        assert!(end(&service, take(&service).await.unwrap(), Transition::LoseTrack).await);
        assert_eq!(setting.now(reverse).await.status, Status::Unknown);
        assert_eq!(setting.now(original).await.undo, UndoState::Requested);
        let offered = service.detail(&setting.ana, reverse).await.unwrap().follow_ups;
        assert_eq!(offered, [FollowUpVerb::ItHappened, FollowUpVerb::ItDidNotHappen]);

        let settled = setting.ask(&service, reverse, verb).await.unwrap();
        assert!(settled.status_detail.unwrap().contains("as seen on the host"));
        assert_eq!(setting.now(original).await.undo, want);
        assert_eq!(setting.ask(&service, reverse, verb).await, Err(ErrorCode::Conflict), "once");
    }
    let kinds = setting.kinds().await;
    assert_eq!(kinds.iter().filter(|kind| **kind == AuditKind::Settled).count(), 2);
    assert_eq!(kinds.iter().filter(|kind| **kind == AuditKind::UndoReported).count(), 2);
    store::verify(&*setting.store).await.unwrap();
}

async fn what_nobody_has_got_yet_is_called_off(kind: Kind) {
    let setting = Setting::start(kind).await;
    let service = setting.instance(&["scanner"]);
    let first = setting.approve(&service, 1).await.id;
    assert_eq!(service.detail(&setting.ana, first).await.unwrap().follow_ups, [FollowUpVerb::Cancel]);
    let cancelled = setting.ask(&service, first, FollowUpVerb::Cancel).await.unwrap();
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(take(&service).await.is_none(), "it is gone from the outbox");

    // What may have been sent can't be called off; what provably was not, can.
    let second = setting.approve(&service, 2).await.id;
    let mut order = take(&service).await.unwrap();
    assert_eq!(setting.ask(&service, second, FollowUpVerb::Cancel).await, Err(ErrorCode::Conflict));
    assert!(service.detail(&setting.ana, second).await.unwrap().follow_ups.is_empty());
    order.leased.not_sent += 1;
    assert!(service.retry(&authority(), order.leased, at(60), "no connection".to_owned()).await.unwrap());
    assert_eq!(service.detail(&setting.ana, second).await.unwrap().follow_ups, [FollowUpVerb::Cancel]);
    assert_eq!(setting.ask(&service, second, FollowUpVerb::Cancel).await.unwrap().status, Status::Cancelled);
    setting.clock.forward(jiff::SignedDuration::from_hours(1));
    assert!(take(&service).await.is_none());
}

async fn what_failed_is_tried_again_by_a_new_command(kind: Kind) {
    let setting = Setting::start(kind).await;
    let service = setting.instance(&["scanner"]);
    let failing = setting.approve(&service, 1).await.id;
    let order = take(&service).await.unwrap();
    let first = order.leased.id;
    assert!(end(&service, order, Transition::Report(Outcome::Failed)).await);
    assert_eq!(service.detail(&setting.ana, failing).await.unwrap().follow_ups, [FollowUpVerb::Retry]);
    let queued = setting.ask(&service, failing, FollowUpVerb::Retry).await.unwrap();
    assert_eq!((queued.status, queued.status_detail), (Status::Queued, None));
    let order = take(&service).await.unwrap();
    assert_ne!(order.leased.id, first);
    assert_eq!(order.leased.possibly_sent, 0);
    assert!(end(&service, order, Transition::Report(Outcome::Completed)).await);
    assert_eq!(setting.ask(&service, failing, FollowUpVerb::Retry).await, Err(ErrorCode::Conflict));
    assert!(setting.kinds().await.contains(&AuditKind::Retried));

    // Nobody who could carry it out: it is not queued to wait for nothing.
    let failing = setting.approve(&service, 2).await.id;
    let order = take(&service).await.unwrap();
    assert!(end(&service, order, Transition::Report(Outcome::Failed)).await);
    let nobody = setting.instance(&[]);
    assert_eq!(setting.ask(&nobody, failing, FollowUpVerb::Retry).await, Err(ErrorCode::NoExecutor));
}

async fn a_command_whose_executor_is_gone_says_so_and_what_to_do(kind: Kind) {
    let setting = Setting::start(kind).await;
    let service = setting.instance(&["scanner"]);
    let of = setting.approve(&service, 1).await.id;
    let mut order = take(&service).await.unwrap();
    order.leased.not_sent += 1;
    let why = "not sent yet: no connection".to_owned();
    assert!(service.retry(&authority(), order.leased, at(60), why).await.unwrap());
    let held = async |by: &Service| by.detail(&setting.ana, of).await.unwrap().held.unwrap();
    assert_eq!(held(&service).await, "It is tried again by itself, for 3 days.");
    let detail = setting.now(of).await.status_detail.unwrap();
    assert_eq!(detail, "not sent yet: no connection", "nothing is promised that depends on its executor");

    // The server started anew without it.
    let without = setting.instance(&["other"]);
    let said = held(&without).await;
    assert!(said.starts_with("Its executor is gone: scanner is not connected"), "{said}");
    assert!(said.contains("Connect it again, or cancel this action and propose it anew"), "{said}");
    assert_eq!(without.detail(&setting.ana, of).await.unwrap().follow_ups, [FollowUpVerb::Cancel]);
    assert_eq!(setting.ask(&without, of, FollowUpVerb::Cancel).await.unwrap().status, Status::Cancelled);
}

async fn only_who_proposed_takes_back_or_replaces(kind: Kind) {
    let setting = Setting::start(kind).await;
    let service = setting.instance(&["scanner"]);
    let (first, second, third) =
        (setting.propose(1).await, setting.propose(2).await, setting.propose(3).await);
    assert_eq!(setting.ask(&service, first.id, FollowUpVerb::Withdraw).await, Err(ErrorCode::Forbidden));

    let mut tx = setting.store.begin_system(&authority()).await.unwrap();
    let mut credential = super::sample::session(0xF, id(0xA));
    (credential.kind, credential.user) = (store::CredentialKind::Token, None);
    tx.insert_credential(&credential).await.unwrap();
    tx.commit().await.unwrap();
    let scanner = Caller {
        actor: first.proposed_by.clone(),
        person: None,
        credential: id(0xF),
        access: domain::Access::default(),
        roles: [].into(),
        scopes: Some([Scope::Propose].into()),
        factor: domain::access::FactorState::NotNeeded,
    };
    let replace = |by| FollowUp { replaced_by: Some(by), ..FollowUp::new(FollowUpVerb::Supersede, None) };
    let itself = service.follow_up(&scanner, first.id, seen(&first), replace(first.id)).await;
    assert_eq!(itself.unwrap_err().code(), ErrorCode::Invalid);
    let replaced = service.follow_up(&scanner, first.id, seen(&first), replace(second.id)).await.unwrap();
    assert_eq!(replaced.decision, domain::Decision::Superseded);
    assert!(replaced.reason.unwrap().contains(&second.id.to_string()));

    let withdraw = || FollowUp::new(FollowUpVerb::Withdraw, Some("false alarm".to_owned()));
    let withdrawn = service.follow_up(&scanner, second.id, seen(&second), withdraw()).await.unwrap();
    assert_eq!(withdrawn.decision, domain::Decision::Withdrawn);
    let again = service.follow_up(&scanner, second.id, seen(&withdrawn), withdraw()).await;
    assert_eq!(again.unwrap_err().code(), ErrorCode::Conflict);
    let other = Caller { actor: domain::Actor::new(domain::ActorKind::Token, "x", "Other"), ..scanner };
    let others = service.follow_up(&other, third.id, seen(&third), withdraw()).await;
    assert!(matches!(others.unwrap_err().code(), ErrorCode::NotFound | ErrorCode::Forbidden));
    store::verify(&*setting.store).await.unwrap();
}
