//! What is asked of an action after the decision on it: undo, settle, cancel, retry, withdraw, supersede.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actions::contract::UndoRequest;
use domain::{Action, ActionId, FollowUp, FollowUpVerb, Seen, SubjectKind};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![
        (Limits::USUAL, routes!(undo)),
        (Limits::USUAL, routes!(settle)),
        (Limits::USUAL, routes!(cancel)),
        (Limits::USUAL, routes!(retry)),
        (Limits::USUAL, routes!(withdraw)),
        (Limits::USUAL, routes!(supersede)),
        (Limits::USUAL, routes!(report)),
    ])
}

/// An undo.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Undoing {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Why.
    reason: String,
    /// That the effect is lifted for others by which it stands, too; needed where there are some.
    #[serde(default)]
    lift_others: bool,
    /// That it is done at once where a policy asks for somebody else (break-glass): the reason is reviewed later.
    #[serde(default)]
    break_glass: bool,
    /// Of several targets, on which of them, by their names; all that stand, where none is named.
    #[serde(default)]
    targets: Vec<String>,
}

/// How an action ended of which that was unknown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Settlement {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Whether it happened.
    happened: bool,
    /// What was seen, and where.
    evidence: String,
    /// Of several targets, which were looked at, by their names; all of which it is unknown, where none is named.
    #[serde(default)]
    targets: Vec<String>,
}

/// What was seen, and why it is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowUpRequest {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Why, for the record.
    #[serde(default)]
    reason: Option<String>,
}

/// What is to be tried again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Repetition {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Why, for the record.
    #[serde(default)]
    reason: Option<String>,
    /// Of several targets, which, by their names; all that failed, where none is named.
    #[serde(default)]
    targets: Vec<String>,
}

/// How something ended that is done by hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HandReport {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Whether it is done.
    done: bool,
    /// What was done, perhaps with a reference; or why it could not be done, which must be said.
    #[serde(default)]
    comment: Option<String>,
}

/// What takes the place of an action.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Replacement {
    /// The action's `version` as it was seen.
    expected_version: i64,
    /// The action's `digest` as it was seen.
    digest: String,
    /// Another action of the same proposer, which waits or was approved.
    by: ActionId,
    /// Why, for the record.
    #[serde(default)]
    reason: Option<String>,
}

async fn answer(id: String, write: WriteRequest, verb: FollowUpVerb) -> Response {
    let work = |write: WriteRequest| async move {
        let FollowUpRequest { expected_version, digest, reason } =
            input::parse_body(&write.headers, &write.body)?;
        let seen = Seen { expected_version, digest };
        follow_up(&id, write, seen, FollowUp::new(verb, reason)).await
    };
    Box::pin(write.answer_once(work)).await
}

pub(super) async fn follow_up(
    id: &str,
    WriteRequest { app, caller, .. }: WriteRequest,
    seen: Seen,
    what: FollowUp,
) -> Result<service::replay::Answer, crate::edge::problem::Problem> {
    let id: ActionId = input::parse_id(id, SubjectKind::Action)?;
    json_answer(StatusCode::OK, &app.backend.follow_up(&caller, id, seen, what).await?.answered_for())
}

/// Say how an action ended of which that is unknown, as a person who looked.
///
/// It happened: it is Completed. It did not: it is Failed, and can be tried again. Of an undo, the original follows.
#[utoipa::path(
    post, path = "/actions/{id}/settle", tag = "actions", operation_id = "settle_action",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = Settlement,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn settle(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |write: WriteRequest| async move {
        let Settlement { expected_version, digest, happened, evidence, targets } =
            input::parse_body(&write.headers, &write.body)?;
        let verb = if happened { FollowUpVerb::ItHappened } else { FollowUpVerb::ItDidNotHappen };
        let seen = Seen { expected_version, digest };
        let what = FollowUp { targets, ..FollowUp::new(verb, Some(evidence)) };
        follow_up(&id, write, seen, what).await
    };
    Box::pin(write.answer_once(work)).await
}

/// Call off an action that no executor can have got yet: it was decided on, and is not going to happen.
#[utoipa::path(
    post, path = "/actions/{id}/cancel", tag = "actions", operation_id = "cancel_action",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = FollowUpRequest,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn cancel(Path(id): Path<String>, write: WriteRequest) -> Response {
    answer(id, write, FollowUpVerb::Cancel).await
}

/// Try again what failed or could not be sent, by a new command of the same action; of several targets, those that failed.
/// What is protected takes the people that its approval took: the first of two leaves it as it is, and `status_detail`
/// says what it waits for.
#[utoipa::path(
    post, path = "/actions/{id}/retry", tag = "actions", operation_id = "retry_action",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = Repetition,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn retry(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |write: WriteRequest| async move {
        let Repetition { expected_version, digest, reason, targets } =
            input::parse_body(&write.headers, &write.body)?;
        let what = FollowUp { targets, ..FollowUp::new(FollowUpVerb::Retry, reason) };
        follow_up(&id, write, Seen { expected_version, digest }, what).await
    };
    Box::pin(write.answer_once(work)).await
}

/// Take back an action that waits for a decision, as who proposed it.
#[utoipa::path(
    post, path = "/actions/{id}/withdraw", tag = "actions", operation_id = "withdraw_action",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = FollowUpRequest,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn withdraw(Path(id): Path<String>, write: WriteRequest) -> Response {
    answer(id, write, FollowUpVerb::Withdraw).await
}

/// Say how an action ended that is done by hand, as a person.
#[utoipa::path(
    post, path = "/actions/{id}/report", tag = "actions", operation_id = "report_action",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = HandReport,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn report(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |write: WriteRequest| async move {
        let HandReport { expected_version, digest, done, comment } =
            input::parse_body(&write.headers, &write.body)?;
        let verb = if done { FollowUpVerb::Done } else { FollowUpVerb::NotDone };
        follow_up(&id, write, Seen { expected_version, digest }, FollowUp::new(verb, comment)).await
    };
    Box::pin(write.answer_once(work)).await
}

/// Replace an action that waits for a decision by another one, as who proposed both.
#[utoipa::path(
    post, path = "/actions/{id}/supersede", tag = "actions", operation_id = "supersede_action",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = Replacement,
    responses(
        (status = 200, description = "The action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn supersede(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |write: WriteRequest| async move {
        let Replacement { expected_version, digest, by, reason } =
            input::parse_body(&write.headers, &write.body)?;
        let what = FollowUp { replaced_by: Some(by), ..FollowUp::new(FollowUpVerb::Supersede, reason) };
        follow_up(&id, write, Seen { expected_version, digest }, what).await
    };
    Box::pin(write.answer_once(work)).await
}

/// Undo an action: start its reverse, on all of its targets or on some. Where the target is protected the reverse, which
/// `undone_by` names, waits for somebody else's decision; its `status_detail` says why.
#[utoipa::path(
    post, path = "/actions/{id}/undo", tag = "actions", operation_id = "undo_action",
    params(schema::ActionPath, schema::IdempotencyKey),
    request_body = Undoing,
    responses(
        (status = 200, description = "The original action as it is now", body = Action),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn undo(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let id: ActionId = input::parse_id(&id, SubjectKind::Action)?;
        let Undoing { expected_version, digest, reason, lift_others, break_glass, targets } =
            input::parse_body(&headers, &body)?;
        let seen = Seen { expected_version, digest };
        let undo = UndoRequest { reason, lift_others, break_glass, targets };
        json_answer(StatusCode::OK, &app.backend.undo(&caller, id, seen, undo).await?.answered_for())
    };
    Box::pin(write.answer_once(work)).await
}
