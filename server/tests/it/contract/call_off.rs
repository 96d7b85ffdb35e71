//! What executors are asked of commands that they may have: to call them off, and how they ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::access::contract::{Assignments, RoleGrant};
use domain::actions::contract::{DecideActions as _, FollowUpActions as _, ShowAction as _};
use domain::actions::tasks::{ListTasks as _, TaskHolder};
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::{
    Action, ActionId, ActionType, AuditKind, Caller, CommandId, Error, FollowUp, FollowUpVerb, Outcome, Role,
    RowScope, Seen, Status, Transition,
};
use executors::manual::Manual;
use jiff::SignedDuration;
use service::Service;
use service::executor::{Attempt, CalledOff, Executor, Executors, Order};
use service::testing::{FixedClock, system as authority};
use store::SharedStore;

use super::sample::{action, add, add_ana, at, id, imported, system, user};
use crate::database::{Database, Kind, on_both};

on_both!(
    what_its_executor_has_not_begun_is_cancelled,
    an_unknown_end_is_asked_about_until_the_executor_knows,
    many_unknown_ends_leave_each_its_turn,
    what_people_have_is_listed_assigned_and_called_off,
);

/// An executor that keeps a journal, as a responder does.
#[derive(Default)]
struct Journal {
    answers: Mutex<HashMap<CommandId, CalledOff>>,
    asked: Mutex<Vec<CommandId>>,
}

#[async_trait::async_trait]
impl Executor for Journal {
    fn name(&self) -> &'static str {
        "journal"
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

    fn calls_off(&self) -> bool {
        true
    }

    async fn call_off(&self, command: CommandId) -> CalledOff {
        self.asked.lock().unwrap().push(command);
        let answer = self.answers.lock().unwrap().get(&command).cloned();
        answer.unwrap_or_else(|| CalledOff::Unanswered("it is away".to_owned()))
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
    journal: Arc<Journal>,
    ana: Caller,
}

impl Setting {
    async fn start(kind: Kind, with: impl FnOnce(Arc<Journal>) -> Arc<dyn Executor>) -> Self {
        let database = Database::migrated(kind).await;
        let store = database.open().await;
        let ana = add_ana(&store).await;
        let (clock, journal) = (FixedClock::at(at(10)), Arc::<Journal>::default());
        let executors = Executors::new(vec![with(journal.clone())]);
        let service = Service::new(store.clone(), clock.clone(), executors).with_reports(authority());
        Self { _database: database, store, service, clock, journal, ana }
    }

    async fn approve(&self, number: u128) -> ActionId {
        let mut proposed = action(number);
        let Action { action_type, entity, asset, parameters, .. } = &proposed;
        proposed.digest = service::digest(*action_type, entity, asset, &[], parameters).unwrap();
        add(&self.store, &proposed).await;
        let mut tx = self.store.begin_system(&authority()).await.unwrap();
        tx.append_audit(&system(), imported(&proposed)).await.unwrap();
        tx.commit().await.unwrap();
        self.service.approve(&self.ana, proposed.id, seen(&proposed), None).await.unwrap().id
    }

    async fn take(&self) -> Order {
        self.clock.forward(SignedDuration::from_secs(1));
        self.service.take_order(&authority()).await.unwrap().unwrap()
    }

    async fn now(&self, id: ActionId) -> Action {
        self.store.action(&RowScope::ALL, id).await.unwrap().unwrap()
    }

    fn says(&self, command: CommandId, answer: CalledOff) {
        self.journal.answers.lock().unwrap().insert(command, answer);
    }

    async fn ask(&self, of: ActionId, what: FollowUp) -> Result<Action, Error> {
        let current = self.now(of).await;
        self.service.follow_up(&self.ana, of, seen(&current), what).await
    }

    async fn cancel(&self, of: ActionId) -> Result<Action, Error> {
        self.ask(of, FollowUp::new(FollowUpVerb::Cancel, None)).await
    }
}

fn seen(action: &Action) -> Seen {
    Seen { expected_version: action.version, digest: action.digest.clone() }
}

async fn many_unknown_ends_leave_each_its_turn(kind: Kind) {
    let setting = Setting::start(kind, |journal| journal).await;
    let mut first = None;
    for number in 1..=51 {
        let of = setting.approve(number).await;
        let order = setting.take().await;
        first.get_or_insert((of, order.leased.id));
        let lost = Transition::LoseTrack;
        setting.service.report(&authority(), order.leased, lost, "no answer".to_owned()).await.unwrap();
    }
    let (first, command) = first.unwrap();
    setting.says(command, CalledOff::Ended(Outcome::Completed, "done before".to_owned()));
    assert_eq!(setting.service.ask_about_unknown(&authority()).await.unwrap(), 0, "the newest come first");
    assert_eq!(setting.journal.asked.lock().unwrap().len(), 50);
    assert_eq!(setting.service.ask_about_unknown(&authority()).await.unwrap(), 1);
    assert_eq!(setting.now(first).await.status, Status::Completed);
}

async fn what_its_executor_has_not_begun_is_cancelled(kind: Kind) {
    let setting = Setting::start(kind, |journal| journal).await;
    let of = setting.approve(1).await;
    let order = setting.take().await;
    let command = order.leased.id;
    let offered = setting.service.detail(&setting.ana, of).await.unwrap().follow_ups;
    assert!(offered.contains(&FollowUpVerb::Cancel));
    for (answer, why) in [
        (CalledOff::Begun("it has begun".to_owned()), "it has begun"),
        (CalledOff::Unanswered("the host is away".to_owned()), "away"),
    ] {
        setting.says(command, answer);
        let refused = setting.cancel(of).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        assert_eq!(setting.now(of).await.status, Status::InProgress);
    }
    setting.says(command, CalledOff::Asked("its answer is awaited".to_owned()));
    let waiting = setting.cancel(of).await.unwrap();
    assert_eq!(
        (waiting.status, waiting.status_detail.as_deref()),
        (Status::InProgress, Some("its answer is awaited"))
    );
    setting.says(command, CalledOff::NotDone("it had not begun".to_owned()));
    let cancelled = setting.cancel(of).await.unwrap();
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(cancelled.status_detail.unwrap().contains("it had not begun"));
    let late = Transition::Report(Outcome::Completed);
    assert!(
        !setting.service.report(&authority(), order.leased, late, String::new()).await.unwrap(),
        "it is over"
    );

    // What had ended before is told as it ended.
    let of = setting.approve(2).await;
    let command = setting.take().await.leased.id;
    setting.says(command, CalledOff::Ended(Outcome::Completed, "moved to the vault".to_owned()));
    let refused = setting.cancel(of).await.unwrap_err().to_string();
    assert!(refused.contains("ended before"), "{refused}");
    let done = setting.now(of).await;
    assert_eq!((done.status, done.status_detail.as_deref()), (Status::Completed, Some("moved to the vault")));
    let kinds: Vec<_> =
        setting.store.audit_after(0, 1_000).await.unwrap().into_iter().map(|record| record.kind).collect();
    assert!(kinds.contains(&AuditKind::CallOffAsked) && kinds.contains(&AuditKind::Cancelled));
    store::verify(&*setting.store).await.unwrap();
}

async fn an_unknown_end_is_asked_about_until_the_executor_knows(kind: Kind) {
    let setting = Setting::start(kind, |journal| journal).await;
    let mut lost = Vec::new();
    for number in [1, 2] {
        let of = setting.approve(number).await;
        let order = setting.take().await;
        let command = order.leased.id;
        assert!(
            setting
                .service
                .report(&authority(), order.leased, Transition::LoseTrack, "lost".to_owned())
                .await
                .unwrap()
        );
        lost.push((of, command));
    }
    let look = async || setting.service.ask_about_unknown(&authority()).await.unwrap();
    let unknown = setting.store.unknown_commands(&["journal".to_owned()], 10).await.unwrap();
    assert_eq!(unknown.len(), 2);
    assert!(setting.store.unknown_commands(&["other".to_owned()], 10).await.unwrap().is_empty());
    assert_eq!(look().await, 0, "it is away");
    assert_eq!(look().await, 0);
    assert_eq!(setting.journal.asked.lock().unwrap().len(), 2, "not again at once");

    setting.clock.forward(SignedDuration::from_mins(2));
    setting.says(lost[0].1, CalledOff::Ended(Outcome::Completed, "moved to the vault".to_owned()));
    setting.says(lost[1].1, CalledOff::NotDone("it had not begun".to_owned()));
    assert_eq!(look().await, 2);
    let (done, not_done) = (setting.now(lost[0].0).await, setting.now(lost[1].0).await);
    assert_eq!((done.status, not_done.status), (Status::Completed, Status::Failed));
    assert!(done.status_detail.unwrap().contains("moved to the vault"));
    assert!(not_done.status_detail.unwrap().contains("provably not done"));
    setting.clock.forward(SignedDuration::from_hours(2));
    assert_eq!(look().await, 0);
    assert_eq!(setting.journal.asked.lock().unwrap().len(), 4, "what is known is asked about no more");
    store::verify(&*setting.store).await.unwrap();
}

async fn what_people_have_is_listed_assigned_and_called_off(kind: Kind) {
    let people = |_| {
        Arc::new(Manual::new("people".to_owned(), std::collections::BTreeMap::new())) as Arc<dyn Executor>
    };
    let setting = Setting::start(kind, people).await;
    let of = setting.approve(1).await;
    let Order { leased, executor, action, .. } = setting.take().await;
    assert_eq!(executor.name(), "people");
    let within = (None, Some(SignedDuration::from_hours(4)));
    let steps = format!("1. Quarantine {}", action.entity.title());
    assert!(setting.service.hand_over(&authority(), leased.clone(), steps.clone(), within).await.unwrap());
    let listed = async |holder| setting.service.tasks(&setting.ana, holder).await.unwrap().tasks;
    let all = listed(TaskHolder::Anybody).await;
    assert_eq!((all.len(), all[0].steps.as_str(), all[0].assigned_to.as_deref()), (1, steps.as_str(), None));
    assert!(all[0].due_at.is_some());
    let stored = setting.store.handed_tasks(&RowScope::ALL, &["others".to_owned()], 10).await.unwrap();
    assert!(stored.is_empty(), "not what others were handed");

    let take = |to: Option<&str>| FollowUp {
        assignee: to.map(str::to_owned),
        ..FollowUp::new(FollowUpVerb::Take, None)
    };
    let Err(Error::Invalid(errors)) = setting.ask(of, take(Some("nobody"))).await else { panic!("assigned") };
    assert_eq!(errors[0].pointer, "/to");
    // Somebody who doesn't see the device can't have it in hand.
    let (bea, elsewhere) = (user(0xB, "bea", &[Role::SecurityOperator]), Some([].into()));
    let roles = vec![RoleGrant { role: Role::SecurityOperator, device_groups: elsewhere }];
    let mut tx = setting.store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&bea, at(0)).await.unwrap();
    let held = Assignments { roles, ..Assignments::default() };
    assert!(tx.set_assignments(&system(), bea.id, &held, at(0)).await.unwrap());
    tx.commit().await.unwrap();
    let Err(Error::Invalid(errors)) = setting.ask(of, take(Some("bea"))).await else { panic!("assigned") };
    assert!(errors[0].detail.contains("BEA"), "{errors:?}");
    setting.ask(of, take(Some("ana"))).await.unwrap();
    assert_eq!(listed(TaskHolder::Me).await.len(), 1);
    assert!(listed(TaskHolder::Nobody).await.is_empty());

    let mut tx = setting.store.begin_system(&authority()).await.unwrap();
    assert_eq!(tx.call_off_sent(&system(), &[id(999)]).await.unwrap(), 0, "no such command");
    drop(tx);
    let cancelled = setting.cancel(of).await.unwrap();
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(listed(TaskHolder::Anybody).await.is_empty());
    store::verify(&*setting.store).await.unwrap();
}
