//! What webhooks were sent, and the order of executors.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::Caller;
use domain::executors::contract::{Delivery, ExecutorState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![
        (Limits::USUAL, routes!(list)),
        (Limits::USUAL, routes!(again)),
        (Limits::USUAL, routes!(place)),
    ])
}

/// The name of an executor.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct Named {
    /// The executor's name.
    name: String,
}

/// A delivery to an executor.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct DeliveryPath {
    /// The executor's name.
    name: String,
    /// The delivery's id.
    id: domain::DeliveryId,
}

/// What an executor was sent.
#[derive(Serialize, ToSchema)]
struct Deliveries {
    /// Newest first; the last hundred are kept.
    deliveries: Vec<Delivery>,
}

/// All executors.
#[derive(Serialize, ToSchema)]
struct Ordered {
    /// In the order in which they are asked.
    executors: Vec<ExecutorState>,
}

/// Where an executor stands in the order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    /// Counted from 1, among those that were set up.
    #[schema(minimum = 1)]
    place: u32,
}

/// List what a webhook was sent last, and what it answered.
#[utoipa::path(
    get, path = "/executors/{name}/deliveries", tag = "executors", operation_id = "list_deliveries",
    params(Named),
    responses((status = 200, description = "The deliveries", body = Deliveries), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Deliveries>, Problem> {
    Ok(Json(Deliveries { deliveries: app.backend.deliveries(&caller, &name).await? }))
}

/// Send a delivery again, under the id that it had; only while its command is not over, or its end is unknown.
#[utoipa::path(
    post, path = "/executors/{name}/deliveries/{id}/replay", tag = "executors", operation_id = "replay_delivery",
    params(DeliveryPath),
    responses(
        (status = 200, description = "The new delivery", body = Delivery),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn again(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<Delivery>, Problem> {
    let id = id.parse().map_err(|_| Problem::malformed("the id of a delivery is a UUID"))?;
    Ok(Json(app.backend.redeliver(&caller, &name, id).await?))
}

/// Move an executor to another place in the order in which they are asked.
#[utoipa::path(
    post, path = "/executors/{name}/move", tag = "executors", operation_id = "move_executor",
    params(Named),
    request_body = Place,
    responses(
        (status = 200, description = "The executors in their new order", body = Ordered),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn place(Path(name): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }: WriteRequest| async move {
        caller.authorize_executors().map_err(domain::Error::from)?;
        let Place { place } = input::parse_body(&headers, &body)?;
        app.backend.move_executor(&caller, &name, place).await?;
        json_answer(StatusCode::OK, &Ordered { executors: app.backend.executors(&caller).await? })
    };
    write.answer(work).await
}
