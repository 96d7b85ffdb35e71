//! What is to be done by hand: the list, and who has it in hand.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::actions::tasks::{TaskHolder, TaskList};
use domain::{Action, Caller, FollowUp, FollowUpVerb, Seen};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::follow_up::follow_up;
use super::idempotency::WriteRequest;
use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![(Limits::USUAL, routes!(list)), (Limits::USUAL, routes!(assign))])
}

/// Which tasks are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TaskQuery {
    /// Whose; all where it is not named.
    #[serde(default)]
    #[param(inline)]
    holder: Option<TaskHolder>,
}

/// Who is to have a task in hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assignment {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// A person, by user name; who asks, where nobody is named.
    #[serde(default)]
    to: Option<String>,
    /// Why, for the record.
    #[serde(default)]
    reason: Option<String>,
}

/// List what is to be done by hand, what is due first coming first.
#[utoipa::path(
    get, path = "/tasks", tag = "actions", operation_id = "list_tasks",
    params(TaskQuery),
    responses((status = 200, description = "The tasks", body = TaskList), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<TaskQuery>, QueryRejection>,
) -> Result<Json<TaskList>, Problem> {
    let Query(TaskQuery { holder }) =
        query.map_err(|_| Problem::malformed("the query may hold holder, which is anybody, nobody or me"))?;
    Ok(Json(app.backend.tasks(&caller, holder.unwrap_or(TaskHolder::Anybody)).await?))
}

/// Assign what is to be done by hand: to oneself, or to another person who may carry it out.
#[utoipa::path(
    post, path = "/tasks/{id}/assign", tag = "actions", operation_id = "assign_task",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = Assignment,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn assign(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |write: WriteRequest| async move {
        let Assignment { expected_version, digest, to, reason } =
            input::parse_body(&write.headers, &write.body)?;
        let what = FollowUp { assignee: to, ..FollowUp::new(FollowUpVerb::Take, reason) };
        follow_up(&id, write, Seen { expected_version, digest }, what).await
    };
    Box::pin(write.answer_once(work)).await
}
