//! Role groups, custom roles, and for what unified RBAC is switched on.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::access::contract::{AccessDifference, RolesView};
use domain::access::role_group::{RoleGroup, RoleGroupForm, Workload};
use domain::{Caller, Error, RoleGroupId, SubjectKind};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::super::ApiRoute;
use super::super::idempotency::{WriteRequest, json_answer};
use super::super::{input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![
        (Limits::USUAL, routes!(list, add)),
        (Limits::USUAL, routes!(change, delete)),
        (Limits::USUAL, routes!(preview)),
        (Limits::USUAL, routes!(import)),
        (Limits::USUAL, routes!(switch)),
    ]
}

fn role_id(id: &str) -> Result<RoleGroupId, Error> {
    input::parse_id(id, SubjectKind::RoleGroup)
}

/// The workload in a path.
fn workload(word: &str) -> Result<Workload, Error> {
    word.parse().map_err(|error| Error::invalid("/workload", format!("{error}")))
}

/// The id of a role group.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct RolePath {
    /// The id of the role group or custom role.
    id: RoleGroupId,
}

/// A workload of unified RBAC.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct WorkloadPath {
    /// The workload.
    workload: Workload,
}

/// Whether unified RBAC is to be on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Switch {
    /// Whether its custom roles count.
    on: bool,
}

/// List role groups and custom roles, and for what unified RBAC is switched on.
#[utoipa::path(
    get, path = "/roles", tag = "access", operation_id = "list_roles",
    responses((status = 200, description = "All of them", body = RolesView), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<RolesView>, Problem> {
    Ok(Json(app.backend.roles(&caller).await?))
}

/// Add a role group or a custom role.
#[utoipa::path(
    post, path = "/roles", tag = "access", operation_id = "add_role",
    params(schema::IdempotencyKey),
    request_body = RoleGroupForm,
    responses(
        (status = 201, description = "The role group", body = RoleGroup),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn add(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let form = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::CREATED, &app.backend.save_role_group(&caller, None, form).await?)
    };
    write.answer_once(work).await
}

/// Replace a role group or a custom role that is not built in; who holds it has what it holds at once.
#[utoipa::path(
    put, path = "/roles/{id}", tag = "access", operation_id = "change_role",
    params(RolePath, schema::IdempotencyKey),
    request_body = RoleGroupForm,
    responses(
        (status = 200, description = "The role group since", body = RoleGroup),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn change(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let id = role_id(&id)?;
        let form = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.save_role_group(&caller, Some(id), form).await?)
    };
    write.answer_once(work).await
}

/// Delete a role group or a custom role that is not built in.
#[utoipa::path(
    delete, path = "/roles/{id}", tag = "access", operation_id = "delete_role",
    params(RolePath),
    responses((status = 204, description = "It is gone"), schema::Failures, schema::WriteFailures),
)]
async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.backend.delete_role_group(&caller, role_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ask what switching unified RBAC on or off for a workload would change; nothing is changed.
#[utoipa::path(
    post, path = "/roles/unified/{workload}/preview", tag = "access", operation_id = "preview_unified",
    params(WorkloadPath),
    request_body = Switch,
    responses(
        (status = 200, description = "Whom it would change something for", body = Vec<AccessDifference>),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn preview(
    Path(word): Path<String>,
    write: WriteRequest,
) -> Result<Json<Vec<AccessDifference>>, Problem> {
    let WriteRequest { app, caller, headers, body, .. } = write;
    let Switch { on } = input::parse_body(&headers, &body)?;
    Ok(Json(app.backend.preview_unified(&caller, workload(&word)?, on).await?))
}

/// Import who has what today: who would lose it by switching unified RBAC on gets a custom role that holds it.
#[utoipa::path(
    post, path = "/roles/unified/{workload}/import", tag = "access", operation_id = "import_unified",
    params(WorkloadPath),
    responses(
        (status = 200, description = "Whom switching it on would still change something for",
            body = Vec<AccessDifference>),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn import(
    Path(word): Path<String>,
    write: WriteRequest,
) -> Result<Json<Vec<AccessDifference>>, Problem> {
    let WriteRequest { app, caller, .. } = write;
    Ok(Json(app.backend.import_unified(&caller, workload(&word)?).await?))
}

/// Switch unified RBAC on or off for a workload.
#[utoipa::path(
    put, path = "/roles/unified/{workload}", tag = "access", operation_id = "switch_unified",
    params(WorkloadPath),
    request_body = Switch,
    responses((status = 204, description = "It is so"), schema::Failures, schema::WriteFailures),
)]
async fn switch(Path(word): Path<String>, write: WriteRequest) -> Result<Response, Problem> {
    let WriteRequest { app, caller, headers, body, .. } = write;
    let Switch { on } = input::parse_body(&headers, &body)?;
    app.backend.switch_unified(&caller, workload(&word)?, on).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
