//! The statements, for whichever database mounts this module: `super::Db` says which.
//!
//! Placeholders are `$1`, ids and JSON are TEXT, times are microseconds: one text serves both. No rule stands here.

mod actions;
mod audit;
mod buckets;
mod bulk;
mod commands;
mod counts;
mod decided;
mod export;
mod home;
mod indexes;
mod keying;
mod list;
mod people;
mod preferences;
mod rows;
mod select;
mod transaction;

use async_trait::async_trait;
use domain::actions::query::Counts;
use domain::actions::similar::Buckets;
use domain::bulk::Progress;
use domain::home::HomeView;
use domain::{
    Action, ActionId, ActionQuery, ActionType, BulkId, BulkItem, ItemState, LaneCounts, Permission,
    Preferences, RowScope, SavedView, UserId,
};
use jiff::Timestamp;
use sqlx::{Database, Pool};
use std::sync::atomic::{AtomicBool, Ordering};

use self::transaction::SqlTransaction;
use super::Db;
use crate::audit::Record;
use crate::changes::{Bells, Changes};
use crate::keys;
use crate::{
    Bulk, Credential, Followed, Leased, Position, Result, Rows, Store, StoreError, Transaction, User,
};

/// The marker that says which keys the rows have.
const KEYS: &str = "keys";

type Connection = <Db as Database>::Connection;

/// Reads through one pool, writes through another.
pub(crate) struct SqlStore {
    reader: Pool<Db>,
    writer: Pool<Db>,
    bells: Bells,
    /// Whether transactions keep the counts; not during a load, after which all are made anew.
    counting: AtomicBool,
}

impl SqlStore {
    pub(super) fn new(reader: Pool<Db>, writer: Pool<Db>, bells: Bells) -> Self {
        Self { reader, writer, bells, counting: AtomicBool::new(true) }
    }

    /// How the database would carry out a page, line by line.
    #[cfg(test)]
    pub(super) async fn plan(&self, query: &ActionQuery, from: Option<&Position>) -> Result<Vec<String>> {
        list::plan(&mut *self.reader.acquire().await?, query, from).await
    }

    /// Gives rows that another program wrote the keys of this one, and counts them.
    pub(super) async fn key_rows(&self) -> Result<()> {
        let version = keys::version();
        if self.marker(KEYS).await?.as_deref() == Some(&version) {
            return Ok(());
        }
        let mut last = Some(String::new());
        let mut keyed = 0;
        while let Some(after) = last {
            let mut tx = super::begin(&self.writer).await?;
            last = keying::key_rows(&mut tx, &after).await?;
            tx.commit().await?;
            if last.is_some() && keyed % keying::TOLD_EVERY == 0 {
                tracing::info!(keyed, "rows get the keys of this version, before anything else is done");
            }
            keyed += keying::BATCH;
        }
        let mut tx = self.begin_counting().await?;
        tx.recount().await?;
        tx.set_marker(KEYS, &version).await?;
        Box::new(tx).commit().await
    }

    async fn begin_counting(&self) -> Result<SqlTransaction> {
        let counting = self.counting.load(Ordering::Relaxed);
        Ok(SqlTransaction::new(super::begin(&self.writer).await?, counting, self.bells.clone()))
    }
}

/// A time as the database holds it.
fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

fn corrupt(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(corrupt)
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(self.begin_counting().await?))
    }

    fn changes(&self) -> Changes {
        self.bells.listen()
    }

    async fn page(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        from: Option<&Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Action>> {
        list::page(&mut *self.reader.acquire().await?, scope, query, from, limit, now).await
    }

    async fn export(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        into: &mut dyn Rows,
    ) -> Result<()> {
        export::export(&self.reader, scope, query, now, into).await
    }

    async fn counts(&self, scope: &RowScope, query: &ActionQuery, now: Timestamp) -> Result<Counts> {
        counts::counts(&mut *self.reader.acquire().await?, scope, query, now).await
    }

    async fn lane_counts(&self, scope: &RowScope) -> Result<LaneCounts> {
        counts::lane_counts(&mut *self.reader.acquire().await?, scope).await
    }

    async fn home(&self, scope: &RowScope, now: Timestamp) -> Result<HomeView> {
        home::home(&mut *self.reader.acquire().await?, scope, now).await
    }

    async fn buckets(&self, scope: &RowScope, query: &ActionQuery, now: Timestamp) -> Result<Buckets> {
        buckets::buckets(&mut *self.reader.acquire().await?, scope, query, now).await
    }

    async fn waiting_elsewhere(&self, scope: &RowScope, action: &Action, most: u32) -> Result<(u64, bool)> {
        buckets::waiting_elsewhere(&mut *self.reader.acquire().await?, scope, action, most).await
    }

    async fn action(&self, scope: &RowScope, id: ActionId) -> Result<Option<Action>> {
        actions::find(&mut *self.reader.acquire().await?, scope, id).await
    }

    async fn proposer(&self, id: ActionId) -> Result<Option<UserId>> {
        actions::proposer(&mut *self.reader.acquire().await?, id).await
    }

    async fn on_same_entity(&self, scope: &RowScope, action: &Action, limit: u32) -> Result<Vec<Action>> {
        actions::on_same_entity(&mut *self.reader.acquire().await?, scope, action, limit).await
    }

    async fn credential(
        &self,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Credential, Option<User>)>> {
        people::credential(&mut *self.reader.acquire().await?, secret_hash, now).await
    }

    async fn user(&self, name: &str) -> Result<Option<User>> {
        people::user(&mut *self.reader.acquire().await?, name).await
    }

    async fn holders(&self, permission: Permission) -> Result<Vec<(UserId, String)>> {
        people::holders(&mut *self.reader.acquire().await?, permission).await
    }

    async fn count_users(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(&self.reader).await?)
    }

    async fn marker(&self, name: &str) -> Result<Option<String>> {
        let query = sqlx::query_scalar("SELECT value FROM markers WHERE name = $1").bind(name);
        Ok(query.fetch_optional(&self.reader).await?)
    }

    async fn audit_after(&self, seq: i64, limit: u32) -> Result<Vec<Record>> {
        audit::after(&mut *self.reader.acquire().await?, seq, limit).await
    }

    async fn audit_head(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM audit").fetch_one(&self.reader).await?)
    }

    async fn follow(&self, seq: i64, limit: u32) -> Result<Vec<Followed>> {
        audit::follow(&mut *self.reader.acquire().await?, seq, limit).await
    }

    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<ActionId>> {
        let query = sqlx::query_scalar::<_, String>(
            "SELECT id FROM actions WHERE lane = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
        );
        let ids = query.bind(micros(now)).bind(i64::from(limit)).fetch_all(&self.reader).await?;
        ids.iter().map(|id| id.parse().map_err(corrupt)).collect()
    }

    async fn command_of(&self, action: ActionId) -> Result<Option<Leased>> {
        commands::of_action(&mut *self.reader.acquire().await?, action).await
    }

    async fn matching(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<ActionId>> {
        bulk::matching(&mut *self.reader.acquire().await?, scope, query, now, most).await
    }

    async fn same_file(
        &self,
        scope: &RowScope,
        action_type: ActionType,
        sha256: &str,
        most: u32,
    ) -> Result<Vec<ActionId>> {
        bulk::same_file(&mut *self.reader.acquire().await?, scope, action_type, sha256, most).await
    }

    async fn actions(&self, scope: &RowScope, ids: &[ActionId]) -> Result<Vec<(Action, Option<UserId>)>> {
        bulk::actions(&mut *self.reader.acquire().await?, scope, ids).await
    }

    async fn bulk(&self, owner: UserId, id: BulkId) -> Result<Option<Bulk>> {
        bulk::find(&mut *self.reader.acquire().await?, owner, id).await
    }

    async fn bulk_items(
        &self,
        id: BulkId,
        states: &[ItemState],
        after: i64,
        limit: u32,
    ) -> Result<Vec<BulkItem>> {
        bulk::items(&mut *self.reader.acquire().await?, id, states, after, limit).await
    }

    async fn bulk_progress(&self, id: BulkId) -> Result<Progress> {
        bulk::progress(&mut *self.reader.acquire().await?, id).await
    }

    async fn bulk_actions(&self, id: BulkId, states: &[ItemState]) -> Result<Vec<ActionId>> {
        bulk::actions_of(&mut *self.reader.acquire().await?, id, states).await
    }

    async fn bulk_is_running(&self) -> Result<bool> {
        bulk::is_running(&mut *self.reader.acquire().await?).await
    }

    async fn preferences(&self, user: UserId) -> Result<Preferences> {
        preferences::load(&mut *self.reader.acquire().await?, user).await
    }

    async fn saved_views(&self, user: UserId) -> Result<Vec<SavedView>> {
        preferences::views(&mut *self.reader.acquire().await?, user).await
    }

    async fn suspend_indexes(&self) -> Result<()> {
        self.counting.store(false, Ordering::Relaxed);
        super::prepare_load(&self.writer, true).await?;
        indexes::suspend(&self.writer).await
    }

    async fn restore_indexes(&self) -> Result<()> {
        indexes::restore(&self.writer).await?;
        if !self.counting.swap(true, Ordering::Relaxed) {
            super::prepare_load(&self.writer, false).await?;
        }
        Ok(())
    }

    async fn ping(&self) -> Result<()> {
        let _: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM markers").fetch_one(&self.reader).await?;
        Ok(())
    }

    async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}
