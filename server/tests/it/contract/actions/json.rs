//! Lists as JSON, whose rows are kept, are what they would be if each row was read and written for each answer.

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::sync::Arc;

use domain::actions::contract::{JsonPage, ListActions as _};
use domain::actions::query::{Filter, Sort, SortKey};
use domain::{
    Access, Action, ActionPage, ActionQuery, ActionType, Actor, ActorKind, Asset, Caller, Device, EntityKind,
    Lane, ParameterName, RowScope, Scope, Transition,
};
use executors::simulated::Simulated;
use service::Service;
use service::executor::Executors;
use service::testing::{FixedClock, system as authority};
use store::{Guard, ListedRow, SharedStore};

use super::lists::{all_of, by, now, seeded};
use crate::contract::sample::{
    action, add, add_ana, after, at, decided, decider, full_action, id, proposer, token_of,
};
use crate::database::{Database, Kind, on_both};

on_both!(
    every_page_is_byte_for_byte_what_it_was,
    what_changed_is_read_anew,
    a_row_that_is_no_longer_as_it_was_listed_is_left_out,
);

fn service(store: &SharedStore) -> Service {
    let executors = Executors::new(vec![Arc::new(Simulated)]);
    Service::new(store.clone(), FixedClock::at(now()), executors)
}

/// A page as it was written before any was kept.
fn written(page: ActionPage) -> (Vec<String>, Option<String>, Option<String>) {
    let write = |action: Action| serde_json::to_string(&action.answered_for()).unwrap();
    (page.items.into_iter().map(write).collect(), page.next, page.prev)
}

fn texts(page: JsonPage) -> (Vec<String>, Option<String>, Option<String>) {
    (page.items.iter().map(ToString::to_string).collect(), page.next, page.prev)
}

/// Asks for a page in both ways, the second twice; answers with the cursors of those beside it.
async fn compare(service: &Service, caller: &Caller, query: &ActionQuery) -> [Option<String>; 2] {
    let expected = written(service.list(caller, query.clone()).await.unwrap());
    for time in 0..2 {
        let found = texts(service.list_as_json(caller, query.clone()).await.unwrap());
        assert!(found == expected, "{time} {query:?}\n{found:?}\n{expected:?}");
    }
    let (_, next, prev) = expected;
    [next, prev]
}

/// Types, kinds and forms that nobody invents: one more of each type, with letters that are not shown.
async fn add_all_types(store: &SharedStore, rows: &[Action]) {
    let mut number = 0xA000;
    for &action_type in ActionType::ALL {
        for kind in action_type.info().entities {
            let Some(base) = rows.iter().find(|row| row.entity.kind() == *kind) else { continue };
            let hidden = "a\u{202e}b\u{200b}\t\"\\\n\u{1f}é\u{7f}\u{fffd}日本🦀<&>\u{2028}";
            let expiry = (ParameterName::Expiry, "2027-01-01T00:00:00+01:00".to_owned());
            let target = Asset { name: format!("other {hidden}"), ..base.asset.clone() };
            let row = Action {
                id: id(number),
                external_id: Some(format!("{number} {hidden}")),
                action_type,
                comment: Some(hidden.to_owned()),
                campaign: Some(hidden.to_owned()),
                status_detail: Some(hidden.to_owned()),
                parameters: [expiry].into(),
                undo_of: None,
                undone_by: None,
                ..base.clone()
            };
            let row = if number % 3 == 0 { row.with_targets(vec![base.asset.clone(), target]) } else { row };
            add(store, &row).await;
            number += 1;
        }
    }
}

async fn every_page_is_byte_for_byte_what_it_was(kind: Kind) {
    let (store, _database) = seeded(kind, 2_000).await;
    let mut rows = Vec::new();
    for &lane in Lane::ALL {
        rows.extend(all_of(&store, lane).await);
    }
    add_all_types(&store, &rows).await;
    add(&store, &full_action(0xB000)).await;
    rows.clear();
    for &lane in Lane::ALL {
        rows.extend(all_of(&store, lane).await);
    }
    let kinds: BTreeSet<_> = rows.iter().map(|row| row.entity.kind()).collect();
    let types: BTreeSet<_> = rows.iter().map(|row| row.action_type).collect();
    assert_eq!((kinds.len(), types.len()), (EntityKind::ALL.len(), ActionType::ALL.len()));
    assert!(rows.iter().any(|row| row.entity.time().is_some()) && rows.iter().any(Action::has_targets));

    let caller = add_ana(&store).await;
    let service = service(&store);
    for &lane in Lane::ALL {
        let whole = ActionQuery { limit: Some(200), ..ActionQuery::of(lane) };
        let (mut cursor, mut pages) = (None, 0);
        loop {
            let query = ActionQuery { cursor: cursor.take(), ..whole.clone() };
            let [next, prev] = compare(&service, &caller, &query).await;
            assert_eq!(prev.is_some(), pages > 0);
            pages += 1;
            if let Some(prev) = prev {
                compare(&service, &caller, &ActionQuery { cursor: Some(prev), ..whole.clone() }).await;
            }
            if next.is_none() {
                break;
            }
            cursor = next;
        }
        for &key in SortKey::ALL {
            for descending in [false, true] {
                let sort = Sort { key, descending };
                let first = ActionQuery { sort, limit: Some(25), ..ActionQuery::of(lane) };
                let [next, _] = compare(&service, &caller, &first).await;
                if next.is_some() {
                    let [_, prev] =
                        compare(&service, &caller, &ActionQuery { cursor: next, ..first.clone() }).await;
                    compare(&service, &caller, &ActionQuery { cursor: prev, ..first }).await;
                }
            }
        }
        for filter in [
            Filter { search: Some("日本".to_owned()), ..Filter::default() },
            Filter { search: Some("no such thing".to_owned()), ..Filter::default() },
            Filter { action_type: [rows[0].action_type].into(), ..Filter::default() },
        ] {
            let query = ActionQuery { filter, limit: Some(100), ..ActionQuery::of(lane) };
            compare(&service, &caller, &query).await;
        }
    }
}

async fn what_changed_is_read_anew(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let caller = add_ana(&store).await;
    for number in 1..=30 {
        let external_id = Some(format!("x-{number}"));
        add(&store, &Action { external_id, expires_at: at(1_000_000), ..full_action(number) }).await;
    }
    let service = service(&store);
    let pending = ActionQuery { limit: Some(25), ..ActionQuery::of(Lane::Pending) };
    let history = ActionQuery { limit: Some(25), ..ActionQuery::of(Lane::History) };
    let both = async || {
        compare(&service, &caller, &pending).await;
        compare(&service, &caller, &history).await;
        texts(service.list_as_json(&caller, pending.clone()).await.unwrap()).0
    };
    let first = both().await;
    assert_eq!(first.len(), 25);

    // A group, which makes no new version.
    let device = Device { name: action(1).asset.name, ..Device::default() };
    let before = store.action(&RowScope::ALL, id(1)).await.unwrap().unwrap();
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.note_devices(&proposer(None), from_ref(&device), at(1)).await.unwrap();
    let placed = [(device, Some("Vital".to_owned()))];
    assert!(tx.place_devices(&proposer(None), &placed, |_| None).await.unwrap() > 0);
    tx.commit().await.unwrap();
    let row = store.action(&RowScope::ALL, id(1)).await.unwrap().unwrap();
    assert_eq!((row.version, row.asset.device_group.as_deref()), (before.version, Some("Vital")));
    let second = both().await;
    assert!(first.iter().all(|row| row.contains("Büro")) && second.iter().all(|row| row.contains("Vital")));

    // A revision, and a decision.
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let revised = Action {
        version: row.version + 1,
        comment: Some("newer".to_owned()),
        updated_at: at(2),
        ..row.clone()
    };
    assert!(tx.revise_action(&token_of(&caller), &row, &revised).await.unwrap());
    let waits = store.action(&RowScope::ALL, id(2)).await.unwrap().unwrap();
    let decider = decider(&caller);
    let rejected = decided(&waits, &decider, Transition::Reject, at(3));
    let guard = Guard { by: &decider, deciding: true, policy: None, now: at(3) };
    assert!(tx.update_state(guard, &waits, &rejected).await.unwrap());
    tx.commit().await.unwrap();
    let third = both().await;
    assert_eq!(third.iter().filter(|row| row.contains("newer")).count(), 1);
    let history = texts(service.list_as_json(&caller, history.clone()).await.unwrap()).0;
    assert!(history.len() == 1 && history[0].contains("\"reason\":\"reason\""), "{history:?}");

    // Who sees less gets no more than that, however much is kept.
    let blind = Caller {
        actor: Actor::new(ActorKind::Token, "another", "Another"),
        person: None,
        roles: [].into(),
        access: Access::default(),
        scopes: Some([Scope::Propose].into()),
        ..caller.clone()
    };
    let page = service.list_as_json(&blind, pending.clone()).await.unwrap();
    assert!(page.items.is_empty());
}

async fn a_row_that_is_no_longer_as_it_was_listed_is_left_out(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for number in 1..=3 {
        add(&store, &action(number)).await;
    }
    let query = ActionQuery::of(Lane::Pending);
    let rows = store.listed(&RowScope::ALL, &query, None, 10, at(0)).await.unwrap();
    let page = store.page(&RowScope::ALL, &query, None, 10, at(0)).await.unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.stamp.id).collect();
    assert_eq!(ids, page.iter().map(|action| action.id).collect::<Vec<_>>());
    let read = async |rows: &[&ListedRow]| {
        let mut found = store.as_listed(rows).await.unwrap();
        found.sort_by_key(|action| action.id);
        found
    };
    let all: Vec<_> = rows.iter().collect();
    assert_eq!(read(&all).await, [action(1), action(2), action(3)]);
    assert_eq!(read(&all[..0]).await, []);

    let mut tx = store.begin_system(&authority()).await.unwrap();
    let expired = after(&action(2), Transition::Expire, at(9));
    let (by, before) = (by(), action(2));
    let guard = Guard { by: &by, deciding: false, policy: None, now: at(9) };
    assert!(tx.update_state(guard, &before, &expired).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(read(&all).await, [action(1), action(3)]);
    assert_eq!(store.page(&RowScope::ALL, &query, None, 10, at(9)).await.unwrap().len(), 2);
}
