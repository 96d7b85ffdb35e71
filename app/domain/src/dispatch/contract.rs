//! What is asked of the server about dispatch as a whole.

use async_trait::async_trait;

use crate::access::Caller;
use crate::core::error::Error;
use crate::dispatch::DispatchState;

/// The part of the server that tells of dispatch, and goes on with it.
#[async_trait]
pub trait DispatchBackend: Send + Sync {
    /// Whether commands are handed to executors, and which of them wait.
    async fn dispatch_state(&self, caller: &Caller) -> Result<DispatchState, Error>;

    /// Goes on after a pause; the state after it. Nothing, if there is no pause.
    async fn resume_dispatch(&self, caller: &Caller) -> Result<DispatchState, Error>;
}
