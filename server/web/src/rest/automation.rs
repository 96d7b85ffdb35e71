//! How far rules may decide: their stop, their quotas, and what another remediation level would have done.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::automation::{AutomationState, Simulation, SimulationRequest};
use domain::{ActionType, Caller, Error};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![
        (Limits::USUAL, routes!(load)),
        (Limits::USUAL, routes!(stop)),
        (Limits::USUAL, routes!(resume)),
        (Limits::USUAL, routes!(set_quota)),
        (Limits::USUAL, routes!(set_compromised_users)),
        (Limits::USUAL, routes!(simulate)),
    ])
    .tagged("automation", "How far rules may decide: their stop, their quotas, and simulations")
}

/// Why all automation is stopped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StopRequest {
    /// Why, for others to read.
    #[serde(default)]
    reason: Option<String>,
}

/// How many automatic actions of a type there may be in an hour.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuotaForm {
    /// So many; null for the default.
    per_hour: Option<u32>,
}

/// What rules approve on users that are compromised.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CompromisedUsersForm {
    /// The types of action; none, and a person decides on all.
    types: Vec<ActionType>,
}

/// Ask whether rules decide, and how much of each quota is used.
#[utoipa::path(
    get, path = "/automation", tag = "automation", operation_id = "load_automation",
    responses((status = 200, description = "The state", body = AutomationState), schema::Failures),
)]
async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<AutomationState>, Problem> {
    Ok(Json(app.backend.automation(&caller).await?))
}

/// Stop all automation: no rule approves anything until somebody resumes it. What it would have approved waits for a
/// person. What was approved before goes on.
#[utoipa::path(
    post, path = "/automation/stop", tag = "automation", operation_id = "stop_automation",
    params(schema::IdempotencyKey),
    request_body = StopRequest,
    responses(
        (status = 200, description = "The state since", body = AutomationState),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn stop(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let StopRequest { reason } = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.stop_automation(&caller, reason).await?)
    };
    write.answer_once(work).await
}

/// Let rules decide again. What waits goes on waiting, until its tool reports it again.
#[utoipa::path(
    post, path = "/automation/resume", tag = "automation", operation_id = "resume_automation",
    params(schema::IdempotencyKey),
    responses(
        (status = 200, description = "The state since", body = AutomationState),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn resume(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, .. }| async move {
        json_answer(StatusCode::OK, &app.backend.resume_automation(&caller).await?)
    };
    write.answer_once(work).await
}

/// Set how many automatic actions of a type there may be in an hour: more wait for a person.
#[utoipa::path(
    put, path = "/automation/quotas/{type}", tag = "automation", operation_id = "set_automation_quota",
    params(("type" = ActionType, Path, description = "The type of action"), schema::IdempotencyKey),
    request_body = QuotaForm,
    responses(
        (status = 200, description = "The state since", body = AutomationState),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn set_quota(Path(name): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let QuotaForm { per_hour } = input::parse_body(&headers, &body)?;
        let unknown =
            |error: domain::core::string_enum::UnknownWord| Error::invalid("/type", error.to_string());
        let action_type: ActionType = name.parse().map_err(unknown)?;
        json_answer(StatusCode::OK, &app.backend.set_quota(&caller, action_type, per_hour).await?)
    };
    write.answer_once(work).await
}

/// Set which types of action rules approve on users whose verdict is Compromised. All others wait for a person, and say
/// that no policy lets rules decide.
#[utoipa::path(
    put, path = "/automation/compromised-users", tag = "automation", operation_id = "set_compromised_users",
    params(schema::IdempotencyKey),
    request_body = CompromisedUsersForm,
    responses(
        (status = 200, description = "The state since", body = AutomationState),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn set_compromised_users(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let CompromisedUsersForm { types } = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.set_compromised_users(&caller, types).await?)
    };
    write.answer_once(work).await
}

/// Ask what would have happened on the devices of a group under another remediation level. Nothing is changed.
#[utoipa::path(
    post, path = "/automation/simulate", tag = "automation", operation_id = "simulate_remediation_level",
    request_body = SimulationRequest,
    responses(
        (status = 200, description = "What would have happened", body = Simulation),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn simulate(write: WriteRequest) -> Result<Json<Simulation>, Problem> {
    let WriteRequest { app, caller, headers, body, .. } = write;
    let asked = input::parse_body(&headers, &body)?;
    Ok(Json(app.backend.simulate_level(&caller, asked).await?))
}
