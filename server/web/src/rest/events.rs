//! Following changes.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Json};
use domain::{Caller, Change, Error, RowScope};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{ApiArea, schema};
use crate::edge::client::Client;
use crate::edge::credential::Credential;
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::sse::{self, StreamQueryResult};
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![(Limits::USUAL, routes!(follow)), (Limits::USUAL, routes!(changes))])
}

/// Records of the log in one answer, unless fewer are asked for.
const RECORDS: u32 = 500;

/// Where to go on, and how far.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ChangesQuery {
    /// The `next` of the answer before. Without it, the answer has no changes, and its `next` is where to begin.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// How far to look at most, in records of the audit log.
    #[param(minimum = 1, maximum = 500, default = 500)]
    limit: Option<u32>,
}

/// What changed, in the order of commits.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangePage {
    /// The changes of what the caller may see; fewer than were looked at, or none, as others are not for them.
    changes: Vec<Change>,
    /// The `after` of the next request. Nothing that is committed later comes before it.
    next: i64,
    /// Whether there may be more already.
    more: bool,
}

/// Ask what changed since: for whoever polls. Nothing is missed, however many changes one instant brought.
///
/// Times are no cursor: many changes may share one. Follow `next` instead, and load what changed.
#[utoipa::path(
    get, path = "/changes", tag = "actions", operation_id = "list_changes",
    params(ChangesQuery),
    responses(
        (status = 200, description = "The changes", body = ChangePage),
        (status = 422, description = "`limit` is none, or `after` lies ahead of all changes", content_type = "application/problem+json", body = Problem),
        schema::Failures,
    ),
)]
async fn changes(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<ChangesQuery>, QueryRejection>,
) -> Result<Json<ChangePage>, Problem> {
    let scope = RowScope::of(&caller).map_err(Error::from)?;
    let Query(ChangesQuery { after, limit }) = query.map_err(|_| {
        Problem::malformed("the query takes `after`, a number from an answer's `next`, and `limit`, 1 to 500")
    })?;
    let limit = limit.unwrap_or(RECORDS);
    if !(1..=RECORDS).contains(&limit) {
        return Err(Error::invalid("/limit", format!("must be from 1 to {RECORDS}")).into());
    }
    let head = app.store.audit_head().await.map_err(Error::from)?;
    let Some(after) = after else {
        return Ok(Json(ChangePage { changes: Vec::new(), next: head, more: false }));
    };
    // Whoever waited for it would miss all that comes before it.
    if after > head {
        let detail = format!(
            "is {after}, and the last change is {head}: it is of another database, or of this one before an older copy was restored; read the lists once, and go on from {head}"
        );
        return Err(Error::invalid("/after", detail).into());
    }
    if after < 0 {
        return Err(
            Error::invalid("/after", "must be the `next` of an answer, or 0 for the beginning").into()
        );
    }
    let records = app.store.follow(after, limit).await.map_err(Error::from)?;
    let next = records.last().map_or(after, |record| record.seq);
    let more = records.len() == limit as usize;
    let changes = records.iter().filter_map(|record| sse::visible_change(record, &caller, &scope)).collect();
    Ok(Json(ChangePage { changes, next, more }))
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
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    query: StreamQueryResult,
) -> Result<Response, Problem> {
    let credential = Credential::token(&headers).ok_or(Error::NotSignedIn)?;
    let client = client.map(|Extension(client)| client).unwrap_or_default();
    sse::open(app, client, credential, &headers, query).await
}
