//! Indexes and counts that are not kept while very many rows are written, and made anew after it.

use sqlx::{AssertSqlSafe, Pool};

use super::super::{begin, missing};
use super::metadata::set_metadata;
use super::{Connection, Db, corrupt, counts, json};
use crate::Result;

/// The marker that lists, as JSON, the statements that are still to be run.
const MISSING: &str = "missing_indexes";

pub(super) async fn suspend(writer: &Pool<Db>) -> Result<()> {
    let mut tx = begin(writer).await?;
    if !still_missing(&mut tx).await?.is_empty() {
        return Ok(());
    }
    let (drops, mut makes) = missing(&mut tx).await?;
    // Last, since then the indexes are there to count by.
    makes.extend(counts::recounting());
    for drop in drops {
        sqlx::query(AssertSqlSafe(drop)).execute(&mut *tx).await?;
    }
    set_metadata(&mut tx, MISSING, &json(&makes)?).await?;
    Ok(tx.commit().await?)
}

/// Each statement in a transaction of its own, with the list of those that are left: whoever is interrupted, or comes
/// second, goes on.
pub(super) async fn restore(writer: &Pool<Db>) -> Result<()> {
    loop {
        let mut tx = begin(writer).await?;
        let mut makes = still_missing(&mut tx).await?;
        if makes.is_empty() {
            return Ok(());
        }
        // A migration of a later version may have made it meanwhile, in a better form.
        let make = makes.remove(0).replacen("INDEX ", "INDEX IF NOT EXISTS ", 1);
        tracing::debug!(%make, "making anew");
        sqlx::query(AssertSqlSafe(make)).execute(&mut *tx).await?;
        set_metadata(&mut tx, MISSING, &json(&makes)?).await?;
        tx.commit().await?;
    }
}

async fn still_missing(db: &mut Connection) -> Result<Vec<String>> {
    let query = sqlx::query_scalar::<_, String>("SELECT value FROM markers WHERE name = $1");
    let list = query.bind(MISSING).fetch_optional(db).await?;
    list.map_or_else(|| Ok(Vec::new()), |list| serde_json::from_str(&list).map_err(corrupt))
}
