//! Plans and jobs of many, as the store keeps them.

use domain::bulk::Preview;
use domain::{ActionId, ApprovalId, BulkId, BulkVerb, CredentialId, ItemState, Seen, UserId};
use jiff::Timestamp;

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
