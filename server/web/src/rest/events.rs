//! Following changes.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::{Change, Error};
use utoipa_axum::routes;

use super::{ApiRoute, schema};
use crate::edge::credential::Credential;
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::sse::{self, StreamQueryResult};
use crate::state::AppState;

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![(Limits::USUAL, routes!(follow))]
}

/// Follow changes: server-sent events, each with the audit sequence number as its id.
///
/// `hello` and `reset` carry `{"seq": N}`: load everything, then follow. `change` carries a change. `end` closes the
/// stream for good, with the `code` of the failure. A stream that breaks is resumed by `Last-Event-ID` or `after`.
#[utoipa::path(
    get, path = "/events", tag = "actions", operation_id = "follow_changes",
    params(
        ("after" = Option<i64>, Query, description = "The id of the last event that was seen"),
        ("Last-Event-ID" = Option<i64>, Header, description = "The same, and goes before it"),
    ),
    responses(
        (status = 200, description = "The data of each `change`", body = Change, content_type = "text/event-stream"),
        (status = 429, description = "Too many streams", content_type = "application/problem+json", body = Problem),
        schema::Failures,
    ),
)]
async fn follow(
    State(app): State<AppState>,
    headers: HeaderMap,
    query: StreamQueryResult,
) -> Result<Response, Problem> {
    let credential = Credential::token(&headers).ok_or(Error::NotSignedIn)?;
    sse::open(app, credential, &headers, query).await
}
