//! When effects are to be ended.

use async_trait::async_trait;
use domain::{ActionId, Authorized};
use jiff::Timestamp;

use crate::error::Result;

/// When an effect is to be ended, and of which action.
pub type DueEnd = (Timestamp, ActionId);

/// Reads of ends.
#[async_trait]
pub trait ReadEnds: Send + Sync {
    /// The ends that have come, the first ones first; those after one, if it is named.
    async fn due_ends(&self, now: Timestamp, after: Option<DueEnd>, limit: u32) -> Result<Vec<DueEnd>>;
}

/// Writes of ends.
#[async_trait]
pub trait WriteEnds: Send {
    /// Keeps when the effect of an action is to be ended, in place of what was kept before.
    async fn set_end(&mut self, by: &Authorized, action: ActionId, at: Timestamp) -> Result<()>;
}

/// What only the clock writes.
#[async_trait]
pub trait SystemEnds: Send {
    /// Forgets the end of an action: it came, or there is nothing left to end.
    async fn forget_end(&mut self, action: ActionId) -> Result<()>;
}
