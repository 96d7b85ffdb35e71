//! Policies, first approvals of two people, and uses of break-glass.

use async_trait::async_trait;
use domain::actions::break_glass::{BreakGlassReview, BreakGlassUse};
use domain::policies::{Policies, Protection};
use domain::{ActionId, Actor, Authorized, RowScope, UserId};
use jiff::Timestamp;

use crate::error::Result;

/// The first approval of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstApproval {
    /// The version that it left behind: any later one is another.
    pub version: i64,
    /// The person.
    pub person: UserId,
    /// As recorded.
    pub actor: Actor,
    /// Whether a second person let it happen since.
    pub is_completed: bool,
}

/// Reads of policies.
#[async_trait]
pub trait ReadPolicies: Send + Sync {
    /// All protections.
    async fn policies(&self) -> Result<Policies>;

    /// Who approved an action first, of whatever version.
    async fn first_approval(&self, id: ActionId) -> Result<Option<FirstApproval>>;

    /// How one person let an action happen alone.
    async fn break_glass(&self, id: ActionId) -> Result<Option<BreakGlassUse>>;

    /// What was let happen by one person alone, of the actions that the scope shows: what is to be reviewed first, the
    /// latest first.
    async fn break_glass_uses(&self, scope: &RowScope, limit: u32) -> Result<Vec<BreakGlassUse>>;
}

/// Writes of policies.
#[async_trait]
pub trait WritePolicies: Send {
    /// As [`ReadPolicies::policies`]. Nobody else writes meanwhile.
    async fn policies(&mut self) -> Result<Policies>;

    /// Adds a protection, or takes away the one of a name. False if the caller may no longer.
    async fn set_protection(
        &mut self,
        by: &Authorized,
        name: &str,
        protection: Option<&Protection>,
        now: Timestamp,
    ) -> Result<bool>;

    /// As [`ReadPolicies::first_approval`].
    async fn first_approval(&mut self, id: ActionId) -> Result<Option<FirstApproval>>;

    /// Notes that the caller approved this version of an action first.
    async fn note_first_approval(
        &mut self,
        by: &Authorized,
        id: ActionId,
        version: i64,
        now: Timestamp,
    ) -> Result<()>;

    /// Notes that the caller, as the second of two people, let an action happen.
    async fn complete_first_approval(&mut self, by: &Authorized, id: ActionId, now: Timestamp) -> Result<()>;

    /// Notes that the caller lets an action happen alone.
    async fn note_break_glass(
        &mut self,
        by: &Authorized,
        id: ActionId,
        policy: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<()>;

    /// Writes what a different person says of a use that nobody has reviewed. False if there is none, or it is their own.
    async fn review_break_glass(
        &mut self,
        by: &Authorized,
        id: ActionId,
        review: &BreakGlassReview,
    ) -> Result<bool>;
}
