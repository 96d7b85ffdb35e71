//! Lists: one page of rows, whatever the filter, order and position.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use domain::actions::query::{Sort, SortKey};
use domain::{Action, ActionId, ActionQuery, RowScope};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::SqlStore;
use super::rows::{self, action_columns};
use super::select::{AccessPath, Selection};
use super::{Connection, Db, json};
use crate::ReadPages;
use crate::actions_fields::{KeyKind, stored};
use crate::keys::KeyValue;
use crate::listed::{ListedRow, RowStamp};
use crate::{Position, Result};

#[async_trait]
impl ReadPages for SqlStore {
    async fn page(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        from: Option<&Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Action>> {
        page(&mut *self.reader.acquire().await?, scope, query, from, limit, now).await
    }

    async fn listed(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        from: Option<&Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<ListedRow>> {
        let sort = query.sort.key;
        // As `edge_key` reads them first.
        let columns =
            format!("{}, number, id, version, updated_at, digest, device_group", stored(sort.field()).column);
        let mut db = self.reader.acquire().await?;
        let rows = fetch(&mut db, scope, query, from, limit, now, &columns).await?;
        rows.iter().map(|row| listed(row, sort)).collect()
    }

    async fn as_listed(&self, rows: &[&ListedRow]) -> Result<Vec<Action>> {
        let stamps: HashMap<_, _> = rows.iter().map(|row| (row.stamp.id, &row.stamp)).collect();
        let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
        let select = concat!(
            "SELECT ",
            action_columns!(),
            " FROM actions WHERE number IN (SELECT CAST(CAST(item.value AS TEXT) AS BIGINT) FROM ",
            json_rows!(),
            ")"
        );
        let found = sqlx::query(select).bind(json(&numbers)?).fetch_all(&self.reader).await?;
        let mut actions: Vec<_> = found.iter().map(rows::action).collect::<Result<_>>()?;
        actions.retain(|action: &Action| stamps.get(&action.id) == Some(&&RowStamp::of(action)));
        Ok(actions)
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
    let rows = fetch(db, scope, query, from, limit, now, action_columns!()).await?;
    rows.iter().map(rows::action).collect()
}

/// These columns of the same rows.
async fn fetch(
    db: &mut Connection,
    scope: &RowScope,
    query: &ActionQuery,
    from: Option<&Position>,
    limit: u32,
    now: Timestamp,
    columns: &str,
) -> Result<Vec<rows::Row>> {
    let selection = Selection::of(db, scope, query, now).await?;
    let from_edge = match from {
        Some(from) => {
            Some(Edge { key: from.key.clone(), number: number_of(db, from).await?, before: from.before })
        }
        None => None,
    };
    let range = Range { sort: query.sort, from: from_edge, until: None };
    let mut rows = walk(db, &selection, &range, limit, columns).await?;
    if rows.is_none() {
        let path = selection.access_path(db, query.sort.key).await?;
        rows = Some(statement(&selection, path, &range, limit, columns).build().fetch_all(&mut *db).await?);
    }
    let mut rows = rows.unwrap_or_default();
    if from.is_some_and(|from| from.before) {
        rows.reverse();
    }
    Ok(rows)
}

fn listed(row: &rows::Row, sort: SortKey) -> Result<ListedRow> {
    let (key, number) = edge_key(row, sort)?;
    let stamp = RowStamp {
        id: rows::id(row, "id")?,
        version: row.try_get("version")?,
        updated_at: rows::time(row, "updated_at")?,
        digest: hex::encode(row.try_get::<&[u8], _>("digest")?),
        device_group: row.try_get("device_group")?,
    };
    Ok(ListedRow { stamp, key, number })
}

/// The number of the row at an edge, which breaks ties; before all others, if it is no longer there.
async fn number_of(db: &mut Connection, from: &Position) -> Result<i64> {
    let query = sqlx::query_scalar("SELECT number FROM actions WHERE id = $1").bind(Uuid::from(from.id));
    Ok(query.fetch_optional(db).await?.unwrap_or_default())
}

/// A row in an order.
#[derive(Clone)]
struct Edge {
    key: KeyValue,
    number: i64,
    before: bool,
}

/// A part of an order.
struct Range {
    sort: Sort,
    /// Where it begins.
    from: Option<Edge>,
    /// Where it ends: not later than with this row.
    until: Option<(KeyValue, i64)>,
}

impl Range {
    fn backwards(&self) -> bool {
        self.from.as_ref().is_some_and(|from| from.before)
    }

    fn push(&self, sql: &mut QueryBuilder<Db>) {
        let column = stored(self.sort.key.field()).column;
        let forward = self.sort.descending == self.backwards();
        let mut push = |comparison: &str, key: &KeyValue, number: i64| {
            sql.push(format_args!(" AND ({column}, number) {comparison} ("));
            push_key(sql, key);
            sql.push(", ").push_bind(number).push(")");
        };
        if let Some(from) = &self.from {
            push(if forward { ">" } else { "<" }, &from.key, from.number);
        }
        if let Some((key, number)) = &self.until {
            push(if forward { "<=" } else { ">=" }, key, *number);
        }
    }

    fn push_order(&self, sql: &mut QueryBuilder<Db>) {
        push_order(sql, self.sort, self.backwards());
    }
}

/// A key as a value of a statement.
pub(super) fn push_key(sql: &mut QueryBuilder<Db>, key: &KeyValue) {
    match key {
        KeyValue::Text(key) => sql.push_bind(key.clone()),
        KeyValue::Number(key) => sql.push_bind(*key),
        KeyValue::Id(id) => sql.push_bind(*id),
    };
}

/// The rows that a walk along the order meets, if it meets enough within a bounded number of steps.
async fn walk(
    db: &mut Connection,
    selection: &Selection,
    range: &Range,
    limit: u32,
    columns: &str,
) -> Result<Option<Vec<rows::Row>>> {
    let Some(stages) = selection.hopeful_steps(db, range.sort.key, limit).await? else {
        return Ok(None);
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::<rows::Row>::new();
    // A row that is changed between the stages can be met in each of them.
    let mut met = HashSet::new();
    let mut from = range.from.clone();
    for steps in stages.into_iter().filter(|steps| *steps > 0) {
        let missing = u32::try_from(limit - found.len()).unwrap_or(u32::MAX);
        let stage = Range { sort: range.sort, from, until: None };
        let (rows, end) = walk_within(db, selection, stage, (missing, steps), columns).await?;
        for row in rows {
            if met.insert(rows::id::<ActionId>(&row, "id")?) {
                found.push(row);
            }
        }
        let Some((key, number)) = end.filter(|_| found.len() < limit) else {
            return Ok(Some(found));
        };
        from = Some(Edge { key, number, before: range.backwards() });
    }
    Ok(None)
}

/// The rows that a walk meets within so many steps, and where it ended, unless that is the end of the order. Where it
/// ends is looked up first, which costs next to nothing.
async fn walk_within(
    db: &mut Connection,
    selection: &Selection,
    mut range: Range,
    (limit, steps): (u32, i64),
    columns: &str,
) -> Result<(Vec<rows::Row>, Option<(KeyValue, i64)>)> {
    let column = stored(range.sort.key.field()).column;
    let mut sql = QueryBuilder::<Db>::new("SELECT ");
    sql.push(column).push(", number");
    selection.push_entries(&mut sql, range.sort.key);
    range.push(&mut sql);
    range.push_order(&mut sql);
    sql.push(" LIMIT 1 OFFSET ").push_bind(steps);
    let end = sql.build().fetch_optional(&mut *db).await?;
    range.until = end.as_ref().map(|end| edge_key(end, range.sort.key)).transpose()?;
    let mut sql = statement(selection, AccessPath::IndexOrder, &range, limit, columns);
    let found = sql.build().fetch_all(db).await?;
    Ok((found, range.until))
}

/// The key and the number of a row of which nothing else was asked for.
fn edge_key(row: &rows::Row, sort: SortKey) -> Result<(KeyValue, i64)> {
    let key = match stored(sort.field()).key_kind() {
        KeyKind::Text => KeyValue::Text(row.try_get(0)?),
        KeyKind::Number => KeyValue::Number(row.try_get(0)?),
        KeyKind::Word => KeyValue::Number(row.try_get::<i16, _>(0)?.into()),
        KeyKind::Id => KeyValue::Id(row.try_get(0)?),
    };
    Ok((key, row.try_get(1)?))
}

fn statement(
    selection: &Selection,
    path: AccessPath,
    range: &Range,
    limit: u32,
    columns: &str,
) -> QueryBuilder<Db> {
    let sort = range.sort;
    let column = stored(sort.key.field()).column;
    let mut sql = QueryBuilder::<Db>::new("");
    // Where rows are ruled out, the numbers come first, from an index alone if possible, and then their rows.
    let all = selection.is_everything();
    if let AccessPath::FetchAndSort(by) = path {
        sql.push("WITH few AS MATERIALIZED (SELECT number, ").push(column);
        selection.push_fetch(&mut sql, by);
        sql.push(") ");
    }
    sql.push("SELECT ").push(columns);
    match path {
        AccessPath::IndexOrder if all => selection.push_index_order(&mut sql, sort.key),
        AccessPath::IndexOrder => {
            sql.push(" FROM actions WHERE number IN (SELECT number");
            selection.push_index_order(&mut sql, sort.key);
        }
        AccessPath::OrderAmongMatches => {
            sql.push(" FROM actions WHERE number IN (SELECT number");
            selection.push_order_among_matches(&mut sql, sort.key);
        }
        AccessPath::FetchAndSort(_) => {
            sql.push(" FROM actions WHERE number IN (SELECT number FROM few WHERE 1 = 1");
        }
    }
    range.push(&mut sql);
    range.push_order(&mut sql);
    sql.push(" LIMIT ").push_bind(i64::from(limit));
    if !(all && path == AccessPath::IndexOrder) {
        sql.push(")");
        range.push_order(&mut sql);
    }
    sql
}

pub(super) fn push_order(sql: &mut QueryBuilder<Db>, sort: Sort, backwards: bool) {
    let column = stored(sort.key.field()).column;
    let direction = if sort.descending == backwards { "ASC" } else { "DESC" };
    sql.push(format_args!(" ORDER BY {column} {direction}, number {direction}"));
}

/// How the database would carry out a page, line by line: for the tests of its plans.
#[cfg(test)]
pub(super) async fn plan(
    db: &mut Connection,
    query: &ActionQuery,
    from: Option<&Position>,
) -> Result<Vec<String>> {
    let selection = Selection::of(db, &RowScope::ALL, query, Timestamp::UNIX_EPOCH).await?;
    let path = selection.access_path(db, query.sort.key).await?;
    let from = from.map(|from| Edge { key: from.key.clone(), number: 1, before: from.before });
    let range = Range { sort: query.sort, from, until: None };
    let sql = statement(&selection, path, &range, 101, action_columns!());
    super::explain(db, sql).await
}
