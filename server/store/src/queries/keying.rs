//! The columns that hold a row's keys, and rows whose keys an older program made.

use domain::Action;
use domain::actions::query::Field;
use sqlx::QueryBuilder;

use super::rows::{self, action_columns};
use super::{Connection, Db};
use crate::actions_fields::stored;
use crate::row_keys::Keys;
use crate::{Result, filter_bits};

/// Rows in one transaction.
pub(super) const BATCH: i64 = 500;
/// Rows between two lines of the log, about a minute on a slow machine.
pub(super) const LOG_EVERY: i64 = 200 * BATCH;

/// `, column = value` for the filter bits and every column that is written beside the row.
pub(super) fn push_keys(sql: &mut QueryBuilder<Db>, action: &Action) {
    let keys = Keys::of(action);
    sql.push(", filter_bits = ").push_bind(filter_bits::pack(action, &keys));
    for (column, value) in columns().zip(values(&keys)) {
        sql.push(", ").push(column).push(" = ").push_bind(value.to_owned());
    }
}

fn derived() -> impl Iterator<Item = Field> {
    Field::ALL.iter().copied().filter(|field| stored(*field).is_derived())
}

/// The columns that are written beside the row.
pub(super) fn columns() -> impl Iterator<Item = &'static str> {
    let others = ["similar_key", "identity_key", "identity_name", "search_text"];
    derived().map(|field| stored(field).column).chain(others)
}

/// What stands in these columns.
pub(super) fn values(keys: &Keys) -> impl Iterator<Item = &str> {
    let others = [&*keys.similar, &*keys.identity_key, &*keys.identity_name, &*keys.search_text];
    derived().map(|field| keys.text(field)).chain(others)
}

/// Gives keys to the rows that follow an id, one batch; returns the id of the last of them.
pub(super) async fn key_rows(db: &mut Connection, after: &str) -> Result<Option<String>> {
    let select = concat!("SELECT ", action_columns!(), " FROM actions WHERE id > $1 ORDER BY id LIMIT $2");
    let rows = sqlx::query(select).bind(after).bind(BATCH).fetch_all(&mut *db).await?;
    let mut last = None;
    for row in &rows {
        let action = rows::action(row)?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE actions SET urgency = urgency");
        push_keys(&mut sql, &action);
        sql.push(" WHERE id = ").push_bind(action.id.to_string());
        sql.build().execute(&mut *db).await?;
        last = Some(action.id.to_string());
    }
    Ok(last)
}
