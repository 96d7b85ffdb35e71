//! Lists: one page of rows, whatever the filter, order and position.

use async_trait::async_trait;
use domain::actions::query::Sort;
use domain::{Action, ActionQuery, RowScope};
use jiff::Timestamp;
use sqlx::QueryBuilder;

use super::SqlStore;
use super::rows::{self, action_columns};
use super::select::{AccessPath, Selection};
use super::{Connection, Db};
use crate::ReadPages;
use crate::actions_fields::stored;
use crate::keys::KeyValue;
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
    let selection = Selection::of(db, scope, query, now).await?;
    let path = selection.access_path(db).await?;
    let mut statement = statement(&selection, path, query.sort, from, limit);
    let rows = statement.build().fetch_all(db).await?;
    let mut actions: Vec<_> = rows.iter().map(rows::action).collect::<Result<_>>()?;
    if from.is_some_and(|from| from.before) {
        actions.reverse();
    }
    Ok(actions)
}

fn statement(
    selection: &Selection,
    path: AccessPath,
    sort: Sort,
    from: Option<&Position>,
    limit: u32,
) -> QueryBuilder<Db> {
    let backwards = from.is_some_and(|from| from.before);
    let column = stored(sort.key.field()).column;
    let mut sql = QueryBuilder::<Db>::new("");
    // Where rows are ruled out, the ids come first, from an index alone if possible, and then their rows.
    let all = selection.is_everything();
    match path {
        AccessPath::IndexOrder if all => {
            sql.push(concat!("SELECT ", action_columns!()));
            selection.push_index_order(&mut sql, sort.key);
        }
        AccessPath::IndexOrder => {
            sql.push(concat!("SELECT ", action_columns!(), " FROM actions WHERE id IN (SELECT id"));
            selection.push_index_order(&mut sql, sort.key);
        }
        AccessPath::FetchAndSort(by) => {
            sql.push("WITH few AS MATERIALIZED (SELECT id, ").push(column);
            selection.push_fetch(&mut sql, by);
            sql.push(concat!(
                ") SELECT ",
                action_columns!(),
                " FROM actions WHERE id IN (SELECT id FROM few WHERE 1 = 1"
            ));
        }
    }
    if let Some(from) = from {
        let forward = sort.descending == backwards;
        sql.push(" AND (").push(column).push(", id) ").push(if forward { ">" } else { "<" }).push(" (");
        match &from.key {
            KeyValue::Text(key) => sql.push_bind(key.clone()),
            KeyValue::Time(at) => sql.push_bind(*at),
        };
        sql.push(", ").push_bind(from.id.to_string()).push(")");
    }
    push_order(&mut sql, sort, backwards);
    sql.push(" LIMIT ").push_bind(i64::from(limit));
    if !(all && path == AccessPath::IndexOrder) {
        sql.push(")");
        push_order(&mut sql, sort, backwards);
    }
    sql
}

pub(super) fn push_order(sql: &mut QueryBuilder<Db>, sort: Sort, backwards: bool) {
    let column = stored(sort.key.field()).column;
    let direction = if sort.descending == backwards { "ASC" } else { "DESC" };
    sql.push(format_args!(" ORDER BY {column} {direction}, id {direction}"));
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
    let selection = Selection::of(db, &RowScope::ALL, query, Timestamp::UNIX_EPOCH).await?;
    let path = selection.access_path(db).await?;
    let mut sql = statement(&selection, path, query.sort, from, 101);
    let text = sqlx::AssertSqlSafe(format!("{explain}{}", sql.sql().as_str()));
    let arguments = sql.build().take_arguments().map_err(super::corrupt)?.unwrap_or_default();
    let rows = sqlx::query_with(text, arguments).fetch_all(db).await?;
    rows.iter().map(|row| Ok(row.try_get(column)?)).collect()
}
