//! What waits for its executor: while that is paused, and while others do not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::actions::contract::{ListActions as _, ShowAction};
use domain::executors::ExecutorKind;
use domain::executors::contract::{ExecutorsBackend, Health, TestResult};
use domain::{
    Action, ActionQuery, ActionType, Asset, AuditKind, ErrorCode, Lane, Outcome, RowScope, Status, Transition,
};
use executors::simulated::Simulated;
use service::Service;
use service::executor::{Attempt, Executor, Executors, Order};
use service::testing::{FixedClock, system as authority};
use store::NewCommand;
use tokio::sync::Semaphore;

use super::hands::{Setting, setup};
use super::sample::{action, add, add_ana, at, command, decided, decider, id, system};
use crate::database::{Database, Kind, on_both};

on_both!(a_paused_executor_holds_what_is_approved, an_executor_that_does_not_answer_holds_up_no_other,);

/// The detail of the one action that is under way, in a row of the page, in a row of the API, and by itself.
async fn details(setting: &Setting) -> Vec<Option<String>> {
    let query = ActionQuery::of(Lane::InProgress);
    let page = setting.service.list(&setting.ana, query.clone()).await.unwrap();
    let [row] = page.items.as_slice() else { panic!("{} rows", page.items.len()) };
    let rows = setting.service.list_as_json(&setting.ana, query).await.unwrap().items;
    let of_api: serde_json::Value = serde_json::from_str(&rows[0]).unwrap();
    let told = of_api["status_detail"].as_str().map(str::to_owned);
    let one = ShowAction::action(&setting.service, &setting.ana, row.id).await.unwrap();
    assert_eq!(one.status, Status::Queued);
    vec![row.status_detail.clone(), told, one.status_detail]
}

async fn a_paused_executor_holds_what_is_approved(kind: Kind) {
    let setting = Setting::start(kind).await;
    setting.add(setup("people", ExecutorKind::Manual), None).await;
    setting.service.pause(&system(), "people", true).await.unwrap();
    let held = setting.approve(1).await;
    let detail = setting.service.detail(&setting.ana, held).await.unwrap();
    assert_eq!(detail.executor.unwrap().health, Health::Paused);
    assert!(detail.held.unwrap().contains("Paused"), "the queue shows what is held");
    assert_eq!(details(&setting).await, vec![Some("Held: executor people is paused".to_owned()); 3]);
    assert_eq!(setting.now(held).await.status_detail, None, "what it is stays as it was");
    assert!(setting.take().await.is_none());
    assert_eq!(setting.service.remove(&system(), "people").await.unwrap_err().code(), ErrorCode::Conflict);
    setting.service.pause(&system(), "people", false).await.unwrap();
    assert_eq!(details(&setting).await, [None, None, None]);
    assert_eq!(setting.take().await.unwrap().action.id, held);
    let denied = ExecutorsBackend::executors(&setting.service, &setting.ana).await.unwrap_err();
    assert_eq!(denied.code(), ErrorCode::Forbidden, "an operator sets nothing up");
    let kinds: Vec<_> =
        setting.store.audit_after(0, 100).await.unwrap().into_iter().map(|record| record.kind).collect();
    assert!(kinds.contains(&AuditKind::ExecutorPaused) && kinds.contains(&AuditKind::ExecutorResumed));
}

/// It answers once the gate is closed, and counts.
struct Hanging {
    gate: Semaphore,
    begun: AtomicUsize,
    ended: AtomicUsize,
}

/// Counts the end of an attempt, also of one that was given up.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Executor for Hanging {
    fn name(&self) -> &'static str {
        "hanging"
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Webhook
    }

    fn serves(&self, asset: &Asset) -> bool {
        asset.name.starts_with("slow-")
    }

    fn carries_out(&self, _action_type: ActionType, _action: &Action) -> bool {
        true
    }

    async fn test(&self) -> TestResult {
        TestResult { works: false, says: String::new() }
    }

    async fn execute(&self, _order: &Order) -> Attempt {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let _counted = Counted(&self.ended);
        let _closed = self.gate.acquire().await;
        Attempt::Ended(Outcome::Completed, "at last".to_owned())
    }
}

async fn an_executor_that_does_not_answer_holds_up_no_other(kind: Kind) {
    const SLOW: u128 = 12;
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let by = decider(&add_ana(&store).await);
    for number in 1..=SLOW + 1 {
        let mut proposed = action(number);
        proposed.asset.name = if number <= SLOW { format!("slow-{number}") } else { "prompt".to_owned() };
        let mut approved = decided(&proposed, &by, Transition::Approve, at(0));
        let executor = Some(if number <= SLOW { "hanging" } else { "simulated" }.to_owned());
        approved.executor.clone_from(&executor);
        let Action { action_type, entity, asset, parameters, .. } = &approved;
        approved.digest = service::digest(*action_type, entity, asset, &[], parameters).unwrap();
        add(&store, &approved).await;
        let mut tx = store.begin_system(&authority()).await.unwrap();
        let second = i64::try_from(number).unwrap();
        let command = NewCommand { executor, ..command(id(100 + number), id(number), at(second)) };
        tx.enqueue(&system(), &[command]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let hanging = Arc::new(Hanging {
        gate: Semaphore::new(0),
        begun: AtomicUsize::default(),
        ended: AtomicUsize::default(),
    });
    let executors = Executors::new(vec![hanging.clone(), Arc::new(Simulated)]);
    let service = Service::new(store.clone(), FixedClock::at(at(100)), executors);
    let stop = tokio_util::sync::CancellationToken::new();
    let worker = tokio::spawn(service::worker::run(service, authority(), stop.child_token()));
    crate::harness::until("the other one ended", async || {
        let action = store.action(&RowScope::ALL, id(SLOW + 1)).await.unwrap().unwrap();
        (action.status == Status::Completed).then_some(())
    })
    .await;
    assert_eq!(hanging.ended.load(Ordering::SeqCst), 0, "nothing had to end before");
    let begun = hanging.begun.load(Ordering::SeqCst);
    assert!((1..=8).contains(&begun), "{begun} at a time");
    stop.cancel();
    hanging.gate.close();
    worker.await.unwrap();
}
