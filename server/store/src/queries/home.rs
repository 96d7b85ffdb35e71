//! The home page. What its numbers count are lists, asked for as the lists are, so that a number and the list behind
//! it can't disagree; decisions come from the table that keeps them by day.

use async_trait::async_trait;
use domain::actions::query::{Filter, Period, Sort, SortKey};
use domain::home::{DAYS, HomeView, Number, SLOW_MINUTES, Waiting};
use domain::list::Moment;
use domain::{ActionQuery, AssetKind, Lane, RowScope, Severity, Status};
use jiff::{SignedDuration, Timestamp};
use sqlx::{QueryBuilder, Row as _};

use super::super::push_index;
use super::SqlStore;
use super::scope::push_scope;
use super::{Connection, Db, corrupt, counts, decided, investigations, list, rows, rule_counts};
use crate::ReadHome;
use crate::Result;

#[async_trait]
impl ReadHome for SqlStore {
    async fn home(&self, scope: &RowScope, now: Timestamp) -> Result<HomeView> {
        home(&mut *self.reader.acquire().await?, scope, now).await
    }
}

/// Actions that the page names of those that expire next.
const EXPIRING: u32 = 5;

pub(super) async fn home(db: &mut Connection, scope: &RowScope, now: Timestamp) -> Result<HomeView> {
    let mut waiting = Vec::new();
    for &severity in Severity::ALL {
        let filter = Filter { severity: [severity].into(), ..Filter::default() };
        waiting.push((severity, number(db, scope, Lane::Pending, filter, now).await?));
    }
    let unknown = Filter { status: [Status::Unknown].into(), ..Filter::default() };
    let slow = Filter {
        status: [Status::Queued, Status::InProgress].into(),
        to: now.checked_sub(SignedDuration::from_mins(SLOW_MINUTES)).ok().map(Moment::At),
        ..Filter::default()
    };
    let failed = Filter {
        status: [Status::Failed, Status::TimedOut].into(),
        period: Some(Period::Day),
        ..Filter::default()
    };
    // They tell of rows outside of a scope.
    let noisiest = if scope.is_all() {
        rule_counts::noisiest(db, i64::try_from(DAYS).map_err(corrupt)?, now).await?
    } else {
        Vec::new()
    };
    let (days, median_week, median_month) =
        if scope.is_all() { decided::load(db, now).await? } else { (decided::empty(now)?, None, None) };
    Ok(HomeView {
        waiting,
        affected: affected(db, scope).await?,
        oldest: first(db, scope, SortKey::Proposed, 1, now).await?.pop(),
        expiring: first(db, scope, SortKey::Expires, EXPIRING, now).await?,
        days,
        median_week,
        median_month,
        unknown: number(db, scope, Lane::InProgress, unknown, now).await?,
        slow: number(db, scope, Lane::InProgress, slow, now).await?,
        failed: number(db, scope, Lane::History, failed, now).await?,
        investigations: investigations::by_state(db, scope).await?,
        noisiest,
        rendered_at: now,
    })
}

async fn number(
    db: &mut Connection,
    scope: &RowScope,
    lane: Lane,
    filter: Filter,
    now: Timestamp,
) -> Result<Number> {
    let query = ActionQuery { filter, ..ActionQuery::of(lane) };
    let (count, more) = counts::matches(db, scope, &query, now).await?;
    Ok(Number::of(&query, u64::try_from(count).map_err(corrupt)?, more))
}

/// The first of what waits.
async fn first(
    db: &mut Connection,
    scope: &RowScope,
    key: SortKey,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Waiting>> {
    let query = ActionQuery { sort: Sort { key, descending: false }, ..ActionQuery::of(Lane::Pending) };
    let actions = list::page(db, scope, &query, None, limit, now).await?;
    Ok(actions.iter().map(Waiting::from).collect())
}

/// Different assets of what waits, from an index that holds nothing else.
async fn affected(db: &mut Connection, scope: &RowScope) -> Result<Vec<(AssetKind, u64)>> {
    let mut sql = QueryBuilder::<Db>::new(
        "SELECT asset_kind, COUNT(*) AS n FROM (SELECT DISTINCT asset_kind, asset_key FROM actions",
    );
    push_index(&mut sql, "actions_by_waiting_asset");
    sql.push(" WHERE lane = 0");
    push_scope(&mut sql, scope);
    sql.push(") AS assets GROUP BY asset_kind");
    let mut affected = Vec::new();
    for row in sql.build().fetch_all(db).await? {
        let kind: AssetKind = rows::numbered(&row, "asset_kind")?;
        affected.push((kind, u64::try_from(row.try_get::<i64, _>("n")?).map_err(corrupt)?));
    }
    affected.sort_unstable();
    Ok(affected)
}
