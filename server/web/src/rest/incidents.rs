//! Incidents: reports, lists, and what people say of them.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::cases::{CaseList, CaseRows};
use domain::incidents::contract::ReportedIncident;
use domain::incidents::{
    Classification, IncidentChange, IncidentComment, IncidentList, IncidentReport, IncidentStatus,
    IncidentSummary,
};
use domain::{Caller, Error, FieldError, Severity};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::items::{OnError, OnErrorQuery};
use super::{ApiArea, input, items, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![
        (Limits::PROPOSALS, routes!(report)),
        (Limits::USUAL, routes!(list)),
        (Limits::USUAL, routes!(load)),
        (Limits::USUAL, routes!(change)),
        (Limits::USUAL, routes!(comment)),
    ])
    .tagged("incidents", "Alerts and investigations that belong together")
}

/// What a list of incidents is asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what the service reads")]
struct ListQuery {
    /// Only those of this status; like `severity` and `classification`, it may stand several times.
    #[param(inline)]
    status: Option<IncidentStatus>,
    /// Only those of this severity.
    #[param(inline)]
    severity: Option<Severity>,
    /// Only those that turned out to be this.
    #[param(inline)]
    classification: Option<Classification>,
    /// What id or title hold.
    q: Option<String>,
    /// A column: id, title, status, severity, classification, `assigned_to`, started or updated; with `-` before it,
    /// descending.
    sort: Option<String>,
    /// Rows a page: 25, 50, 100 or 200; 50 where it is not named.
    limit: Option<u16>,
    /// The cursor of the page.
    cursor: Option<String>,
}

/// A comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GivenComment {
    /// What to say.
    text: String,
}

/// What became of a report of which each alert was taken in by itself.
#[derive(Serialize, ToSchema)]
struct IncidentResults {
    /// What became of the rest.
    #[serde(flatten)]
    reported: ReportedIncident,
    /// What is wrong with alerts, which were left out.
    left_out: Vec<FieldError>,
}

/// Report an incident, or parts of it. An alert that comes again replaces what is there of it; what a report leaves out
/// stays.
///
/// All of a report is taken in or nothing, unless `on_error=item` asks for what can be.
#[utoipa::path(
    post, path = "/incidents", tag = "incidents", operation_id = "report_incident",
    params(OnErrorQuery, schema::IdempotencyKey),
    request_body = IncidentReport,
    responses(
        (status = 200, description = "The incident as it is since", body = ReportedIncident),
        (status = 207, description = "With `on_error=item`: likewise, and which alerts were left out", body = IncidentResults),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn report(query: Result<Query<OnErrorQuery>, QueryRejection>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        caller.authorize_proposal().map_err(Error::from)?;
        if OnErrorQuery::read(query)? == OnError::Item {
            let (report, left_out, places) = items::parse_incident_items(&headers, &body)?;
            let mut reported = app.backend.report_incident(&caller, report).await?;
            reported.dropped = places.as_sent(reported.dropped);
            return json_answer(StatusCode::MULTI_STATUS, &IncidentResults { reported, left_out });
        }
        let report: IncidentReport = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.report_incident(&caller, report).await?)
    };
    write.answer_once(work).await
}

/// List incidents, the latest change first where no order is named.
#[utoipa::path(
    get, path = "/incidents", tag = "incidents", operation_id = "list_incidents",
    params(ListQuery),
    responses((status = 200, description = "One page", body = IncidentList), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Json<IncidentList>, Problem> {
    let page = app.backend.case_page(&caller, CaseList::Incidents, query).await.map_err(Problem::of_query)?;
    let CaseRows::Incidents(items) = page.rows else { return Err(Problem::malformed("no such list")) };
    Ok(Json(IncidentList { items, next: page.view.next, rendered_at: page.rendered_at }))
}

/// Load one incident.
#[utoipa::path(
    get, path = "/incidents/{id}", tag = "incidents", operation_id = "load_incident",
    params(("id" = String, Path, description = "Its id, as its tool gave it")),
    responses((status = 200, description = "The incident", body = IncidentSummary), schema::Failures),
)]
async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<IncidentSummary>, Problem> {
    Ok(Json(app.backend.incident(&caller, &id).await?.summary))
}

/// Change status, classification or assignment of an incident, if it is still what was seen.
#[utoipa::path(
    patch, path = "/incidents/{id}", tag = "incidents", operation_id = "change_incident",
    params(("id" = String, Path, description = "Its id, as its tool gave it"), schema::IdempotencyKey),
    request_body = IncidentChange,
    responses(
        (status = 200, description = "The incident as it is now", body = IncidentSummary),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn change(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let change: IncidentChange = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.change_incident(&caller, &id, change).await?)
    };
    write.answer_once(work).await
}

/// Comment on an incident.
#[utoipa::path(
    post, path = "/incidents/{id}/comments", tag = "incidents", operation_id = "comment_incident",
    params(("id" = String, Path, description = "Its id, as its tool gave it"), schema::IdempotencyKey),
    request_body = GivenComment,
    responses(
        (status = 201, description = "The comment", body = IncidentComment),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn comment(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let GivenComment { text } = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::CREATED, &app.backend.comment_incident(&caller, &id, text).await?)
    };
    write.answer_once(work).await
}
