//! Lists: one statement for a page, whatever the filter, order and position.

use std::collections::BTreeSet;

use app::domain::query::{Filter, Sort, SortKey};
use app::domain::{Action, ActionQuery, Lane, RowScope};
use jiff::{SignedDuration, Timestamp};
use sqlx::QueryBuilder;

use super::actions::principal;
use super::rows::{self, action_columns};
use super::{Connection, Db, micros};
use crate::store::keys::{KeyValue, Keys, VERSION, device_group, fold, key};
use crate::store::{Position, Result};

/// With at most so many matches of a search they are fetched and sorted; with more, the order's index is walked, which
/// meets one soon.
const FEW_MATCHES: usize = 1_000;

/// From how many characters on a search looks anywhere in a text: the length of what the indexes hold.
const ANYWHERE: usize = 3;

/// The column that holds a sort key. Only these names ever stand in an `ORDER BY`.
const fn column(sort: SortKey) -> &'static str {
    match sort {
        SortKey::Urgency => "urgency",
        SortKey::Updated => "updated_at",
        SortKey::Investigation => "investigation_key",
        SortKey::Approval => "approval_key",
        SortKey::ActionType => "type",
        SortKey::EntityKind => "entity_kind",
        SortKey::Entity => "entity_key",
        SortKey::Asset => "asset_key",
        SortKey::Decision => "decision",
        SortKey::DecidedBy => "decided_by_key",
        SortKey::Source => "source",
        SortKey::Status => "status",
        SortKey::Severity => "severity_key",
        SortKey::ProposedBy => "proposed_by_key",
        SortKey::Proposed => "proposed_at",
        SortKey::Expires => "expires_at",
        SortKey::Incident => "incident_key",
        SortKey::DeviceGroup => "device_group_key",
        SortKey::Undo => "undo",
        SortKey::Technique => "technique_key",
    }
}

/// Up to `limit` rows in the list's order, from a position on; in that order also for a page before the position.
pub(super) async fn page(
    db: &mut Connection,
    scope: &RowScope,
    query: &ActionQuery,
    from: Option<&Position>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Action>> {
    let matches = match &query.filter.search {
        Some(search) => few_matches(db, query.lane, &Search::of(search)).await?,
        None => None,
    };
    let mut statement = statement(scope, query, matches.as_deref(), from, limit, now);
    let rows = statement.build().fetch_all(db).await?;
    let mut actions: Vec<_> = rows.iter().map(rows::action).collect::<Result<_>>()?;
    if from.is_some_and(|from| from.before) {
        actions.reverse();
    }
    Ok(actions)
}

fn statement(
    scope: &RowScope,
    query: &ActionQuery,
    matches: Option<&[String]>,
    from: Option<&Position>,
    limit: u32,
    now: Timestamp,
) -> QueryBuilder<Db> {
    let backwards = from.is_some_and(|from| from.before);
    let forward = query.sort.descending == backwards;
    let mut sql = QueryBuilder::<Db>::new(concat!("SELECT ", action_columns!()));
    push_rows(&mut sql, scope, query, matches, now);
    if let Some(from) = from {
        sql.push(" AND (")
            .push(column(query.sort.key))
            .push(", id) ")
            .push(if forward { ">" } else { "<" })
            .push(" (");
        match &from.key {
            KeyValue::Text(key) => sql.push_bind(key.clone()),
            KeyValue::Time(at) => sql.push_bind(*at),
        };
        sql.push(", ").push_bind(from.id.to_string()).push(")");
    }
    push_order(&mut sql, query.sort, backwards);
    sql.push(" LIMIT ").push_bind(i64::from(limit));
    sql
}

/// `FROM actions WHERE` with all that the query says about rows.
pub(super) fn push_rows(
    sql: &mut QueryBuilder<Db>,
    scope: &RowScope,
    query: &ActionQuery,
    matches: Option<&[String]>,
    now: Timestamp,
) {
    // A literal, so that the index on the lane is used however the statement is prepared.
    sql.push(" FROM actions WHERE lane = '").push(query.lane.as_str()).push("'");
    if let Some(principal) = principal(scope) {
        sql.push(" AND proposed_by_id = ").push_bind(principal.to_owned());
    }
    push_filter(sql, &query.filter, now);
    match (matches, &query.filter.search) {
        (Some(ids), _) => push_any(sql, "id", ids.iter().cloned()),
        (None, Some(search)) => Search::of(search).push_test(sql),
        (None, None) => {}
    }
}

pub(super) fn push_order(sql: &mut QueryBuilder<Db>, sort: Sort, backwards: bool) {
    let order = if sort.descending == backwards { "ASC" } else { "DESC" };
    sql.push(" ORDER BY ").push(column(sort.key)).push(" ").push(order).push(", id ").push(order);
}

fn push_filter(sql: &mut QueryBuilder<Db>, filter: &Filter, now: Timestamp) {
    let Filter { period, from, to, search: _, .. } = filter;
    let keys = |texts: &BTreeSet<String>| texts.iter().map(|text| key(text)).collect::<Vec<_>>();
    push_words(sql, "type", filter.action_type.iter().map(|word| word.as_str()));
    push_words(sql, "entity_kind", filter.entity_kind.iter().map(|word| word.as_str()));
    push_words(sql, "decision", filter.decision.iter().map(|word| word.as_str()));
    push_words(sql, "source", filter.source.iter().map(|word| word.as_str()));
    push_words(sql, "status", filter.status.iter().map(|word| word.as_str()));
    push_words(sql, "severity", filter.severity.iter().map(|word| word.as_str()));
    push_words(sql, "undoable", filter.undoable.iter().map(|word| word.as_str()));
    push_any(sql, "asset_key", keys(&filter.asset));
    push_any(sql, "decided_by_key", keys(&filter.decided_by));
    push_any(sql, "device_group_key", filter.device_group.iter().map(|name| device_group(name)));
    push_any(sql, "investigation_key", keys(&filter.investigation));
    push_any(sql, "approval_key", keys(&filter.approval));
    let since = period.and_then(|period| now.checked_sub(SignedDuration::from_hours(period.hours())).ok());
    if let Some(since) = since.or(*from) {
        sql.push(" AND updated_at >= ").push_bind(micros(since));
    }
    if let Some(to) = to {
        sql.push(" AND updated_at < ").push_bind(micros(*to));
    }
}

fn push_words(sql: &mut QueryBuilder<Db>, column: &str, words: impl IntoIterator<Item = &'static str>) {
    push_any(sql, column, words.into_iter().map(str::to_owned));
}

/// Nothing, if there is nothing to choose from.
fn push_any(sql: &mut QueryBuilder<Db>, column: &str, values: impl IntoIterator<Item = String>) {
    let mut values = values.into_iter().peekable();
    if values.peek().is_none() {
        return;
    }
    sql.push(" AND ").push(column).push(" IN (");
    let mut list = sql.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    sql.push(")");
}

/// What is searched for, folded as the keys are.
pub(super) struct Search {
    text: String,
    /// An end that no continuation of the text reaches.
    end: String,
    anywhere: bool,
}

impl Search {
    pub(super) fn of(search: &str) -> Self {
        let text = fold(search);
        Self { end: format!("{text}\u{10FFFF}"), anywhere: text.chars().count() >= ANYWHERE, text }
    }

    /// The columns of which a match is the beginning: ids always, names where the text is short.
    const fn beginnings(&self) -> &'static [&'static str] {
        if self.anywhere {
            &["id", "investigation_key", "incident_key", "approval_key"]
        } else {
            &["id", "investigation_key", "incident_key", "approval_key", "entity_key", "asset_key"]
        }
    }

    /// A condition on the row at hand.
    fn push_test(&self, sql: &mut QueryBuilder<Db>) {
        sql.push(" AND (");
        if self.anywhere {
            super::super::push_contains(sql, &self.text);
        } else {
            sql.push("1 = 0");
        }
        for column in self.beginnings() {
            sql.push(" OR ");
            self.push_begins(sql, column);
        }
        sql.push(")");
    }

    fn push_begins(&self, sql: &mut QueryBuilder<Db>, column: &str) {
        sql.push("(").push(column).push(" >= ").push_bind(self.text.clone());
        sql.push(" AND ").push(column).push(" < ").push_bind(self.end.clone()).push(")");
    }
}

/// The ids of all matches in a lane, if they are few. Each way to match is asked for by itself, so that each has an
/// index to answer from.
pub(super) async fn few_matches(
    db: &mut Connection,
    lane: Lane,
    search: &Search,
) -> Result<Option<Vec<String>>> {
    let mut ids = BTreeSet::new();
    let limit = i64::try_from(FEW_MATCHES + 1).unwrap_or(i64::MAX);
    let mut ways = Vec::new();
    for column in search.beginnings() {
        let mut sql = QueryBuilder::<Db>::new("SELECT id FROM actions WHERE lane = '");
        sql.push(lane.as_str()).push("' AND ");
        search.push_begins(&mut sql, column);
        ways.push(sql);
    }
    if search.anywhere {
        let mut sql = QueryBuilder::<Db>::new("");
        super::super::push_matches(&mut sql, &search.text, lane);
        ways.push(sql);
    }
    for mut sql in ways {
        sql.push(" LIMIT ").push_bind(limit);
        let found = sql.build_query_scalar::<String>().fetch_all(&mut *db).await?;
        ids.extend(found);
        if ids.len() > FEW_MATCHES {
            return Ok(None);
        }
    }
    // No id at all is a list of one that there is not: an empty list would let every row pass.
    if ids.is_empty() {
        ids.insert(String::new());
    }
    Ok(Some(ids.into_iter().collect()))
}

/// Gives keys to the rows that have none, or some made in another way; one batch. Returns how many it did.
pub(super) async fn key_rows(db: &mut Connection) -> Result<usize> {
    let select = concat!("SELECT ", action_columns!(), " FROM actions WHERE keyed = 0 LIMIT 500");
    let rows = sqlx::query(select).fetch_all(&mut *db).await?;
    for row in &rows {
        let action = rows::action(row)?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE actions SET keyed = ");
        sql.push_bind(VERSION);
        push_keys(&mut sql, &Keys::of(&action));
        sql.push(" WHERE id = ").push_bind(action.id.to_string());
        sql.build().execute(&mut *db).await?;
    }
    Ok(rows.len())
}

/// `, column = value` for every key but the urgency.
pub(super) fn push_keys(sql: &mut QueryBuilder<Db>, keys: &Keys) {
    for (column, value) in key_columns(keys) {
        sql.push(", ").push(column).push(" = ").push_bind(value.to_owned());
    }
}

/// Every key but the urgency, with its column.
pub(super) fn key_columns(keys: &Keys) -> [(&'static str, &str); 12] {
    [
        ("severity_key", keys.severity),
        ("entity_key", &keys.entity),
        ("asset_key", &keys.asset),
        ("investigation_key", &keys.investigation),
        ("incident_key", &keys.incident),
        ("approval_key", &keys.approval),
        ("decided_by_key", &keys.decided_by),
        ("proposed_by_key", &keys.proposed_by),
        ("device_group_key", &keys.device_group),
        ("technique_key", &keys.technique),
        ("undoable", keys.undoable.as_str()),
        ("search_text", &keys.search_text),
    ]
}

/// How the database would carry out a page, line by line: for the tests of its plans.
#[cfg(test)]
pub(super) async fn plan(
    db: &mut Connection,
    query: &ActionQuery,
    from: Option<&Position>,
) -> Result<Vec<String>> {
    use sqlx::{Execute as _, Row as _};
    let (explain, column) = super::super::EXPLAIN;
    let mut sql = statement(&RowScope::All, query, None, from, 101, Timestamp::UNIX_EPOCH);
    let text = sqlx::AssertSqlSafe(format!("{explain}{}", sql.sql().as_str()));
    let arguments = sql.build().take_arguments().map_err(super::corrupt)?.unwrap_or_default();
    let rows = sqlx::query_with(text, arguments).fetch_all(db).await?;
    rows.iter().map(|row| Ok(row.try_get(column)?)).collect()
}
