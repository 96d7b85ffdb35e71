//! One writing transaction: its statements, and what its commit tells others.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    Action, ActionId, Authorized, BulkId, CommandId, CredentialId, ItemState, Preference, Role, RowScope,
    SavedView, Source, UserId, ViewId,
};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::super::Db;
use super::{actions, audit, bulk, commands, counts, micros, people, preferences};
use crate::audit::Record;
use crate::changes::{Bells, News};
use crate::{
    AuditEntry, Bulk, BulkStart, Credential, Guard, KeyState, Leased, NewBulkItem, Result, Step, Transaction,
    User,
};

/// A writing transaction with what a commit of it tells others; dropped without commit, it is rolled back.
pub(super) struct SqlTransaction {
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
    /// One in a transaction that was begun; `counting` says whether it keeps the counts.
    pub(super) fn new(tx: sqlx::Transaction<'static, Db>, counting: bool, bells: Bells) -> Self {
        Self {
            tx,
            news: News::default(),
            counts: counting.then(counts::Changes::default),
            records: audit::Tail::default(),
            bells,
            part: None,
        }
    }

    /// Counts all rows anew.
    pub(super) async fn recount(&mut self) -> Result<()> {
        for count in counts::recounting() {
            sqlx::query(AssertSqlSafe(count)).execute(&mut *self.tx).await?;
        }
        Ok(())
    }

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
        super::super::commit(tx, news).await?;
        bells.ring(news);
        Ok(())
    }
}
