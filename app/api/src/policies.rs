//! Server functions of policies and break-glass.

#![expect(clippy::too_many_arguments, reason = "one for each field of a form")]

use domain::actions::break_glass::BreakGlassUse;
use domain::policies::{Demand, Protection};
use domain::{Action, ActionId, ActionType, Criticality};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// The protections and the uses of break-glass that the policies page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoliciesView {
    /// What is protected, by name.
    pub protections: Vec<Protection>,
    /// What one person let happen alone: what is to be reviewed first.
    pub uses: Vec<BreakGlassUse>,
}

/// What is protected, and what was let happen by one person alone.
#[server(endpoint = "load_policies", prefix = "/api", output = Answer)]
pub async fn load_policies() -> Result<PoliciesView, ApiError> {
    let (backend, caller) = request::enter().await?;
    let protections = backend.protections(&caller).await.map_err(|error| request::fail(&error))?;
    let uses = backend.break_glass_uses(&caller).await.map_err(|error| request::fail(&error))?;
    Ok(PoliciesView { protections, uses })
}

/// Protects something more.
#[server(endpoint = "add_protection", prefix = "/api", output = Answer)]
pub async fn add_protection(
    name: String,
    demand: Demand,
    #[server(default)] pattern: String,
    #[server(default)] device_group: String,
    criticality: Option<Criticality>,
    #[server(default)] types: Vec<ActionType>,
    min_assets: Option<u32>,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::policies::Conditions;
    let (backend, caller) = request::enter().await?;
    let filled = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let (pattern, device_group) = (filled(pattern), filled(device_group));
    let when = Conditions { name: pattern, device_group, criticality, types, min_assets };
    let protection = Protection { name, when, demand };
    backend.add_protection(&caller, protection).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Protects it no more.
#[server(endpoint = "remove_protection", prefix = "/api", output = Answer)]
pub async fn remove_protection(
    name: String,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "lets one person, or a rule, decide what two had to")?;
    backend.remove_protection(&caller, name).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Approves alone what a policy asks two people for.
#[server(endpoint = "break_glass", prefix = "/api", output = Answer)]
pub async fn break_glass(
    id: ActionId,
    expected_version: i64,
    digest: String,
    reason: String,
) -> Result<Action, ApiError> {
    use domain::Seen;
    let (backend, caller) = request::enter().await?;
    let seen = Seen { expected_version, digest };
    backend.break_glass(&caller, id, seen, reason).await.map_err(|error| request::fail(&error))
}

/// Says what a different person thinks of a use of break-glass.
#[server(endpoint = "review_break_glass", prefix = "/api", output = Answer)]
pub async fn review_break_glass(id: ActionId, comment: String, back: Option<String>) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.review_break_glass(&caller, id, comment).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}
