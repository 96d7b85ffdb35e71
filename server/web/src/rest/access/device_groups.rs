//! Device groups and their rules.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::access::contract::{DeviceGroupView, RulePreview};
use domain::access::device_group::{DeviceCondition, DeviceGroupForm};
use domain::{Caller, DeviceGroup, DeviceGroupId, Error, SubjectKind};
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
    ]
}

fn group_id(id: &str) -> Result<DeviceGroupId, Error> {
    input::parse_id(id, SubjectKind::DeviceGroup)
}

/// The id of a device group.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct GroupPath {
    /// The id of the device group.
    id: DeviceGroupId,
}

/// A rule to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Trial {
    /// What a device must meet, all of it.
    rule: Vec<DeviceCondition>,
    /// The rank at which it would stand; the last where none is named.
    #[serde(default)]
    rank: Option<u32>,
}

/// List device groups by rank, each with how many known devices are in it.
#[utoipa::path(
    get, path = "/device-groups", tag = "access", operation_id = "list_device_groups",
    responses((status = 200, description = "All of them", body = Vec<DeviceGroupView>), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<DeviceGroupView>>, Problem> {
    Ok(Json(app.backend.device_groups(&caller).await?))
}

/// Add a device group. Devices that it takes go to it with all their actions before the answer.
#[utoipa::path(
    post, path = "/device-groups", tag = "access", operation_id = "add_device_group",
    params(schema::IdempotencyKey),
    request_body = DeviceGroupForm,
    responses(
        (status = 201, description = "The device group", body = DeviceGroup),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn add(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let form: DeviceGroupForm = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::CREATED, &app.backend.save_device_group(&caller, None, form).await?)
    };
    write.answer_once(work).await
}

/// Replace a device group: its name, rank, rule and remediation level.
#[utoipa::path(
    put, path = "/device-groups/{id}", tag = "access", operation_id = "change_device_group",
    params(GroupPath, schema::IdempotencyKey),
    request_body = DeviceGroupForm,
    responses(
        (status = 200, description = "The device group since", body = DeviceGroup),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn change(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let id = group_id(&id)?;
        let form = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.save_device_group(&caller, Some(id), form).await?)
    };
    write.answer_once(work).await
}

/// Delete a device group: its devices go to the next whose rule they meet.
#[utoipa::path(
    delete, path = "/device-groups/{id}", tag = "access", operation_id = "delete_device_group",
    params(GroupPath),
    responses((status = 204, description = "It is gone"), schema::Failures, schema::WriteFailures),
)]
async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.backend.delete_device_group(&caller, group_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ask what a rule would match among the devices that are known; nothing is changed.
#[utoipa::path(
    post, path = "/device-groups/preview", tag = "access", operation_id = "preview_device_rule",
    request_body = Trial,
    responses(
        (status = 200, description = "What it would match", body = RulePreview),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn preview(write: WriteRequest) -> Result<Json<RulePreview>, Problem> {
    let WriteRequest { app, caller, headers, body, .. } = write;
    let Trial { rule, rank } = input::parse_body(&headers, &body)?;
    Ok(Json(app.backend.preview_rule(&caller, rule, rank).await?))
}
