//! How long there is to decide on actions whose proposer names no end.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::decision_times::DecisionTime;
use domain::{ActionType, Caller, Error};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![(Limits::USUAL, routes!(list)), (Limits::USUAL, routes!(set))])
        .tagged("decision-times", "How long there is to decide on actions whose proposer names no end")
}

/// How long there is to decide.
#[derive(Debug, Serialize, ToSchema)]
struct Times {
    /// That of each type.
    times: Vec<DecisionTime>,
}

/// How long there is to decide on actions of a type.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TimeForm {
    /// So many hours, at most 180 days; null for the default of 7 days.
    hours: Option<u32>,
}

/// List how long there is to decide on actions of each type whose proposer names no `expires_at`.
#[utoipa::path(
    get, path = "/decision-times", tag = "decision-times", operation_id = "list_decision_times",
    responses((status = 200, description = "That of each type", body = Times), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Times>, Problem> {
    Ok(Json(Times { times: app.backend.decision_times(&caller).await? }))
}

/// Set how long there is to decide on actions of a type. What waits already keeps its end.
#[utoipa::path(
    put, path = "/decision-times/{type}", tag = "decision-times", operation_id = "set_decision_time",
    params(("type" = ActionType, Path, description = "The type of action"), schema::IdempotencyKey),
    request_body = TimeForm,
    responses(
        (status = 200, description = "That of each type since", body = Times),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn set(Path(name): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let TimeForm { hours } = input::parse_body(&headers, &body)?;
        let unknown =
            |error: domain::core::string_enum::UnknownWord| Error::invalid("/type", error.to_string());
        let action_type: ActionType = name.parse().map_err(unknown)?;
        let times = app.backend.set_decision_time(&caller, action_type, hours).await?;
        json_answer(StatusCode::OK, &Times { times })
    };
    write.answer_once(work).await
}
