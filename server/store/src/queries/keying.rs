//! The columns that hold a row's keys, and rows whose keys an older program made.

use domain::Action;
use sqlx::QueryBuilder;

use super::rows::{self, action_columns};
use super::{Connection, Db};
use crate::Result;
use crate::keys::Keys;
use crate::traits;

/// Rows in one transaction.
pub(super) const BATCH: i64 = 500;
/// Rows between two lines of the log, about a minute on a slow machine.
pub(super) const TOLD_EVERY: i64 = 200 * BATCH;

/// `, column = value` for every key but the urgency, and for the traits.
pub(super) fn push_keys(sql: &mut QueryBuilder<Db>, action: &Action) {
    let keys = Keys::of(action);
    sql.push(", traits = ").push_bind(traits::of(action, &keys));
    for (column, value) in COLUMNS.iter().zip(values(&keys)) {
        sql.push(", ").push(*column).push(" = ").push_bind(value.to_owned());
    }
}

/// The columns of every key but the urgency.
pub(super) const COLUMNS: [&str; 13] = [
    "severity_key",
    "entity_key",
    "asset_key",
    "investigation_key",
    "incident_key",
    "approval_key",
    "decided_by_key",
    "proposed_by_key",
    "device_group_key",
    "technique_key",
    "undoable",
    "similar_key",
    "search_text",
];

/// What stands in these columns.
pub(super) fn values(keys: &Keys) -> [&str; 13] {
    [
        keys.severity,
        &keys.entity,
        &keys.asset,
        &keys.investigation,
        &keys.incident,
        &keys.approval,
        &keys.decided_by,
        &keys.proposed_by,
        &keys.device_group,
        &keys.technique,
        keys.undoable.as_str(),
        &keys.similar,
        &keys.search_text,
    ]
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
