//! How databases carry out pages: an order comes from its index, and no filter reads the whole table.

use domain::actions::query::{Filter, Period, Sort, SortKey, Undoable};
use domain::{
    ActionId, ActionQuery, Caller, Decision, Lane, Permission, Role, RowScope, Severity, Source, Status,
};

use super::{Guard, KeyValue, Position, StateChange, Store};
use crate::actions_fields::stored;

/// An invented estate, in which History has far more rows than are fetched and sorted.
pub(super) async fn seeded(database_url: &str) {
    let args = seed::Args {
        database_url: database_url.to_owned(),
        actions: 12_000,
        seed: 7,
        now: Some("2026-06-30T09:41:12Z".parse().unwrap()),
        demo: true,
        sandbox: None,
    };
    seed::run(args).await.unwrap();
}

/// An action of History that others are similar to.
pub(super) async fn one_of_many(store: &impl Store) -> ActionId {
    let now = "2026-06-30T09:41:12Z".parse().unwrap();
    let page = store.page(&RowScope::ALL, &ActionQuery::of(Lane::History), None, 200, now).await.unwrap();
    page.iter().find(|action| action.similarity().is_some()).unwrap().id
}

/// Asks `plan` for the plan of a page of every lane in every order whose index holds it, from its beginning and from the middle, forwards
/// and backwards; `walks` says whether it walks an index without sorting.
pub(super) async fn every_order_walks_its_index(
    plan: impl AsyncFn(&ActionQuery, Option<&Position>) -> Vec<String>,
    walks: impl Fn(&[String]) -> bool,
) {
    let id = ActionId::from(uuid::Uuid::nil());
    for &lane in Lane::ALL {
        for &key in SortKey::ALL {
            for (descending, before) in [(false, false), (true, false), (false, true), (true, true)] {
                let keys = [KeyValue::Number(1), KeyValue::Text("m".into()), KeyValue::Id(uuid::Uuid::nil())];
                if stored(key.field()).index_in(lane).is_none() {
                    continue;
                }
                let edge = keys.into_iter().find(|edge| stored(key.field()).takes(edge)).unwrap();
                let from = Position { sort: key, key: edge, id, before };
                let query = ActionQuery { sort: Sort { key, descending }, ..ActionQuery::of(lane) };
                for from in [None, Some(&from)] {
                    let lines = plan(&query, from).await;
                    assert!(walks(&lines), "{lane} by {key} {descending} {from:?}: {lines:#?}");
                }
            }
        }
    }
}

/// Likewise for filters with few and with many matches, in every order; `finds` says whether rows are found by an
/// index. Returns how many plans sort what they found, and how many do not.
pub(super) async fn every_filter_uses_an_index(
    plan: impl AsyncFn(&ActionQuery, Option<&Position>) -> Vec<String>,
    finds: impl Fn(&[String]) -> bool,
    similar: ActionId,
) -> (usize, usize) {
    let none = Filter::default;
    let filters = [
        Filter { status: [Status::Completed].into(), ..none() },
        Filter { status: [Status::Failed].into(), ..none() },
        Filter { status: [Status::Failed, Status::Completed].into(), ..none() },
        Filter { decision: [Decision::AutoApproved].into(), severity: [Severity::High].into(), ..none() },
        Filter { source: Source::ALL.iter().copied().collect(), ..none() },
        Filter { decided_by: ["Automation".to_owned()].into(), ..none() },
        Filter { device_group: [Filter::UNGROUPED.to_owned()].into(), ..none() },
        Filter { undoable: [Undoable::Yes].into(), ..none() },
        Filter { token: ["Pilot playbooks".to_owned()].into(), ..none() },
        Filter { period: Some(Period::Day), ..none() },
        Filter { period: Some(Period::HalfYear), ..none() },
        Filter { investigation: ["INV-1".to_owned()].into(), ..none() },
        Filter { similar: Some(similar), ..none() },
        Filter { similar: Some(uuid::Uuid::nil().into()), ..none() },
        Filter { similar: Some(similar), status: [Status::Completed].into(), ..none() },
        Filter { search: Some("no such thing".to_owned()), ..none() },
        Filter { search: Some(".exe".to_owned()), ..none() },
    ];
    let (mut few, mut many) = (0, 0);
    for filter in filters {
        for &key in SortKey::ALL {
            let sort = Sort { key, descending: true };
            let query = ActionQuery { sort, filter: filter.clone(), ..ActionQuery::of(Lane::History) };
            let lines = plan(&query, None).await;
            assert!(finds(&lines), "{:?} by {key}: {lines:#?}", query.filter);
            if lines.iter().any(|line| line.contains("few")) {
                few += 1;
            } else {
                many += 1;
            }
        }
    }
    (few, many)
}

/// Asks `plan` for the plan of decisions on what is pending, one and many; `finds` says whether a line finds a row by its
/// id.
pub(super) async fn states_are_found_by_id(
    plan: impl AsyncFn(Guard<'_>, &[StateChange<'_>]) -> Vec<String>,
    store: &impl Store,
    finds: impl Fn(&str) -> bool,
) {
    let now = "2026-06-30T09:41:12Z".parse().unwrap();
    let rows = store.page(&RowScope::ALL, &ActionQuery::of(Lane::Pending), None, 50, now).await.unwrap();
    let ana = Caller {
        actor: rows[0].proposed_by.clone(),
        person: Some(uuid::Uuid::nil().into()),
        credential: uuid::Uuid::nil().into(),
        roles: [Role::GlobalAdministrator].into(),
        access: domain::Access::of_roles(&[Role::GlobalAdministrator].into()),
        scopes: None,
        factor: domain::access::FactorState::NotNeeded,
    };
    let by = ana.authorize(Permission::Devices).unwrap();
    for deciding in [true, false] {
        let guard = Guard { by: &by, deciding, policy: None, now };
        for many in [1, 7, 50] {
            let changes: Vec<_> =
                rows[..many].iter().map(|row| StateChange { before: row, after: row }).collect();
            let lines = plan(guard, &changes).await;
            assert!(lines.iter().any(|line| finds(line)), "{many}: {lines:#?}");
        }
    }
}
