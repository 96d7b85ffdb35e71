//! Server functions of how long there is to decide.

use domain::ActionType;
use domain::decision_times::DecisionTime;
use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// How long there is to decide on actions of each type.
#[server(endpoint = "load_decision_times", prefix = "/api", output = Answer)]
pub async fn load_decision_times() -> Result<Vec<DecisionTime>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.decision_times(&caller).await.map_err(|error| request::fail(&error))
}

/// Sets how long there is to decide on actions of a type; the default, where nothing is named.
#[server(endpoint = "set_decision_time", prefix = "/api", output = Answer)]
pub async fn set_decision_time(
    action_type: ActionType,
    hours: Option<u32>,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.set_decision_time(&caller, action_type, hours).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}
