//! Buckets: how many of a list's most urgent rows are similar, folded by the key that they share.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::actions::query::{Sort, SortKey};
use domain::{Action, ActionQuery, Bucket, Buckets, Lane, RowScope};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::SqlStore;
use super::list::push_order;
use super::rows::{self, action_columns};
use super::scope::push_scope;
use super::select::{AccessPath, Selection};
use super::{Connection, Db, corrupt};
use crate::ReadSimilar;
use crate::Result;
use crate::keys::{asset, similar};

#[async_trait]
impl ReadSimilar for SqlStore {
    async fn buckets(&self, scope: &RowScope, query: &ActionQuery, now: Timestamp) -> Result<Buckets> {
        buckets(&mut *self.reader.acquire().await?, scope, query, now).await
    }

    async fn waiting_elsewhere(&self, scope: &RowScope, action: &Action, most: u32) -> Result<(u64, bool)> {
        waiting_elsewhere(&mut *self.reader.acquire().await?, scope, action, most).await
    }
}

pub(super) async fn buckets(
    db: &mut Connection,
    scope: &RowScope,
    query: &ActionQuery,
    now: Timestamp,
) -> Result<Buckets> {
    let selection = Selection::of(db, scope, query, now).await?;
    let path = selection.access_path(db, SortKey::Urgency).await?;
    let folded = statement(&selection, path).build().fetch_all(&mut *db).await?;
    let looked_at = folded.first().map(|row| row.try_get::<i64, _>("looked_at")).transpose()?;
    let early = count(looked_at.unwrap_or_default())? >= Buckets::MAX_ACTIONS;
    // One row without an example says that nothing is similar.
    let mut folds = folded.iter().map(fold).filter_map(Result::transpose).collect::<Result<Vec<_>>>()?;
    let more = early || folds.len() > Buckets::MOST;
    folds.truncate(Buckets::MOST);
    let mut examples = examples(db, &folds).await?;
    let buckets = folds.into_iter().filter_map(|fold| {
        // Not one that was changed after it was counted.
        let action = examples.remove(&fold.example).filter(|action| similar(action) == Some(fold.key))?;
        Some(Bucket {
            action_type: action.action_type,
            by: action.similarity()?,
            example: action.id,
            title: action.bucket_title(),
            count: fold.count,
            more: early,
            oldest: fold.oldest,
            newest: fold.newest,
            assets: fold.assets,
            // In the order of urgency the severity comes first.
            severity: action.severity,
        })
    });
    Ok(Buckets { buckets: buckets.collect(), more, rendered_at: now })
}

/// On how many other assets a similar action waits. The index of similar rows finds them.
pub(super) async fn waiting_elsewhere(
    db: &mut Connection,
    scope: &RowScope,
    action: &Action,
    most: u32,
) -> Result<(u64, bool)> {
    let Some(shared) = similar(action) else { return Ok((0, false)) };
    let mut sql = QueryBuilder::<Db>::new(
        "SELECT COUNT(DISTINCT asset_key) AS assets, COUNT(*) AS looked_at FROM (
             SELECT asset_key FROM actions WHERE lane = 0 AND similar_key = ",
    );
    sql.push_bind(shared).push(" AND asset_key <> ").push_bind(asset(&action.asset.name));
    push_scope(&mut sql, scope);
    sql.push(" LIMIT ").push_bind(i64::from(most)).push(") AS alike");
    let row = sql.build().fetch_one(db).await?;
    Ok((count(row.try_get("assets")?)?, row.try_get::<i64, _>("looked_at")? >= i64::from(most)))
}

/// The greatest buckets, one more than are shown; at least one row, which says how many rows were looked at.
fn statement(selection: &Selection, path: AccessPath) -> QueryBuilder<Db> {
    let mut sql = QueryBuilder::<Db>::new(
        "WITH found AS MATERIALIZED (SELECT similar_key, urgency, number, asset_key, proposed_at",
    );
    match path {
        AccessPath::IndexOrder => selection.push_index_order(&mut sql, SortKey::Urgency),
        AccessPath::OrderAmongMatches => selection.push_order_among_matches(&mut sql, SortKey::Urgency),
        AccessPath::FetchAndSort(by) => selection.push_fetch(&mut sql, by),
    }
    push_order(&mut sql, Sort::of(Lane::Pending), false);
    sql.push(format_args!(
        " LIMIT {}) SELECT looked_at, similar_key, n, assets, oldest, newest, example
         FROM (SELECT COUNT(*) AS looked_at FROM found) AS all_found
         LEFT JOIN (
             SELECT similar_key, COUNT(*) AS n, COUNT(DISTINCT asset_key) AS assets, MIN(proposed_at) AS oldest,
                 MAX(proposed_at) AS newest,
                 MIN(CAST({SAME_LENGTH} + urgency AS TEXT) || ' ' || CAST({SAME_LENGTH} + number AS TEXT))
                     AS example
             FROM found WHERE similar_key IS NOT NULL GROUP BY similar_key HAVING COUNT(*) >= {}
             ORDER BY n DESC, example LIMIT {}
         ) AS folded ON 1 = 1
         ORDER BY n DESC, example",
        Buckets::MAX_ACTIONS,
        Buckets::LEAST_ACTIONS,
        Buckets::MOST + 1,
    ));
    sql
}

/// Added to an urgency or a number it gives nineteen digits, which are compared as texts.
const SAME_LENGTH: i64 = 1_000_000_000_000_000_000;

/// A bucket without the words for it.
struct Fold {
    key: i64,
    /// The number of its row.
    example: i64,
    count: u64,
    assets: u64,
    oldest: Timestamp,
    newest: Timestamp,
}

fn fold(row: &rows::Row) -> Result<Option<Fold>> {
    let Some(example) = row.try_get::<Option<&str>, _>("example")? else { return Ok(None) };
    let (_, number) = example.rsplit_once(' ').unwrap_or_default();
    let number: i64 = number.parse().map_err(corrupt)?;
    let time = |column: &str| Timestamp::from_microsecond(row.try_get(column)?).map_err(corrupt);
    Ok(Some(Fold {
        key: row.try_get("similar_key")?,
        example: number - SAME_LENGTH,
        count: count(row.try_get("n")?)?,
        assets: count(row.try_get("assets")?)?,
        oldest: time("oldest")?,
        newest: time("newest")?,
    }))
}

fn count(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(corrupt)
}

/// The scope showed them when they were counted.
async fn examples(db: &mut Connection, folds: &[Fold]) -> Result<HashMap<i64, Action>> {
    if folds.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = QueryBuilder::<Db>::new(concat!(
        "SELECT ",
        action_columns!(),
        ", number FROM actions WHERE number IN ("
    ));
    let mut ids = sql.separated(", ");
    for fold in folds {
        ids.push_bind(fold.example);
    }
    sql.push(")");
    let rows = sql.build().fetch_all(db).await?;
    rows.iter().map(|row| Ok((row.try_get("number")?, rows::action(row)?))).collect()
}
