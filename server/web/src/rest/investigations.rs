//! Investigations: reports, lists, and feedback about wrong verdicts.

use std::collections::BTreeMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::cases::{CaseList, CaseRows};
use domain::investigations::contract::{Reported, ReportedAction};
use domain::investigations::email::EmailView;
use domain::investigations::feedback::{Feedback, FeedbackList, Judged, WrongVerdict};
use domain::investigations::report::InvestigationReport;
use domain::investigations::{InvestigationList, InvestigationState, InvestigationSummary, Tab};
use domain::{ActionId, Caller, Error, FieldError, Severity};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::items::{OnError, OnErrorQuery, ReportItems};
use super::{ApiArea, input, items, schema};
use crate::download::{TabQuery, cases_download, list_of};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![
        (Limits::PROPOSALS, routes!(report)),
        (Limits::USUAL, routes!(list)),
        (Limits::USUAL, routes!(load)),
        (Limits::USUAL, routes!(end)),
        (Limits::EXPORT, routes!(export_tab)),
        (Limits::USUAL, routes!(give_feedback, feedback)),
        (Limits::USUAL, routes!(email)),
    ])
    .tagged("investigations", "What tools found and propose, and feedback to them")
}

/// What a list of investigations is asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what the service reads")]
struct ListQuery {
    /// Only those in this state, as it is shown; like `severity` and `incident`, it may stand several times.
    #[param(inline)]
    state: Option<InvestigationState>,
    /// Only those of this severity.
    #[param(inline)]
    severity: Option<Severity>,
    /// Only those of this incident.
    incident: Option<String>,
    /// What id, title, category, detection source or incident hold.
    q: Option<String>,
    /// A column: id, title, state, severity, category, `detection_source`, incident, started or updated; with `-` before it,
    /// descending.
    sort: Option<String>,
    /// Rows a page: 25, 50, 100 or 200; 50 where it is not named.
    limit: Option<u16>,
    /// The cursor of the page.
    cursor: Option<String>,
}

/// After which place feedback is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AfterQuery {
    /// `next` of the answer before; everything where it is not named.
    #[serde(default)]
    after: i64,
}

/// In which way a verdict is wrong.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GivenFeedback {
    /// The action whose verdict is wrong.
    #[serde(default)]
    action_id: Option<ActionId>,
    /// In place of an action, the investigation that has the evidence.
    #[serde(default)]
    investigation_id: Option<String>,
    /// And the tool's id of the piece of evidence whose verdict is wrong.
    #[serde(default)]
    evidence_id: Option<String>,
    /// In which way.
    kind: WrongVerdict,
    /// Why.
    #[serde(default)]
    comment: Option<String>,
}

/// What became of a report, of which each action and piece was taken in by itself.
#[derive(Serialize, ToSchema)]
struct ReportResults {
    /// The investigation as it is since.
    investigation: InvestigationSummary,
    /// Whether this report made it.
    created: bool,
    /// Which facts a repeat brought up to date, by their names in the API; of pieces the name of their list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed: Vec<String>,
    /// Which pieces were dropped, by their list and their place in it, as `alerts/0`: a later one of the report is the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dropped: Vec<String>,
    /// What became of each action, in the order of the report.
    results: Vec<ReportResult>,
    /// How many actions were taken in.
    taken: usize,
    /// How many were not.
    refused: usize,
    /// What is wrong with pieces, which were left out.
    left_out: Vec<FieldError>,
}

/// What became of one action: `action` or `error`.
#[derive(Serialize, ToSchema)]
struct ReportResult {
    /// The proposer's id of it, as far as it was readable.
    external_id: Option<String>,
    /// What the answer's status would be for it alone.
    status: u16,
    /// The action, if it was taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<ReportedAction>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

/// Report an investigation, or parts of it.
///
/// A piece that comes again (by its `id`, name or address) replaces what is there of it; what a report leaves out stays.
/// All of a report is taken in or nothing, unless `on_error=item` asks for what can be, with a result of each action.
/// Its actions are proposed as by `POST /actions`; where the device group's remediation level and the verdict say so, they
/// are approved by that rule at once. The body may have up to 16 MiB.
#[utoipa::path(
    post, path = "/investigations", tag = "investigations", operation_id = "report_investigation",
    params(OnErrorQuery, schema::IdempotencyKey),
    request_body = InvestigationReport,
    responses(
        (status = 200, description = "What became of it", body = Reported),
        (status = 207, description = "With `on_error=item`: the result of each action, and which pieces were left out", body = ReportResults),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn report(query: Result<Query<OnErrorQuery>, QueryRejection>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        caller.authorize_proposal().map_err(Error::from)?;
        if OnErrorQuery::read(query)? == OnError::Item {
            let items = items::parse_report_items(&headers, &body, app.clock.now())?;
            return json_answer(StatusCode::MULTI_STATUS, &report_each(&app, &caller, items).await?);
        }
        let report = input::parse_report(&headers, &body, app.clock.now())?;
        json_answer(StatusCode::OK, &app.backend.report_investigation(&caller, report).await?)
    };
    write.answer_once(work).await
}

/// Takes in what can be.
async fn report_each(app: &AppState, caller: &Caller, items: ReportItems) -> Result<ReportResults, Error> {
    let ReportItems { mut report, actions, left_out, places: places_of_pieces } = items;
    let (mut refusals, mut places) = (BTreeMap::new(), Vec::new());
    let mut ids = Vec::with_capacity(actions.len());
    for (place, (id, action)) in actions.into_iter().enumerate() {
        ids.push(id);
        match action {
            Ok(proposal) => {
                places.push(place);
                report.actions.push(proposal);
            }
            Err(errors) => drop(refusals.insert(place, Err(Error::Invalid(errors)))),
        }
    }
    let (Reported { investigation, created, changed, dropped, .. }, taken) =
        app.backend.report_each(caller, report).await?;
    let moved = places.into_iter().zip(taken).enumerate();
    let mut results: BTreeMap<_, _> =
        moved.map(|(index, (place, one))| (place, one.map_err(|error| error.moved(index, place)))).collect();
    results.append(&mut refusals);
    // Each place has its result: they are in order.
    let results: Vec<_> = ids.into_iter().zip(results.into_values()).map(result).collect();
    let taken = results.iter().filter(|result| result.action.is_some()).count();
    let (refused, dropped) = (results.len() - taken, places_of_pieces.as_sent(dropped));
    Ok(ReportResults { investigation, created, changed, dropped, results, taken, refused, left_out })
}

fn result((external_id, one): (Option<String>, Result<ReportedAction, Error>)) -> ReportResult {
    match one {
        Ok(action) => {
            ReportResult { external_id, status: StatusCode::OK.as_u16(), action: Some(action), error: None }
        }
        Err(error) => {
            let error = Problem::of_item(error);
            ReportResult { external_id, status: error.status().as_u16(), action: None, error: Some(error) }
        }
    }
}

/// List investigations, the latest change first where no order is named.
#[utoipa::path(
    get, path = "/investigations", tag = "investigations", operation_id = "list_investigations",
    params(ListQuery),
    responses((status = 200, description = "One page", body = InvestigationList), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Json<InvestigationList>, Problem> {
    let page =
        app.backend.case_page(&caller, CaseList::Investigations, query).await.map_err(Problem::of_query)?;
    let CaseRows::Investigations(items) = page.rows else { return Err(Problem::malformed("no such list")) };
    Ok(Json(InvestigationList { items, next: page.view.next, rendered_at: page.rendered_at }))
}

/// Load one investigation.
#[utoipa::path(
    get, path = "/investigations/{id}", tag = "investigations", operation_id = "load_investigation",
    params(("id" = String, Path, description = "Its id, as its tool gave it")),
    responses((status = 200, description = "The investigation", body = InvestigationSummary), schema::Failures),
)]
async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<InvestigationSummary>, Problem> {
    Ok(Json(app.backend.investigation(&caller, &id).await?))
}

/// Export a tab of an investigation as CSV: all of its rows that are asked for.
#[utoipa::path(
    get, path = "/investigations/{id}/tabs/{tab}", tag = "investigations", operation_id = "export_investigation_tab",
    params(
        ("id" = String, Path, description = "Its id, as its tool gave it"),
        ("tab" = inline(Tab), Path, description = "The tab"),
        TabQuery,
    ),
    responses((status = 200, description = "The rows", body = String, content_type = "text/csv"), schema::Failures),
)]
async fn export_tab(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, tab)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    cases_download(&app, &caller, list_of(&tab).map_err(Problem::of_query)?, Some(&id), query).await
}

/// End an investigation. It is refused while one of its actions waits for a decision.
#[utoipa::path(
    post, path = "/investigations/{id}/end", tag = "investigations", operation_id = "end_investigation",
    params(("id" = String, Path, description = "Its id, as its tool gave it"), schema::IdempotencyKey),
    responses(
        (status = 200, description = "The investigation as it is now", body = InvestigationSummary),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn end(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, .. }| async move {
        json_answer(StatusCode::OK, &app.backend.end_investigation(&caller, &id).await?)
    };
    write.answer_once(work).await
}

/// Load an email message by its Message-ID, or a cluster by its id: what investigations tell of it, where its copies are,
/// and the actions on it.
#[utoipa::path(
    get, path = "/emails/{id}", tag = "investigations", operation_id = "load_email",
    params(("id" = String, Path, description = "The Message-ID or the cluster's id, percent-encoded")),
    responses((status = 200, description = "The email", body = EmailView), schema::Failures),
)]
async fn email(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<EmailView>, Problem> {
    Ok(Json(app.backend.email(&caller, &id).await?))
}

/// Report that a verdict is wrong: the one behind an action, or the one of a piece of evidence.
#[utoipa::path(
    post, path = "/feedback", tag = "investigations", operation_id = "report_verdict",
    params(schema::IdempotencyKey),
    request_body = GivenFeedback,
    responses(
        (status = 201, description = "The feedback", body = Feedback),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn give_feedback(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let GivenFeedback { action_id, investigation_id, evidence_id, kind, comment } =
            input::parse_body(&headers, &body)?;
        let judged = match (action_id, investigation_id, evidence_id) {
            (Some(id), None, None) => Judged::Action(id),
            (None, Some(investigation), Some(evidence)) => Judged::Evidence { investigation, evidence },
            _ => {
                let detail = "is needed, or in its place investigation_id together with evidence_id";
                return Err(Error::invalid("/action_id", detail).into());
            }
        };
        json_answer(StatusCode::CREATED, &app.backend.report_verdict(&caller, judged, kind, comment).await?)
    };
    write.answer_once(work).await
}

/// List feedback about wrong verdicts: of what the caller proposed, or for people of everything.
#[utoipa::path(
    get, path = "/feedback", tag = "investigations", operation_id = "list_feedback",
    params(AfterQuery),
    responses((status = 200, description = "What came after that place", body = FeedbackList), schema::Failures),
)]
async fn feedback(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<AfterQuery>, QueryRejection>,
) -> Result<Json<FeedbackList>, Problem> {
    let Query(AfterQuery { after }) =
        query.map_err(|_| Problem::malformed("the query may hold after, which is a number"))?;
    Ok(Json(app.backend.feedback(&caller, after).await?))
}
