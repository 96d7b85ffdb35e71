//! Server functions of how far rules may decide.

use domain::access::device_group::RemediationLevel;
use domain::automation::{AutomationState, Simulation};
use domain::{ActionType, DeviceGroupId};
use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// Whether rules decide, and their quotas.
#[server(endpoint = "load_automation", prefix = "/api", output = Answer)]
pub async fn load_automation() -> Result<AutomationState, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.automation(&caller).await.map_err(|error| request::fail(&error))
}

/// Stops all automation, or resumes it.
#[server(endpoint = "switch_automation", prefix = "/api", output = Answer)]
pub async fn switch_automation(
    stop: bool,
    #[server(default)] reason: String,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "changes what happens without a person at once")?;
    let reason = Some(reason).filter(|text| !text.trim().is_empty());
    let switched = if stop {
        backend.stop_automation(&caller, reason).await
    } else {
        backend.resume_automation(&caller).await
    };
    switched.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Sets how many automatic actions of a type there may be in an hour; the default, where nothing is named.
#[server(endpoint = "set_quota", prefix = "/api", output = Answer)]
pub async fn set_quota(
    action_type: ActionType,
    per_hour: Option<u32>,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.set_quota(&caller, action_type, per_hour).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Sets which types of action rules approve on users whose verdict is Compromised.
#[server(endpoint = "set_compromised_users", prefix = "/api", output = Answer)]
pub async fn set_compromised_users(
    #[server(default)] types: Vec<ActionType>,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "changes what happens without a person at once")?;
    backend.set_compromised_users(&caller, types).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Which actions of the last days another remediation level would have approved by itself.
#[server(endpoint = "simulate_level", prefix = "/api", output = Answer)]
pub async fn simulate_level(
    device_group: DeviceGroupId,
    level: RemediationLevel,
    days: u16,
) -> Result<Simulation, ApiError> {
    use domain::automation::SimulationRequest;
    let (backend, caller) = request::enter().await?;
    let asked = SimulationRequest { device_group, level, days };
    backend.simulate_level(&caller, asked).await.map_err(|error| request::fail(&error))
}
