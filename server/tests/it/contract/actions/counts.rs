//! Counts: the table that transactions keep, and what a filter leaves, against counting in plain Rust.

use service::testing::system as authority;
use std::collections::{BTreeMap, BTreeSet};

use domain::actions::query::{Counts, Facet, Filter, Period};
use domain::{Action, ActionId, ActionQuery, Actor, ActorKind, Lane, LaneCounts, RowScope, Transition};
use jiff::SignedDuration;
use store::{Guard, SharedStore};

use super::fields::{choices, values};
use super::lists::{all_of, by, now, search, seeded, walk};
use crate::contract::sample::{
    ANA, ANAS_SESSION, SCANNER, action, add, add_ana, after, at, decided, decider, id, person, system,
};
use crate::database::{Database, Kind, on_both};

on_both!(
    a_lane_is_counted_in_the_transactions_that_write,
    what_a_filter_leaves_is_counted,
    a_rare_value_in_use_is_offered_beside_the_frequent,
    the_counts_of_many_matches_end_early,
    who_sees_few_rows_learns_nothing_of_others,
    a_token_is_found_by_what_it_proposed_and_decided,
);

type Tally = BTreeMap<(Facet, String), u64>;

fn counted(rows: &[Action]) -> Tally {
    let mut tally = Tally::new();
    for row in rows {
        for facet in Facet::ALL {
            for value in values(row, *facet) {
                *tally.entry((*facet, value)).or_default() += 1;
            }
        }
    }
    tally
}

fn tally(counts: &Counts) -> Tally {
    let values = counts.facets.iter().flat_map(|of| of.values.iter().map(|value| (of.facet, value)));
    values.map(|(facet, value)| ((facet, value.value.clone()), value.count.unwrap())).collect()
}

async fn check(store: &SharedStore) {
    let (pending, running) =
        (all_of(store, Lane::Pending).await.len(), all_of(store, Lane::InProgress).await.len());
    let counts = store.lane_counts(&RowScope::ALL).await.unwrap();
    assert_eq!(counts, LaneCounts { pending: pending as u64, in_progress: running as u64 });
    for &lane in Lane::ALL {
        let rows = all_of(store, lane).await;
        let counts = store.counts(&RowScope::ALL, &ActionQuery::of(lane), now()).await.unwrap();
        assert_eq!((counts.matches, counts.more), (rows.len() as u64, false));
        assert!(counts.facets.iter().all(|of| of.values.is_sorted_by(|a, b| a.count >= b.count)));
        let (mut expected, mut found) = (counted(&rows), tally(&counts));
        // Only the most frequent are offered; which of equal ones, nobody minds.
        let offered = found.keys().filter(|(facet, _)| *facet == Facet::Asset).count();
        assert!(offered <= Counts::MAX_VALUES);
        if offered == Counts::MAX_VALUES {
            expected.retain(|key, _| found.contains_key(key));
        }
        found.retain(|_, count| *count > 0);
        assert_eq!(found, expected, "{lane}");
    }
}

async fn a_lane_is_counted_in_the_transactions_that_write(kind: Kind) {
    let (store, database) = seeded(kind, 1_000).await;
    check(&store).await;
    let ana = add_ana(&store).await;
    for number in 1..=20 {
        add(&store, &action(number)).await;
    }
    for number in 1..=10 {
        let before = action(number);
        let approved = decided(&before, &decider(&ana), Transition::Approve, at(1));
        let mut tx = store.begin_system(&authority()).await.unwrap();
        let guard = Guard { by: &decider(&ana), deciding: true, policy: None, now: at(1) };
        assert!(tx.update_state(guard, &before, &approved).await.unwrap());
        // A second time it is not what it was, and counts for nothing.
        assert!(!tx.update_state(guard, &before, &approved).await.unwrap());
        if number <= 4 {
            let started = after(&approved, Transition::Start, at(40));
            let guard = Guard { by: &system(), deciding: false, policy: None, now: at(40) };
            assert!(tx.update_state(guard, &approved, &started).await.unwrap());
        }
        // What is rolled back was never there.
        if number % 2 == 0 {
            tx.commit().await.unwrap();
        }
    }
    let (before, mut revised) = (action(15), action(15));
    (revised.version, revised.asset.name) = (2, "another host".to_owned());
    revised.asset.device_group = Some("Ships".to_owned());
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.revise_action(&by(), &before, &revised).await.unwrap());
    tx.commit().await.unwrap();
    check(&store).await;

    let table = "SELECT lane || facet || key || n FROM counts WHERE n > 0 ORDER BY lane, facet, key";
    let kept = database.column(table).await;
    store.close().await;
    // Without its marker the store counts all anew when it opens.
    assert_eq!(database.execute("DELETE FROM markers WHERE name = 'keys'").await.unwrap(), 1);
    assert!(database.execute("UPDATE counts SET n = n + 1").await.unwrap() > 50);
    let store = database.open().await;
    assert_eq!(database.column(table).await, kept);
    assert!(store.action(&RowScope::ALL, id(15)).await.unwrap().is_some());
}

async fn what_a_filter_leaves_is_counted(kind: Kind) {
    let (store, _database) = seeded(kind, 2_000).await;
    let rows = all_of(&store, Lane::History).await;
    let sample =
        rows.iter().find(|a| a.decided_by.is_some() && a.asset.device_group.is_some()).unwrap().clone();
    for (name, filter, holds) in choices(&sample, &rows) {
        let expected: Vec<_> = rows.iter().filter(|row| holds(row)).cloned().collect();
        let query = ActionQuery { filter, ..ActionQuery::of(Lane::History) };
        let counts = store.counts(&RowScope::ALL, &query, now()).await.unwrap();
        assert_eq!((counts.matches, counts.more), (expected.len() as u64, false), "{name}");
        let found = tally(&counts);
        let mut expected = counted(&expected);
        for &facet in Facet::ALL {
            // What narrows the list is a choice among others.
            let Some(filter) = query.filter.without(facet) else { continue };
            let wider = counted(&walk(&store, &ActionQuery { filter, ..query.clone() }, false).await);
            expected.retain(|key, _| key.0 != facet);
            expected.extend(wider.into_iter().filter(|(key, _)| key.0 == facet));
        }
        expected.retain(|key, _| key.0 != Facet::Asset || found.contains_key(key));
        assert_eq!(found, expected, "{name}");
    }
    let filter = Filter { search: Some("lt-".to_owned()), ..Filter::default() };
    let query = ActionQuery { filter, ..ActionQuery::of(Lane::History) };
    let counts = store.counts(&RowScope::ALL, &query, now()).await.unwrap();
    assert_eq!(counts.matches, walk(&store, &query, false).await.len() as u64);
    assert!(!search(&store, "lt-").await.is_empty());
}

async fn a_rare_value_in_use_is_offered_beside_the_frequent(kind: Kind) {
    let (store, _database) = seeded(kind, 2_000).await;
    let mut assets = counted(&all_of(&store, Lane::History).await);
    assets.retain(|(facet, _), _| *facet == Facet::Asset);
    assert!(assets.len() > Counts::MAX_VALUES, "{}", assets.len());
    let (of, count) = assets.into_iter().min_by_key(|(_, count)| *count).unwrap();
    let filter = Filter { asset: [of.1.clone()].into(), ..Filter::default() };
    let query = ActionQuery { filter, ..ActionQuery::of(Lane::History) };
    let found = tally(&store.counts(&RowScope::ALL, &query, now()).await.unwrap());
    assert_eq!(found.get(&of), Some(&count));
    assert!(found.keys().filter(|(facet, _)| *facet == Facet::Asset).count() > 100);
}

async fn the_counts_of_many_matches_end_early(kind: Kind) {
    let (store, _database) = seeded(kind, 12_000).await;
    let period = Some(Period::HalfYear);
    let query =
        ActionQuery { filter: Filter { period, ..Filter::default() }, ..ActionQuery::of(Lane::History) };
    let counts = store.counts(&RowScope::ALL, &query, now()).await.unwrap();
    assert_eq!((counts.matches, counts.more), (Counts::MAX_MATCHES, true));
    let types = &counts.facets[0].values;
    assert!(types.len() > 10 && types.iter().all(|value| value.count.is_none()));
    // One day less than that: exact.
    let from = Some(now() - SignedDuration::from_hours(24 * 20));
    let query = ActionQuery {
        filter: Filter { from: from.map(domain::list::Moment::At), ..Filter::default() },
        ..ActionQuery::of(Lane::History)
    };
    let counts = store.counts(&RowScope::ALL, &query, now()).await.unwrap();
    assert_eq!(counts.matches, walk(&store, &query, false).await.len() as u64);
    assert!(!counts.more && counts.matches > 500);
}

async fn who_sees_few_rows_learns_nothing_of_others(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for number in 1..=3 {
        let mut row = action(number);
        if number == 1 {
            (row.proposed_by.id, row.asset.name) = ("other".to_owned(), "secret host".to_owned());
            "Secret tool".clone_into(&mut row.proposed_by.name);
        }
        add(&store, &row).await;
    }
    let scope = RowScope::proposed_by(SCANNER);
    let counts = store.counts(&scope, &ActionQuery::of(Lane::Pending), now()).await.unwrap();
    assert_eq!(counts.matches, 2);
    let shown = tally(&counts);
    assert!(
        shown.keys().all(|(_, value)| !["secret host", "Secret tool"].contains(&value.as_str())),
        "{shown:?}"
    );
    let filter = Filter { token: ["Secret tool".to_owned()].into(), ..Filter::default() };
    let query = ActionQuery { filter, ..ActionQuery::of(Lane::Pending) };
    for (scope, matches) in [(&scope, 0), (&RowScope::ALL, 1)] {
        assert_eq!(store.counts(scope, &query, now()).await.unwrap().matches, matches);
        assert_eq!(store.page(scope, &query, None, 10, now()).await.unwrap().len() as u64, matches);
    }
    let counts = store.lane_counts(&scope).await.unwrap();
    assert_eq!(counts, LaneCounts { pending: 2, in_progress: 0 });
}

async fn a_token_is_found_by_what_it_proposed_and_decided(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let token = |id: &str, name: &str| Actor::new(ActorKind::Token, id, name);
    let rejected = |number, by: Actor| Action {
        decided_by: Some(by),
        ..decided(&action(number), &decider(&person(ANA, ANAS_SESSION)), Transition::Reject, at(1))
    };
    let bot = || token("t1", "Deploy bot 10").of("u1", "Ana");
    let rows = [
        action(1),
        rejected(2, bot()),
        rejected(3, Actor::new(ActorKind::User, "u1", "Ana")),
        // Its proposer and its decider bear one name.
        rejected(4, token("t2", "SCANNER").of("u2", "Bo")),
        Action { proposed_by: Actor::new(ActorKind::User, "u1", "Deploy bot 10"), ..rejected(5, bot()) },
        Action { proposed_by: Actor::new(ActorKind::System, "s", "Scanner"), ..action(6) },
    ];
    for row in &rows {
        add(&store, row).await;
    }
    let asked = |lane, names: &[&str]| {
        let token = names.iter().map(|name| (*name).to_owned()).collect();
        ActionQuery { filter: Filter { token, ..Filter::default() }, ..ActionQuery::of(lane) }
    };
    let cases: [(Lane, &[&str], &[u128]); 7] = [
        (Lane::Pending, &["Scanner"], &[1]),
        (Lane::Pending, &["Deploy bot 10"], &[]),
        (Lane::History, &["scanner"], &[2, 3, 4]),
        (Lane::History, &["deploy BOT 10"], &[2, 5]),
        (Lane::History, &["deploy bot 1"], &[]),
        (Lane::History, &["Ana"], &[]),
        (Lane::History, &["Ana", "Deploy bot 10", "Scanner"], &[2, 3, 4, 5]),
    ];
    for (lane, names, found) in cases {
        let query = asked(lane, names);
        let ids: BTreeSet<ActionId> = walk(&store, &query, false).await.iter().map(|row| row.id).collect();
        let expected: BTreeSet<ActionId> = found.iter().map(|number| id(*number)).collect();
        assert_eq!(ids, expected, "{lane} {names:?}");
        let counts = store.counts(&RowScope::ALL, &query, now()).await.unwrap();
        assert_eq!(counts.matches, found.len() as u64, "{lane} {names:?}");
    }
    let counts =
        store.counts(&RowScope::ALL, &asked(Lane::History, &["Deploy bot 10"]), now()).await.unwrap();
    let tokens: Vec<_> =
        tally(&counts).into_iter().filter(|((facet, _), _)| *facet == Facet::Token).collect();
    let each = |(name, count): (&str, u64)| ((Facet::Token, name.to_owned()), count);
    assert_eq!(tokens, [("Deploy bot 10", 2), ("Scanner", 3)].map(each), "{counts:?}");
}
