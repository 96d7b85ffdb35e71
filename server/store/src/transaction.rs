//! What can be written: each method is a part of one transaction.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    Action, ActionId, Authorized, BulkId, CommandId, CredentialId, ItemState, Preference, Role, RowScope,
    SavedView, Source, UserId, ViewId,
};
use jiff::Timestamp;

use super::{
    AuditEntry, Bulk, BulkStart, Credential, Guard, KeyState, Leased, NewBulkItem, Result, Step, User,
};
use crate::audit::Record;

/// Writes that become true together.
#[async_trait]
pub trait Transaction: Send {
    /// One action, if the scope shows it.
    async fn action(&mut self, scope: &RowScope, id: ActionId) -> Result<Option<Action>>;

    /// The person behind the proposal of an action, if it was a person's.
    async fn proposer(&mut self, id: ActionId) -> Result<Option<UserId>>;

    /// The action that this principal proposed under this external id.
    async fn action_by_external_id(
        &mut self,
        principal: &str,
        source: Source,
        external_id: &str,
    ) -> Result<Option<Action>>;

    /// Adds actions.
    async fn insert_actions(&mut self, by: &Authorized, actions: &[Action]) -> Result<()>;

    /// Replaces what a pending action proposes, under the version of `before`. False if that is no longer there.
    async fn revise_action(&mut self, by: &Authorized, before: &Action, after: &Action) -> Result<bool>;

    /// Writes the state, decision and links of `after` over `before`, if version, digest, permission, credential and
    /// (for a decision) proposer and expiry still allow it. False if they do not.
    async fn update_state(&mut self, guard: Guard<'_>, before: &Action, after: &Action) -> Result<bool>;

    /// Puts an action's command into the outbox.
    async fn enqueue(
        &mut self,
        by: &Authorized,
        id: CommandId,
        action: ActionId,
        now: Timestamp,
    ) -> Result<()>;

    /// Leases the command that is ready for the longest time.
    async fn lease(&mut self, now: Timestamp, until: Timestamp) -> Result<Option<Leased>>;

    /// Ends a command, if the lease is still ours.
    async fn finish(&mut self, leased: &Leased) -> Result<bool>;

    /// Gives a command back to be tried again, if the lease is still ours. `possibly_sent` and `not_sent` of
    /// `leased` are written.
    async fn retry(&mut self, leased: &Leased, ready_at: Timestamp, error: &str) -> Result<bool>;

    /// Appends to the audit log, at the latest with the commit.
    async fn append_audit(&mut self, entry: AuditEntry) -> Result<Record>;

    /// Adds a user with their roles and what these amount to.
    async fn insert_user(&mut self, user: &User, now: Timestamp) -> Result<()>;

    /// Replaces a user's roles and what these amount to.
    async fn set_roles(&mut self, user: UserId, roles: &BTreeSet<Role>) -> Result<()>;

    /// Lets a user do everything their roles say, or nothing.
    async fn set_enabled(&mut self, user: UserId, enabled: bool) -> Result<()>;

    /// Adds a session or token.
    async fn insert_credential(&mut self, credential: &Credential) -> Result<()>;

    /// Ends a session or token now. False if there is no such live one.
    async fn revoke_credential(&mut self, id: CredentialId, now: Timestamp) -> Result<bool>;

    /// Notes that a session was used, and when it ends now.
    async fn touch_credential(
        &mut self,
        id: CredentialId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()>;

    /// Claims an Idempotency-Key of a principal, after dropping those made before `since`.
    async fn claim_key(
        &mut self,
        principal: &str,
        key: &str,
        request_hash: &str,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<KeyState>;

    /// Records the answer under a claimed key; a `None` gives the key free again.
    async fn answer_key(&mut self, principal: &str, key: &str, answer: Option<(u16, &str)>) -> Result<()>;

    /// Adds a plan with its items; their positions count from 1.
    async fn insert_bulk(&mut self, bulk: &Bulk, items: &[NewBulkItem]) -> Result<()>;

    /// Drops plans that were never started and expired before that time.
    async fn forget_plans(&mut self, before: Timestamp) -> Result<()>;

    /// Makes a job of a plan, to be done as that session or token. False if it is not that owner's, was started
    /// before, or expired.
    async fn start_bulk(
        &mut self,
        id: BulkId,
        owner: UserId,
        credential: CredentialId,
        start: &BulkStart,
    ) -> Result<bool>;

    /// The job whose turn it is, with its next waiting items; with none, it is done and may be ended.
    async fn step_bulk(&mut self, now: Timestamp, most: u32) -> Result<Option<Step>>;

    /// Writes where waiting items stand now.
    async fn settle_items(
        &mut self,
        id: BulkId,
        state: ItemState,
        detail: Option<&str>,
        positions: &[i64],
    ) -> Result<()>;

    /// Ends a job.
    async fn end_bulk(&mut self, id: BulkId, now: Timestamp) -> Result<()>;

    /// A session or token, also one that is over, with its user.
    async fn principal(&mut self, id: CredentialId) -> Result<Option<(Credential, Option<User>)>>;

    /// Begins a part that can be taken back alone. There is one at a time.
    async fn begin_part(&mut self) -> Result<()>;

    /// Ends the part: keeps what it wrote, or takes it back.
    async fn end_part(&mut self, keep: bool) -> Result<()>;

    /// Sets something for the person who writes. False if they may no longer write.
    async fn set_preference(
        &mut self,
        by: &Authorized,
        preference: &Preference,
        now: Timestamp,
    ) -> Result<bool>;

    /// Saves a view for the person who writes, in place of another as the default if it is one. False if they have
    /// one of that name or as many as they may, or may no longer write; then nothing may be committed.
    async fn insert_view(&mut self, by: &Authorized, view: &SavedView, now: Timestamp) -> Result<bool>;

    /// Deletes a view of the person who writes. False if they have none such, or may no longer write.
    async fn delete_view(&mut self, by: &Authorized, id: ViewId, now: Timestamp) -> Result<bool>;

    /// Makes a view of the person who writes their default, or none. False if they have none such, or may no longer
    /// write; then nothing may be committed.
    async fn set_default_view(&mut self, by: &Authorized, id: Option<ViewId>, now: Timestamp)
    -> Result<bool>;

    /// Sets a marker.
    async fn set_marker(&mut self, name: &str, value: &str) -> Result<()>;

    /// Makes it all true. Without it, nothing is.
    async fn commit(self: Box<Self>) -> Result<()>;
}
