//! Similar rows and their buckets, against the same rows folded here in plain Rust.

use service::testing::system as authority;
use std::collections::{BTreeMap, BTreeSet};

use domain::actions::query::{Filter, Sort, SortKey};
use domain::actions::similar::{Bucket, Buckets, Similarity};
use domain::list::Moment;
use domain::{Action, ActionId, ActionQuery, ActionType, Lane, RowScope, Severity, Transition};
use jiff::SignedDuration;
use store::SharedStore;

use super::lists::{all_of, by, now, seeded, walk};
use crate::contract::sample::{SCANNER, action, add, add_ana, at, decided, decider, id};
use crate::database::{Database, Kind, on_both};

on_both!(
    similar_rows_share_their_type_and_a_file_a_campaign_or_an_investigation,
    to_what_is_hidden_or_has_nothing_to_share_nothing_is_similar,
    a_revised_row_leaves_its_bucket,
    what_waits_on_other_assets_is_counted,
    buckets_fold_what_the_list_shows,
    the_greatest_buckets_of_the_most_urgent_rows_are_shown,
);

fn ids(actions: &[Action]) -> BTreeSet<ActionId> {
    actions.iter().map(|action| action.id).collect()
}

fn query(lane: Lane, filter: Filter) -> ActionQuery {
    ActionQuery { filter, ..ActionQuery::of(lane) }
}

fn similar(id: ActionId) -> Filter {
    Filter { similar: Some(id), ..Filter::default() }
}

type Key = (ActionType, Similarity);

fn key(action: &Action) -> Option<Key> {
    action.similarity().map(|by| (action.action_type, by))
}

/// Rows by what they share, each group in the order of the rows.
fn groups(rows: &[Action]) -> BTreeMap<Key, Vec<&Action>> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for row in rows {
        if let Some(key) = key(row) {
            groups.entry(key).or_default().push(row);
        }
    }
    groups
}

async fn similar_rows_share_their_type_and_a_file_a_campaign_or_an_investigation(kind: Kind) {
    let (store, _database) = seeded(kind, 3_000).await;
    let mut kinds = BTreeSet::new();
    for lane in [Lane::Pending, Lane::History] {
        let rows = all_of(&store, lane).await;
        let groups = groups(&rows);
        let largest = |label| {
            let of = groups.iter().filter(|((_, by), _)| by.label() == label);
            of.max_by_key(|(_, rows)| rows.len()).map(|(_, rows)| rows.clone())
        };
        for label in ["Same file", "Same campaign", "Same investigation"] {
            let Some(group) = largest(label) else { continue };
            let expected: BTreeSet<_> = group.iter().map(|row| row.id).collect();
            if expected.len() > 1 {
                kinds.insert(label);
            }
            let example = group[group.len() / 2];
            for (sort, backwards) in
                [(SortKey::Urgency, false), (SortKey::Asset, true), (SortKey::Updated, false)]
            {
                let sort = Sort { key: sort, descending: true };
                let query = ActionQuery { sort, ..query(lane, similar(example.id)) };
                let found = walk(&store, &query, backwards).await;
                assert!(ids(&found) == expected && found.len() == expected.len(), "{lane} {label} {sort}");
            }
            // Together with other fields, and counted.
            let part: String = example.asset.name.chars().take(5).collect::<String>().to_lowercase();
            let narrow = Filter {
                severity: [example.severity].into(),
                device_group: example.asset.device_group.iter().cloned().collect(),
                from: Some(Moment::At(now() - SignedDuration::from_hours(24 * 150))),
                search: Some(part.clone()),
                ..similar(example.id)
            };
            let holds = |row: &&&Action| {
                row.severity == example.severity
                    && (example.asset.device_group.is_none()
                        || row.asset.device_group == example.asset.device_group)
                    && Some(row.updated_at) >= narrow.from.as_ref().and_then(Moment::begin)
                    && [row.entity.title(), row.asset.name.clone()]
                        .iter()
                        .any(|name| name.to_lowercase().contains(&part))
            };
            let expected: BTreeSet<_> = group.iter().filter(holds).map(|row| row.id).collect();
            let query = query(lane, narrow.clone());
            assert!(ids(&walk(&store, &query, false).await) == expected, "{lane} {label} and more");
            let counts = store.counts(&RowScope::ALL, &query, now()).await.unwrap();
            assert_eq!((counts.matches, counts.more), (expected.len() as u64, false));
        }
    }
    assert!(kinds.contains("Same file") && kinds.len() > 1, "{kinds:?}");
}

async fn to_what_is_hidden_or_has_nothing_to_share_nothing_is_similar(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for number in 1..=3 {
        let mut row = action(number);
        if number == 1 {
            "other".clone_into(&mut row.proposed_by.id);
        }
        add(&store, &row).await;
    }
    for number in 4..=5 {
        let mut row = action(number);
        // A device lies on itself alone: others of its name are the same one.
        let device = serde_json::json!({"kind": "device", "name": "host"});
        row.entity = serde_json::from_value(device).unwrap();
        add(&store, &row).await;
    }
    let scope = RowScope::proposed_by(SCANNER);
    let found = async |scope: &RowScope, number: u128| {
        let query = query(Lane::Pending, similar(id(number)));
        let page = store.page(scope, &query, None, 50, now()).await.unwrap();
        assert_eq!(store.counts(scope, &query, now()).await.unwrap().matches, page.len() as u64);
        page.len()
    };
    assert_eq!(found(&RowScope::ALL, 2).await, 3);
    assert_eq!(found(&scope, 2).await, 2, "only of what they see");
    assert_eq!(found(&scope, 1).await, 0, "hidden");
    assert_eq!(found(&scope, 77).await, 0, "unknown");
    assert_eq!(found(&RowScope::ALL, 4).await, 0, "nothing to share");

    let buckets = store.buckets(&scope, &ActionQuery::of(Lane::Pending), now()).await.unwrap();
    assert_eq!(buckets.buckets.iter().map(|bucket| bucket.count).collect::<Vec<_>>(), [2]);
    let nobody = RowScope::proposed_by("nobody");
    let buckets = store.buckets(&nobody, &ActionQuery::of(Lane::Pending), now()).await.unwrap();
    assert_eq!(buckets, Buckets { buckets: Vec::new(), more: false, rendered_at: now() });
}

async fn a_revised_row_leaves_its_bucket(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for number in 1..=3 {
        add(&store, &action(number)).await;
    }
    let mut revised = Action { version: 2, campaign: Some("Brinefall".to_owned()), ..action(3) };
    revised.entity = serde_json::from_value(serde_json::json!({"kind": "file", "path": "/srv/3"})).unwrap();
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.revise_action(&by(), &action(3), &revised).await.unwrap());
    tx.commit().await.unwrap();
    let found =
        async |number: u128| ids(&walk(&store, &query(Lane::Pending, similar(id(number))), false).await);
    assert_eq!(found(1).await, [id(1), id(2)].into());
    assert_eq!(found(3).await, [id(3)].into());
}

async fn what_waits_on_other_assets_is_counted(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let on = |number: u128, host: &str| {
        let mut row = action(number);
        host.clone_into(&mut row.asset.name);
        row
    };
    // Two on one asset, whatever the case; one that is hidden; one of another type; one that no longer waits.
    let mut hidden = on(5, "host-5");
    "other".clone_into(&mut hidden.proposed_by.id);
    let other = Action { action_type: ActionType::StopAndQuarantineFile, ..on(6, "host-6") };
    let done = decided(&on(7, "host-7"), &decider(&ana), Transition::Reject, at(1));
    for row in [on(1, "host"), on(2, "HOST"), on(3, "host-3"), on(4, "Host-3"), hidden, other, done] {
        add(&store, &row).await;
    }
    let of = on(1, "host");
    let scope = RowScope::proposed_by(SCANNER);
    assert_eq!(store.waiting_elsewhere(&RowScope::ALL, &of, 10).await.unwrap(), (2, false));
    assert_eq!(store.waiting_elsewhere(&scope, &of, 10).await.unwrap(), (1, false));
    assert_eq!(store.waiting_elsewhere(&scope, &of, 2).await.unwrap(), (1, true));
    let mut alone = on(8, "host");
    alone.entity = serde_json::from_value(serde_json::json!({"kind": "file", "path": "/srv/8"})).unwrap();
    assert_eq!(store.waiting_elsewhere(&RowScope::ALL, &alone, 10).await.unwrap(), (0, false));
}

/// The rows stand in the order of urgency.
fn folded(rows: &[Action]) -> Vec<Bucket> {
    let place = |row: &Action| rows.iter().position(|other| other.id == row.id);
    let mut groups: Vec<_> = groups(rows).into_values().filter(|group| group.len() > 1).collect();
    groups.sort_by_key(|group| (usize::MAX - group.len(), place(group[0])));
    let bucket = |group: Vec<&Action>| Bucket {
        action_type: group[0].action_type,
        by: group[0].similarity().unwrap(),
        example: group[0].id,
        title: group[0].bucket_title(),
        count: group.len() as u64,
        more: false,
        oldest: group.iter().map(|row| row.proposed_at).min().unwrap(),
        newest: group.iter().map(|row| row.proposed_at).max().unwrap(),
        assets: group.iter().map(|row| row.asset.name.to_lowercase()).collect::<BTreeSet<_>>().len() as u64,
        severity: group.iter().map(|row| row.severity).min().unwrap(),
    };
    groups.into_iter().map(bucket).collect()
}

async fn check(store: &SharedStore, filter: Filter) -> usize {
    let query = query(Lane::Pending, filter);
    let mut expected = folded(&walk(store, &query, false).await);
    // The list's own order does not matter.
    let sorted = ActionQuery { sort: Sort { key: SortKey::Asset, descending: true }, ..query.clone() };
    let found = store.buckets(&RowScope::ALL, &sorted, now()).await.unwrap();
    assert_eq!((found.more, found.rendered_at), (expected.len() > Buckets::MOST, now()));
    expected.truncate(Buckets::MOST);
    assert_eq!(found.buckets, expected, "{:?}", query.filter);
    expected.len()
}

async fn buckets_fold_what_the_list_shows(kind: Kind) {
    let (store, _database) = seeded(kind, 12_000).await;
    let all = check(&store, Filter::default()).await;
    assert!(all > 3, "only {all} buckets");
    let high = check(&store, Filter { severity: [Severity::High].into(), ..Filter::default() }).await;
    assert!((1..all).contains(&high), "{high} of {all}");
    let search = Some("lt-".to_owned());
    assert!(check(&store, Filter { search, ..Filter::default() }).await > 0);
    assert_eq!(check(&store, Filter { search: Some("no such".to_owned()), ..Filter::default() }).await, 0);
    let buckets = store.buckets(&RowScope::ALL, &ActionQuery::of(Lane::Pending), now()).await.unwrap();
    for bucket in buckets.buckets {
        let rows = walk(&store, &query(Lane::Pending, similar(bucket.example)), false).await;
        assert_eq!(rows.len() as u64, bucket.count, "{bucket:?}");
        assert!(rows.iter().all(|row| key(row) == Some((bucket.action_type, bucket.by.clone()))));
        assert_eq!(check(&store, similar(bucket.example)).await, 1);
    }
}

async fn the_greatest_buckets_of_the_most_urgent_rows_are_shown(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    // Sixty pairs, and three that look alike but for their type or their kind of likeness.
    let pairs = (0..120_u128).map(|number| {
        let mut row = action(number + 1);
        row.campaign = Some(format!("{}{}", "long ".repeat(60), number / 2));
        row.entity = serde_json::from_value(serde_json::json!({"kind": "device", "name": "x"})).unwrap();
        row.action_type = ActionType::IsolateDevice;
        row.proposed_at = at(i64::try_from(number).unwrap());
        row
    });
    let odd = [
        (ActionType::IsolateDevice, Some("Same"), None),
        (ActionType::IsolateDevice, None, Some("Same")),
        (ActionType::RunAntivirusScan, Some("Same"), None),
    ];
    let odd = odd.into_iter().zip(1_001..).map(|((action_type, campaign, investigation), number)| Action {
        action_type,
        campaign: campaign.map(str::to_owned),
        investigation_id: investigation.map(str::to_owned),
        entity: serde_json::from_value(serde_json::json!({"kind": "device", "name": "x"})).unwrap(),
        ..action(number)
    });
    let write = async |rows: Vec<Action>| {
        let mut tx = store.begin_system(&authority()).await.unwrap();
        tx.insert_actions(&by(), &rows).await.unwrap();
        tx.commit().await.unwrap();
    };
    // The odd ones are as old as the first pair.
    write(odd.chain(pairs).collect()).await;
    assert_eq!(check(&store, Filter::default()).await, Buckets::MOST);

    // More rows than are looked at: the less urgent are not counted.
    let most = u128::from(Buckets::MAX_ACTIONS);
    let row = |number, severity| Action { severity, ..action(number) };
    write((0..most - 10).map(|number| row(10_000 + number, Severity::Critical)).collect()).await;
    write((0..30).map(|number| row(50_000 + number, Severity::Low)).collect()).await;
    let found = store.buckets(&RowScope::ALL, &ActionQuery::of(Lane::Pending), now()).await.unwrap();
    let (first, rest) = found.buckets.split_first().unwrap();
    assert_eq!(
        (first.count, first.severity, first.more),
        (Buckets::MAX_ACTIONS - 10, Severity::Critical, true)
    );
    assert!(found.more && rest.len() == 3 && rest.iter().all(|bucket| bucket.more && bucket.count == 2));
}
