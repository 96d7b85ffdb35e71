//! What is asked of the server for the home page.

use async_trait::async_trait;

use crate::access::Caller;
use crate::core::error::Error;
use crate::home::HomeView;

/// The part of the server that answers the home page.
#[async_trait]
pub trait HomeBackend: Send + Sync {
    /// What waits, what was decided, what is stuck.
    async fn home(&self, caller: &Caller) -> Result<HomeView, Error>;
}
