//! A lane in its order, page by page, in both directions.

use domain::{Action, ActionId, ActionQuery, Command, Lane, RowScope, Severity};
use store::{Position, SharedStore};

use super::sample::{action, add, after, at, id};
use crate::database::{Database, Kind, on_both};

on_both!(pending_comes_most_urgent_first, the_other_lanes_come_newest_first, a_page_keeps_to_its_scope);

/// Reads the whole lane by pages, there and back, and returns it.
async fn lane(store: &SharedStore, lane: Lane, limit: u32) -> Vec<ActionId> {
    let (scope, query) = (RowScope::All, ActionQuery::of(lane));
    let mut there: Vec<Action> = Vec::new();
    loop {
        let from = there.last().map(|last| Position::of(last, query.sort.key, false));
        let page = store.page(&scope, &query, from.as_ref(), limit, at(0)).await.unwrap();
        assert!(page.len() <= limit as usize);
        if page.is_empty() {
            break;
        }
        there.extend(page);
    }
    let mut back: Vec<Action> = there.last().cloned().into_iter().collect();
    while let Some(first) = back.first() {
        let from = Position::of(first, query.sort.key, true);
        let page = store.page(&scope, &query, Some(&from), limit, at(0)).await.unwrap();
        if page.is_empty() {
            break;
        }
        back.splice(0..0, page);
    }
    assert_eq!(there, back);
    there.iter().map(|action| action.id).collect()
}

async fn pending_comes_most_urgent_first(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let row = |number, severity, expires: i64, proposed: i64| Action {
        severity,
        expires_at: at(expires),
        proposed_at: at(proposed),
        ..action(number)
    };
    for row in [
        row(1, Severity::Low, 100, 0),
        row(2, Severity::Critical, 300, 0),
        row(3, Severity::Critical, 200, 7),
        row(4, Severity::Critical, 200, 5),
        // The same urgency: the id decides.
        row(6, Severity::High, 100, 0),
        row(5, Severity::High, 100, 0),
        row(0xA7, Severity::High, 100, 0),
    ] {
        add(&store, &row).await;
    }
    let order = [4, 3, 2, 5, 6, 0xA7, 1].map(id::<ActionId>);
    for limit in [1, 2, 3, 7, 100] {
        assert_eq!(lane(&store, Lane::Pending, limit).await, order, "{limit} a page");
    }
    assert_eq!(lane(&store, Lane::History, 10).await, []);
}

async fn the_other_lanes_come_newest_first(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for (number, seconds) in [(1, 10), (2, 30), (3, 20), (5, 20), (4, 20)] {
        add(&store, &after(&action(number), Command::Expire, at(seconds))).await;
    }
    add(&store, &action(9)).await;
    let order = [2, 5, 4, 3, 1].map(id::<ActionId>);
    for limit in [1, 2, 5, 100] {
        assert_eq!(lane(&store, Lane::History, limit).await, order, "{limit} a page");
    }
    assert_eq!(lane(&store, Lane::InProgress, 10).await, []);
}

async fn a_page_keeps_to_its_scope(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add(&store, &action(1)).await;
    let mut theirs = action(2);
    theirs.proposed_by.id = String::from("somebody else");
    add(&store, &theirs).await;
    for (scope, count) in [
        (RowScope::All, 2),
        (RowScope::ProposedBy("scanner".to_owned()), 1),
        (RowScope::ProposedBy("nobody".to_owned()), 0),
    ] {
        assert_eq!(
            store.page(&scope, &ActionQuery::of(Lane::Pending), None, 10, at(0)).await.unwrap().len(),
            count
        );
    }
}
