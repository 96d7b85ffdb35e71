//! Statements on plans and jobs of many, and on which actions are meant.

use async_trait::async_trait;
use domain::access::Check;
use domain::actions::query::Undoable;
use domain::bulk::{ActionLine, Execution, Progress};
use domain::{
    Action, ActionId, ActionQuery, ApprovalId, Authorized, BulkId, BulkItem, BulkVerb, CredentialId,
    ItemState, Lane, Purpose, RowScope, Seen, UserId,
};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::super::push_index;
use super::SqlStore;
use super::actions::find_all;
use super::bulk_execution::{execution, having_come_to, ids};
use super::guard::push_check;
use super::list::push_order;
use super::rows::{self, Row};
use super::scope::push_scope;
use super::select::{AccessPath, Selection};
use super::transaction::SqlTransaction;
use super::{Connection, Db, corrupt, json, micros};
use crate::keys::similar;
use crate::vocabulary::number;
use crate::{Bulk, BulkStart, DecidedState, NewBulkItem, Result, Step, StepItem};
use crate::{ReadBulk, ReadTargets, SystemBulk, WriteBulk};

#[async_trait]
impl ReadTargets for SqlStore {
    async fn matching(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<ActionId>> {
        matching(&mut *self.reader.acquire().await?, scope, query, now, most).await
    }

    async fn same_file(&self, scope: &RowScope, action: &Action, most: u32) -> Result<Vec<ActionId>> {
        same_file(&mut *self.reader.acquire().await?, scope, action, most).await
    }

    async fn actions(&self, scope: &RowScope, ids: &[ActionId]) -> Result<Vec<(Action, Option<UserId>)>> {
        find_all(&mut *self.reader.acquire().await?, scope, ids).await
    }
}

#[async_trait]
impl ReadBulk for SqlStore {
    async fn bulk(&self, owner: UserId, id: BulkId) -> Result<Option<Bulk>> {
        find(&mut *self.reader.acquire().await?, owner, id).await
    }

    async fn bulk_items(
        &self,
        scope: &RowScope,
        id: BulkId,
        states: &[ItemState],
        after: i64,
        limit: u32,
    ) -> Result<Vec<BulkItem>> {
        items(&mut *self.reader.acquire().await?, scope, (id, states), after, limit).await
    }

    async fn bulk_progress(&self, id: BulkId) -> Result<Progress> {
        progress(&mut *self.reader.acquire().await?, id).await
    }

    async fn bulk_execution(&self, id: BulkId, verb: BulkVerb) -> Result<Execution> {
        execution(&mut *self.reader.acquire().await?, id, verb).await
    }

    async fn bulk_decided(
        &self,
        id: BulkId,
        verb: BulkVerb,
        state: DecidedState,
        limit: u32,
    ) -> Result<Vec<ActionId>> {
        having_come_to(&mut *self.reader.acquire().await?, (id, verb), state, limit).await
    }

    async fn bulk_actions(&self, id: BulkId, states: &[ItemState]) -> Result<Vec<ActionId>> {
        actions_of(&mut *self.reader.acquire().await?, id, states).await
    }

    async fn bulk_is_running(&self) -> Result<bool> {
        is_running(&mut *self.reader.acquire().await?).await
    }
}

#[async_trait]
impl WriteBulk for SqlTransaction {
    async fn insert_bulk(&mut self, by: &Authorized, bulk: &Bulk, items: &[NewBulkItem]) -> Result<()> {
        by.allow(Purpose::Plan)?;
        insert(&mut self.tx, bulk, items).await
    }

    async fn forget_plans(&mut self, by: &Authorized, before: Timestamp) -> Result<()> {
        by.allow(Purpose::Plan)?;
        forget(&mut self.tx, before).await?;
        match by.check().and_then(|check| check.person) {
            Some(owner) => forget_many(&mut self.tx, owner).await,
            None => Ok(()),
        }
    }

    async fn start_bulk(&mut self, by: &Authorized, id: BulkId, start: &BulkStart) -> Result<bool> {
        by.allow(Purpose::Plan)?;
        match by.check() {
            Some(check) => self::start(&mut self.tx, by, check, id, start).await,
            None => Ok(false),
        }
    }
}

#[async_trait]
impl SystemBulk for SqlTransaction {
    async fn step_bulk(&mut self, now: Timestamp, most: u32) -> Result<Option<Step>> {
        step(&mut self.tx, now, most).await
    }

    async fn settle_items(
        &mut self,
        id: BulkId,
        state: ItemState,
        detail: Option<&str>,
        positions: &[i64],
    ) -> Result<()> {
        settle(&mut self.tx, id, state, detail, positions).await
    }

    async fn end_bulk(&mut self, id: BulkId, now: Timestamp) -> Result<()> {
        end(&mut self.tx, id, now).await
    }
}

/// Rows or ids in one statement.
const ROWS: usize = 500;

/// The ids of a list, in its order, up to `most`.
pub(super) async fn matching(
    db: &mut Connection,
    scope: &RowScope,
    query: &ActionQuery,
    now: Timestamp,
    most: u32,
) -> Result<Vec<ActionId>> {
    let selection = Selection::of(db, scope, query, now).await?;
    let mut sql = QueryBuilder::<Db>::new("SELECT id");
    match selection.access_path(db, query.sort.key).await? {
        AccessPath::IndexOrder => selection.push_index_order(&mut sql, query.sort.key),
        AccessPath::OrderAmongMatches => selection.push_order_among_matches(&mut sql, query.sort.key),
        AccessPath::FetchAndSort(by) => selection.push_fetch(&mut sql, by),
    }
    push_order(&mut sql, query.sort, false);
    sql.push(" LIMIT ").push_bind(i64::from(most));
    ids(sql, db).await
}

/// The ids of what can be undone and did the same to the same file, up to `most`.
pub(super) async fn same_file(
    db: &mut Connection,
    scope: &RowScope,
    action: &Action,
    most: u32,
) -> Result<Vec<ActionId>> {
    let Some(shared) = similar(action) else { return Ok(Vec::new()) };
    let mut sql = QueryBuilder::<Db>::new("SELECT id FROM actions");
    push_index(&mut sql, "actions_by_similarity");
    sql.push(" WHERE lane = ")
        .push(number(Lane::History).to_string())
        .push(" AND similar_key = ")
        .push_bind(shared);
    sql.push(" AND undoable = ").push_bind(number(Undoable::Yes));
    push_scope(&mut sql, scope);
    sql.push(" ORDER BY id LIMIT ").push_bind(i64::from(most));
    ids(sql, db).await
}

pub(super) async fn insert(db: &mut Connection, bulk: &Bulk, items: &[NewBulkItem]) -> Result<()> {
    sqlx::query(
        "INSERT INTO bulks (id, owner, verb, retries, preview, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(bulk.id.to_string())
    .bind(bulk.owner.to_string())
    .bind(if bulk.verb == BulkVerb::Retry { BulkVerb::Approve } else { bulk.verb }.as_str())
    .bind(bulk.verb == BulkVerb::Retry)
    .bind(json(&bulk.preview)?)
    .bind(micros(bulk.created_at))
    .bind(micros(bulk.expires_at))
    .execute(&mut *db)
    .await?;
    let id = bulk.id.to_string();
    for (chunk, items) in items.chunks(ROWS).enumerate() {
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO bulk_items (bulk_id, position, action_id, version, digest, state, detail) ",
        );
        let first = i64::try_from(chunk * ROWS + 1).map_err(corrupt)?;
        sql.push_values((first..).zip(items), |mut row, (position, item)| {
            row.push_bind(&id).push_bind(position).push_bind(Uuid::from(item.action));
            row.push_bind(item.seen.expected_version).push_bind(&item.seen.digest);
            row.push_bind(item.state().as_str()).push_bind(&item.left_out);
        });
        sql.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// Takes away the plans that could no longer be started at that time.
pub(super) async fn forget(db: &mut Connection, before: Timestamp) -> Result<()> {
    for statement in [
        "DELETE FROM bulk_items WHERE bulk_id IN
             (SELECT id FROM bulks WHERE started_at IS NULL AND expires_at < $1)",
        "DELETE FROM bulks WHERE started_at IS NULL AND expires_at < $1",
    ] {
        sqlx::query(statement).bind(micros(before)).execute(&mut *db).await?;
    }
    Ok(())
}

/// Plans of one person that wait for a start; of more, the oldest are forgotten.
const MAX_PLANS: i64 = 30;

async fn forget_many(db: &mut Connection, owner: UserId) -> Result<()> {
    for statement in [
        "DELETE FROM bulk_items WHERE bulk_id IN
             (SELECT id FROM bulks WHERE started_at IS NULL AND owner = $1 ORDER BY created_at DESC, id LIMIT 1000 OFFSET $2)",
        "DELETE FROM bulks WHERE id IN
             (SELECT id FROM bulks WHERE started_at IS NULL AND owner = $1 ORDER BY created_at DESC, id LIMIT 1000 OFFSET $2)",
    ] {
        sqlx::query(statement).bind(owner.to_string()).bind(MAX_PLANS).execute(&mut *db).await?;
    }
    Ok(())
}

/// Of that owner only.
pub(super) async fn find(db: &mut Connection, owner: UserId, id: BulkId) -> Result<Option<Bulk>> {
    let query = sqlx::query(
        "SELECT id, owner, verb, retries, preview, created_at, expires_at, started_at, reason, approval_id, ended_at
         FROM bulks WHERE id = $1 AND owner = $2",
    );
    let row = query.bind(id.to_string()).bind(owner.to_string()).fetch_optional(db).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Bulk> {
    let start = match rows::optional_time(row, "started_at")? {
        None => None,
        Some(at) => Some(BulkStart {
            at,
            reason: row.try_get("reason")?,
            approval_id: rows::word(row, "approval_id")?,
            ended_at: rows::optional_time(row, "ended_at")?,
        }),
    };
    Ok(Bulk {
        id: rows::word(row, "id")?,
        owner: rows::word(row, "owner")?,
        verb: verb(row)?,
        preview: rows::json(row, "preview")?,
        created_at: rows::time(row, "created_at")?,
        expires_at: rows::time(row, "expires_at")?,
        start,
    })
}

/// What is done to each. A retry is stored as the approval that it carries out once more.
fn verb(row: &Row) -> Result<BulkVerb> {
    if row.try_get("retries")? { Ok(BulkVerb::Retry) } else { rows::word(row, "verb") }
}

/// A page of items in one of these states, after a position.
pub(super) async fn items(
    db: &mut Connection,
    scope: &RowScope,
    (id, states): (BulkId, &[ItemState]),
    after: i64,
    limit: u32,
) -> Result<Vec<BulkItem>> {
    let mut sql = QueryBuilder::<Db>::new(
        "SELECT i.position, i.action_id, i.state, i.detail, a.type, a.entity_title, a.asset_name,
                a.decision, a.status, a.undo
         FROM bulk_items i JOIN actions a ON a.id = i.action_id WHERE i.bulk_id = ",
    );
    sql.push_bind(id.to_string()).push(" AND i.position > ").push_bind(after).push(" AND i.state IN (");
    let mut list = sql.separated(", ");
    for state in states {
        list.push_bind(state.as_str());
    }
    sql.push(")");
    push_scope(&mut sql, scope);
    sql.push(" ORDER BY i.position LIMIT ").push_bind(i64::from(limit));
    let rows = sql.build().fetch_all(db).await?;
    rows.iter().map(item).collect()
}

fn item(row: &Row) -> Result<BulkItem> {
    Ok(BulkItem {
        position: row.try_get("position")?,
        action: ActionLine {
            id: rows::id(row, "action_id")?,
            action_type: rows::numbered(row, "type")?,
            entity: row.try_get("entity_title")?,
            asset: row.try_get("asset_name")?,
        },
        state: rows::word(row, "state")?,
        decision: rows::numbered(row, "decision")?,
        status: rows::numbered(row, "status")?,
        undo: rows::numbered(row, "undo")?,
        detail: row.try_get("detail")?,
    })
}

pub(super) async fn progress(db: &mut Connection, id: BulkId) -> Result<Progress> {
    let query = sqlx::query("SELECT state, COUNT(*) AS n FROM bulk_items WHERE bulk_id = $1 GROUP BY state");
    let mut progress = Progress::default();
    for row in query.bind(id.to_string()).fetch_all(db).await? {
        let count: i64 = row.try_get("n")?;
        *progress.of(rows::word(&row, "state")?) = usize::try_from(count).map_err(corrupt)?;
    }
    Ok(progress)
}

/// The actions of the items in one of these states.
pub(super) async fn actions_of(
    db: &mut Connection,
    id: BulkId,
    states: &[ItemState],
) -> Result<Vec<ActionId>> {
    let mut sql = QueryBuilder::<Db>::new("SELECT action_id FROM bulk_items WHERE bulk_id = ");
    sql.push_bind(id.to_string()).push(" AND state IN (");
    let mut list = sql.separated(", ");
    for state in states {
        list.push_bind(state.as_str());
    }
    sql.push(") ORDER BY position");
    ids(sql, db).await
}

/// False if there is no such plan of that owner, or it was started before, or its time is over.
pub(super) async fn start(
    db: &mut Connection,
    by: &Authorized,
    check: &Check,
    id: BulkId,
    start: &BulkStart,
) -> Result<bool> {
    let Some(owner) = check.person else { return Ok(false) };
    let at = micros(start.at);
    let mut sql = QueryBuilder::<Db>::new("UPDATE bulks SET started_at = ");
    sql.push_bind(at).push(", stepped_at = ").push_bind(at);
    sql.push(", credential_id = ").push_bind(check.credential.to_string());
    sql.push(", reason = ").push_bind(&start.reason);
    sql.push(", approval_id = ").push_bind(start.approval_id.to_string());
    sql.push(" WHERE id = ").push_bind(id.to_string()).push(" AND owner = ").push_bind(owner.to_string());
    sql.push(" AND started_at IS NULL AND expires_at > ").push_bind(at);
    push_check(&mut sql, by, at);
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

/// Whether any job has more to do.
pub(super) async fn is_running(db: &mut Connection) -> Result<bool> {
    let query = sqlx::query("SELECT id FROM bulks WHERE started_at IS NOT NULL AND ended_at IS NULL LIMIT 1");
    Ok(query.fetch_optional(db).await?.is_some())
}

/// The job whose turn it is, and its next items.
pub(super) async fn step(db: &mut Connection, now: Timestamp, most: u32) -> Result<Option<Step>> {
    let query = sqlx::query(
        "UPDATE bulks SET stepped_at = $1 WHERE id = (
             SELECT id FROM bulks WHERE started_at IS NOT NULL AND ended_at IS NULL
             ORDER BY stepped_at, id LIMIT 1)
         RETURNING id, verb, retries, credential_id, reason, approval_id, preview",
    );
    let Some(row) = query.bind(micros(now)).fetch_optional(&mut *db).await? else { return Ok(None) };
    let id: BulkId = rows::word(&row, "id")?;
    let query = sqlx::query(
        "SELECT position, action_id, version, digest FROM bulk_items
         WHERE bulk_id = $1 AND state = 'waiting' ORDER BY position LIMIT $2",
    );
    let items = query.bind(id.to_string()).bind(i64::from(most)).fetch_all(db).await?;
    let credential: CredentialId = rows::word(&row, "credential_id")?;
    let approval_id: ApprovalId = rows::word(&row, "approval_id")?;
    let items = items.iter().map(step_item).collect::<Result<_>>()?;
    let (reason, preview) = (row.try_get("reason")?, rows::json(&row, "preview")?);
    Ok(Some(Step { id, verb: verb(&row)?, credential, reason, approval_id, preview, items }))
}

fn step_item(row: &Row) -> Result<StepItem> {
    Ok(StepItem {
        position: row.try_get("position")?,
        action: rows::id(row, "action_id")?,
        seen: Seen { expected_version: row.try_get("version")?, digest: row.try_get("digest")? },
    })
}

pub(super) async fn settle(
    db: &mut Connection,
    id: BulkId,
    state: ItemState,
    detail: Option<&str>,
    positions: &[i64],
) -> Result<()> {
    let mut sql = QueryBuilder::<Db>::new("UPDATE bulk_items SET state = ");
    sql.push_bind(state.as_str()).push(", detail = ").push_bind(detail);
    sql.push(" WHERE state = 'waiting' AND bulk_id = ").push_bind(id.to_string());
    sql.push(" AND position IN (");
    let mut list = sql.separated(", ");
    for position in positions {
        list.push_bind(*position);
    }
    sql.push(")");
    sql.build().execute(db).await?;
    Ok(())
}

pub(super) async fn end(db: &mut Connection, id: BulkId, now: Timestamp) -> Result<()> {
    let query = sqlx::query("UPDATE bulks SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL");
    query.bind(id.to_string()).bind(micros(now)).execute(db).await?;
    Ok(())
}
