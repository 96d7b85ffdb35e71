//! Exports and packages as downloads.

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::lists::AdminList;
use domain::actions::contract::{Export, PackageFile};
use domain::actions::export::ExportFormat;
use domain::cases::CaseList;
use domain::core::string_enum::UnknownWord;
use domain::investigations::Tab;
use domain::{ActionId, ActionQuery, Caller, CommandId, Error, Subject, SubjectKind};
use serde::Deserialize;
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;

use super::edge::problem::Problem;
use super::state::AppState;

/// Which rows of a tab, in which order, with which columns. Filters are those that the tab offers, by their names.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what the service reads")]
pub struct TabQuery {
    /// Only rows of which a cell holds this.
    q: Option<String>,
    /// The column by which they are sorted; with `-` before it, descending.
    sort: Option<String>,
    /// Columns by their names, with commas between.
    cols: Option<String>,
}

/// The list of a tab, by its name in a path.
pub(crate) fn list_of(tab: &str) -> Result<CaseList, Error> {
    let tab: Tab = tab.parse().map_err(|error: UnknownWord| Error::invalid("/tab", error.to_string()))?;
    CaseList::of_tab(tab).ok_or_else(|| Error::invalid("/tab", "can't be graph, which is no list"))
}

/// A list of incidents, investigations, or of a tab, as a download.
pub(crate) async fn cases_download(
    app: &AppState,
    caller: &Caller,
    list: CaseList,
    investigation: Option<&str>,
    query: Vec<(String, String)>,
) -> Result<Response, Problem> {
    let file =
        app.backend.export_cases(caller, list, investigation, query).await.map_err(Problem::of_query)?;
    Ok(csv_download(list.as_str(), file))
}

/// A list as a CSV file with its name.
fn csv_download(list: &str, file: std::fs::File) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"countersign-{list}.csv\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK_BYTES);
    (headers, Body::from_stream(stream)).into_response()
}

/// Bytes that are read from the file at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// `GET /export/actions.csv` and the like: what the page's links lead to.
pub async fn for_people(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(format): Extension<ExportFormat>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    download(&app, &caller, ActionQuery::from_pairs(pairs)?, format).await
}

/// `GET /export/investigations/{id}/{tab}`: what the page of an investigation leads to.
pub async fn tab_for_people(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, tab)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    cases_download(&app, &caller, list_of(&tab).map_err(Problem::of_query)?, Some(&id), query).await
}

/// `GET /export/incidents` and `GET /export/investigations`: what their lists lead to.
pub async fn list_for_people(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(list): Extension<CaseList>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    cases_download(&app, &caller, list, None, query).await
}

/// `GET /export/settings/people` and the like: what the lists of what is administered lead to.
pub async fn admin_for_people(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(list): Extension<AdminList>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let file = app.backend.export_admin(&caller, list, query).await.map_err(Problem::of_query)?;
    Ok(csv_download(list.as_str(), file))
}

/// Which package of an action.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PackageParams {
    /// The command that it came from; needed where an action on several devices has several.
    pub(crate) command: Option<CommandId>,
}

/// `GET /export/actions/{id}/package`: what the details of an action lead to.
pub async fn package_for_people(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    params: Result<Query<PackageParams>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(params) = params.map_err(|_| Error::invalid("/command", "must be the id of a command"))?;
    let unknown = || Error::NotFound(Subject::new(SubjectKind::Action, &id));
    let id = id.parse().ok().filter(|parsed: &ActionId| parsed.to_string() == id).ok_or_else(unknown)?;
    package_download(&app, &caller, id, params).await
}

/// What a host made, as a download.
pub(crate) async fn package_download(
    app: &AppState,
    caller: &Caller,
    id: ActionId,
    PackageParams { command }: PackageParams,
) -> Result<Response, Problem> {
    let PackageFile { about, file } = app.backend.package(caller, id, command).await?;
    let body = Body::from_stream(ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK_BYTES));
    let digest = hex::decode(&about.sha256).map(|bytes| STANDARD.encode(bytes)).unwrap_or_default();
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, about.size.to_string()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", about.name)),
        (HeaderName::from_static("content-digest"), format!("sha-256=:{digest}:")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// Everything that a query matches, as a download.
pub(crate) async fn download(
    app: &AppState,
    caller: &Caller,
    query: ActionQuery,
    format: ExportFormat,
) -> Result<Response, Problem> {
    let lane = query.lane;
    let Export { file, bytes, as_of } = app.backend.export(caller, query, format).await?;
    let name = format!("countersign-{lane}-{}.{format}", as_of.strftime("%Y%m%dT%H%M%SZ"));
    let body = Body::from_stream(ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK_BYTES));
    let headers = [
        (CONTENT_TYPE, format.info().media_type.to_owned()),
        (CONTENT_LENGTH, bytes.to_string()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}
