//! The server functions on times to decide.

use async_trait::async_trait;

use crate::access::Caller;
use crate::actions::catalog::ActionType;
use crate::core::error::Error;
use crate::decision_times::DecisionTime;

/// The part of the server that keeps how long there is to decide.
#[async_trait]
pub trait DecisionTimesBackend: Send + Sync {
    /// The times to decide of all action types. For whoever sees actions.
    async fn decision_times(&self, caller: &Caller) -> Result<Vec<DecisionTime>, Error>;

    /// Sets the hours of a type, none for the default, and returns the times of all types. Actions that wait keep their end.
    async fn set_decision_time(
        &self,
        caller: &Caller,
        action_type: ActionType,
        hours: Option<u32>,
    ) -> Result<Vec<DecisionTime>, Error>;
}
