//! A pause of dispatch: nothing is leased until somebody goes on.

use service::testing::system as authority;
use std::slice::from_ref;

use domain::{Authorized, Transition};
use store::{Attempts, Claim, DISPATCH_PAUSED, DISPATCH_RESUMED, OpenCommands};

use super::sample::{action, add, add_ana, at, command, decided, decider, id, proposer, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    nothing_is_leased_during_a_pause,
    a_database_is_verified_by_its_own_log,
    failures_to_sign_in_are_kept_and_forgotten,
);

async fn nothing_is_leased_during_a_pause(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let approved = decided(&action(2), &decider(&ana), Transition::Approve, at(1));
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_actions(&proposer(Some(id(0xB))), from_ref(&approved)).await.unwrap();
    tx.enqueue(&system(), &[command(id(102), id(2), at(1))]).await.unwrap();
    tx.set_metadata(DISPATCH_PAUSED, "why").await.unwrap();
    let claim = |now, until| Claim { now: at(now), until: at(until), executors: &[], abandoned: at(-100) };
    assert!(tx.lease(claim(2, 9)).await.unwrap().is_none());
    tx.commit().await.unwrap();
    let (open, commands) = store.open_commands(10).await.unwrap();
    assert_eq!((open, commands.len()), (1, 1));
    assert_eq!((commands[0].command_id, commands[0].action_id), (id(102), id(2)));
    assert_eq!((commands[0].asset.as_str(), commands[0].possibly_sent), ("host", false));
    assert_eq!(store.open_commands(0).await.unwrap().1, []);
    assert_eq!(store.next_command_at().await.unwrap(), Some(at(1)));
    assert!(store.command_is_due(at(1)).await.unwrap());
    assert!(!store.command_is_due(at(0)).await.unwrap());
    let queue = store.queue().await.unwrap();
    assert_eq!(queue.oldest_pending, None);
    let open = OpenCommands { executor: approved.executor.clone(), count: 1, oldest: at(1) };
    assert_eq!(queue.open, [open]);
    let facts = store.facts().await.unwrap();
    assert_eq!((&facts["rows"]["commands"], &facts["rows"]["audit"]), (&1.into(), &0.into()), "{facts}");

    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.resume_dispatch(&system(), at(3)).await.unwrap());
    assert!(!tx.resume_dispatch(&system(), at(4)).await.unwrap(), "there is no pause any more");
    assert_eq!(tx.lease(claim(5, 9)).await.unwrap().unwrap().id, id(102));
    tx.commit().await.unwrap();
    assert_eq!(store.metadata(DISPATCH_PAUSED).await.unwrap().as_deref(), Some(""));
    let resumed = store.metadata(DISPATCH_RESUMED).await.unwrap().unwrap();
    assert_eq!(resumed, at(3).as_microsecond().to_string());
    assert!(store.open_commands(10).await.unwrap().1[0].possibly_sent);
}

async fn a_database_is_verified_by_its_own_log(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    assert_eq!(store.verify_log(&[]).await.unwrap().actions, 0);
    add(&store, &action(1)).await;
    let error = store.verify_log(&[]).await.unwrap_err().to_string();
    assert!(error.contains("has no record"), "{error}");
}

async fn failures_to_sign_in_are_kept_and_forgotten(kind: Kind) {
    let database = Database::migrated(kind).await;
    let (one, other) = (database.open().await, database.open().await);
    let by = Authorized::sign_in();
    let of = |failures, last| Some(Attempts { failures, last: at(last) });
    let mut tx = one.begin().await.unwrap();
    assert_eq!(tx.sign_in_attempts("a").await.unwrap(), None);
    for (key, known) in
        [("a", of(1, 1)), ("a", of(2, 5)), ("b", of(1, 9)), ("device", of(0, 4)), ("c", of(1, 1))]
    {
        tx.note_sign_in(&by, key, known).await.unwrap();
    }
    tx.note_sign_in(&by, "c", None).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = other.begin().await.unwrap();
    for (key, known) in [("a", of(2, 5)), ("b", of(1, 9)), ("device", of(0, 4)), ("c", None)] {
        assert_eq!(tx.sign_in_attempts(key).await.unwrap(), known, "{key}");
    }
    tx.forget_sign_ins(&by, at(6), at(3)).await.unwrap();
    for (key, known) in [("a", None), ("b", of(1, 9)), ("device", of(0, 4))] {
        assert_eq!(tx.sign_in_attempts(key).await.unwrap(), known, "{key}");
    }
    tx.forget_sign_ins(&by, at(6), at(5)).await.unwrap();
    assert_eq!(tx.sign_in_attempts("device").await.unwrap(), None);
}
