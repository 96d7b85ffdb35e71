//! History that is kept no longer.

use async_trait::async_trait;
use domain::ActionId;
use jiff::Timestamp;

use crate::error::Result;

/// What only the clock writes.
#[async_trait]
pub trait SystemRetention: Send {
    /// Removes actions of History whose last update is before that time, the oldest first, at most about so many, with
    /// all that belongs to them but their records. Returns those that are gone.
    ///
    /// An action stays while the one that it reverses, or that reverses it, has to stay, and while its effect is still
    /// to be ended.
    async fn remove_history(&mut self, before: Timestamp, limit: u32) -> Result<Vec<ActionId>>;
}
