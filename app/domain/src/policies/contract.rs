//! What is asked of the server about policies and break-glass.

use async_trait::async_trait;

use crate::access::Caller;
use crate::actions::action::{Action, Seen};
use crate::actions::break_glass::BreakGlassUse;
use crate::core::error::Error;
use crate::core::id::ActionId;
use crate::policies::Protection;

/// The part of the server that keeps policies, and what was let happen against them.
#[async_trait]
pub trait PoliciesBackend: Send + Sync {
    /// What is protected, by name. For whoever sees actions.
    async fn protections(&self, caller: &Caller) -> Result<Vec<Protection>, Error>;

    /// Protects something more; all that is protected since.
    async fn add_protection(&self, caller: &Caller, protection: Protection)
    -> Result<Vec<Protection>, Error>;

    /// Protects it no more; all that is protected since.
    async fn remove_protection(&self, caller: &Caller, name: String) -> Result<Vec<Protection>, Error>;

    /// Approves alone what a policy asks two people for.
    async fn break_glass(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        reason: String,
    ) -> Result<Action, Error>;

    /// What was let happen by one person alone, of what the caller sees: what is to be reviewed first, the latest first.
    async fn break_glass_uses(&self, caller: &Caller) -> Result<Vec<BreakGlassUse>, Error>;

    /// Says what a different person thinks of a use.
    async fn review_break_glass(
        &self,
        caller: &Caller,
        id: ActionId,
        comment: String,
    ) -> Result<BreakGlassUse, Error>;
}
