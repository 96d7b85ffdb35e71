//! `/scim/v2/Users`.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::directory::{DirectoryPerson, DirectoryQuery, PersonRecord};
use domain::{Caller, Error, SubjectKind, UserId};
use serde_json::{Value, json};

use super::document::{self, Document, Selection, answer, canonical, frame};
use super::failure::Failure;
use super::patch;
use super::query::{self, Asked, Given};
use super::schema::{GROUP, USER};
use crate::rest::input::parse_id;
use crate::state::AppState;

/// Tries of a change that another one came before.
const TRIES: usize = 8;

fn person_id(id: &str) -> Result<UserId, Error> {
    parse_id(id, SubjectKind::User)
}

/// A person as SCIM shows them.
fn shown(person: DirectoryPerson, base: &str, selection: &Selection) -> Document {
    let DirectoryPerson { id, record, enabled, groups, created_at, updated_at, .. } = person;
    let mut document = of(&record);
    if let Some(active) = record.active {
        document.insert("active".to_owned(), json!(active && enabled));
    }
    if !groups.is_empty() {
        let group = |(id, name)| json!({ "value": id, "display": name, "$ref": format!("{base}{}/{id}", GROUP.path) });
        document.insert("groups".to_owned(), groups.into_iter().map(group).collect());
    }
    selection.of(frame(&USER, base, &id.to_string(), (created_at, updated_at), document))
}

fn of(record: &PersonRecord) -> Document {
    match serde_json::to_value(record) {
        Ok(Value::Object(document)) => document,
        _ => Document::new(),
    }
}

fn record(document: Document) -> Result<PersonRecord, Failure> {
    let record = serde_json::from_value(Value::Object(document));
    record.map_err(|error| Failure::bad("invalidValue", error.to_string()))
}

async fn one(app: &AppState, caller: &Caller, id: UserId) -> Result<DirectoryPerson, Error> {
    let found = app.backend.directory_people(caller, DirectoryQuery::one(id)).await?.items.pop();
    found.ok_or_else(|| Error::NotFound(id.into()))
}

fn respond(status: StatusCode, app: &AppState, person: DirectoryPerson, selection: &Selection) -> Response {
    answer(status, &Value::Object(shown(person, &app.backend.directory_url(), selection)))
}

/// `GET /scim/v2/Users`
pub(super) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    given: Given,
) -> Result<Response, Failure> {
    let Asked { query, selection } = query::read(given, &USER)?;
    let skip = query.skip;
    let page = app.backend.directory_people(&caller, query).await?;
    let base = app.backend.directory_url();
    let documents = page.items.into_iter().map(|person| shown(person, &base, &selection)).collect();
    Ok(answer(StatusCode::OK, &query::list(documents, page.total, skip)))
}

/// `GET /scim/v2/Users/{id}`
pub(super) async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    given: Given,
) -> Result<Response, Failure> {
    let person = one(&app, &caller, person_id(&id)?).await?;
    Ok(respond(StatusCode::OK, &app, person, &query::shown(given)))
}

/// `POST /scim/v2/Users`
pub(super) async fn add(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    given: Given,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let record = record(canonical(&document::body(&headers, &body)?, &USER)?)?;
    let person = app.backend.add_directory_person(&caller, record).await?;
    Ok(respond(StatusCode::CREATED, &app, person, &query::shown(given)))
}

/// `PUT /scim/v2/Users/{id}`
pub(super) async fn replace(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    given: Given,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let id = person_id(&id)?;
    let record = record(canonical(&document::body(&headers, &body)?, &USER)?)?;
    let person = app.backend.change_directory_person(&caller, id, record, None).await?;
    Ok(respond(StatusCode::OK, &app, person, &query::shown(given)))
}

/// `PATCH /scim/v2/Users/{id}`
pub(super) async fn patch(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    given: Given,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let id = person_id(&id)?;
    let body = document::body(&headers, &body)?;
    for _ in 0..TRIES {
        let before = one(&app, &caller, id).await?;
        let mut document = of(&before.record);
        patch::apply(&mut document, &body, &USER)?;
        let record = record(document)?;
        match app.backend.change_directory_person(&caller, id, record, Some(before.version)).await {
            Err(Error::Busy) => {}
            changed => return Ok(respond(StatusCode::OK, &app, changed?, &query::shown(given))),
        }
    }
    Err(Error::Busy.into())
}

/// `DELETE /scim/v2/Users/{id}`
pub(super) async fn remove(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    app.backend.remove_directory_person(&caller, person_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
