//! What was found and the alert, which stand apart from the row: only details show them.

use domain::Action;
use sqlx::QueryBuilder;

use super::{Connection, Db, json};
use crate::Result;

/// Rows in one statement.
const ROWS: usize = 50;

/// The JSON of what was found, and of the alert.
pub(super) type Found = (String, Option<String>);

/// What was found and the alert as they are stored, if there is either.
pub(super) fn of(action: &Action) -> Result<Option<Found>> {
    if action.evidence.is_empty() && action.alert.is_none() {
        return Ok(None);
    }
    Ok(Some((json(&action.evidence)?, action.alert.as_ref().map(json).transpose()?)))
}

/// Adds what was found to rows by their numbers.
pub(super) async fn insert(db: &mut Connection, found: &[(i64, Found)]) -> Result<()> {
    for found in found.chunks(ROWS) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO evidence (number, evidence, alert) ");
        query.push_values(found, |mut row, (number, (evidence, alert))| {
            row.push_bind(*number).push_bind(evidence).push_bind(alert);
        });
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// Puts what was found in the place of what was before.
pub(super) async fn replace(db: &mut Connection, number: i64, action: &Action) -> Result<()> {
    sqlx::query("DELETE FROM evidence WHERE number = $1").bind(number).execute(&mut *db).await?;
    match of(action)? {
        Some(found) => insert(db, &[(number, found)]).await,
        None => Ok(()),
    }
}
