//! Actions: propose, list, load, decide, undo.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, LINK};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::actions::contract::{JsonPage, Proposed, Twin};
use domain::actions::query::Counts;
use domain::actions::take::NewAction;
use domain::{
    Action, ActionId, ActionQuery, Buckets, Caller, Decision, Error, Proposal, Seen, Status, SubjectKind,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::input::{self, QueryPairs, action_query};
use super::items::{OnError, OnErrorQuery};
use super::{ApiArea, schema};
use crate::edge::limits::Limits;
use crate::edge::paths::{API, query_value};
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![
        (Limits::USUAL, routes!(list)),
        (Limits::PROPOSALS, routes!(create)),
        (Limits::USUAL, routes!(buckets)),
        (Limits::USUAL, routes!(counts)),
        (Limits::USUAL, routes!(take)),
        (Limits::USUAL, routes!(load)),
        (Limits::USUAL, routes!(approve)),
        (Limits::USUAL, routes!(reject)),
    ])
    .tagged("actions", "Remediation actions")
}

/// The id in a path.
fn action_id(id: &str) -> Result<ActionId, Error> {
    input::parse_id(id, SubjectKind::Action)
}

/// What `POST /api/v1/actions` takes.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body; its items are read one by one, so that all errors are found"
)]
struct NewActions {
    /// 1 to 500 actions, taken in all or none.
    #[schema(min_items = 1, max_items = 500)]
    actions: Vec<Proposal>,
}

/// What became of the actions.
#[derive(Serialize, ToSchema)]
struct CreatedActions {
    /// In the order of the request.
    actions: Vec<CreatedAction>,
}

/// What became of one action.
#[derive(Serialize, ToSchema)]
struct CreatedAction {
    id: ActionId,
    /// Whether this request made it; false for a repeat by source and external id.
    created: bool,
    version: i64,
    digest: String,
    decision: Decision,
    status: Status,
    /// Which newer facts of a repeat were taken; then it has a new version.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed: Vec<&'static str>,
    /// Which newer facts of a repeat were dropped, since it is no longer pending: propose them under another
    /// `external_id`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dropped: Vec<&'static str>,
    /// Others, as far as the caller sees them, that do the same to the same, and wait, run or stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    twins: Vec<Twin>,
}

impl From<Proposed> for CreatedAction {
    fn from(Proposed { action, created, changed, dropped, twins }: Proposed) -> Self {
        let Action { id, version, digest, decision, status, .. } = action;
        Self { id, created, version, digest, decision, status, changed, dropped, twins }
    }
}

/// What became of each action by itself.
#[derive(Serialize, ToSchema)]
struct ProposalResults {
    /// In the order of the request.
    results: Vec<ProposalResult>,
    /// How many were taken in.
    taken: usize,
    /// How many were not.
    refused: usize,
}

/// What became of one action: `action` or `error`.
#[derive(Serialize, ToSchema)]
struct ProposalResult {
    /// The proposer's id of it, as far as it was readable.
    external_id: Option<String>,
    /// What the answer's status would be for it alone.
    status: u16,
    /// The action, if it was taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<CreatedAction>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
struct Page {
    items: Vec<Action>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
    /// The cursor of the page before; null on the first.
    prev: Option<String>,
}

/// An approval.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Approval {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Why, for the record.
    #[serde(default)]
    comment: Option<String>,
}

/// A rejection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reasoned {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Why.
    reason: String,
}

/// Propose actions, or record what was done elsewhere.
///
/// With `decision` `NotRequired` an action is recorded with its `status`, `occurred_at` and `result`, which takes the scope
/// `actions:record`; a repeat says anew how it ended. All or none are taken in, unless `on_error=item` asks for a result of each. A repeat of the same `source` and
/// `external_id` answers with the action that is there; its newer facts make a new version of a pending action.
/// The body may have up to 16 MiB.
#[utoipa::path(
    post, path = "/actions", tag = "actions", operation_id = "propose_actions",
    params(OnErrorQuery, schema::IdempotencyKey),
    request_body(content = NewActions, description = "Up to 500 actions in up to 16 MiB (16,777,216 bytes)."),
    responses(
        (status = 201, description = "What became of each action", body = CreatedActions),
        (status = 207, description = "With `on_error=item`: the result of each action", body = ProposalResults),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn create(query: Result<Query<OnErrorQuery>, QueryRejection>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        // Before the body is read: who may not propose learns nothing of what a proposal is.
        let may =
            caller.authorize_proposal().or_else(|missing| caller.authorize_record().map_err(|_| missing));
        may.map_err(Error::from)?;
        let on_error = OnErrorQuery::read(query)?;
        let items = input::parse_items(&headers, &body)?;
        if on_error == OnError::Item {
            let results = propose_each(&app, &caller, items).await?;
            return json_answer(StatusCode::MULTI_STATUS, &results);
        }
        let proposals = input::parse_proposals(items, app.clock.now())?;
        let proposed = app.backend.propose(&caller, proposals).await?;
        let actions = proposed.into_iter().map(CreatedAction::from).collect();
        json_answer(StatusCode::CREATED, &CreatedActions { actions })
    };
    write.answer_once(work).await
}

/// Takes in what can be, each by itself.
async fn propose_each(
    app: &AppState,
    caller: &Caller,
    items: Vec<serde_json::Value>,
) -> Result<ProposalResults, Error> {
    let id = |item: &serde_json::Value| item.get("external_id").and_then(|id| id.as_str()).map(str::to_owned);
    let ids: Vec<_> = items.iter().map(id).collect();
    let mut results: Vec<Option<Result<Proposed, Error>>> = Vec::with_capacity(items.len());
    let (mut proposals, mut places) = (Vec::new(), Vec::new());
    let now = app.clock.now();
    for (index, item) in items.into_iter().enumerate() {
        results.push(match input::parse_proposal(index, item, now) {
            Ok(proposal) => {
                places.push(index);
                proposals.push(proposal);
                None
            }
            Err(errors) => Some(Err(Error::Invalid(errors))),
        });
    }
    if !proposals.is_empty() {
        let taken = app.backend.propose_each(caller, proposals).await?;
        for (index, (place, result)) in places.into_iter().zip(taken).enumerate() {
            results[place] = Some(result.map_err(|error| error.moved(index, place)));
        }
    }
    let result = |(external_id, result): (Option<String>, Option<Result<Proposed, Error>>)| {
        let result = result.unwrap_or_else(|| Err(Error::Internal("a proposal has no result".to_owned())));
        match result {
            Ok(proposed) => ProposalResult {
                external_id,
                status: StatusCode::CREATED.as_u16(),
                action: Some(proposed.into()),
                error: None,
            },
            Err(error) => {
                let error = Problem::of_item(error);
                ProposalResult {
                    external_id,
                    status: error.status().as_u16(),
                    action: None,
                    error: Some(error),
                }
            }
        }
    };
    let results: Vec<_> = ids.into_iter().zip(results).map(result).collect();
    let taken = results.iter().filter(|result| result.action.is_some()).count();
    Ok(ProposalResults { refused: results.len() - taken, taken, results })
}

/// Take an action at once, as the person whose token it is.
///
/// It needs the permission that approving it would need, gets decision `NotRequired`, and is carried out at once; where no
/// executor is connected for it, it waits for a decision of somebody else.
#[utoipa::path(
    post, path = "/actions/take", tag = "actions", operation_id = "take_action",
    params(schema::IdempotencyKey),
    request_body = NewAction,
    responses(
        (status = 201, description = "The action", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn take(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        caller.decider().map_err(Error::from)?;
        let new = input::parse_with_entity::<NewAction>(&headers, &body)?;
        json_answer(StatusCode::CREATED, &app.backend.take_action(&caller, new).await?.answered_for())
    };
    write.answer_once(work).await
}

/// List the actions of a lane: filtered, sorted, page by page.
#[utoipa::path(
    get, path = "/actions", tag = "actions", operation_id = "list_actions",
    params(schema::ListParams),
    responses(
        (status = 200, description = "One page", body = Page,
            headers(("Link" = String, description = "RFC 8288: the pages next and prev"))),
        schema::Failures,
    ),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    pairs: QueryPairs,
) -> Result<Response, Problem> {
    let query = action_query(pairs)?;
    let page = app.backend.list_as_json(&caller, query.clone()).await.map_err(|error| match error {
        // What is wrong stands in the query, and the cursor is all that the service looks into.
        Error::Invalid(_) => Problem::malformed("cursor is none that this server gave out"),
        error => error.into(),
    })?;
    let link = links(&query, page.next.as_deref(), page.prev.as_deref());
    let mut response = ([(CONTENT_TYPE, "application/json")], body(page)?).into_response();
    if let Ok(link) = HeaderValue::from_str(&link)
        && !link.is_empty()
    {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// A [`Page`] whose items are JSON already.
fn body(JsonPage { items, next, prev }: JsonPage) -> Result<Vec<u8>, Error> {
    let around = serde_json::to_string(&Page { items: Vec::new(), next, prev });
    let around = around.map_err(|error| Error::Internal(error.to_string()))?;
    // The items are its first field, and what stands behind them may hold brackets of its own.
    let (begin, end) = around.split_at(around.find(']').unwrap_or_default());
    let length = items.iter().map(|item| item.len() + 1).sum::<usize>() + around.len();
    let mut body = Vec::with_capacity(length);
    body.extend_from_slice(begin.as_bytes());
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(item.as_bytes());
    }
    body.extend_from_slice(end.as_bytes());
    Ok(body)
}

/// Count what a list holds: its matches, and how many of them have each value of what lists are filtered by.
///
/// Matches of a filter are counted up to 10,000; beyond it values come without counts.
#[utoipa::path(
    get, path = "/actions/counts", tag = "actions", operation_id = "count_actions",
    params(schema::ListParams),
    responses((status = 200, description = "The counts", body = Counts), schema::Failures),
)]
async fn counts(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    pairs: QueryPairs,
) -> Result<Json<Counts>, Problem> {
    Ok(Json(app.backend.counts(&caller, action_query(pairs)?).await?))
}

/// Group what is similar and waits for a decision: the same type on the same file, else of the same campaign, else of
/// the same investigation.
///
/// Up to 50 buckets, the greatest first, of the 10,000 most urgent matches. The field `similar` shows one as a list.
#[utoipa::path(
    get, path = "/actions/buckets", tag = "actions", operation_id = "group_actions",
    params(schema::ListParams),
    responses((status = 200, description = "The buckets", body = Buckets), schema::Failures),
)]
async fn buckets(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    pairs: QueryPairs,
) -> Result<Json<Buckets>, Problem> {
    let buckets = app.backend.buckets(&caller, action_query(pairs)?).await.map_err(|error| match error {
        // What is wrong stands in the query.
        Error::Invalid(_) => {
            Problem::malformed("lane must be pending: only what waits for a decision is grouped")
        }
        error => error.into(),
    })?;
    Ok(Json(buckets))
}

/// The header `Link` (RFC 8288).
fn links(query: &ActionQuery, next: Option<&str>, prev: Option<&str>) -> String {
    let link = |(rel, cursor): (&str, Option<&str>)| {
        cursor.map(|cursor| {
            let page = ActionQuery { cursor: Some(cursor.to_owned()), ..query.clone() };
            let pairs: Vec<_> =
                page.pairs().iter().map(|(name, value)| format!("{name}={}", query_value(value))).collect();
            format!("<{API}/actions?{}>; rel=\"{rel}\"", pairs.join("&"))
        })
    };
    [("next", next), ("prev", prev)].into_iter().filter_map(link).collect::<Vec<_>>().join(", ")
}

/// Load one action.
#[utoipa::path(
    get, path = "/actions/{id}", tag = "actions", operation_id = "load_action",
    params(schema::ActionPath),
    responses((status = 200, description = "The action", body = Action), schema::Failures),
)]
async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Action>, Problem> {
    Ok(Json(app.backend.action(&caller, action_id(&id)?).await?.answered_for()))
}

/// Approve an action, if it is still what was seen.
#[utoipa::path(
    post, path = "/actions/{id}/approve", tag = "actions", operation_id = "approve_action",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = Approval,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn approve(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let id = action_id(&id)?;
        let Approval { expected_version, digest, comment } = input::parse_body(&headers, &body)?;
        let seen = Seen { expected_version, digest };
        let approved = app.backend.approve(&caller, id, seen, comment).await?;
        json_answer(StatusCode::OK, &approved.answered_for())
    };
    write.answer_once(work).await
}

/// Reject an action, if it is still what was seen.
#[utoipa::path(
    post, path = "/actions/{id}/reject", tag = "actions", operation_id = "reject_action",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = Reasoned,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn reject(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let id = action_id(&id)?;
        let Reasoned { expected_version, digest, reason } = input::parse_body(&headers, &body)?;
        let seen = Seen { expected_version, digest };
        let rejected = app.backend.reject(&caller, id, seen, reason).await?;
        json_answer(StatusCode::OK, &rejected.answered_for())
    };
    write.answer_once(work).await
}
