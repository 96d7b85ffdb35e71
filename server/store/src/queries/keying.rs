//! The columns that hold a row's keys, and rows whose keys an older program made.

use domain::Action;
use domain::actions::query::Field;
use sqlx::query_builder::Separated;
use sqlx::{QueryBuilder, Row as _};

use super::rows::{self, action_columns};
use super::{Connection, Db};
use crate::actions_fields::stored;
use crate::keys::{KeyValue, urgency};
use crate::row_keys::Keys;
use crate::{Result, filter_bits};

/// Rows in one transaction.
pub(super) const BATCH: i64 = 500;
/// Rows between two lines of the log, about a minute on a slow machine.
pub(super) const LOG_EVERY: i64 = 200 * BATCH;

/// A value that is written beside the row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Derived<'a> {
    Text(&'a str),
    Number(i64),
    OptionalNumber(Option<i64>),
}

impl Derived<'_> {
    /// Adds it to a row of values.
    pub(super) fn push(self, row: &mut Separated<'_, Db, &'static str>) {
        match self {
            Self::Text(text) => row.push_bind(text.to_owned()),
            Self::Number(number) => row.push_bind(number),
            Self::OptionalNumber(number) => row.push_bind(number),
        };
    }
}

/// `, column = value` for the filter bits and every column that is written beside the row.
pub(super) fn push_keys(sql: &mut QueryBuilder<Db>, action: &Action, keys: &Keys) {
    sql.push(", filter_bits = ").push_bind(filter_bits::pack(action, keys));
    for (column, value) in columns().zip(values(keys)) {
        sql.push(", ").push(column).push(" = ");
        match value {
            Derived::Text(text) => sql.push_bind(text.to_owned()),
            Derived::Number(number) => sql.push_bind(number),
            Derived::OptionalNumber(number) => sql.push_bind(number),
        };
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
pub(super) fn values(keys: &Keys) -> impl Iterator<Item = Derived<'_>> {
    let value = |field: Field| match keys.of_field(field) {
        KeyValue::Text(text) => Derived::Text(text),
        KeyValue::Number(number) => Derived::Number(*number),
        // No column beside the row holds ids.
        KeyValue::Id(_) => Derived::Text(""),
    };
    let others = [
        Derived::OptionalNumber(keys.similar),
        Derived::OptionalNumber(keys.identity_key),
        Derived::OptionalNumber(keys.identity_name),
        Derived::Text(&keys.search_text),
    ];
    derived().map(value).chain(others)
}

/// Gives keys to the rows that follow a number, one batch; returns the number of the last of them.
pub(super) async fn key_rows(db: &mut Connection, after: i64) -> Result<Option<i64>> {
    let select = concat!(
        "SELECT ",
        action_columns!(),
        ", number FROM actions WHERE number > $1 ORDER BY number LIMIT $2"
    );
    let rows = sqlx::query(select).bind(after).bind(BATCH).fetch_all(&mut *db).await?;
    let mut last = None;
    for row in &rows {
        let (action, number) = (rows::action(row)?, row.try_get("number")?);
        let mut sql = QueryBuilder::<Db>::new("UPDATE actions SET urgency = ");
        sql.push_bind(urgency(&action));
        push_keys(&mut sql, &action, &Keys::of(&action));
        sql.push(" WHERE number = ").push_bind(number);
        sql.build().execute(&mut *db).await?;
        last = Some(number);
    }
    Ok(last)
}
