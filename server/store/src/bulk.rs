//! Plans of decisions on many, and the jobs that they become.

use async_trait::async_trait;
use domain::bulk::{Execution, Preview, Progress};
use domain::{
    ActionId, ApprovalId, Authorized, BulkId, BulkItem, BulkVerb, CredentialId, ItemState, RowScope, Seen,
    UserId,
};
use jiff::Timestamp;

use crate::error::Result;

/// A plan, or a job once it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// Its id.
    pub id: BulkId,
    /// The person whose it is.
    pub owner: UserId,
    /// What is done to each.
    pub verb: BulkVerb,
    /// What was shown.
    pub preview: Preview,
    /// When it was planned.
    pub created_at: Timestamp,
    /// Until when it can be started.
    pub expires_at: Timestamp,
    /// None for a plan.
    pub start: Option<BulkStart>,
}

/// How a plan was started, and when it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkStart {
    /// When.
    pub at: Timestamp,
    /// The comment or reason.
    pub reason: Option<String>,
    /// What all that it decides shares.
    pub approval_id: ApprovalId,
    /// When it ended; none while it runs, and not written by a start.
    pub ended_at: Option<Timestamp>,
}

/// What an item that was decided has come to; of an undo, what its reverse has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecidedState {
    /// It waits for an executor, or is being carried out.
    Running,
    /// It failed, or was never sent in time.
    Failed,
}

/// One item of a new plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBulkItem {
    /// The action.
    pub action: ActionId,
    /// What was shown of it.
    pub seen: Seen,
    /// Why it is left out, if it is.
    pub left_out: Option<String>,
}

impl NewBulkItem {
    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> ItemState {
        if self.left_out.is_some() { ItemState::LeftOut } else { ItemState::Waiting }
    }
}

/// The next items of a job, and how to decide on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The job.
    pub id: BulkId,
    /// What is done to each.
    pub verb: BulkVerb,
    /// By which session or token.
    pub credential: CredentialId,
    /// The comment or reason.
    pub reason: Option<String>,
    /// What all that it decides shares.
    pub approval_id: ApprovalId,
    /// What was shown before it was started.
    pub preview: Preview,
    /// None are left if there are none.
    pub items: Vec<StepItem>,
}

/// An item to decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepItem {
    /// Its place.
    pub position: i64,
    /// The action.
    pub action: ActionId,
    /// What was shown of it.
    pub seen: Seen,
}

/// Reads of plans and jobs.
#[async_trait]
pub trait ReadBulk: Send + Sync {
    /// A plan or job of that owner.
    async fn bulk(&self, owner: UserId, id: BulkId) -> Result<Option<Bulk>>;

    /// Up to `limit` items of a plan or job in one of these states, after a position.
    async fn bulk_items(
        &self,
        scope: &RowScope,
        id: BulkId,
        states: &[ItemState],
        after: i64,
        limit: u32,
    ) -> Result<Vec<BulkItem>>;

    /// How many items of a plan or job stand where.
    async fn bulk_progress(&self, id: BulkId) -> Result<Progress>;

    /// What became of the items that were decided.
    async fn bulk_execution(&self, id: BulkId, verb: BulkVerb) -> Result<Execution>;

    /// The actions of up to `limit` items that were decided and have come to this since, in their order.
    async fn bulk_decided(
        &self,
        id: BulkId,
        verb: BulkVerb,
        state: DecidedState,
        limit: u32,
    ) -> Result<Vec<ActionId>>;

    /// The actions of all items in one of these states, in their order.
    async fn bulk_actions(&self, id: BulkId, states: &[ItemState]) -> Result<Vec<ActionId>>;

    /// Whether a job was started and did not end.
    async fn bulk_is_running(&self) -> Result<bool>;
}

/// Writes of plans by those who make and start them.
#[async_trait]
pub trait WriteBulk: Send {
    /// Adds a plan with its items; their positions count from 1.
    async fn insert_bulk(&mut self, by: &Authorized, bulk: &Bulk, items: &[NewBulkItem]) -> Result<()>;

    /// Drops plans that were never started and expired before that time.
    async fn forget_plans(&mut self, by: &Authorized, before: Timestamp) -> Result<()>;

    /// Makes a job of a plan of the person who writes, to be done as the session or token by which is written. False if
    /// it is not theirs, was started before, or expired.
    async fn start_bulk(&mut self, by: &Authorized, id: BulkId, start: &BulkStart) -> Result<bool>;
}

/// What only the worker writes of jobs.
#[async_trait]
pub trait SystemBulk: Send {
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
}
