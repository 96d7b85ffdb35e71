//! The figures of the home page.

use async_trait::async_trait;
use domain::RowScope;
use domain::home::HomeView;
use jiff::Timestamp;

use crate::error::Result;

/// Reads for the home page.
#[async_trait]
pub trait ReadHome: Send + Sync {
    /// What waits, what was decided and what is stuck, as far as the scope shows it.
    async fn home(&self, scope: &RowScope, now: Timestamp) -> Result<HomeView>;
}
