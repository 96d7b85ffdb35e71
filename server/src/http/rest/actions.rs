//! Actions: propose, list, load, decide, undo.

use axum::extract::{Path, Query, State};
use axum::http::header::LINK;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::actions::contract::{ExportFormat, Proposed};
use domain::actions::query::Counts;
use domain::{Action, ActionId, ActionQuery, Buckets, Caller, Decision, Error, Proposal, Seen, Status};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::idempotency::{Write, answer};
use super::{ACTIONS, input};
use crate::http::export;
use crate::http::next::encode;
use crate::http::problem::Problem;
use crate::http::state::AppState;

/// What `POST /api/v1/actions` takes.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body; its items are read one by one, so that all errors are found"
)]
pub(super) struct NewActions {
    /// 1 to 500 actions, taken in all or none.
    #[schema(min_items = 1, max_items = 500)]
    actions: Vec<Proposal>,
}

/// What became of the actions.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedActions {
    /// In the order of the request.
    actions: Vec<CreatedAction>,
}

/// What became of one action.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedAction {
    id: ActionId,
    /// Whether this request made it; false for a repeat by source and external id.
    created: bool,
    version: i64,
    digest: String,
    decision: Decision,
    status: Status,
}

impl From<Proposed> for CreatedAction {
    fn from(Proposed { action, created }: Proposed) -> Self {
        let Action { id, version, digest, decision, status, .. } = action;
        Self { id, created, version, digest, decision, status }
    }
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Page {
    items: Vec<Action>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
    /// The cursor of the page before; null on the first.
    prev: Option<String>,
}

/// An approval.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Why, for the record.
    #[serde(default)]
    comment: Option<String>,
}

/// A rejection or an undo.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reasoned {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Why.
    reason: String,
}

/// Propose actions.
///
/// All or none are taken in. A repeat of the same `source` and `external_id` answers with the action that is there.
#[utoipa::path(
    post, path = "/api/v1/actions", tag = "actions", operation_id = "propose_actions",
    params(super::openapi::IdempotencyKey),
    request_body = NewActions,
    responses(
        (status = 201, description = "What became of each action", body = CreatedActions),
        super::openapi::Failures, super::openapi::WriteFailures,
    ),
)]
pub(super) async fn create(write: Write) -> Response {
    let work = |Write { app, caller, headers, body, .. }| async move {
        // Before the body is read: who may not propose learns nothing of what a proposal is.
        caller.authorize_proposal().map_err(Error::from)?;
        let proposals = input::proposals(&headers, &body, app.clock.now())?;
        let proposed = app.backend.propose(&caller, proposals).await?;
        let actions = proposed.into_iter().map(CreatedAction::from).collect();
        answer(StatusCode::CREATED, &CreatedActions { actions })
    };
    write.once(work).await
}

/// List the actions of a lane: filtered, sorted, page by page.
#[utoipa::path(
    get, path = "/api/v1/actions", tag = "actions", operation_id = "list_actions",
    params(super::openapi::ListParams),
    responses(
        (status = 200, description = "One page", body = Page,
            headers(("Link" = String, description = "RFC 8288: the pages next and prev"))),
        super::openapi::Failures,
    ),
)]
pub(super) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let query = read(pairs)?;
    let page = app.backend.list(&caller, query.clone()).await.map_err(|error| match error {
        // What is wrong stands in the query, and the cursor is all that the service looks into.
        Error::Invalid(_) => Problem::malformed("cursor is none that this server gave out"),
        error => error.into(),
    })?;
    let link = links(&query, page.next.as_deref(), page.prev.as_deref());
    let page = Page { items: page.items, next: page.next, prev: page.prev };
    let mut response = Json(page).into_response();
    if let Ok(link) = HeaderValue::from_str(&link)
        && !link.is_empty()
    {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// Count what a list holds: its matches, and how many of them have each value of what lists are filtered by.
///
/// Matches of a filter are counted up to 10,000; beyond it values come without counts.
#[utoipa::path(
    get, path = "/api/v1/actions/counts", tag = "actions", operation_id = "count_actions",
    params(super::openapi::ListParams),
    responses((status = 200, description = "The counts", body = Counts), super::openapi::Failures),
)]
pub(super) async fn counts(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    pairs: Pairs,
) -> Result<Json<Counts>, Problem> {
    Ok(Json(app.backend.counts(&caller, read(pairs)?).await?))
}

/// Group what is similar and waits for a decision: the same type on the same file, else of the same campaign, else of
/// the same investigation.
///
/// Up to 50 buckets, the greatest first, of the 10,000 most urgent matches. The field `similar` shows one as a list.
#[utoipa::path(
    get, path = "/api/v1/actions/buckets", tag = "actions", operation_id = "group_actions",
    params(super::openapi::ListParams),
    responses((status = 200, description = "The buckets", body = Buckets), super::openapi::Failures),
)]
pub(super) async fn buckets(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    pairs: Pairs,
) -> Result<Json<Buckets>, Problem> {
    let buckets = app.backend.buckets(&caller, read(pairs)?).await.map_err(|error| match error {
        // What is wrong stands in the query.
        Error::Invalid(_) => {
            Problem::malformed("lane must be pending: only what waits for a decision is grouped")
        }
        error => error.into(),
    })?;
    Ok(Json(buckets))
}

/// Export everything that matches, for spreadsheets.
///
/// CSV as of RFC 4180 with a header; a cell that looks like a formula begins with an apostrophe.
#[utoipa::path(
    get, path = "/api/v1/actions.csv", tag = "actions", operation_id = "export_actions_csv",
    params(super::openapi::ListParams),
    responses(
        (status = 200, description = "Every row", body = String, content_type = "text/csv"),
        (status = 429, description = "An export is still being written", content_type = "application/problem+json", body = Problem),
        super::openapi::Failures,
    ),
)]
pub(super) async fn export_csv(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    pairs: Pairs,
) -> Result<Response, Problem> {
    export::download(&app, &caller, read(pairs)?, ExportFormat::Csv).await
}

/// Export everything that matches, for machines: one JSON object a line.
#[utoipa::path(
    get, path = "/api/v1/actions.jsonl", tag = "actions", operation_id = "export_actions_jsonl",
    params(super::openapi::ListParams),
    responses(
        (status = 200, description = "Every row", body = String, content_type = "application/jsonl"),
        (status = 429, description = "An export is still being written", content_type = "application/problem+json", body = Problem),
        super::openapi::Failures,
    ),
)]
pub(super) async fn export_jsonl(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    pairs: Pairs,
) -> Result<Response, Problem> {
    export::download(&app, &caller, read(pairs)?, ExportFormat::JsonLines).await
}

/// The names and values of a URL's query.
type Pairs = Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>;

fn read(pairs: Pairs) -> Result<ActionQuery, Problem> {
    let Query(pairs) = pairs.map_err(|_| Problem::malformed("the query can't be read"))?;
    Ok(ActionQuery::from_pairs(pairs)?)
}

fn links(query: &ActionQuery, next: Option<&str>, prev: Option<&str>) -> String {
    let link = |(rel, cursor): (&str, Option<&str>)| {
        cursor.map(|cursor| {
            let page = ActionQuery { cursor: Some(cursor.to_owned()), ..query.clone() };
            let pairs: Vec<_> =
                page.pairs().iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            format!("<{ACTIONS}?{}>; rel=\"{rel}\"", pairs.join("&"))
        })
    };
    [("next", next), ("prev", prev)].into_iter().filter_map(link).collect::<Vec<_>>().join(", ")
}

/// Load one action.
#[utoipa::path(
    get, path = "/api/v1/actions/{id}", tag = "actions", operation_id = "load_action",
    params(super::openapi::Id),
    responses((status = 200, description = "The action", body = Action), super::openapi::Failures),
)]
pub(super) async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Action>, Problem> {
    Ok(Json(app.backend.action(&caller, parse_id(&id)?).await?))
}

/// What is no id names no action.
fn parse_id(id: &str) -> Result<ActionId, Error> {
    // The parser also takes ids in braces and without hyphens; a path has one spelling.
    id.parse().ok().filter(|parsed: &ActionId| parsed.to_string() == id).ok_or(Error::NotFound)
}

/// Approve an action, if it is still what was seen.
#[utoipa::path(
    post, path = "/api/v1/actions/{id}/approve", tag = "actions", operation_id = "approve_action",
    params(super::openapi::Id, super::openapi::IdempotencyKey),
    request_body = Approval,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        super::openapi::Failures, super::openapi::WriteFailures,
    ),
)]
pub(super) async fn approve(Path(id): Path<String>, write: Write) -> Response {
    let work = |Write { app, caller, headers, body, .. }| async move {
        let id = parse_id(&id)?;
        let Approval { expected_version, digest, comment } = input::shaped(&headers, &body)?;
        let seen = Seen { expected_version, digest };
        answer(StatusCode::OK, &app.backend.approve(&caller, id, seen, comment).await?)
    };
    write.once(work).await
}

/// Reject an action, if it is still what was seen.
#[utoipa::path(
    post, path = "/api/v1/actions/{id}/reject", tag = "actions", operation_id = "reject_action",
    params(super::openapi::Id, super::openapi::IdempotencyKey),
    request_body = Reasoned,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        super::openapi::Failures, super::openapi::WriteFailures,
    ),
)]
pub(super) async fn reject(Path(id): Path<String>, write: Write) -> Response {
    let work = |Write { app, caller, headers, body, .. }| async move {
        let id = parse_id(&id)?;
        let Reasoned { expected_version, digest, reason } = input::shaped(&headers, &body)?;
        let seen = Seen { expected_version, digest };
        answer(StatusCode::OK, &app.backend.reject(&caller, id, seen, reason).await?)
    };
    write.once(work).await
}

/// Undo an action: start its reverse.
#[utoipa::path(
    post, path = "/api/v1/actions/{id}/undo", tag = "actions", operation_id = "undo_action",
    params(super::openapi::Id, super::openapi::IdempotencyKey),
    request_body = Reasoned,
    responses(
        (status = 200, description = "The original action as it is now", body = Action),
        super::openapi::Failures, super::openapi::WriteFailures,
    ),
)]
pub(super) async fn undo(Path(id): Path<String>, write: Write) -> Response {
    let work = |Write { app, caller, headers, body, .. }| async move {
        let id = parse_id(&id)?;
        let Reasoned { expected_version, digest, reason } = input::shaped(&headers, &body)?;
        let seen = Seen { expected_version, digest };
        answer(StatusCode::OK, &app.backend.undo(&caller, id, seen, reason).await?)
    };
    write.once(work).await
}
