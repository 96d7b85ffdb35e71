//! Dispatch as a whole: whether commands are handed to executors.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::Caller;
use domain::dispatch::DispatchState;
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::{ApiArea, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![(Limits::USUAL, routes!(load_dispatch)), (Limits::USUAL, routes!(resume))])
        .tagged("dispatch", "Whether commands are handed to executors")
}

/// Ask whether commands are handed to executors, and which of them wait.
///
/// They are not after the database went back in time, for example by a restored backup, until somebody who administers
/// says so: what is named here would be handed to executors then.
#[utoipa::path(
    get, path = "/dispatch", tag = "dispatch", operation_id = "load_dispatch",
    responses((status = 200, description = "The state", body = DispatchState), schema::Failures),
)]
async fn load_dispatch(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<DispatchState>, Problem> {
    Ok(Json(app.backend.dispatch_state(&caller).await?))
}

/// Go on handing commands to executors after a pause.
#[utoipa::path(
    post, path = "/dispatch/resume", tag = "dispatch", operation_id = "resume_dispatch",
    params(schema::IdempotencyKey),
    responses(
        (status = 200, description = "The state since", body = DispatchState),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn resume(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, .. }| async move {
        json_answer(StatusCode::OK, &app.backend.resume_dispatch(&caller).await?)
    };
    write.answer_once(work).await
}
