//! The outbox: one worker at a time has a command, and late ones are fenced off. Commits ring where they are awaited.

use service::testing::system as authority;
use std::sync::Arc;
use std::time::Duration;

use domain::{CommandId, RowScope};
use executors::simulated::Simulated;
use service::Service;
use service::clock::Clock;
use service::executor::Executors;
use store::{Claim, Leased, SharedStore};

use super::sample::{action, add, add_ana, at, command, decided, decider, entry, id, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    commands_are_leased_in_the_order_in_which_they_are_ready,
    t31_a_lease_runs_out_and_fences_off_its_holder,
    a_retry_waits_and_keeps_the_counts,
    of_two_workers_one_gets_the_command,
    commits_ring_and_what_is_taken_back_does_not,
    what_may_have_been_sent_ends_unknown_without_its_executor,
    a_command_is_called_off_before_it_is_leased,
);

/// A server that starts without the executor of an order: what was not sent waits, and of what may have been sent nobody
/// knows. Nor does another executor answer for it.
async fn what_may_have_been_sent_ends_unknown_without_its_executor(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let by = decider(&add_ana(&store).await);
    for number in 1..=3 {
        let mut approved = decided(&action(number), &by, domain::Transition::Approve, at(0));
        approved.executor = Some("responder on host".to_owned());
        approved.digest = service::digest(
            approved.action_type,
            &approved.entity,
            &approved.asset,
            &[],
            &approved.parameters,
        )
        .unwrap();
        add(&store, &approved).await;
        enqueue(&store, number, 0).await;
    }
    // Commands of the time before they named their executor. The second and third were leased by a process that was killed: whether it sent them nobody knows.
    let sent: Vec<_> = [lease(&store, 0).await, lease(&store, 0).await].into_iter().flatten().collect();
    let mut tx = store.begin_system(&authority()).await.unwrap();
    for mut leased in sent.clone() {
        leased.possibly_sent += 1;
        assert!(tx.retry(&leased, at(1), "killed").await.unwrap());
    }
    tx.commit().await.unwrap();
    let service = Service::new(store.clone(), Arc::new(Later), Executors::default());
    let stop = tokio_util::sync::CancellationToken::new();
    let worker = tokio::spawn(service::worker::run(service, authority(), stop.child_token()));
    let sent: Vec<_> = sent.iter().map(|leased| leased.action_id).collect();
    let status = async |of| store.action(&RowScope::ALL, of).await.unwrap().unwrap().status;
    for of in &sent {
        crate::harness::until("it ended", async || {
            (status(*of).await == domain::Status::Unknown).then_some(())
        })
        .await;
    }
    stop.cancel();
    worker.await.unwrap();
    for number in 1..=3 {
        let want = if sent.contains(&id(number)) { domain::Status::Unknown } else { domain::Status::Queued };
        assert_eq!(status(id(number)).await, want, "{number}");
    }
}

async fn a_command_is_called_off_before_it_is_leased(kind: Kind) {
    let (_database, store) = start(kind, 2).await;
    enqueue(&store, 1, 0).await;
    enqueue(&store, 2, 0).await;
    let leased = lease(&store, 0).await.unwrap().action_id;
    for number in 1..=2 {
        let mut tx = store.begin_system(&authority()).await.unwrap();
        let called_off = tx.call_off(&system(), id(number)).await.unwrap() > 0;
        tx.commit().await.unwrap();
        assert_eq!(called_off, leased != id(number));
    }
    let again = lease(&store, 100).await.unwrap();
    assert_eq!(again.action_id, leased, "the other one is done");
}

async fn start(kind: Kind, actions: u128) -> (Database, SharedStore) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for number in 1..=actions {
        add(&store, &action(number)).await;
    }
    (database, store)
}

async fn enqueue(store: &SharedStore, number: u128, seconds: i64) {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.enqueue(&system(), &[command(id(100 + number), id(number), at(seconds))]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Leases for ten seconds.
async fn lease(store: &SharedStore, now: i64) -> Option<Leased> {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let claim = Claim { now: at(now), until: at(now + 10), executors: &[], abandoned: at(now - 60) };
    let leased = tx.lease(claim).await.unwrap();
    tx.commit().await.unwrap();
    leased
}

async fn finish(store: &SharedStore, leased: &Leased) -> bool {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let done =
        tx.finish(leased, store::Ended { status: domain::Status::Completed, detail: "done" }).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn commands_are_leased_in_the_order_in_which_they_are_ready(kind: Kind) {
    let (_database, store) = start(kind, 3).await;
    for (number, seconds) in [(1, 30), (2, 10), (3, 20)] {
        enqueue(&store, number, seconds).await;
    }
    assert!(lease(&store, 9).await.is_none());
    let mut taken = Vec::new();
    while let Some(leased) = lease(&store, 30).await {
        assert_eq!((leased.generation, leased.possibly_sent, leased.not_sent), (1, 0, 0));
        taken.push((leased.action_id, leased.created_at));
    }
    assert_eq!(taken, [(id(2), at(10)), (id(3), at(20)), (id(1), at(30))]);
    assert!(store.command_of(id(4)).await.unwrap().is_none());
}

async fn t31_a_lease_runs_out_and_fences_off_its_holder(kind: Kind) {
    let (_database, store) = start(kind, 1).await;
    enqueue(&store, 1, 0).await;
    let first = lease(&store, 0).await.unwrap();
    assert!(lease(&store, 9).await.is_none());
    let second = lease(&store, 10).await.unwrap();
    // The first one may have sent it, for all that anybody knows.
    assert_eq!((second.id, second.generation, second.possibly_sent), (first.id, 2, 1));
    assert!(!finish(&store, &first).await);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(!tx.retry(&first, at(0), "late").await.unwrap());
    drop(tx);
    assert!(finish(&store, &second).await);
    assert!(!finish(&store, &second).await);
    assert!(lease(&store, 1_000).await.is_none());
}

async fn a_retry_waits_and_keeps_the_counts(kind: Kind) {
    let (_database, store) = start(kind, 1).await;
    enqueue(&store, 1, 0).await;
    let mut leased = lease(&store, 0).await.unwrap();
    leased.not_sent += 1;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.retry(&leased, at(5), "no connection").await.unwrap());
    tx.commit().await.unwrap();
    let kept = store.command_of(id(1)).await.unwrap().unwrap();
    assert_eq!((kept.id, kept.possibly_sent, kept.not_sent), (id::<CommandId>(101), 0, 1));
    assert!(lease(&store, 4).await.is_none());
    let again = lease(&store, 5).await.unwrap();
    assert_eq!((again.generation, again.possibly_sent, again.not_sent), (2, 0, 1));
}

async fn of_two_workers_one_gets_the_command(kind: Kind) {
    let (database, store) = start(kind, 20).await;
    let other = database.open().await;
    for number in 1..=20 {
        enqueue(&store, number, 0).await;
        let race = [&store, &other].map(|store| {
            let store = store.clone();
            tokio::spawn(async move { lease(&store, 0).await })
        });
        let mut winners = 0;
        for one in race {
            winners += usize::from(one.await.unwrap().is_some());
        }
        assert_eq!(winners, 1);
    }
}

async fn commits_ring_and_what_is_taken_back_does_not(kind: Kind) {
    let (_database, store) = start(kind, 2).await;
    let mut changes = store.changes();
    enqueue(&store, 1, 0).await;
    changes.command_enqueued().await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.append_audit(&system(), entry(1, None)).await.unwrap();
    tx.commit().await.unwrap();
    changes.record_appended().await;
    // What was committed may ring once more, by the database: until it is silent.
    while tokio::time::timeout(Duration::from_secs(1), changes.command_enqueued()).await.is_ok() {}

    let (mut commands, mut records) = (store.changes(), store.changes());
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.enqueue(&system(), &[command(id(102), id(2), at(0))]).await.unwrap();
    drop(tx);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.append_audit(&system(), entry(2, None)).await.unwrap();
    tx.commit().await.unwrap();
    tokio::select! {
        biased;
        () = commands.command_enqueued() => panic!("rang for a command that is not there"),
        () = records.record_appended() => {}
    }
}

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> jiff::Timestamp {
        at(1)
    }
}

/// The same, long after.
struct Later;

impl Clock for Later {
    fn now(&self) -> jiff::Timestamp {
        at(600)
    }
}

fn service(store: &SharedStore) -> Service {
    Service::new(store.clone(), Arc::new(Still), Executors::new(vec![Arc::new(Simulated)]))
}

/// Its own news reach it while it closes; whatever comes first, it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_closes_right_after_a_commit() {
    let database = Database::migrated(Kind::Postgres).await;
    for _ in 0..100 {
        let store = database.open().await;
        let mut tx = store.begin_system(&authority()).await.unwrap();
        tx.append_audit(&system(), entry(1, None)).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
    }
}

/// What one instance enqueues wakes the others, which share nothing with it but the database. There is no clock here
/// by which they could find it.
#[tokio::test]
async fn a_command_wakes_the_other_instances() {
    let database = Database::migrated(Kind::Postgres).await;
    let (here, there) = (database.open().await, database.open().await);
    let by = decider(&add_ana(&here).await);
    let mut changes = there.changes();
    for number in 1..=3 {
        let mut approved = decided(&action(number), &by, domain::Transition::Approve, at(1));
        // What the service would have written: it looks at what it takes.
        approved.digest = service::digest(
            approved.action_type,
            &approved.entity,
            &approved.asset,
            &[],
            &approved.parameters,
        )
        .unwrap();
        add(&here, &approved).await;
        enqueue(&here, number, 0).await;
        changes.command_enqueued().await;
        let order = service(&there).take_order(&authority()).await.unwrap().unwrap();
        assert_eq!(order.action.id, id(number));
        assert!(service(&here).take_order(&authority()).await.unwrap().is_none());

        // The second and third time after the connections that listen were lost.
        let lost = database
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND query LIKE 'LISTEN%'",
            )
            .await
            .unwrap();
        assert_eq!(lost, 2);
        // It rings for what it may have missed, and listens again by then.
        changes.command_enqueued().await;
    }
    assert!(here.action(&RowScope::ALL, id(1)).await.unwrap().is_some());
}
