//! When effects are to be ended.

use async_trait::async_trait;
use domain::{ActionId, Authorized};
use jiff::Timestamp;

use crate::error::Result;

/// Reads of ends.
#[async_trait]
pub trait ReadEnds: Send + Sync {
    /// The actions whose end has come, the first ones first.
    async fn due_ends(&self, now: Timestamp, limit: u32) -> Result<Vec<ActionId>>;
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
