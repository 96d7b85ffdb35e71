//! `/scim/v2/Groups`.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::directory::{DirectoryGroup, DirectoryQuery, GroupRecord};
use domain::{Caller, DirectoryGroupId, Error, SubjectKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::document::{self, Document, Selection, answer, canonical, frame};
use super::failure::Failure;
use super::patch;
use super::query::{self, Asked, Given};
use super::schema::{GROUP, USER};
use crate::rest::input::parse_id;
use crate::state::AppState;

/// Tries of a change that another one came before: some send one request a member, all at once.
const TRIES: usize = 50;

fn group_id(id: &str) -> Result<DirectoryGroupId, Error> {
    parse_id(id, SubjectKind::DirectoryGroup)
}

/// A group as SCIM shows it.
fn shown(group: DirectoryGroup, base: &str, selection: &Selection) -> Document {
    let DirectoryGroup { id, record, created_at, updated_at, .. } = group;
    let mut document = of(&record);
    let member = |id| json!({ "value": id, "$ref": format!("{base}{}/{id}", USER.path), "type": "User" });
    if !record.members.is_empty() {
        document.insert("members".to_owned(), record.members.iter().map(member).collect());
    }
    selection.of(frame(&GROUP, base, &id.to_string(), (created_at, updated_at), document))
}

fn of(record: &GroupRecord) -> Document {
    let mut document = Document::new();
    document.insert("displayName".to_owned(), json!(record.display_name));
    if let Some(id) = &record.external_id {
        document.insert("externalId".to_owned(), json!(id));
    }
    if !record.members.is_empty() {
        let member = |id| json!({ "value": id });
        document.insert("members".to_owned(), record.members.iter().map(member).collect());
    }
    document
}

fn record(document: Document) -> Result<GroupRecord, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Written {
        display_name: String,
        external_id: Option<String>,
        #[serde(default)]
        members: Vec<Member>,
    }
    #[derive(Deserialize)]
    struct Member {
        value: String,
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    let wrong = |detail: String| Failure::bad("invalidValue", detail);
    let Written { display_name, external_id, members } =
        serde_json::from_value(Value::Object(document)).map_err(|error| wrong(error.to_string()))?;
    let member = |Member { value, kind }: Member| {
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("User")) {
            return Err(wrong("members must be people: groups in groups are not known here".to_owned()));
        }
        value.parse().map_err(|_| wrong(format!("members.value {value:?} is no id of a person")))
    };
    let members = members.into_iter().map(member).collect::<Result<_, _>>()?;
    Ok(GroupRecord { display_name, external_id, members })
}

async fn one(app: &AppState, caller: &Caller, id: DirectoryGroupId) -> Result<DirectoryGroup, Error> {
    let found = app.backend.directory_groups(caller, DirectoryQuery::one(id)).await?.items.pop();
    found.ok_or_else(|| Error::NotFound(id.into()))
}

fn respond(status: StatusCode, app: &AppState, group: DirectoryGroup, selection: &Selection) -> Response {
    answer(status, &Value::Object(shown(group, &app.backend.directory_url(), selection)))
}

/// `GET /scim/v2/Groups`
pub(super) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    given: Given,
) -> Result<Response, Failure> {
    let Asked { query, selection } = query::read(given, &GROUP)?;
    let skip = query.skip;
    let page = app.backend.directory_groups(&caller, query).await?;
    let base = app.backend.directory_url();
    let documents = page.items.into_iter().map(|group| shown(group, &base, &selection)).collect();
    Ok(answer(StatusCode::OK, &query::list(documents, page.total, skip)))
}

/// `GET /scim/v2/Groups/{id}`
pub(super) async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    given: Given,
) -> Result<Response, Failure> {
    let group = one(&app, &caller, group_id(&id)?).await?;
    Ok(respond(StatusCode::OK, &app, group, &query::shown(given)))
}

/// `POST /scim/v2/Groups`
pub(super) async fn add(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    given: Given,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let record = record(canonical(&document::body(&headers, &body)?, &GROUP)?)?;
    let group = app.backend.add_directory_group(&caller, record).await?;
    Ok(respond(StatusCode::CREATED, &app, group, &query::shown(given)))
}

/// `PUT /scim/v2/Groups/{id}`
pub(super) async fn replace(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    given: Given,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let id = group_id(&id)?;
    let record = record(canonical(&document::body(&headers, &body)?, &GROUP)?)?;
    let group = app.backend.change_directory_group(&caller, id, record, None).await?;
    Ok(respond(StatusCode::OK, &app, group, &query::shown(given)))
}

/// `PATCH /scim/v2/Groups/{id}`
pub(super) async fn patch(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    given: Given,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let id = group_id(&id)?;
    let body = document::body(&headers, &body)?;
    for _ in 0..TRIES {
        let before = one(&app, &caller, id).await?;
        let mut document = of(&before.record);
        patch::apply(&mut document, &body, &GROUP)?;
        let record = record(document)?;
        match app.backend.change_directory_group(&caller, id, record, Some(before.version)).await {
            Err(Error::Busy) => {}
            changed => return Ok(respond(StatusCode::OK, &app, changed?, &query::shown(given))),
        }
    }
    Err(Error::Busy.into())
}

/// `DELETE /scim/v2/Groups/{id}`
pub(super) async fn remove(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    app.backend.remove_directory_group(&caller, group_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
