//! The store's lists, beside the raw driver's.

use std::collections::BTreeSet;
use std::time::Instant;

use domain::actions::query::{Filter, Period, Sort, SortKey};
use domain::{ActionId, ActionQuery, Lane, RowScope};
use jiff::{SignedDuration, Timestamp};
use store::{KeyValue, Position, SharedStore, connect, sort_column};

use crate::Kind;
use crate::raw;
use crate::report::{Report, Times};

const ROUNDS: usize = 20;

/// Calls the raw side of this kind of database.
macro_rules! raw {
    ($db:expr, $call:ident($($argument:expr),*)) => {
        match $db {
            Raw::Sqlite(db) => raw::sqlite::$call(db, $($argument),*).await,
            Raw::Postgres(db) => raw::postgres::$call(db, $($argument),*).await,
        }
    };
}

enum Raw {
    Sqlite(raw::sqlite::Connection),
    Postgres(raw::postgres::Connection),
}

fn history() -> ActionQuery {
    ActionQuery::of(Lane::History)
}

fn filtered(filter: Filter) -> ActionQuery {
    ActionQuery { filter, ..history() }
}

async fn time(store: &SharedStore, query: &ActionQuery, from: Option<&Position>, rounds: usize) -> Times {
    let mut times = Times::default();
    for round in 0..=rounds {
        let begin = Instant::now();
        store.page(&RowScope::ALL, query, from, 101, now()).await.unwrap();
        if round > 0 {
            times.add(begin.elapsed());
        }
    }
    times
}

fn now() -> Timestamp {
    Timestamp::now()
}

pub(crate) async fn measure(kind: Kind, url: &str, report: &mut Report) {
    let store = connect(url).await.unwrap();
    let mut db = match kind {
        Kind::Sqlite => Raw::Sqlite(raw::sqlite::connect(url).await),
        Kind::Postgres => Raw::Postgres(raw::postgres::connect(url).await),
    };
    pages(&store, &mut db, report).await;
    filters(&store, &mut db, report).await;
    searches(kind, &store, &mut db, report).await;
    counts(&store, &mut db, report).await;
    let rate = raw!(&mut db, export());
    report.rates("raw: History's default columns", rate, None);
    store.close().await;
}

async fn pages(store: &SharedStore, db: &mut Raw, report: &mut Report) {
    let newest = "updated_at DESC, number DESC";
    let first = time(store, &history(), None, ROUNDS).await;
    let raw_first = raw!(db, time_page("", newest, ROUNDS));
    report.times("first page of History, newest first", &first, Some(&raw_first));

    let (key, number, id) = raw!(db, position(500_000.min(count(store).await / 2)));
    let from = Position {
        sort: SortKey::Updated,
        key: KeyValue::Number(key),
        id: ActionId::from(id),
        before: false,
    };
    let condition = format!("AND (updated_at, number) < ({key}, {number})");
    let deep = time(store, &history(), Some(&from), ROUNDS).await;
    let raw_deep = raw!(db, time_page(&condition, newest, ROUNDS));
    report.times("page half a million rows down", &deep, Some(&raw_deep));

    let (mut all, mut raw_all, mut worst) = (Times::default(), Times::default(), (0.0, "", 0.0));
    for &key in SortKey::ALL {
        let column = sort_column(key);
        for descending in [false, true] {
            let query = ActionQuery { sort: Sort { key, descending }, ..history() };
            let ours = time(store, &query, None, ROUNDS / 2).await;
            let direction = if descending { "DESC" } else { "ASC" };
            let order = format!("{column} {direction}, number {direction}");
            let raw = raw!(db, time_page("", &order, ROUNDS / 2));
            let ratio = ours.percentile(50) / raw.percentile(50);
            if ratio > worst.0 {
                worst = (ratio, key.as_str(), ours.percentile(50));
            }
            all.extend(&ours);
            raw_all.extend(&raw);
        }
    }
    report.times("first page by each sort key, both ways", &all, Some(&raw_all));
    println!("    the worst ratio is {:.2}, by {} ({:.2} ms)", worst.0, worst.1, worst.2);
}

async fn count(store: &SharedStore) -> i64 {
    let counts = store.counts(&RowScope::ALL, &history(), now()).await.unwrap();
    i64::try_from(counts.matches).unwrap()
}

/// The values of a filter that a person would try: the most frequent, one in the middle, the rarest.
fn some(values: &[(String, i64)]) -> BTreeSet<&str> {
    let at = [0, values.len() / 2, values.len().saturating_sub(1)];
    at.iter().filter_map(|at| values.get(*at)).map(|(value, _)| value.as_str()).collect()
}

async fn filters(store: &SharedStore, db: &mut Raw, report: &mut Report) {
    let (types, status) = (raw!(db, values("type")), raw!(db, values("status")));
    let (kind, state) = (types[0].0.parse().unwrap(), status[0].0.parse().unwrap());
    let month = now() - SignedDuration::from_hours(30 * 24);
    let query = filtered(Filter {
        action_type: [kind].into(),
        status: [state].into(),
        period: Some(Period::Month),
        ..Filter::default()
    });
    let ours = time(store, &query, None, ROUNDS).await;
    let number = |vocabulary: &str, word: &str| {
        format!("(SELECT number FROM words WHERE vocabulary = '{vocabulary}' AND word = '{word}')")
    };
    let condition = format!(
        "AND type = {} AND status = {} AND updated_at >= {}",
        number("type", &types[0].0),
        number("status", &status[0].0),
        month.as_microsecond()
    );
    let raw = raw!(db, time_page(&condition, "updated_at DESC, number DESC", ROUNDS));
    report.times("type, status and 30 days", &ours, Some(&raw));

    let mut singles: Vec<(String, Filter)> = Vec::new();
    for column in
        ["type", "status", "decision", "source", "severity", "entity_kind", "asset_name", "device_group"]
    {
        let values = raw!(db, values(column));
        for value in some(&values) {
            let mut filter = Filter::default();
            match column {
                "type" => filter.action_type = [value.parse().unwrap()].into(),
                "status" => filter.status = [value.parse().unwrap()].into(),
                "decision" => filter.decision = [value.parse().unwrap()].into(),
                "source" => filter.source = [value.parse().unwrap()].into(),
                "severity" => filter.severity = [value.parse().unwrap()].into(),
                "entity_kind" => filter.entity_kind = [value.parse().unwrap()].into(),
                "asset_name" => filter.asset = [value.to_owned()].into(),
                _ => filter.device_group = [value.to_owned()].into(),
            }
            singles.push((format!("{column} {value}"), filter));
        }
    }
    for period in Period::ALL {
        singles.push((period.to_string(), Filter { period: Some(*period), ..Filter::default() }));
    }
    let all = combined(store, &singles, report, "one filter, any sort").await;

    // Each with each: what is rare together is the hardest to find.
    let mut pairs = Vec::new();
    for (at, (name, filter)) in all.iter().enumerate() {
        for (other, more) in &all[at + 1..] {
            if let Some(both) = merge(filter, more) {
                pairs.push((format!("{name} and {other}"), both));
            }
        }
    }
    let step = (pairs.len() / 40).max(1);
    let pairs: Vec<_> = pairs.into_iter().step_by(step).collect();
    combined(store, &pairs, report, "two filters, any sort").await;
}

/// Both filters, if they are of different fields.
fn merge(one: &Filter, other: &Filter) -> Option<Filter> {
    let mut both = one.clone();
    macro_rules! take {
        ($($field:ident),+) => {
            $(if !other.$field.is_empty() {
                if !both.$field.is_empty() {
                    return None;
                }
                both.$field = other.$field.clone();
            })+
        };
    }
    take!(action_type, status, decision, source, severity, entity_kind, asset, device_group);
    if other.period.is_some() {
        if both.period.is_some() {
            return None;
        }
        both.period = other.period;
    }
    Some(both)
}

/// All medians of filters and sorts; returns the filters.
async fn combined<'a>(
    store: &SharedStore,
    filters: &'a [(String, Filter)],
    report: &mut Report,
    what: &str,
) -> &'a [(String, Filter)] {
    let (mut all, mut worst) = (Times::default(), (0.0, String::new()));
    for (name, filter) in filters {
        for &key in SortKey::ALL {
            let query = ActionQuery { sort: Sort { key, descending: true }, ..filtered(filter.clone()) };
            let times = time(store, &query, None, 2).await;
            let median = times.percentile(50);
            if median > worst.0 {
                worst = (median, format!("{name} by {key}"));
            }
            all.extend(&times);
        }
    }
    report.times(what, &all, None);
    println!("    the slowest takes {:.1} ms: {}", worst.0, worst.1);
    filters
}

async fn searches(kind: Kind, store: &SharedStore, db: &mut Raw, report: &mut Report) {
    let assets = raw!(db, values("asset_key"));
    let rare = assets[assets.len() * 9 / 10].0.clone();
    for (what, text) in
        [("search, rare", rare.as_str()), ("search, common", "lt-"), ("search, common", ".exe")]
    {
        let query = filtered(Filter { search: Some(text.to_owned()), ..Filter::default() });
        let ours = time(store, &query, None, ROUNDS / 2).await;
        let holds = match kind {
            Kind::Sqlite => raw::sqlite::holds(text),
            Kind::Postgres => raw::postgres::holds(text),
        };
        let raw = raw!(db, time_page(&format!("AND {holds}"), "updated_at DESC, number DESC", 3));
        report.times(&format!("{what}: {text:?}"), &ours, Some(&raw));
        let by_asset = Sort { key: SortKey::Asset, descending: false };
        let ours = time(store, &ActionQuery { sort: by_asset, ..query }, None, ROUNDS / 2).await;
        report.times(&format!("{what}: {text:?}, by asset"), &ours, None);
    }
    let none = filtered(Filter { search: Some("no such thing".to_owned()), ..Filter::default() });
    report.times("search, nothing", &time(store, &none, None, ROUNDS / 2).await, None);
}

async fn counts(store: &SharedStore, db: &mut Raw, report: &mut Report) {
    let (types, decisions) = (raw!(db, values("type")), raw!(db, values("decision")));
    let rare = types.iter().find(|(_, count)| *count < 9_000).unwrap_or(&types[types.len() - 1]);
    let by_type = |value: &str| Filter { action_type: [value.parse().unwrap()].into(), ..Filter::default() };
    let both = Filter { decision: [decisions[0].0.parse().unwrap()].into(), ..by_type(&types[0].0) };
    for (what, filter) in [
        ("counts and facets, unfiltered", Filter::default()),
        ("counts and facets, few", by_type(&rare.0)),
        ("counts and facets, many", both),
        ("counts and facets, a day", Filter { period: Some(Period::Day), ..Filter::default() }),
    ] {
        let mut times = Times::default();
        for _ in 0..ROUNDS / 2 {
            let begin = Instant::now();
            store.counts(&RowScope::ALL, &filtered(filter.clone()), now()).await.unwrap();
            times.add(begin.elapsed());
        }
        report.times(what, &times, None);
    }
}
