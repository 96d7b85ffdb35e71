//! Executors: what carries actions out, set up by administrators; and the reports of what they were handed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::Caller;
use domain::executors::ExecutorSetup;
use domain::executors::contract::{
    AddedExecutor, ExecutorDetail, ExecutorState, NewExecutor, Report, ReportTaken, SealedReport, TestResult,
};
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
        (Limits::USUAL, routes!(list, add)),
        (Limits::USUAL, routes!(load, change, remove)),
        (Limits::USUAL, routes!(test)),
        (Limits::USUAL, routes!(pause)),
        (Limits::USUAL, routes!(resume)),
        (Limits::USUAL, routes!(responder_code)),
        (Limits::USUAL, routes!(revoke)),
    ])
    // Who reports is known by the signature: no token is asked for.
    .with_signed(vec![(Limits::USUAL, routes!(report))])
    .tagged("executors", "What carries actions out")
}

/// The name of an executor.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct ExecutorPath {
    /// The executor's name.
    name: String,
}

/// All executors.
#[derive(Serialize, ToSchema)]
struct Executors {
    /// In the order in which they are asked.
    executors: Vec<ExecutorState>,
}

/// An executor to be set up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExecutorBody {
    /// What is known of it.
    setup: ExecutorSetup,
    /// Its secret, which no answer shows again. A webhook without one gets one.
    #[serde(default)]
    secret: Option<String>,
}

impl From<ExecutorBody> for NewExecutor {
    fn from(ExecutorBody { setup, secret }: ExecutorBody) -> Self {
        Self { setup, secret }
    }
}

/// A device whose host is to be taken in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HostToEnrol {
    /// The name of the device.
    asset: String,
}

/// A code that takes in one host.
#[derive(Serialize, ToSchema)]
struct ResponderCode {
    /// The device that it is for.
    asset: String,
    /// The code, which no other answer shows; it is good once, for 15 minutes.
    code: String,
}

/// Make a code that takes in the host of a device: `countersign responder --server URL --enrol CODE`.
#[utoipa::path(
    post, path = "/responder-codes", tag = "executors", operation_id = "make_responder_code",
    request_body = HostToEnrol,
    responses(
        (status = 201, description = "The code", body = ResponderCode),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn responder_code(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }: WriteRequest| async move {
        caller.authorize_executors().map_err(domain::Error::from)?;
        let HostToEnrol { asset } = input::parse_body(&headers, &body)?;
        let code = app.backend.responder_code(&caller, &asset).await?;
        json_answer(StatusCode::CREATED, &ResponderCode { asset, code })
    };
    // A repeat must not show the code again, so its answer is not kept.
    write.answer(work).await
}

/// List the executors, in the order in which they are asked.
#[utoipa::path(
    get, path = "/executors", tag = "executors", operation_id = "list_executors",
    responses((status = 200, description = "The executors", body = Executors), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Executors>, Problem> {
    Ok(Json(Executors { executors: app.backend.executors(&caller).await? }))
}

/// Add an executor, at the end of the order.
///
/// The secret that is made for a webhook is in this answer, and in no other.
#[utoipa::path(
    post, path = "/executors", tag = "executors", operation_id = "add_executor",
    request_body = ExecutorBody,
    responses(
        (status = 201, description = "The executor", body = AddedExecutor),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn add(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        caller.authorize_executors().map_err(domain::Error::from)?;
        let new = input::parse_body::<ExecutorBody>(&headers, &body)?.into();
        json_answer(StatusCode::CREATED, &app.backend.add_executor(&caller, new).await?)
    };
    // A repeat must not show the secret again, so its answer is not kept.
    write.answer(work).await
}

/// Load an executor: how it is, what it can do, and its last answers.
#[utoipa::path(
    get, path = "/executors/{name}", tag = "executors", operation_id = "load_executor",
    params(ExecutorPath),
    responses((status = 200, description = "The executor", body = ExecutorDetail), schema::Failures),
)]
async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<ExecutorDetail>, Problem> {
    Ok(Json(app.backend.executor(&caller, &name).await?))
}

/// Change what is set up of an executor: all but its name and kind. Its secret stays where none is given.
#[utoipa::path(
    put, path = "/executors/{name}", tag = "executors", operation_id = "change_executor",
    params(ExecutorPath),
    request_body = ExecutorBody,
    responses(
        (status = 200, description = "The executor", body = ExecutorDetail),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn change(Path(name): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }: WriteRequest| async move {
        caller.authorize_executors().map_err(domain::Error::from)?;
        let changed: NewExecutor = input::parse_body::<ExecutorBody>(&headers, &body)?.into();
        if changed.setup.name != name {
            return Err(domain::Error::invalid("/setup/name", "never changes").into());
        }
        json_answer(StatusCode::OK, &app.backend.change_executor(&caller, changed).await?)
    };
    write.answer(work).await
}

/// Remove an executor that no command waits for.
#[utoipa::path(
    delete, path = "/executors/{name}", tag = "executors", operation_id = "remove_executor",
    params(ExecutorPath),
    responses((status = 204, description = "It is gone"), schema::Failures, schema::WriteFailures),
)]
async fn remove(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    app.backend.remove_executor(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask an executor whether it is there, without any effect.
#[utoipa::path(
    post, path = "/executors/{name}/test", tag = "executors", operation_id = "test_executor",
    params(ExecutorPath),
    responses((status = 200, description = "What was found", body = TestResult), schema::Failures),
)]
async fn test(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<TestResult>, Problem> {
    Ok(Json(app.backend.test_executor(&caller, &name).await?))
}

/// Pause an executor: what is approved waits, and runs when it is resumed.
#[utoipa::path(
    post, path = "/executors/{name}/pause", tag = "executors", operation_id = "pause_executor",
    params(ExecutorPath),
    responses((status = 200, description = "The executor", body = ExecutorDetail), schema::Failures, schema::WriteFailures),
)]
async fn pause(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<ExecutorDetail>, Problem> {
    Ok(Json(app.backend.pause_executor(&caller, &name, true).await?))
}

/// Let a paused executor go on.
#[utoipa::path(
    post, path = "/executors/{name}/resume", tag = "executors", operation_id = "resume_executor",
    params(ExecutorPath),
    responses((status = 200, description = "The executor", body = ExecutorDetail), schema::Failures, schema::WriteFailures),
)]
async fn resume(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<ExecutorDetail>, Problem> {
    Ok(Json(app.backend.pause_executor(&caller, &name, false).await?))
}

/// Revoke the key of an enrolled host: it gets no order from then on, until it is enrolled anew.
#[utoipa::path(
    post, path = "/executors/{name}/revoke", tag = "executors", operation_id = "revoke_host",
    params(ExecutorPath),
    responses((status = 200, description = "The executor", body = ExecutorDetail), schema::Failures),
)]
async fn revoke(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<ExecutorDetail>, Problem> {
    Ok(Json(app.backend.revoke_host(&caller, &name).await?))
}

/// Report how a command ended that was handed over, as its executor.
///
/// Signed as Standard Webhooks with the executor's key (`webhook-id`, `webhook-timestamp`, `webhook-signature`); no token
/// is asked for. A repeat changes nothing.
#[utoipa::path(
    post, path = "/reports", tag = "executors", operation_id = "report_command",
    request_body = Report,
    security(()),
    responses(
        (status = 200, description = "What became of the report", body = ReportTaken),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn report(
    State(app): State<AppState>,
    headers: axum::http::HeaderMap,
    body: axum::body::Bytes,
) -> Result<Json<ReportTaken>, Problem> {
    let header = |name: &str| {
        let mut values = headers.get_all(name).iter();
        match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
            (Some(value), None) => Ok(value.to_owned()),
            _ => Err(Problem::malformed(format!("the header {name} is needed, once"))),
        }
    };
    let sealed = SealedReport {
        id: header("webhook-id")?,
        timestamp: header("webhook-timestamp")?,
        signature: header("webhook-signature")?,
        body: body.to_vec(),
    };
    // What is wrong with the body is told to nobody who can't sign it.
    Ok(Json(app.backend.take_report(sealed).await?))
}
