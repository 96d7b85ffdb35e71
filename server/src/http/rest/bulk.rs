//! Plans and jobs: deciding on many at once.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::bulk::ITEMS_SHOWN;
use domain::{
    ActionId, ActionQuery, BulkId, BulkJob, BulkPlan, BulkRequest, BulkVerb, Caller, Error, ItemState,
    Targets,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::idempotency::{Write, answer};
use super::input;
use crate::http::problem::Problem;
use crate::http::state::AppState;

/// What `POST /api/v1/bulk-plans` takes: what to do, and exactly one of `ids`, `matching` and `same_file`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPlan {
    /// What is done to each.
    verb: BulkVerb,
    /// These actions: 1 to 10,000.
    #[serde(default)]
    ids: Option<Vec<ActionId>>,
    /// All that this list shows, on all its pages: a query as `GET /api/v1/actions` takes it.
    #[serde(default)]
    #[schema(example = "lane=pending&severity=low")]
    matching: Option<String>,
    /// Those of `matching` that stay out.
    #[serde(default)]
    except: Vec<ActionId>,
    /// For an undo: this action, and all that did the same to the same file.
    #[serde(default)]
    same_file: Option<ActionId>,
}

impl NewPlan {
    fn request(self) -> Result<BulkRequest, Error> {
        let Self { verb, ids, matching, except, same_file } = self;
        if matching.is_none() && !except.is_empty() {
            return Err(Error::invalid("/except", "goes together with matching only"));
        }
        let targets = match (ids, matching, same_file) {
            (Some(ids), None, None) => Targets::Ids(ids),
            (None, Some(text), None) => Targets::Matching { query: Box::new(list(&text)?), except },
            (None, None, Some(id)) => Targets::SameFile(id),
            _ => return Err(Error::invalid("", "needs exactly one of ids, matching and same_file")),
        };
        Ok(BulkRequest { verb, targets, from: String::new() })
    }
}

/// The list that the text of a query means.
fn list(text: &str) -> Result<ActionQuery, Error> {
    let uri = format!("/?{text}").parse().ok();
    let pairs = uri.and_then(|uri| Query::<Vec<(String, String)>>::try_from_uri(&uri).ok());
    let Query(pairs) = pairs.ok_or_else(|| Error::invalid("/matching", "is not the query of a URL"))?;
    ActionQuery::from_pairs(pairs).map_err(|error| Error::invalid("/matching", error.to_string()))
}

/// What starting a plan takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// Why: for an approval as it likes, for a rejection and an undo it must be given.
    #[serde(default)]
    reason: Option<String>,
}

/// The id of a plan and its job.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
pub(super) struct Id {
    /// The id of the plan, and of the job that it becomes.
    id: BulkId,
}

/// Which items of a job.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Items {
    /// Only these; all but `left_out` where it is not named.
    state: Option<ItemState>,
    /// `next` of the answer before.
    after: Option<i64>,
}

/// Plan to decide on many: nothing is decided yet.
///
/// The answer says what would happen to how many, and what would not and why. It keeps the version of each action, can
/// be started for ten minutes, and by the same person only.
#[utoipa::path(
    post, path = "/api/v1/bulk-plans", tag = "bulk", operation_id = "plan_bulk",
    params(super::openapi::IdempotencyKey),
    request_body = NewPlan,
    responses(
        (status = 201, description = "The plan", body = BulkPlan),
        super::openapi::Failures, super::openapi::WriteFailures,
    ),
)]
pub(super) async fn plan(write: Write) -> Response {
    let work = |Write { app, caller, headers, body, .. }| async move {
        let request = input::shaped::<NewPlan>(&headers, &body)?.request()?;
        answer(StatusCode::CREATED, &app.backend.plan_bulk(&caller, request).await?)
    };
    write.once(work).await
}

/// Load a plan.
#[utoipa::path(
    get, path = "/api/v1/bulk-plans/{id}", tag = "bulk", operation_id = "load_bulk_plan",
    params(Id),
    responses((status = 200, description = "The plan", body = BulkPlan), super::openapi::Failures),
)]
pub(super) async fn load_plan(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<BulkPlan>, Problem> {
    Ok(Json(app.backend.bulk_plan(&caller, parse_id(&id)?).await?))
}

/// Start a plan: its items are decided one by one from now on, each only if it is still what the plan shows.
#[utoipa::path(
    post, path = "/api/v1/bulk-plans/{id}/start", tag = "bulk", operation_id = "start_bulk",
    params(Id, super::openapi::IdempotencyKey),
    request_body = Confirmation,
    responses(
        (status = 202, description = "The job", body = BulkJob),
        super::openapi::Failures, super::openapi::WriteFailures,
    ),
)]
pub(super) async fn start(Path(id): Path<String>, write: Write) -> Response {
    let work = |Write { app, caller, headers, body, .. }| async move {
        let id = parse_id(&id)?;
        let Confirmation { reason } = input::shaped(&headers, &body)?;
        answer(StatusCode::ACCEPTED, &app.backend.start_bulk(&caller, id, reason).await?)
    };
    write.once(work).await
}

/// Load a job: how far it is, and what became of each item, 200 at a time.
#[utoipa::path(
    get, path = "/api/v1/bulk-jobs/{id}", tag = "bulk", operation_id = "load_bulk_job",
    params(Id, Items),
    responses((status = 200, description = "The job", body = BulkJob), super::openapi::Failures),
)]
pub(super) async fn load_job(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    items: Result<Query<Items>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<BulkJob>, Problem> {
    let Query(Items { state, after }) = items.map_err(|_| {
        Problem::malformed(format!("the query has state and after, for pages of {ITEMS_SHOWN} items"))
    })?;
    Ok(Json(app.backend.bulk_job(&caller, parse_id(&id)?, state, after.unwrap_or(0)).await?))
}

/// Plan again what a job did not get done: what was refused or failed, as it is now.
#[utoipa::path(
    post, path = "/api/v1/bulk-jobs/{id}/retry", tag = "bulk", operation_id = "retry_bulk",
    params(Id, super::openapi::IdempotencyKey),
    responses(
        (status = 201, description = "The plan", body = BulkPlan),
        super::openapi::Failures, super::openapi::WriteFailures,
    ),
)]
pub(super) async fn retry(Path(id): Path<String>, write: Write) -> Response {
    let work = |Write { app, caller, .. }| async move {
        answer(StatusCode::CREATED, &app.backend.retry_bulk(&caller, parse_id(&id)?).await?)
    };
    write.once(work).await
}

/// What is no id names no plan.
fn parse_id(id: &str) -> Result<BulkId, Error> {
    id.parse().ok().filter(|parsed: &BulkId| parsed.to_string() == id).ok_or(Error::NotFound)
}
