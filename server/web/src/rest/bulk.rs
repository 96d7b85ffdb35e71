//! Plans and jobs: deciding on many at once.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::bulk::ITEMS_SHOWN;
use domain::{
    ActionId, ActionQuery, BulkId, BulkJob, BulkPlan, BulkRequest, BulkVerb, Caller, Error, ItemState,
    SubjectKind, Targets,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![
        (Limits::BATCH, routes!(plan)),
        (Limits::USUAL, routes!(load_plan)),
        (Limits::USUAL, routes!(start)),
        (Limits::USUAL, routes!(load_job)),
        (Limits::USUAL, routes!(retry)),
    ])
    .tagged("bulk", "Deciding on many at once: a plan that shows what would happen, then a job")
}

/// The id of a plan in a path.
fn plan_id(id: &str) -> Result<BulkId, Error> {
    input::parse_id(id, SubjectKind::BulkPlan)
}

/// The id of a job in a path.
fn job_id(id: &str) -> Result<BulkId, Error> {
    input::parse_id(id, SubjectKind::BulkJob)
}

/// What `POST /api/v1/bulk-plans` takes: what to do, and exactly one of `ids`, `matching` and `same_file`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPlan {
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
    fn into_request(self) -> Result<BulkRequest, Error> {
        let Self { verb, ids, matching, except, same_file } = self;
        if matching.is_none() && !except.is_empty() {
            return Err(Error::invalid("/except", "goes together with matching only"));
        }
        let targets = match (ids, matching, same_file) {
            (Some(ids), None, None) => Targets::Ids(ids),
            (None, Some(text), None) => Targets::Matching { query: Box::new(query(&text)?), except },
            (None, None, Some(id)) => Targets::SameFile(id),
            _ => return Err(Error::invalid("", "needs exactly one of ids, matching and same_file")),
        };
        Ok(BulkRequest { verb, targets, from: String::new() })
    }
}

/// The list that the text of a query means.
fn query(text: &str) -> Result<ActionQuery, Error> {
    ActionQuery::from_pairs(form_urlencoded::parse(text.as_bytes()))
        .map_err(|error| Error::invalid("/matching", error.to_string()))
}

/// What starting a plan takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    /// Why: for an approval as it likes, for a rejection and an undo it must be given.
    #[serde(default)]
    reason: Option<String>,
}

/// The id of a plan and its job.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct BulkPath {
    /// The id of the plan, and of the job that it becomes.
    id: BulkId,
}

/// Which items of a job.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ItemsQuery {
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
    post, path = "/bulk-plans", tag = "bulk", operation_id = "plan_bulk",
    params(schema::IdempotencyKey),
    request_body = NewPlan,
    responses(
        (status = 201, description = "The plan", body = BulkPlan),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn plan(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let request = input::parse_body::<NewPlan>(&headers, &body)?.into_request()?;
        json_answer(StatusCode::CREATED, &app.backend.plan_bulk(&caller, request).await?)
    };
    write.answer_once(work).await
}

/// Load a plan.
#[utoipa::path(
    get, path = "/bulk-plans/{id}", tag = "bulk", operation_id = "load_bulk_plan",
    params(BulkPath),
    responses((status = 200, description = "The plan", body = BulkPlan), schema::Failures),
)]
async fn load_plan(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<BulkPlan>, Problem> {
    Ok(Json(app.backend.bulk_plan(&caller, plan_id(&id)?).await?))
}

/// Start a plan: its items are decided one by one from now on, each only if it is still what the plan shows.
#[utoipa::path(
    post, path = "/bulk-plans/{id}/start", tag = "bulk", operation_id = "start_bulk",
    params(BulkPath, schema::IdempotencyKey),
    request_body = Confirmation,
    responses(
        (status = 202, description = "The job", body = BulkJob),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn start(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let id = plan_id(&id)?;
        let Confirmation { reason } = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::ACCEPTED, &app.backend.start_bulk(&caller, id, reason).await?)
    };
    write.answer_once(work).await
}

/// Load a job: how far it is, and what became of each item, 200 at a time.
#[utoipa::path(
    get, path = "/bulk-jobs/{id}", tag = "bulk", operation_id = "load_bulk_job",
    params(BulkPath, ItemsQuery),
    responses((status = 200, description = "The job", body = BulkJob), schema::Failures),
)]
async fn load_job(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    items: Result<Query<ItemsQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<BulkJob>, Problem> {
    let Query(ItemsQuery { state, after }) = items.map_err(|_| {
        Problem::malformed(format!("the query has state and after, for pages of {ITEMS_SHOWN} items"))
    })?;
    Ok(Json(app.backend.bulk_job(&caller, job_id(&id)?, state, after.unwrap_or(0)).await?))
}

/// Plan again what a job did not get done: what was refused or failed, as it is now.
#[utoipa::path(
    post, path = "/bulk-jobs/{id}/retry", tag = "bulk", operation_id = "retry_bulk",
    params(BulkPath, schema::IdempotencyKey),
    responses(
        (status = 201, description = "The plan", body = BulkPlan),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn retry(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, .. }| async move {
        json_answer(StatusCode::CREATED, &app.backend.retry_bulk(&caller, job_id(&id)?).await?)
    };
    write.answer_once(work).await
}
