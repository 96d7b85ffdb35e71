//! A database that the program before left is the same to this one, also if carrying it over was interrupted.

use domain::{Action, ActionQuery, Lane, RowScope};
use jiff::Timestamp;

use super::audit::Record;
use super::{Position, Store, connect, open_read_only, verify};

/// More than two batches.
const ACTIONS: usize = 4_500;

/// What a database holds: its actions in the order of their ids, and its log.
pub(super) type Contents = (Vec<Action>, Vec<Record>);

fn now() -> Timestamp {
    "2026-06-30T09:41:12Z".parse().unwrap()
}

/// An invented estate.
pub(super) async fn invented(database_url: &str) -> Contents {
    let database_url = database_url.to_owned();
    let args = seed::Args {
        database_url: database_url.clone(),
        actions: ACTIONS,
        seed: 7,
        now: Some(now()),
        demo: true,
        sandbox: None,
    };
    seed::run(args).await.unwrap();
    let store = connect(&database_url).await.unwrap();
    let contents = contents(&*store).await;
    store.close().await;
    assert!(contents.0.len() >= ACTIONS && contents.0.iter().any(|action| action.undo_of.is_some()));
    contents
}

pub(super) async fn contents(store: &dyn Store) -> Contents {
    let mut actions: Vec<Action> = Vec::new();
    for &lane in Lane::ALL {
        let query = ActionQuery::of(lane);
        let mut from = None;
        loop {
            let page = store.page(&RowScope::ALL, &query, from.as_ref(), 500, now()).await.unwrap();
            let Some(last) = page.last() else { break };
            from = Some(Position::of(last, query.sort.key, false));
            actions.extend(page);
        }
    }
    actions.sort_unstable_by_key(|action| action.id);
    let records = store.audit_after(0, 100_000).await.unwrap();
    (actions, records)
}

/// What the program before left is verified as it is, and stays so.
pub(super) async fn verify_before(url: &str, (actions, records): &Contents) {
    for _ in 0..2 {
        let store = open_read_only(url).await.unwrap();
        let verified = store.verify_log(&[]).await.unwrap();
        store.close().await;
        assert_eq!(
            (verified.actions, verified.head),
            (actions.len() as u64, records.last().unwrap().hash.clone())
        );
    }
}

/// The store has the same actions, records, counts and commands, and its log is whole.
pub(super) async fn check(store: &dyn Store, expected: &Contents) {
    let (actions, records) = contents(store).await;
    assert_eq!(actions.len(), expected.0.len());
    for (action, before) in actions.iter().zip(&expected.0) {
        assert_eq!(action, before);
    }
    assert!(records == expected.1);
    let last = records.last().unwrap();
    assert_eq!(verify(store).await.unwrap(), (last.seq, last.hash.clone()));
    let counts = store.counts(&RowScope::ALL, &ActionQuery::of(Lane::History), now()).await.unwrap();
    let history = actions.iter().filter(|action| action.lifecycle().unwrap().state().lane() == Lane::History);
    assert_eq!(counts.matches, history.count() as u64);
    let waits = actions.iter().find(|action| action.lifecycle().unwrap().state().lane() == Lane::InProgress);
    assert!(store.command_of(waits.unwrap().id).await.unwrap().is_some());
}
