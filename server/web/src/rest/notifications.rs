//! Rules of notifications: who is told of what.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::Caller;
use domain::notifications::NotificationRule;
use domain::notifications::contract::{NotificationRuleState, NotificationTest};
use serde::Serialize;
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
        (Limits::USUAL, routes!(remove)),
        (Limits::USUAL, routes!(test)),
    ])
    .tagged("notifications", "Who is told of what, and how")
}

/// The name of a rule.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct RulePath {
    /// The rule's name.
    name: String,
}

/// All rules.
#[derive(Serialize, ToSchema)]
struct NotificationRules {
    /// By name.
    rules: Vec<NotificationRuleState>,
}

/// List the rules of notifications. Of a webhook's URL only the host is shown.
#[utoipa::path(
    get, path = "/notification-rules", tag = "notifications", operation_id = "list_notification_rules",
    responses((status = 200, description = "The rules", body = NotificationRules), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<NotificationRules>, Problem> {
    Ok(Json(NotificationRules { rules: app.backend.notification_rules(&caller).await? }))
}

/// Add a rule. It is about what happens from now on.
#[utoipa::path(
    post, path = "/notification-rules", tag = "notifications", operation_id = "add_notification_rule",
    request_body = NotificationRule,
    responses(
        (status = 201, description = "The rule", body = NotificationRule),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn add(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }: WriteRequest| async move {
        caller.authorize_notifications().map_err(domain::Error::from)?;
        let rule = input::parse_body::<NotificationRule>(&headers, &body)?;
        json_answer(StatusCode::CREATED, &app.backend.add_notification_rule(&caller, rule).await?)
    };
    write.answer_once(work).await
}

/// Remove a rule, and what it was going to send.
#[utoipa::path(
    delete, path = "/notification-rules/{name}", tag = "notifications", operation_id = "remove_notification_rule",
    params(RulePath),
    responses((status = 204, description = "It is gone"), schema::Failures, schema::WriteFailures),
)]
async fn remove(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    app.backend.remove_notification_rule(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a message by a rule that says that it is a test.
#[utoipa::path(
    post, path = "/notification-rules/{name}/test", tag = "notifications", operation_id = "test_notification_rule",
    params(RulePath),
    responses(
        (status = 200, description = "What came of it", body = NotificationTest),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn test(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<NotificationTest>, Problem> {
    Ok(Json(app.backend.test_notification_rule(&caller, &name).await?))
}
