//! Executors as they are set up, and what they are handed: kept alike, changed by one at a time, reported once.

use std::sync::Arc;

use domain::actions::contract::UndoRequest;
use domain::actions::contract::{DecideActions as _, FollowUpActions as _, ShowAction as _};
use domain::executors::contract::{
    AnswerKind, Delivery, ExecutorAnswer, Health, NewExecutor, ReportsBackend as _, SealedReport,
};
use domain::executors::{ExecutorKind, ExecutorSetup, ServeRule, Settings};
use domain::{
    Action, ActionId, Caller, ErrorCode, FollowUp, FollowUpVerb, RowScope, Seen, Status, UndoState,
};
use executors::seal::SecretsKey;
use executors::workshop::Kinds;
use openc2::signature::Key;
use service::Service;
use service::executor::{Attempt, Executors, Order};
use service::testing::{FixedClock, system as authority};
use store::{Claim, Ended, SharedStore, StoredExecutor};

use super::sample::{action, add, add_ana, at, command, id, imported, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    an_executor_is_kept_changed_by_one_at_a_time_and_removed_when_nothing_waits,
    attempts_are_kept_and_forgotten,
    executors_are_ordered_and_what_they_were_sent_is_kept,
    what_is_handed_over_is_taken_back_once_or_overdue,
    what_people_do_by_hand_is_approved_done_and_undone,
    a_signed_report_ends_what_was_handed_over_and_a_forged_one_does_not,
);

pub(super) fn setup(name: &str, kind: ExecutorKind) -> ExecutorSetup {
    let url = (kind == ExecutorKind::Webhook).then(|| "http://127.0.0.1:9/hook".to_owned());
    ExecutorSetup {
        name: name.to_owned(),
        kind,
        settings: Settings { internal: url.is_some(), url, ..Settings::default() },
        serves: vec![ServeRule::default()],
        concurrency: 4,
        rate: None,
        time_limit: None,
    }
}

async fn an_executor_is_kept_changed_by_one_at_a_time_and_removed_when_nothing_waits(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let first = StoredExecutor {
        setup: setup("first", ExecutorKind::Manual),
        secret: Some("v1.sealed".to_owned()),
        paused: false,
        revision: 1,
    };
    let second =
        StoredExecutor { setup: setup("second", ExecutorKind::Manual), secret: None, ..first.clone() };
    let none = store.executors_revision().await.unwrap();
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.insert_executor(&system(), &first, at(1)).await.unwrap());
    assert!(tx.insert_executor(&system(), &second, at(1)).await.unwrap());
    assert!(!tx.insert_executor(&system(), &first, at(2)).await.unwrap(), "one of a name");
    tx.commit().await.unwrap();
    assert_eq!(store.executors().await.unwrap(), [first.clone(), second.clone()]);
    let two = store.executors_revision().await.unwrap();
    assert_ne!(none, two);

    let paused = StoredExecutor { paused: true, revision: 2, ..second };
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.update_executor(&system(), &paused, at(3)).await.unwrap());
    assert!(!tx.update_executor(&system(), &paused, at(3)).await.unwrap(), "somebody was first");
    tx.commit().await.unwrap();
    assert_eq!(store.executors().await.unwrap(), [first.clone(), paused]);
    assert_ne!(store.executors_revision().await.unwrap(), two);

    add(&store, &action(1)).await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let waiting = store::NewCommand { executor: Some("first".to_owned()), ..command(id(101), id(1), at(1)) };
    tx.enqueue(&system(), &[waiting]).await.unwrap();
    assert!(!tx.delete_executor(&system(), "first", at(4)).await.unwrap(), "a command waits");
    assert!(tx.delete_executor(&system(), "second", at(4)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.executor_backlog("first").await.unwrap(), 1);
    assert_eq!(store.executors().await.unwrap(), [first]);
}

async fn attempts_are_kept_and_forgotten(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let answer = |seconds, result| ExecutorAnswer {
        at: at(seconds),
        action: id(1),
        command: id(101),
        result,
        detail: "as told".to_owned(),
    };
    let all = [answer(1, AnswerKind::NotSent), answer(2, AnswerKind::Done), answer(3, AnswerKind::Failed)];
    let mut tx = store.begin_system(&authority()).await.unwrap();
    for answer in &all {
        tx.note_answer("hook", answer).await.unwrap();
    }
    tx.note_answer("other", &answer(4, AnswerKind::Uncertain)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.executor_answers("hook", 2).await.unwrap(), [all[2].clone(), all[1].clone()]);
    assert_eq!(store.executor_failures("hook", at(0)).await.unwrap(), 2);
    assert_eq!(store.executor_failures("hook", at(3)).await.unwrap(), 1);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert_eq!(tx.forget_answers(at(3)).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(store.executor_answers("hook", 10).await.unwrap().len(), 1);
}

async fn executors_are_ordered_and_what_they_were_sent_is_kept(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let of = |name: &str| StoredExecutor {
        setup: setup(name, ExecutorKind::Webhook),
        secret: None,
        paused: false,
        revision: 1,
    };
    let mut tx = store.begin_system(&authority()).await.unwrap();
    for name in ["first", "second", "third"] {
        assert!(tx.insert_executor(&system(), &of(name), at(1)).await.unwrap());
    }
    tx.commit().await.unwrap();
    let before = store.executors_revision().await.unwrap();
    let names = ["third", "first", "second"].map(str::to_owned);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.order_executors(&system(), &names, at(2)).await.unwrap());
    assert!(!tx.order_executors(&system(), &["none".to_owned()], at(2)).await.unwrap());
    let delivery = |number: u128, second, status| Delivery {
        id: id(number),
        action: id(1),
        command: id(101),
        at: at(second),
        milliseconds: 12,
        status,
        request: "{}".to_owned(),
        answer: "gone".to_owned(),
        again: number == 2,
    };
    tx.note_delivery("first", &delivery(1, 1, None)).await.unwrap();
    tx.note_delivery("first", &delivery(2, 2, Some(410))).await.unwrap();
    tx.note_delivery("second", &delivery(3, 3, Some(200))).await.unwrap();
    for number in 0..u128::try_from(store::MAX_DELIVERIES).unwrap() {
        tx.note_delivery("third", &delivery(1_000 + number, 4, Some(200))).await.unwrap();
    }
    tx.note_delivery("third", &delivery(5_000, 5, Some(200))).await.unwrap();
    tx.commit().await.unwrap();
    let order: Vec<_> = store.executors().await.unwrap().into_iter().map(|one| one.setup.name).collect();
    assert_eq!(order, names);
    assert_ne!(store.executors_revision().await.unwrap(), before, "other instances see it");
    assert_eq!(store.deliveries("first").await.unwrap(), [delivery(2, 2, Some(410)), delivery(1, 1, None)]);
    let kept = store.deliveries("third").await.unwrap();
    assert_eq!(i64::try_from(kept.len()).unwrap(), store::MAX_DELIVERIES, "and no more");
    assert_eq!(kept[0].id, id(5_000));
}

async fn what_is_handed_over_is_taken_back_once_or_overdue(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let claim = |now| Claim { now: at(now), until: at(now + 10), executors: &[], abandoned: at(now - 60) };
    for number in 1..=2 {
        add(&store, &action(number)).await;
        let mut tx = store.begin_system(&authority()).await.unwrap();
        tx.enqueue(&system(), &[command(id(100 + number), id(number), at(0))]).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.begin_system(&authority()).await.unwrap();
        let leased = tx.lease(claim(0)).await.unwrap().unwrap();
        tx.name_executor(&leased, "people").await.unwrap();
        tx.name_executor(&leased, "others").await.unwrap();
        let report_by = (number == 2).then(|| at(60));
        assert!(tx.hand_over(&leased, report_by, Some(at(30)), "steps").await.unwrap());
        assert!(!tx.hand_over(&leased, None, None, "steps").await.unwrap(), "once");
        tx.commit().await.unwrap();
    }
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.lease(claim(1_000)).await.unwrap().is_none(), "who has it says how it ends");
    assert!(tx.assign(&system(), id(1), "Ana").await.unwrap());
    tx.commit().await.unwrap();
    let handed = store.handed_over(id(1)).await.unwrap().unwrap();
    assert_eq!(
        (handed.assigned_to.as_deref(), handed.due_at, handed.is_done),
        (Some("Ana"), Some(at(30)), false)
    );

    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.overdue(at(59)).await.unwrap().is_none());
    assert_eq!(tx.overdue(at(60)).await.unwrap().unwrap().action_id, id(2));
    let people = ["people".to_owned()];
    let ended = |status| Ended { status, detail: "as seen" };
    assert_eq!(tx.take_back(&system(), id(1), &[], ended(Status::Completed)).await.unwrap(), 0, "nobody's");
    assert_eq!(tx.take_back(&system(), id(1), &people, ended(Status::Unknown)).await.unwrap(), 1);
    assert_eq!(tx.take_back(&system(), id(1), &people, ended(Status::Unknown)).await.unwrap(), 0, "once");
    assert_eq!(tx.targets_of(id(1)).await.unwrap()[0].status, Status::Unknown);
    assert_eq!(tx.settle_commands(&system(), &[id(101)], ended(Status::Completed)).await.unwrap(), 1);
    assert_eq!(tx.settle_commands(&system(), &[id(101)], ended(Status::Failed)).await.unwrap(), 0, "known");
    tx.set_undo(&system(), &[id(101)], UndoState::Failed).await.unwrap();
    tx.commit().await.unwrap();
    let of = store.targets_of(id(1)).await.unwrap().remove(0);
    assert_eq!((of.target, of.executor.as_deref(), of.status), (0, Some("people"), Status::Completed));
    assert_eq!((of.detail.as_deref(), of.undo), (Some("as seen"), UndoState::Failed));
    assert!(store.handed_over(id(1)).await.unwrap().is_none());
    assert!(store.command(id(101)).await.unwrap().unwrap().is_done);
    assert!(store.command(id(109)).await.unwrap().is_none());
}

pub(super) struct Setting {
    _database: Database,
    _folder: tempfile::TempDir,
    pub(super) store: SharedStore,
    pub(super) clock: Arc<FixedClock>,
    pub(super) ana: Caller,
    pub(super) service: Service,
}

impl Setting {
    pub(super) async fn start(kind: Kind) -> Self {
        let database = Database::migrated(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let store = database.open().await;
        let ana = add_ana(&store).await;
        let clock = FixedClock::at(at(10));
        let key = SecretsKey::in_file(&folder.path().join("key"));
        let service = Service::new(store.clone(), clock.clone(), Executors::default())
            .with_workshop(Arc::new(Kinds::new(key, clock.clone())))
            .with_reports(authority());
        Self { _database: database, _folder: folder, store, clock, ana, service }
    }

    pub(super) async fn add(&self, setup: ExecutorSetup, secret: Option<String>) -> Option<String> {
        let new = NewExecutor { setup, secret };
        self.service.set_up_executor(&system(), new).await.unwrap().secret
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

    pub(super) async fn approve(&self, number: u128) -> ActionId {
        let proposed = self.propose(number).await;
        self.service.approve(&self.ana, proposed.id, seen(&proposed), None).await.unwrap();
        proposed.id
    }

    pub(super) async fn now(&self, id: ActionId) -> Action {
        self.store.action(&RowScope::ALL, id).await.unwrap().unwrap()
    }

    async fn ask(&self, of: ActionId, verb: FollowUpVerb, why: &str) -> Result<Action, ErrorCode> {
        let current = self.now(of).await;
        let what = FollowUp::new(verb, Some(why.to_owned()));
        self.service.follow_up(&self.ana, of, seen(&current), what).await.map_err(|error| error.code())
    }

    /// What the worker does with the next command, but for what the executor answers.
    pub(super) async fn take(&self) -> Option<Order> {
        self.service.take_order(&authority()).await.unwrap()
    }

    async fn hand_over(&self) -> Order {
        let order = self.take().await.unwrap();
        let within = (Some(jiff::SignedDuration::from_mins(10)), None);
        let leased = order.leased.clone();
        assert!(self.service.hand_over(&authority(), leased, "handed".to_owned(), within).await.unwrap());
        order
    }
}

pub(super) fn seen(action: &Action) -> Seen {
    Seen { expected_version: action.version, digest: action.digest.clone() }
}

async fn what_people_do_by_hand_is_approved_done_and_undone(kind: Kind) {
    let setting = Setting::start(kind).await;
    let proposed = setting.propose(7).await;
    let refused = setting.service.approve(&setting.ana, proposed.id, seen(&proposed), None).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NoExecutor);
    let mut people = setup("people", ExecutorKind::Manual);
    people.settings.due_hours = Some(4);
    setting.add(people, None).await;
    let before = setting.service.detail(&setting.ana, proposed.id).await.unwrap().executor.unwrap();
    assert_eq!((before.name.as_str(), before.kind), ("people", ExecutorKind::Manual));
    assert_eq!(before.rule.as_deref(), Some("rule 1: everything"));

    let stop = tokio_util::sync::CancellationToken::new();
    let worker = tokio::spawn(service::worker::run(setting.service.clone(), authority(), stop.child_token()));
    let handed = async |of: ActionId| {
        crate::harness::until("it is to be done by hand", async || {
            let detail = setting.service.detail(&setting.ana, of).await.unwrap();
            (detail.task.is_some() && detail.action.status_detail.is_some()).then_some(detail)
        })
        .await
    };
    let first = setting.approve(1).await;
    let detail = handed(first).await;
    assert_eq!(detail.action.status, Status::InProgress);
    assert!(detail.action.status_detail.unwrap().contains("Quarantine file"), "the steps");
    assert_eq!(detail.task.unwrap().due_at, Some(at(10 + 4 * 3_600)));
    let offered = [FollowUpVerb::Cancel, FollowUpVerb::Take, FollowUpVerb::Done, FollowUpVerb::NotDone];
    assert_eq!(detail.follow_ups, offered);

    setting.ask(first, FollowUpVerb::Take, "").await.unwrap();
    assert_eq!(handed(first).await.task.unwrap().assigned_to.as_deref(), Some("ANA"));
    assert_eq!(setting.ask(first, FollowUpVerb::NotDone, " ").await, Err(ErrorCode::Invalid), "why?");
    let done = setting.ask(first, FollowUpVerb::Done, "ticket 4711").await.unwrap();
    assert_eq!(done.status, Status::Completed);
    assert!(done.status_detail.as_ref().unwrap().contains("done by hand by ANA. ticket 4711"));
    assert_eq!(setting.ask(first, FollowUpVerb::Done, "").await, Err(ErrorCode::Conflict));

    // Undone the same way.
    let undone = setting
        .service
        .undo(&setting.ana, first, seen(&done), UndoRequest::because("wrong".to_owned()))
        .await
        .unwrap();
    let reverse = undone.undone_by.unwrap();
    handed(reverse).await;
    setting.ask(reverse, FollowUpVerb::Done, "put back").await.unwrap();
    assert_eq!(setting.now(first).await.undo, UndoState::Undone);

    let second = setting.approve(2).await;
    handed(second).await;
    assert_eq!(setting.ask(second, FollowUpVerb::NotDone, "no key").await.unwrap().status, Status::Failed);
    stop.cancel();
    worker.await.unwrap();
    let answers = setting.store.executor_answers("people", 10).await.unwrap();
    assert_eq!(answers.iter().filter(|answer| answer.result == AnswerKind::Handed).count(), 3);
    store::verify(&*setting.store).await.unwrap();
}

async fn a_signed_report_ends_what_was_handed_over_and_a_forged_one_does_not(kind: Kind) {
    let setting = Setting::start(kind).await;
    let secret = setting.add(setup("hook", ExecutorKind::Webhook), None).await.unwrap();
    let sealed = setting.store.executors().await.unwrap()[0].secret.clone().unwrap();
    assert!(!sealed.contains(&secret), "sealed");
    let key = Key::parse(&secret).unwrap();
    let report = |order: &Order, status: &str, key: &Key| {
        let body =
            serde_json::json!({ "command_id": order.leased.id, "status": status, "detail": "as told" });
        let body = body.to_string().into_bytes();
        let signed = key.sign("msg_1", setting.clock_now(), &body);
        SealedReport { id: signed.id, timestamp: signed.timestamp, signature: signed.signature, body }
    };
    let first = setting.approve(1).await;
    let order = setting.hand_over().await;
    let forged = Key::parse(&Key::generate().unwrap()).unwrap();
    let refused = setting.service.take_report(report(&order, "completed", &forged)).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NotSignedIn);
    let working = setting.service.take_report(report(&order, "in_progress", &key)).await.unwrap();
    assert!(!working.changed);
    let taken = setting.service.take_report(report(&order, "partially_completed", &key)).await.unwrap();
    assert_eq!((taken.status, taken.changed), (Status::PartiallyCompleted, true));
    let again = setting.service.take_report(report(&order, "completed", &key)).await.unwrap();
    assert_eq!((again.status, again.changed), (Status::PartiallyCompleted, false), "the first counts");
    assert_eq!(setting.now(first).await.status_detail.as_deref(), Some("as told"));

    // No report in time: unknown, until a late one says how it ended.
    let second = setting.approve(2).await;
    let order = setting.hand_over().await;
    setting.clock.forward(jiff::SignedDuration::from_mins(11));
    assert_eq!(setting.service.lose_track_of_overdue(&authority()).await.unwrap(), 1);
    assert_eq!(setting.now(second).await.status, Status::Unknown);
    let late = setting.service.take_report(report(&order, "failed", &key)).await.unwrap();
    assert_eq!((late.status, late.changed), (Status::Failed, true));

    // With another key the secret does not open: the executor says so, and nothing goes by it.
    let other = tempfile::tempdir().unwrap();
    let clock = setting.clock.clone();
    let kinds = Kinds::new(SecretsKey::in_file(&other.path().join("key")), clock.clone());
    let moved =
        Service::new(setting.store.clone(), clock, Executors::default()).with_workshop(Arc::new(kinds));
    let states = moved.executor_states().await.unwrap();
    assert_eq!(states[0].health, Health::Broken);
    assert!(!format!("{states:?}").contains(&secret));
    store::verify(&*setting.store).await.unwrap();
}

impl Setting {
    fn clock_now(&self) -> jiff::Timestamp {
        service::clock::Clock::now(&*self.clock)
    }
}

/// Executors are asked by their rules in their order, and limits hold.
#[tokio::test]
async fn the_first_that_fits_has_it_and_takes_no_more_than_it_may() {
    let setting = Setting::start(Kind::Sqlite).await;
    let mut other = setup("mail", ExecutorKind::Manual);
    other.serves = vec!["kind=mailbox".parse().unwrap(), "name=db-*".parse().unwrap()];
    setting.add(other, None).await;
    let mut one = setup("hosts", ExecutorKind::Manual);
    (one.serves, one.concurrency) = (vec!["name=ho?t".parse().unwrap()], 1);
    setting.add(one, None).await;
    setting.add(setup("all", ExecutorKind::Manual), None).await;
    let proposed = setting.propose(1).await;
    let view = setting.service.detail(&setting.ana, proposed.id).await.unwrap().executor.unwrap();
    assert_eq!((view.name.as_str(), view.rule.as_deref()), ("hosts", Some("rule 1: ho?t")));
    setting.approve(2).await;
    setting.approve(3).await;
    let order = setting.take().await.unwrap();
    assert!(setting.take().await.is_none(), "one at a time");
    order.executor.learn(&Attempt::Uncertain("no answer".to_owned()), at(10));
    drop(order);
    assert!(setting.take().await.is_some());
    for _ in 0..5 {
        let hosts = setting.service.executors().named("hosts").unwrap();
        hosts.learn(&Attempt::NotSent("no connection".to_owned()), at(10));
    }
    let detail = setting.service.detail(&setting.ana, proposed.id).await.unwrap();
    assert_eq!(detail.executor.unwrap().health, Health::Failing, "left alone for a while");
}
