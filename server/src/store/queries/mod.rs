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

use app::domain::bulk::Progress;
use app::domain::home::HomeView;
use app::domain::query::Counts;
use app::domain::similar::Buckets;
use app::domain::{
    Action, ActionId, ActionQuery, ActionType, Authorized, BulkId, BulkItem, CommandId, CredentialId,
    ItemState, LaneCounts, Permission, Preference, Preferences, Role, RowScope, SavedView, Source, UserId,
    ViewId,
};
use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Database, Pool};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Db;
use crate::audit::Record;
use crate::store::changes::{Bells, Changes, News};
use crate::store::keys;
use crate::store::{
    AuditEntry, Bulk, BulkStart, Credential, Followed, Guard, KeyState, Leased, NewBulkItem, Position,
    Result, Rows, Step, Store, StoreError, Transaction, User,
};

/// The marker that says which keys the rows have.
const KEYS: &str = "keys";

type Connection = <Db as Database>::Connection;

/// Reads through one pool, writes through another.
pub(in crate::store) struct SqlStore {
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
        while let Some(after) = last {
            let mut tx = super::begin(&self.writer).await?;
            last = keying::key_rows(&mut tx, &after).await?;
            tx.commit().await?;
        }
        let mut tx = self.begin_counting().await?;
        for count in counts::recounting() {
            sqlx::query(AssertSqlSafe(count)).execute(&mut *tx.tx).await?;
        }
        tx.set_marker(KEYS, &version).await?;
        Box::new(tx).commit().await
    }

    async fn begin_counting(&self) -> Result<SqlTransaction> {
        let tx = super::begin(&self.writer).await?;
        Ok(SqlTransaction {
            tx,
            news: News::default(),
            counts: self.counting.load(Ordering::Relaxed).then(counts::Changes::default),
            records: audit::Tail::default(),
            bells: self.bells.clone(),
            part: None,
        })
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

/// A writing transaction with what a commit of it tells others; dropped without commit, it is rolled back.
struct SqlTransaction {
    tx: sqlx::Transaction<'static, Db>,
    news: News,
    counts: Option<counts::Changes>,
    records: audit::Tail,
    bells: Bells,
    part: Option<Part>,
}

/// What was in memory before a part of a transaction that may be taken back alone.
struct Part {
    /// Of the part itself they are counted anew, and joined when it is kept.
    counts: Option<counts::Changes>,
    records: audit::Mark,
    news: News,
}

impl SqlTransaction {
    /// The version that both writes name makes sure that the row was as `before` says.
    fn changed(&mut self, written: bool, before: &Action, after: &Action) -> Result<bool> {
        if written {
            self.note(before, -1)?;
            self.note(after, 1)?;
        }
        Ok(written)
    }

    fn note(&mut self, action: &Action, by: i64) -> Result<()> {
        self.counts.as_mut().map_or(Ok(()), |counts| counts.note(action, by))
    }
}

#[async_trait]
impl Transaction for SqlTransaction {
    async fn action(&mut self, scope: &RowScope, id: ActionId) -> Result<Option<Action>> {
        actions::find(&mut self.tx, scope, id).await
    }

    async fn proposer(&mut self, id: ActionId) -> Result<Option<UserId>> {
        actions::proposer(&mut self.tx, id).await
    }

    async fn action_by_external_id(
        &mut self,
        principal: &str,
        source: Source,
        external_id: &str,
    ) -> Result<Option<Action>> {
        actions::find_external(&mut self.tx, principal, source, external_id).await
    }

    async fn insert_actions(&mut self, by: &Authorized, actions: &[Action]) -> Result<()> {
        actions::insert(&mut self.tx, by, actions).await?;
        actions.iter().try_for_each(|action| self.note(action, 1))
    }

    async fn revise_action(&mut self, by: &Authorized, before: &Action, after: &Action) -> Result<bool> {
        let written = actions::revise(&mut self.tx, by, before, after).await?;
        self.changed(written, before, after)
    }

    async fn update_state(&mut self, guard: Guard<'_>, before: &Action, after: &Action) -> Result<bool> {
        let written = actions::update_state(&mut self.tx, guard, before, after).await?;
        self.changed(written, before, after)
    }

    async fn enqueue(
        &mut self,
        _by: &Authorized,
        id: CommandId,
        action: ActionId,
        now: Timestamp,
    ) -> Result<()> {
        self.news.command = true;
        commands::enqueue(&mut self.tx, id, action, now).await
    }

    async fn lease(&mut self, now: Timestamp, until: Timestamp) -> Result<Option<Leased>> {
        commands::lease(&mut self.tx, now, until).await
    }

    async fn finish(&mut self, leased: &Leased) -> Result<bool> {
        commands::finish(&mut self.tx, leased).await
    }

    async fn retry(&mut self, leased: &Leased, ready_at: Timestamp, error: &str) -> Result<bool> {
        commands::retry(&mut self.tx, leased, ready_at, error).await
    }

    async fn append_audit(&mut self, entry: AuditEntry) -> Result<Record> {
        self.news.record = true;
        // What is taken back must not have been written with what came before.
        if self.part.is_none() {
            self.records.write_if_many(&mut self.tx).await?;
        }
        self.records.append(&mut self.tx, entry).await
    }

    async fn insert_user(&mut self, user: &User, now: Timestamp) -> Result<()> {
        people::insert_user(&mut self.tx, user, now).await
    }

    async fn set_roles(&mut self, user: UserId, roles: &BTreeSet<Role>) -> Result<()> {
        people::set_roles(&mut self.tx, user, roles).await
    }

    async fn set_enabled(&mut self, user: UserId, enabled: bool) -> Result<()> {
        sqlx::query("UPDATE users SET enabled = $2 WHERE id = $1")
            .bind(user.to_string())
            .bind(i64::from(enabled))
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    async fn insert_credential(&mut self, credential: &Credential) -> Result<()> {
        people::insert_credential(&mut self.tx, credential).await
    }

    async fn revoke_credential(&mut self, id: CredentialId, now: Timestamp) -> Result<bool> {
        let query =
            sqlx::query("UPDATE credentials SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL");
        let done = query.bind(id.to_string()).bind(micros(now)).execute(&mut *self.tx).await?;
        Ok(done.rows_affected() == 1)
    }

    async fn touch_credential(
        &mut self,
        id: CredentialId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE credentials SET last_seen_at = $2, expires_at = $3 WHERE id = $1 AND revoked_at IS NULL",
        )
        .bind(id.to_string())
        .bind(micros(now))
        .bind(micros(expires_at))
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    async fn claim_key(
        &mut self,
        principal: &str,
        key: &str,
        request_hash: &str,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<KeyState> {
        people::claim_key(&mut self.tx, principal, key, request_hash, now, since).await
    }

    async fn answer_key(&mut self, principal: &str, key: &str, answer: Option<(u16, &str)>) -> Result<()> {
        people::answer_key(&mut self.tx, principal, key, answer).await
    }

    async fn insert_bulk(&mut self, bulk: &Bulk, items: &[NewBulkItem]) -> Result<()> {
        bulk::insert(&mut self.tx, bulk, items).await
    }

    async fn forget_plans(&mut self, before: Timestamp) -> Result<()> {
        bulk::forget(&mut self.tx, before).await
    }

    async fn start_bulk(
        &mut self,
        id: BulkId,
        owner: UserId,
        credential: CredentialId,
        start: &BulkStart,
    ) -> Result<bool> {
        bulk::start(&mut self.tx, id, owner, credential, start).await
    }

    async fn step_bulk(&mut self, now: Timestamp, most: u32) -> Result<Option<Step>> {
        bulk::step(&mut self.tx, now, most).await
    }

    async fn settle_items(
        &mut self,
        id: BulkId,
        state: ItemState,
        detail: Option<&str>,
        positions: &[i64],
    ) -> Result<()> {
        bulk::settle(&mut self.tx, id, state, detail, positions).await
    }

    async fn end_bulk(&mut self, id: BulkId, now: Timestamp) -> Result<()> {
        bulk::end(&mut self.tx, id, now).await
    }

    async fn principal(&mut self, id: CredentialId) -> Result<Option<(Credential, Option<User>)>> {
        people::principal(&mut self.tx, id).await
    }

    async fn begin_part(&mut self) -> Result<()> {
        sqlx::query("SAVEPOINT part").execute(&mut *self.tx).await?;
        let counts = self.counts.as_mut().map(std::mem::take);
        self.part = Some(Part { counts, records: self.records.mark(), news: self.news });
        Ok(())
    }

    async fn end_part(&mut self, keep: bool) -> Result<()> {
        let Some(part) = self.part.take() else { return Ok(()) };
        if keep {
            if let (Some(counts), Some(before)) = (&mut self.counts, part.counts) {
                counts.join(before);
            }
        } else {
            sqlx::query("ROLLBACK TO SAVEPOINT part").execute(&mut *self.tx).await?;
            self.counts = part.counts;
            self.records.back_to(part.records);
            self.news = part.news;
        }
        sqlx::query("RELEASE SAVEPOINT part").execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn set_preference(
        &mut self,
        by: &Authorized,
        preference: &Preference,
        now: Timestamp,
    ) -> Result<bool> {
        preferences::set(&mut self.tx, by, preference, now).await
    }

    async fn insert_view(&mut self, by: &Authorized, view: &SavedView, now: Timestamp) -> Result<bool> {
        preferences::insert_view(&mut self.tx, by, view, now).await
    }

    async fn delete_view(&mut self, by: &Authorized, id: ViewId, now: Timestamp) -> Result<bool> {
        preferences::delete_view(&mut self.tx, by, id, now).await
    }

    async fn set_default_view(
        &mut self,
        by: &Authorized,
        id: Option<ViewId>,
        now: Timestamp,
    ) -> Result<bool> {
        preferences::set_default_view(&mut self.tx, by, id, now).await
    }

    async fn set_marker(&mut self, name: &str, value: &str) -> Result<()> {
        people::set_marker(&mut self.tx, name, value).await
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        self.end_part(true).await?;
        let Self { mut tx, news, counts, mut records, bells, part: _ } = *self;
        if let Some(counts) = counts {
            counts.write(&mut tx).await?;
        }
        records.write(&mut tx).await?;
        super::commit(tx, news).await?;
        bells.ring(news);
        Ok(())
    }
}
