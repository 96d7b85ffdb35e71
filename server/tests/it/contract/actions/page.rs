//! A lane in its order, page by page, in both directions.

use domain::{Action, ActionId, ActionQuery, AssetKind, Lane, RowScope, Severity, Transition};
use store::{Position, SharedStore};

use crate::contract::sample::{SCANNER, action, add, after, at, id};
use crate::database::{Database, Kind, on_both};

on_both!(pending_comes_most_urgent_first, the_other_lanes_come_newest_first, a_page_keeps_to_its_scope);

/// Reads the whole lane by pages, there and back, and returns it.
async fn lane(store: &SharedStore, lane: Lane, limit: u32) -> Vec<ActionId> {
    let (scope, query) = (RowScope::ALL, ActionQuery::of(lane));
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
        // The same urgency: what came first is older.
        row(4, Severity::Critical, 200, 5),
        row(3, Severity::Critical, 200, 7),
        row(6, Severity::High, 100, 0),
        row(5, Severity::High, 100, 0),
        row(0xA7, Severity::High, 100, 0),
    ] {
        add(&store, &row).await;
    }
    let order = [4, 3, 2, 6, 5, 0xA7, 1].map(id::<ActionId>);
    for limit in [1, 2, 3, 7, 100] {
        assert_eq!(lane(&store, Lane::Pending, limit).await, order, "{limit} a page");
    }
    assert_eq!(lane(&store, Lane::History, 10).await, []);
}

async fn the_other_lanes_come_newest_first(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for (number, seconds) in [(1, 10), (2, 30), (3, 20), (5, 20), (4, 20)] {
        add(&store, &after(&action(number), Transition::Expire, at(seconds))).await;
    }
    add(&store, &action(9)).await;
    // Of one moment, what came last is newer.
    let order = [2, 4, 5, 3, 1].map(id::<ActionId>);
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
    let mut mail = action(3);
    (mail.asset.kind, mail.asset.device_group) = (AssetKind::Mailbox, None);
    add(&store, &mail).await;
    let groups = |name: &str| RowScope { device_groups: Some([name.to_owned()].into()), ..RowScope::ALL };
    let lanes = |lanes: &[Lane]| RowScope { lanes: Some(lanes.iter().copied().collect()), ..RowScope::ALL };
    let own_group = action(1).asset.device_group.unwrap_or(RowScope::UNGROUPED.to_owned());
    let scopes = [
        (RowScope::ALL, 3),
        (RowScope::proposed_by(SCANNER), 2),
        (RowScope::proposed_by("nobody"), 0),
        (groups(&own_group), 3),
        (groups("Elsewhere"), 1),
        (RowScope { device_groups: Some([].into()), ..RowScope::ALL }, 1),
        (lanes(&[Lane::Pending]), 3),
        (lanes(&[Lane::History]), 0),
        (lanes(&[]), 0),
    ];
    for (scope, count) in scopes {
        let query = ActionQuery::of(Lane::Pending);
        let page = store.page(&scope, &query, None, 10, at(0)).await.unwrap();
        assert_eq!(page.len(), count, "{scope:?}");
        let counts = store.counts(&scope, &query, at(0)).await.unwrap();
        assert_eq!(counts.matches, count as u64, "{scope:?}");
        let lanes = store.lane_counts(&scope).await.unwrap();
        assert_eq!(lanes.pending, count as u64, "{scope:?}");
        for number in [1, 2, 3] {
            let seen = store.action(&scope, id(number)).await.unwrap().is_some();
            assert_eq!(seen, page.iter().any(|action| action.id == id(number)), "{scope:?} {number}");
        }
    }
}
