//! What is asked of people and of groups alike: each by its methods, below the path of its schema. What they differ in is
//! a [`Resource`].

use std::future::Future;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use domain::directory::{DirectoryPage, DirectoryQuery};
use domain::{Backend, Caller, Error, Subject};
use serde_json::Value;

use super::document::{self, Document, Selection, answer, canonical};
use super::failure::Failure;
use super::patch;
use super::query::{self, Asked, Given};
use super::schema::Schema;
use crate::state::AppState;

/// A person or a group of a directory.
pub(super) trait Resource: Sized + Send + Sync + 'static {
    /// Tries of a change that another one came before.
    const TRIES: usize;

    /// Its id here.
    type Id: Copy + Send + Sync + Into<Subject> + ToString;
    /// What the directory wrote of it.
    type Record: Send + Sync;

    fn schema() -> &'static Schema;

    fn id(text: &str) -> Result<Self::Id, Error>;

    /// What was written, and the version.
    fn record(&self) -> (&Self::Record, i64);

    /// A record as a document, to be changed.
    fn document(record: &Self::Record) -> Document;

    /// The record of a document.
    fn read(document: Document) -> Result<Self::Record, Failure>;

    /// It as SCIM shows it.
    fn shown(self, base: &str, selection: &Selection) -> Document;

    fn page(
        backend: &dyn Backend,
        caller: &Caller,
        query: DirectoryQuery,
    ) -> impl Future<Output = Result<DirectoryPage<Self>, Error>> + Send;

    fn add(
        backend: &dyn Backend,
        caller: &Caller,
        record: Self::Record,
    ) -> impl Future<Output = Result<Self, Error>> + Send;

    /// Replaces what was written, if it is still of the version that was seen.
    fn change(
        backend: &dyn Backend,
        caller: &Caller,
        id: Self::Id,
        record: Self::Record,
        seen: Option<i64>,
    ) -> impl Future<Output = Result<Self, Error>> + Send;

    fn remove(
        backend: &dyn Backend,
        caller: &Caller,
        id: Self::Id,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// The methods of a [`Resource`] that ask the backend, by the names that its contract has for them.
macro_rules! ask_backend {
    ($page:ident, $add:ident, $change:ident, $remove:ident) => {
        async fn page(
            backend: &dyn domain::Backend,
            caller: &domain::Caller,
            query: domain::directory::DirectoryQuery,
        ) -> Result<domain::directory::DirectoryPage<Self>, domain::Error> {
            backend.$page(caller, query).await
        }

        async fn add(
            backend: &dyn domain::Backend,
            caller: &domain::Caller,
            record: Self::Record,
        ) -> Result<Self, domain::Error> {
            backend.$add(caller, record).await
        }

        async fn change(
            backend: &dyn domain::Backend,
            caller: &domain::Caller,
            id: Self::Id,
            record: Self::Record,
            seen: Option<i64>,
        ) -> Result<Self, domain::Error> {
            backend.$change(caller, id, record, seen).await
        }

        async fn remove(
            backend: &dyn domain::Backend,
            caller: &domain::Caller,
            id: Self::Id,
        ) -> Result<(), domain::Error> {
            backend.$remove(caller, id).await
        }
    };
}

pub(super) use ask_backend;

/// The list and each of it.
pub(super) fn routes<R: Resource>() -> Router<AppState> {
    let path = R::schema().path;
    Router::new().route(path, get(list::<R>).post(add::<R>)).route(
        &format!("{path}/{{id}}"),
        get(load::<R>).put(replace::<R>).patch(patch::<R>).delete(remove::<R>),
    )
}

async fn one<R: Resource>(app: &AppState, caller: &Caller, id: R::Id) -> Result<R, Error> {
    let found = R::page(&*app.backend, caller, DirectoryQuery::one(id)).await?.items.pop();
    found.ok_or_else(|| Error::NotFound(id.into()))
}

fn respond<R: Resource>(status: StatusCode, app: &AppState, found: R, selection: &Selection) -> Response {
    answer(status, &Value::Object(found.shown(&app.backend.directory_url(), selection)))
}

async fn list<R: Resource>(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    given: Given,
) -> Result<Response, Failure> {
    let Asked { query, selection } = query::read(given, R::schema())?;
    let skip = query.skip;
    let page = R::page(&*app.backend, &caller, query).await?;
    let base = app.backend.directory_url();
    let documents = page.items.into_iter().map(|found| found.shown(&base, &selection)).collect();
    Ok(answer(StatusCode::OK, &query::list(documents, page.total, skip)))
}

async fn load<R: Resource>(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    given: Given,
) -> Result<Response, Failure> {
    let found = one::<R>(&app, &caller, R::id(&id)?).await?;
    Ok(respond(StatusCode::OK, &app, found, &query::shown(given)))
}

async fn add<R: Resource>(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    given: Given,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let record = R::read(canonical(&document::body(&headers, &body)?, R::schema())?)?;
    let added = R::add(&*app.backend, &caller, record).await?;
    Ok(respond(StatusCode::CREATED, &app, added, &query::shown(given)))
}

async fn replace<R: Resource>(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    given: Given,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let id = R::id(&id)?;
    let record = R::read(canonical(&document::body(&headers, &body)?, R::schema())?)?;
    let changed = R::change(&*app.backend, &caller, id, record, None).await?;
    Ok(respond(StatusCode::OK, &app, changed, &query::shown(given)))
}

async fn patch<R: Resource>(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    given: Given,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let id = R::id(&id)?;
    let body = document::body(&headers, &body)?;
    for _ in 0..R::TRIES {
        let before = one::<R>(&app, &caller, id).await?;
        let (record, version) = before.record();
        let mut document = R::document(record);
        patch::apply(&mut document, &body, R::schema())?;
        let record = R::read(document)?;
        match R::change(&*app.backend, &caller, id, record, Some(version)).await {
            Err(Error::Busy) => {}
            changed => return Ok(respond(StatusCode::OK, &app, changed?, &query::shown(given))),
        }
    }
    Err(Error::Busy.into())
}

async fn remove<R: Resource>(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    R::remove(&*app.backend, &caller, R::id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
