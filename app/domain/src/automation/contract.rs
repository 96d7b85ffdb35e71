//! What is asked of the server about how far rules may decide.

use async_trait::async_trait;

use crate::access::Caller;
use crate::actions::catalog::ActionType;
use crate::automation::{AutomationState, Simulation, SimulationRequest, Stop};
use crate::core::error::Error;

/// The part of the server that stops rules, keeps their quotas, and simulates them.
#[async_trait]
pub trait AutomationBackend: Send + Sync {
    /// Whether rules decide now, and their quotas.
    async fn automation(&self, caller: &Caller) -> Result<AutomationState, Error>;

    /// Why no rule decides; none if they do. For whoever sees actions.
    async fn automation_stop(&self, caller: &Caller) -> Result<Option<Stop>, Error>;

    /// Lets no rule decide from now on; the state since. Nothing, if it is so already.
    async fn stop_automation(
        &self,
        caller: &Caller,
        reason: Option<String>,
    ) -> Result<AutomationState, Error>;

    /// Lets rules decide again; what waits goes on waiting. Nothing, if they do.
    async fn resume_automation(&self, caller: &Caller) -> Result<AutomationState, Error>;

    /// Sets how many automatic actions of a type there may be in an hour; none: the default.
    async fn set_quota(
        &self,
        caller: &Caller,
        action_type: ActionType,
        per_hour: Option<u32>,
    ) -> Result<AutomationState, Error>;

    /// Sets which types of action rules approve on users whose verdict is Compromised; none: a person decides on all.
    async fn set_compromised_users(
        &self,
        caller: &Caller,
        types: Vec<ActionType>,
    ) -> Result<AutomationState, Error>;

    /// What would have happened under another level; nothing is changed.
    async fn simulate_level(&self, caller: &Caller, asked: SimulationRequest) -> Result<Simulation, Error>;
}
