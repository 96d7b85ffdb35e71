//! What is asked of the server about how long there is to decide.

use async_trait::async_trait;

use crate::access::Caller;
use crate::actions::catalog::ActionType;
use crate::core::error::Error;
use crate::decision_times::DecisionTime;

/// The part of the server that keeps how long there is to decide.
#[async_trait]
pub trait DecisionTimesBackend: Send + Sync {
    /// That of every type. For whoever sees actions.
    async fn decision_times(&self, caller: &Caller) -> Result<Vec<DecisionTime>, Error>;

    /// Sets that of a type, or the default; what waits already keeps its end. That of every type since.
    async fn set_decision_time(
        &self,
        caller: &Caller,
        action_type: ActionType,
        hours: Option<u32>,
    ) -> Result<Vec<DecisionTime>, Error>;
}
