//! What is asked of the server about deciding on many actions at once.

use async_trait::async_trait;

use crate::access::Caller;
use crate::bulk::{BulkJob, BulkPlan, BulkRequest, ItemState};
use crate::core::error::Error;
use crate::core::id::BulkId;

/// The part of the server that plans, starts and follows bulk decisions.
#[async_trait]
pub trait BulkBackend: Send + Sync {
    /// Stores what would be decided, and shows it. Nothing is decided yet.
    async fn plan_bulk(&self, caller: &Caller, request: BulkRequest) -> Result<BulkPlan, Error>;

    /// A plan of the caller's.
    async fn bulk_plan(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error>;

    /// Starts the caller's plan, once: its items are decided from now on, whoever looks.
    async fn start_bulk(&self, caller: &Caller, id: BulkId, reason: Option<String>)
    -> Result<BulkJob, Error>;

    /// A job of the caller's, with a page of its items: those of one state, or all, after a position.
    async fn bulk_job(
        &self,
        caller: &Caller,
        id: BulkId,
        state: Option<ItemState>,
        after: i64,
    ) -> Result<BulkJob, Error>;

    /// A new plan of what the caller's job did not get done.
    async fn retry_bulk(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error>;
}
