//! The database as a whole: metadata, bulk loads, readiness, the end.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::commit_events::Subscription;
use crate::error::Result;

/// What concerns the whole database.
#[async_trait]
pub trait Maintain: Send + Sync {
    /// Rings after commits from here on: those of this process, and where the database can, those of every other.
    fn changes(&self) -> Subscription;

    /// Metadata of the database, for example what created it.
    async fn metadata(&self, name: &str) -> Result<Option<String>>;

    /// Takes away all that is only there to find rows, before very many are written: it is faster made anew. Until it
    /// is back there are no lists. A store that is opened meanwhile puts it back.
    async fn suspend_indexes(&self) -> Result<()>;

    /// Puts back what [`Self::suspend_indexes`] took away; nothing, if that is not missing.
    async fn restore_indexes(&self) -> Result<()>;

    /// Whether the database answers, and keeps what is written to it.
    ///
    /// # Errors
    /// If it can't be read or written now.
    async fn ping(&self) -> Result<()>;

    /// The time by the database's own clock.
    async fn clock(&self) -> Result<Timestamp>;

    /// What it is, in numbers: its version, its migrations, how many rows its tables have. Nothing of what stands in them.
    async fn facts(&self) -> Result<serde_json::Value>;

    /// Closes the connections, so that what was written is checkpointed.
    async fn close(&self);
}

/// Metadata is written by set-up alone.
#[async_trait]
pub trait SystemMetadata: Send {
    /// Sets metadata of the database.
    async fn set_metadata(&mut self, name: &str, value: &str) -> Result<()>;
}
