//! The audit log grows by one unbroken chain, and by nothing else.

use service::testing::system as authority;
use store::audit::GENESIS;

use domain::{ActionId, AssetKind, AuditKind, Lane, ScopedRow};
use serde_json::json;
use store::{AuditEntry, Changed, Followed};

use super::sample::{SCANNER, action, add, at, entry, id, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    records_read_back_in_order,
    nothing_in_the_log_can_be_changed,
    writers_at_once_make_one_chain,
    who_follows_learns_what_became_of_an_action,
    t27_who_follows_never_meets_a_gap,
    a_clock_that_is_set_back_sets_no_time_back,
);

async fn a_clock_that_is_set_back_sets_no_time_back(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let before = tx.append_audit(&system(), entry(100, None)).await.unwrap();
    assert_eq!(tx.time(at(7)).await.unwrap(), before.at);
    tx.commit().await.unwrap();
    // Another machine, whose clock is behind.
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert_eq!(tx.time(at(7)).await.unwrap(), before.at);
    assert_eq!(tx.append_audit(&system(), entry(8, None)).await.unwrap().at, before.at);
    let later = tx.append_audit(&system(), entry(101, None)).await.unwrap();
    assert!(later.at > before.at);
    assert_eq!(tx.time(before.at).await.unwrap(), later.at);
    tx.commit().await.unwrap();
    assert_eq!(store::verify(&*store).await.unwrap().0, 3);
}

async fn records_read_back_in_order(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    assert_eq!(store::verify(&*store).await.unwrap(), (0, GENESIS.to_owned()));
    let mut written = Vec::new();
    for round in 0..3 {
        let mut tx = store.begin_system(&authority()).await.unwrap();
        for number in 0..2 {
            let of = (number == 0).then(|| id(7));
            written.push(tx.append_audit(&system(), entry(round * 2 + number, of)).await.unwrap());
        }
        tx.commit().await.unwrap();
    }
    // What is taken back leaves no gap.
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.append_audit(&system(), entry(10, None)).await.unwrap();
    drop(tx);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    written.push(tx.append_audit(&system(), entry(11, None)).await.unwrap());
    tx.commit().await.unwrap();

    assert_eq!(store.audit_after(0, 100).await.unwrap(), written);
    let of = store.records_of(id(7), AuditKind::Approved, 2).await.unwrap();
    assert_eq!(of, [written[4].clone(), written[2].clone()], "the newest first");
    assert_eq!(store.records_of(id(7), AuditKind::Revised, 2).await.unwrap(), []);
    assert_eq!(store.audit_after(2, 3).await.unwrap(), written[2..5]);
    assert_eq!(store.audit_after(7, 3).await.unwrap(), []);
    assert_eq!(store::verify(&*store).await.unwrap(), (7, written[6].hash.clone()));
}

async fn nothing_in_the_log_can_be_changed(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let record = tx.append_audit(&system(), entry(1, None)).await.unwrap();
    tx.commit().await.unwrap();
    let own = match kind {
        // It has no such statement; without a condition it goes the way of the one that it has.
        Kind::Sqlite => "DELETE FROM audit",
        Kind::Postgres => "TRUNCATE audit",
    };
    for sql in ["UPDATE audit SET body = '{}'", "DELETE FROM audit WHERE seq = 1", own] {
        let error = database.execute(sql).await.unwrap_err().to_string();
        assert!(error.contains("the audit log is append-only"), "{sql}: {error}");
    }
    let twice = "INSERT INTO audit SELECT * FROM audit";
    assert!(database.execute(twice).await.is_err());
    assert_eq!(store.audit_after(0, 10).await.unwrap(), [record]);
}

async fn writers_at_once_make_one_chain(kind: Kind) {
    const WRITERS: i64 = 6;
    const EACH: i64 = 15;
    let database = Database::migrated(kind).await;
    let stores = [database.open().await, database.open().await];
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = stores[usize::try_from(writer % 2).unwrap()].clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    let mut tx = store.begin_system(&authority()).await.unwrap();
                    tx.append_audit(&system(), entry(writer, None)).await.unwrap();
                    tx.append_audit(&system(), entry(number, None)).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let (count, _) = store::verify(&*stores[0]).await.unwrap();
    assert_eq!(count, WRITERS * EACH * 2);
}

async fn who_follows_learns_what_became_of_an_action(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    assert_eq!(store.audit_head().await.unwrap(), 0);
    add(&store, &action(7)).await;
    let facts =
        json!({ "version": 3, "decision": "Approved", "status": "Queued", "undo": "None", "more": 1 });
    let broken = json!({ "version": 3, "decision": "Pending", "status": "Completed", "undo": "None" });
    let mut tx = store.begin_system(&authority()).await.unwrap();
    for (of, body) in [
        (Some(7), facts.clone()),
        (Some(7), json!({})),
        (Some(7), broken),
        (Some(8), facts.clone()),
        (None, facts),
    ] {
        tx.append_audit(
            &system(),
            AuditEntry { body, subject: of.map(|of| id::<ActionId>(of).into()), ..entry(1, None) },
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let followed = store.follow(0, 10).await.unwrap();
    let row = ScopedRow {
        proposed_by: SCANNER.to_owned(),
        lane: Lane::InProgress,
        asset_kind: AssetKind::Device,
        device_group: action(7).asset.device_group,
    };
    let changed = Changed { id: id(7), version: 3, row };
    // Only the first says what became of an action that is there.
    let by = system().actor().clone();
    let expected = (1..=5).map(|seq| {
        let changed = (seq == 1).then(|| changed.clone());
        Followed { seq, kind: AuditKind::Approved, by: by.clone(), changed }
    });
    assert_eq!(followed, expected.collect::<Vec<_>>());
    assert_eq!(store.follow(2, 2).await.unwrap(), followed[2..4]);
    assert_eq!(store.follow(5, 2).await.unwrap(), []);
    assert_eq!(store.audit_head().await.unwrap(), 5);
}

/// Records become visible in the order of their numbers, whoever writes them and however long that takes.
async fn t27_who_follows_never_meets_a_gap(kind: Kind) {
    const WRITERS: i64 = 4;
    const EACH: i64 = 40;
    let database = Database::migrated(kind).await;
    let stores = [database.open().await, database.open().await];
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = stores[usize::try_from(writer % 2).unwrap()].clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    let mut tx = store.begin_system(&authority()).await.unwrap();
                    tx.append_audit(&system(), entry(number, None)).await.unwrap();
                    tokio::task::yield_now().await;
                    tx.append_audit(&system(), entry(number, None)).await.unwrap();
                    // What is rolled back leaves its numbers to the next.
                    if number % 5 > 0 {
                        tx.commit().await.unwrap();
                    }
                }
            })
        })
        .collect();
    let store = &stores[0];
    let (mut seen, last) = (0, WRITERS * EACH * 2 / 5 * 4);
    while seen < last {
        for record in store.follow(seen, 7).await.unwrap() {
            assert_eq!(record.seq, seen + 1);
            seen = record.seq;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(store.audit_head().await.unwrap(), last);
}
