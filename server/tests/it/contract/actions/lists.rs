//! Lists: every order, filter and search against the same rows, chosen and sorted here in plain Rust.

use service::testing::system as authority;
use std::slice::from_ref;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use domain::actions::query::{Column, Filter, Sort, SortKey};
use domain::{Action, ActionId, ActionQuery, Authorized, Lane, ParameterName, RowScope};
use jiff::{SignedDuration, Timestamp};
use store::{Cell, Guard, Position, Rows, SharedStore};
use uuid::Uuid;

use super::fields::choices;
use crate::contract::sample;
use crate::database::{Database, Kind, on_both};

on_both!(
    every_order_shows_every_row_once_in_both_directions,
    every_filter_shows_what_it_says,
    a_search_finds_parts_of_names_and_beginnings_of_ids,
    a_search_finds_accents_however_they_are_written,
    a_walk_neither_misses_nor_repeats_what_stays,
    an_export_has_every_row_in_order_as_of_its_start,
    rows_of_before_are_keyed_when_the_store_opens,
    a_new_word_leaves_the_rows_of_before_alone,
    indexes_come_back_after_a_load,
);

pub(crate) fn now() -> Timestamp {
    "2026-06-30T09:41:12Z".parse().unwrap()
}

pub(crate) fn by() -> Authorized {
    Authorized::system(&authority(), "test", "Test")
}

/// A database with an invented estate.
pub(crate) async fn seeded(kind: Kind, actions: usize) -> (SharedStore, Database) {
    let database = Database::migrated(kind).await;
    let database_url = database.url.clone();
    let args = seed::Args { database_url, actions, seed: 7, now: Some(now()), demo: true, sandbox: None };
    seed::run(args).await.unwrap();
    (database.open().await, database)
}

/// All rows of a query, page by page from its beginning, or from its end backwards.
pub(crate) async fn walk(store: &SharedStore, query: &ActionQuery, backwards: bool) -> Vec<Action> {
    let mut all = Vec::new();
    let mut from: Option<Position> = None;
    if backwards {
        let last = Sort { descending: !query.sort.descending, ..query.sort };
        let last = ActionQuery { sort: last, ..query.clone() };
        let Some(edge) = store.page(&RowScope::ALL, &last, None, 1, now()).await.unwrap().pop() else {
            return all;
        };
        from = Some(Position::of(&edge, query.sort.key, true));
        all.push(edge);
    }
    loop {
        let mut page = store.page(&RowScope::ALL, query, from.as_ref(), 97, now()).await.unwrap();
        if backwards {
            page.reverse();
        }
        let Some(edge) = page.last() else { break };
        from = Some(Position::of(edge, query.sort.key, backwards));
        all.extend(page);
    }
    if backwards {
        all.reverse();
    }
    all
}

fn ids(actions: &[Action]) -> Vec<ActionId> {
    actions.iter().map(|action| action.id).collect()
}

fn set(actions: &[Action]) -> BTreeSet<ActionId> {
    actions.iter().map(|action| action.id).collect()
}

pub(crate) async fn all_of(store: &SharedStore, lane: Lane) -> Vec<Action> {
    walk(store, &ActionQuery::of(lane), false).await
}

async fn every_order_shows_every_row_once_in_both_directions(kind: Kind) {
    let (store, database) = seeded(kind, 2_000).await;
    let in_order = format!("SELECT {} FROM actions ORDER BY number", kind.text_of_id("id"));
    let numbers: BTreeMap<ActionId, usize> =
        (0..).zip(database.column(&in_order).await).map(|(at, id)| (id.parse().unwrap(), at)).collect();
    for &lane in Lane::ALL {
        let mut rows = all_of(&store, lane).await;
        assert!(!rows.is_empty());
        for &key in SortKey::ALL {
            // Rows of one key stand in the order in which they came.
            let came = |action: &Action| numbers[&action.id];
            rows.sort_by_cached_key(|action| (Position::of(action, key, false).key, came(action)));
            for descending in [false, true] {
                let query = ActionQuery { sort: Sort { key, descending }, ..ActionQuery::of(lane) };
                for backwards in [false, true] {
                    let found = walk(&store, &query, backwards).await;
                    let mut expected = ids(&rows);
                    if descending {
                        expected.reverse();
                    }
                    assert!(ids(&found) == expected, "{lane} by {key}, {descending}, {backwards}");
                }
            }
        }
    }
}

/// With filters that leave few rows, which are fetched and sorted, and such that leave so many that an index is walked.
async fn every_filter_shows_what_it_says(kind: Kind) {
    let (store, _database) = seeded(kind, 14_000).await;
    let rows = all_of(&store, Lane::History).await;
    let sample =
        rows.iter().find(|a| a.decided_by.is_some() && a.asset.device_group.is_some()).unwrap().clone();
    let mut matched = BTreeMap::new();
    for (name, filter, holds) in choices(&sample, &rows) {
        let expected: BTreeSet<_> = rows.iter().filter(|a| holds(a)).map(|a| a.id).collect();
        for key in [SortKey::Updated, SortKey::Asset] {
            let sort = Sort { key, descending: true };
            let query = ActionQuery { filter: filter.clone(), sort, ..ActionQuery::of(Lane::History) };
            let found = walk(&store, &query, false).await;
            assert_eq!(found.len(), expected.len(), "{name} by {key}");
            assert!(set(&found) == expected, "{name} by {key}");
        }
        matched.insert(name, expected.len());
    }
    let all_rows = rows.len();
    assert!(matched.values().filter(|rows| (10_001..all_rows).contains(*rows)).count() > 2, "{matched:?}");
    let empty: Vec<_> = matched.iter().filter(|(_, rows)| **rows == 0).map(|(name, _)| *name).collect();
    assert_eq!(empty, ["nothing"], "a filter that finds nothing proves nothing: {matched:?}");
}

pub(crate) async fn search(store: &SharedStore, text: &str) -> BTreeSet<ActionId> {
    let filter = Filter { search: Some(text.to_owned()), ..Filter::default() };
    let mut found = BTreeSet::new();
    for &lane in Lane::ALL {
        found.extend(set(&walk(
            store,
            &ActionQuery { filter: filter.clone(), ..ActionQuery::of(lane) },
            false,
        )
        .await));
    }
    found
}

/// What a search means, without an index.
fn means(action: &Action, text: &str) -> bool {
    let text = text.to_lowercase();
    let mut names = vec![action.entity.title().to_lowercase(), action.asset.name.to_lowercase()];
    let texts = [action.entity.search_texts(), action.entity.canonical().search_texts()].concat();
    let beside = [
        action.external_id.clone(),
        action.alert.as_ref().map(|alert| alert.id.clone()),
        action.campaign.clone(),
        action.parameters.get(&ParameterName::CommandLine).cloned(),
    ];
    let others: Vec<_> =
        texts.into_iter().chain(beside.into_iter().flatten()).map(|text| text.to_lowercase()).collect();
    if text.chars().count() >= 3 {
        names.extend(others);
    } else if others.contains(&text) {
        return true;
    }
    let approval = action.approval_id.map(|id| id.to_string());
    let ids =
        [action.investigation_id.clone(), action.incident_id.clone(), approval, Some(action.id.to_string())];
    let anywhere = text.chars().count() >= 3;
    names.iter().any(|name| if anywhere { name.contains(&text) } else { name.starts_with(&text) })
        || ids.iter().flatten().any(|id| id.to_lowercase().starts_with(&text))
}

async fn a_search_finds_accents_however_they_are_written(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let named = |number, asset: &str, path: &str| {
        let mut row = sample::action(number);
        asset.clone_into(&mut row.asset.name);
        row.investigation_id = Some(asset.to_owned());
        let entity = serde_json::json!({ "kind": "file", "path": path });
        row.entity = serde_json::from_value(entity).unwrap();
        row
    };
    // As macOS writes names of files, and as others do.
    let (apart, composed) = ("Re\u{301}sume\u{301}", "R\u{e9}sum\u{e9}");
    let rows = [
        named(1, "e\u{301}a-1", &format!("/Users/zo\u{65}\u{308}/{apart}.pdf")),
        named(2, "\u{e9}a-2", &format!("/home/zo\u{eb}/{composed}.doc")),
        named(3, "ea-3", "/home/zoe/Resume.doc"),
    ];
    for row in &rows {
        sample::add(&store, row).await;
    }
    let both = set(&rows[..2]);
    for text in [
        apart,
        composed,
        "RE\u{301}SUME\u{301}",
        "ZO\u{cb}",
        "zoe\u{308}",
        "\u{e9}a",
        "e\u{301}a",
        "E\u{301}A-",
    ] {
        assert_eq!(search(&store, text).await, both, "{text:?}");
    }
    assert_eq!(search(&store, "resume").await, set(&rows[2..]));
}

async fn a_search_finds_parts_of_names_and_beginnings_of_ids(kind: Kind) {
    let (store, _database) = seeded(kind, 2_000).await;
    let mut rows = Vec::new();
    for &lane in Lane::ALL {
        rows.extend(all_of(&store, lane).await);
    }
    let odd = ["50%_off.exe", "a_b", r#"say "hi" OR *"#, r"O'Neil\x", "ÄÖÜ-ß-東京", "x%"];
    let mut tx = store.begin_system(&authority()).await.unwrap();
    for (n, name) in odd.iter().enumerate() {
        let mut action = rows[0].clone();
        action.id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + n as u128).into();
        action.external_id = None;
        (action.undo_of, action.undone_by) = (None, None);
        (*name).clone_into(&mut action.asset.name);
        tx.insert_actions(&by(), from_ref(&action)).await.unwrap();
        rows.push(action);
    }
    tx.commit().await.unwrap();

    let mut texts: Vec<String> = odd.iter().map(|name| (*name).to_owned()).collect();
    texts.extend(
        [
            "50%",
            "0%_o",
            "%",
            "_",
            "\"",
            "a_b",
            "\" OR",
            "öü-",
            "東京",
            "ÄÖÜ",
            "no such thing",
            ".exe",
            "c:",
            "a",
        ]
        .map(str::to_owned),
    );
    for action in rows.iter().step_by(251) {
        let title: Vec<char> = action.entity.title().chars().collect();
        texts.push(title.iter().skip(title.len() / 3).take(6).collect::<String>().to_uppercase());
        texts.push(action.asset.name.chars().take(2).collect());
        texts.push(action.id.to_string());
        texts.push(action.id.to_string()[..14].to_owned());
        texts.extend(action.investigation_id.clone());
        texts.extend(action.approval_id.map(|id| id.to_string()));
    }
    for text in texts.iter().filter(|text| !text.is_empty()) {
        let expected: BTreeSet<_> = rows.iter().filter(|a| means(a, text)).map(|a| a.id).collect();
        let found = search(&store, text).await;
        assert!(found == expected, "{text:?}: {} found, {} expected", found.len(), expected.len());
    }
    assert!(search(&store, "no such thing").await.is_empty());
}

/// Rows that keep their key and lane while others come and go are shown exactly once.
async fn a_walk_neither_misses_nor_repeats_what_stays(kind: Kind) {
    let (store, _database) = seeded(kind, 2_000).await;
    let before = all_of(&store, Lane::History).await;
    let mut moved = BTreeSet::new();
    let mut seen = Vec::new();
    let mut from = None;
    let query = ActionQuery::of(Lane::History);
    for step in 0_usize.. {
        let page = store.page(&RowScope::ALL, &query, from.as_ref(), 25, now()).await.unwrap();
        let Some(edge) = page.last() else { break };
        from = Some(Position::of(edge, query.sort.key, false));
        seen.extend(ids(&page));
        let mut tx = store.begin_system(&authority()).await.unwrap();
        // One that was shown and one that was not yet are touched, which makes them the newest; one is new.
        for at in [step * 7 % before.len(), before.len() - 1 - step * 3] {
            let row = &before[at];
            if moved.insert(row.id) {
                let mut after = row.clone();
                after.updated_at = now() + SignedDuration::from_secs(i64::try_from(step).unwrap());
                after.version += 1;
                let guard = Guard { by: &by(), deciding: false, policy: None, now: now() };
                assert!(tx.update_state(guard, row, &after).await.unwrap());
            }
        }
        let mut new = before[0].clone();
        new.id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0001_0000 + step as u128).into();
        new.external_id = None;
        (new.undo_of, new.undone_by) = (None, None);
        tx.insert_actions(&by(), from_ref(&new)).await.unwrap();
        tx.commit().await.unwrap();
    }
    for row in before.iter().filter(|row| !moved.contains(&row.id)) {
        assert_eq!(seen.iter().filter(|id| **id == row.id).count(), 1, "{}", row.id);
    }
    assert!(moved.len() > 50 && before.len() > moved.len() * 2);
}

/// Keeps what an export gives, and lets somebody write meanwhile.
struct Sheet<'a> {
    rows: Vec<(String, Vec<String>)>,
    meanwhile: Option<Box<dyn FnOnce() + Send + 'a>>,
}

impl Rows for Sheet<'_> {
    fn row(&mut self, id: &str, cells: &[Cell<'_>]) -> io::Result<()> {
        if let Some(meanwhile) = self.meanwhile.take() {
            meanwhile();
        }
        let text = |cell: &Cell<'_>| match cell {
            Cell::Text(text) => text.to_string(),
            Cell::Time(time) => time.to_string(),
            Cell::Nothing => String::new(),
        };
        self.rows.push((id.to_owned(), cells.iter().map(text).collect()));
        Ok(())
    }
}

async fn an_export_has_every_row_in_order_as_of_its_start(kind: Kind) {
    let (store, database) = seeded(kind, 2_000).await;
    let sort = Sort { key: SortKey::Asset, descending: true };
    let columns = vec![Column::Asset, Column::DecidedBy, Column::Updated, Column::Technique];
    let filter = Filter { search: Some("lt-".to_owned()), ..Filter::default() };
    let query = ActionQuery { sort, columns, filter, ..ActionQuery::of(Lane::History) };
    let expected = walk(&store, &query, false).await;
    assert!(expected.len() > 100);

    // After the first row another process changes every row.
    let change = || {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let changed = runtime.block_on(database.execute("UPDATE actions SET asset_name = 'changed'"));
                assert!(changed.unwrap() > 100);
            });
        });
    };
    let mut sheet = Sheet { rows: Vec::new(), meanwhile: Some(Box::new(change)) };
    store.export(&RowScope::ALL, &query, now(), &mut sheet).await.unwrap();
    let rows: Vec<_> = expected
        .iter()
        .map(|action| {
            let decider = action.taken_by().map(domain::Actor::label).unwrap_or_default();
            let technique = action.evidence.iter().find_map(|found| found.technique.clone());
            let cells = vec![
                action.asset.name.clone(),
                decider,
                action.updated_at.to_string(),
                technique.unwrap_or_default(),
            ];
            (action.id.to_string(), cells)
        })
        .collect();
    assert!(sheet.rows == rows, "{:?} instead of {:?}", sheet.rows.first(), rows.first());
}

/// As a program left them that made keys in another way, or none.
async fn rows_of_before_are_keyed_when_the_store_opens(kind: Kind) {
    let (store, database) = seeded(kind, 600).await;
    let keys =
        "SELECT number || entity_key || asset_key || undoable || decided_by_key || COALESCE(similar_key, 0)
                    || ' ' || COALESCE(identity_key, 0) || ' ' || COALESCE(identity_name, 0) || ' ' || urgency || ' ' || filter_bits
                FROM actions ORDER BY number";
    let (before, found) = (database.column(keys).await, search(&store, ".exe").await);
    assert!(before.len() == 600 && !found.is_empty());
    store.close().await;
    let forget = "UPDATE actions SET entity_key = '', asset_key = '', urgency = 0, undoable = 1 - undoable,
                      decided_by_key = '', similar_key = NULL, identity_key = NULL, identity_name = NULL, search_text = '',
                      filter_bits = 0";
    assert_eq!(database.execute(forget).await.unwrap(), 600);
    let other = "UPDATE markers SET value = 'another way' WHERE name = 'keys'";
    assert_eq!(database.execute(other).await.unwrap(), 1);
    assert!(database.column(keys).await != before);
    let store = database.open().await;
    assert!(database.column(keys).await == before);
    assert!(search(&store, ".exe").await == found);
}

/// As a program left them that knew one type less.
async fn a_new_word_leaves_the_rows_of_before_alone(kind: Kind) {
    let (store, database) = seeded(kind, 600).await;
    store.close().await;
    let written = "SELECT value FROM markers WHERE name = 'keys'";
    let now = database.column(written).await;
    let mut before: serde_json::Value = serde_json::from_str(&now[0]).unwrap();
    assert!(before["words"]["type"].as_array_mut().unwrap().pop().is_some());
    let set = format!("UPDATE markers SET value = '{before}' WHERE name = 'keys'");
    assert_eq!(database.execute(&set).await.unwrap(), 1);
    assert_eq!(database.execute("UPDATE actions SET filter_bits = 0").await.unwrap(), 600);
    database.open().await.close().await;
    assert_eq!(
        database.column("SELECT entity FROM actions WHERE filter_bits <> 0").await,
        Vec::<String>::new()
    );
    assert_eq!(database.column(written).await, now, "the new word is known from now on");
}

/// Also if the load was interrupted.
async fn indexes_come_back_after_a_load(kind: Kind) {
    let names = match kind {
        Kind::Sqlite => {
            "SELECT type || ' ' || name FROM sqlite_schema WHERE type IN ('index', 'trigger') ORDER BY 1"
        }
        Kind::Postgres => "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    };
    let fresh = Database::migrated(kind).await;
    fresh.open().await.close().await;
    let all = fresh.column(names).await;
    assert!(all.len() > 25, "{all:?}");

    let (store, database) = seeded(kind, 6_000).await;
    assert_eq!(database.column(names).await, all);
    let found = search(&store, "lt-").await;
    assert!(found.len() > 500);
    let mut new = all_of(&store, Lane::Pending).await.remove(0);
    store.suspend_indexes().await.unwrap();
    store.suspend_indexes().await.unwrap();
    assert!(database.column(names).await.len() < all.len() - 20);
    new.id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0002_0000).into();
    new.external_id = None;
    "lt-late".clone_into(&mut new.asset.name);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_actions(&by(), from_ref(&new)).await.unwrap();
    tx.append_audit(&by(), super::super::sample::imported(&new)).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;

    let store = database.open().await;
    assert_eq!(database.column(names).await, all);
    store.restore_indexes().await.unwrap();
    assert_eq!(search(&store, "lt-").await.len(), found.len() + 1);
    assert_eq!(search(&store, "lt-late").await, [new.id].into());
    store::verify(&*store).await.unwrap();
}
