//! Second factors of people, and who must have one.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::Caller;
use domain::access::factors::{FactorPolicy, FactorsView};
use utoipa_axum::routes;

use super::super::ApiRoute;
use super::super::idempotency::{WriteRequest, json_answer};
use super::super::{input, schema};
use super::people::{PersonPath, person_id};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![(Limits::USUAL, routes!(load, reset)), (Limits::USUAL, routes!(load_policy, save_policy))]
}

/// List the second factors of a person.
#[utoipa::path(
    get, path = "/people/{id}/second-factors", tag = "access", operation_id = "load_second_factors",
    params(PersonPath),
    responses((status = 200, description = "What they have", body = FactorsView), schema::Failures),
)]
async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<FactorsView>, Problem> {
    Ok(Json(app.backend.factors_of(&caller, person_id(&id)?).await?))
}

/// Take all second factors of another person away, which ends their sessions and tokens.
#[utoipa::path(
    delete, path = "/people/{id}/second-factors", tag = "access", operation_id = "reset_second_factors",
    params(PersonPath, schema::IdempotencyKey),
    responses(
        (status = 200, description = "What they have since", body = FactorsView),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn reset(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, .. }| async move {
        json_answer(StatusCode::OK, &app.backend.reset_factors(&caller, person_id(&id)?).await?)
    };
    write.answer_once(work).await
}

/// Load who must have a second factor.
#[utoipa::path(
    get, path = "/second-factor-policy", tag = "access", operation_id = "load_second_factor_policy",
    responses((status = 200, description = "Who must", body = FactorPolicy), schema::Failures),
)]
async fn load_policy(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<FactorPolicy>, Problem> {
    Ok(Json(app.backend.factor_policy(&caller).await?.policy))
}

/// Set who must have a second factor: who has none is led to set one up, and may do nothing else until then.
#[utoipa::path(
    put, path = "/second-factor-policy", tag = "access", operation_id = "save_second_factor_policy",
    params(schema::IdempotencyKey),
    request_body = FactorPolicy,
    responses(
        (status = 200, description = "Who must since", body = FactorPolicy),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn save_policy(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let policy = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.set_factor_policy(&caller, policy).await?)
    };
    write.answer_once(work).await
}
