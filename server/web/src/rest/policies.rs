//! What is protected, break-glass, and its review.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::actions::break_glass::BreakGlassUse;
use domain::policies::Protection;
use domain::{Action, ActionId, Caller, Seen, SubjectKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![
        (Limits::USUAL, routes!(list)),
        (Limits::USUAL, routes!(add)),
        (Limits::USUAL, routes!(remove)),
        (Limits::USUAL, routes!(uses)),
        (Limits::USUAL, routes!(break_glass)),
        (Limits::USUAL, routes!(review)),
    ])
    .tagged("policies", "What is protected, break-glass and its review")
}

/// What is protected.
#[derive(Debug, Serialize, ToSchema)]
struct Protections {
    /// By name.
    protections: Vec<Protection>,
}

/// What was let happen by one person alone.
#[derive(Debug, Serialize, ToSchema)]
struct BreakGlassUses {
    /// What is to be reviewed first, the latest first; 200 at most.
    uses: Vec<BreakGlassUse>,
}

/// An approval by one person alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BreakGlassForm {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Why it can't wait for a second person, in 20 characters at least.
    reason: String,
}

/// A review of a use of break-glass.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReviewForm {
    /// What was found.
    comment: String,
}

/// List what is protected, and what a decision on it asks for.
#[utoipa::path(
    get, path = "/policies", tag = "policies", operation_id = "list_policies",
    responses((status = 200, description = "What is protected", body = Protections), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Protections>, Problem> {
    Ok(Json(Protections { protections: app.backend.protections(&caller).await? }))
}

/// Protect something more: no rule decides on it any more, Take action and Undo wait for somebody else, and a decision
/// asks for a fresh second factor of who has one.
#[utoipa::path(
    post, path = "/policies", tag = "policies", operation_id = "add_policy",
    params(schema::IdempotencyKey),
    request_body = Protection,
    responses(
        (status = 201, description = "What is protected since", body = Protections),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn add(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let protection = input::parse_body(&headers, &body)?;
        let protections = app.backend.add_protection(&caller, protection).await?;
        json_answer(StatusCode::CREATED, &Protections { protections })
    };
    write.answer_once(work).await
}

/// Protect it no more.
#[utoipa::path(
    delete, path = "/policies/{name}", tag = "policies", operation_id = "remove_policy",
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "What is protected since", body = Protections),
        schema::Failures,
    ),
)]
async fn remove(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Protections>, Problem> {
    Ok(Json(Protections { protections: app.backend.remove_protection(&caller, name).await? }))
}

/// List what was let happen by one person alone, of the actions that the caller sees.
#[utoipa::path(
    get, path = "/break-glass", tag = "policies", operation_id = "list_break_glass",
    responses((status = 200, description = "The uses", body = BreakGlassUses), schema::Failures),
)]
async fn uses(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<BreakGlassUses>, Problem> {
    Ok(Json(BreakGlassUses { uses: app.backend.break_glass_uses(&caller).await? }))
}

/// Approve alone what a policy asks two people for (break-glass). It is recorded as such, told, and reviewed by somebody
/// else.
#[utoipa::path(
    post, path = "/actions/{id}/break-glass", tag = "policies", operation_id = "break_glass",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = BreakGlassForm,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn break_glass(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let id: ActionId = input::parse_id(&id, SubjectKind::Action)?;
        let BreakGlassForm { expected_version, digest, reason } = input::parse_body(&headers, &body)?;
        let seen = Seen { expected_version, digest };
        json_answer(StatusCode::OK, &app.backend.break_glass(&caller, id, seen, reason).await?)
    };
    Box::pin(write.answer_once(work)).await
}

/// Review what somebody else let happen alone.
#[utoipa::path(
    post, path = "/actions/{id}/break-glass/review", tag = "policies", operation_id = "review_break_glass",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = ReviewForm,
    responses(
        (status = 200, description = "The use with its review", body = BreakGlassUse),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn review(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let id: ActionId = input::parse_id(&id, SubjectKind::Action)?;
        let ReviewForm { comment } = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.review_break_glass(&caller, id, comment).await?)
    };
    write.answer_once(work).await
}
