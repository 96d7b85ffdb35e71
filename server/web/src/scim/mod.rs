//! SCIM 2.0 (RFC 7643, RFC 7644): people and groups as a directory writes them, for tokens with the scope `scim`.
//!
//! Identity providers differ in how they write, so much is read here: names of attributes in any case, words for truth,
//! both shapes of PATCH. What is meant is decided in the service. `resource` has the methods, `people` and `groups` what
//! these differ in; `schema` is the table of what is kept; `path` and
//! `patch` change a document by it. To keep another attribute, add it there and to `domain::directory`.

mod discovery;
mod document;
mod failure;
mod groups;
mod patch;
mod path;
mod people;
mod query;
mod resource;
mod schema;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use domain::Caller;
use domain::directory::{DirectoryGroup, DirectoryPerson};

use super::edge::limits::{self, Limits};
use super::rest::authenticate;
use super::state::AppState;
use failure::{Failure, as_scim};

/// Everything below `/scim/v2`. All of it asks for a token.
pub(super) fn router(app: &AppState) -> Router<AppState> {
    let unknown = || async { Failure::new(StatusCode::NOT_FOUND, None, "there is no such path here") };
    let absent = || async { Failure::new(StatusCode::NOT_IMPLEMENTED, None, "this is not done here") };
    Router::new()
        .merge(resource::routes::<DirectoryPerson>())
        .merge(resource::routes::<DirectoryGroup>())
        .route("/ServiceProviderConfig", get(discovery::config))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{id}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{id}", get(discovery::schema))
        .route("/.search", post(absent))
        .route("/Users/.search", post(absent))
        .route("/Groups/.search", post(absent))
        .route("/Bulk", post(absent))
        .route("/Me", any(absent))
        .fallback(unknown)
        .layer(DefaultBodyLimit::disable())
        // A group has thousands of members.
        .layer(from_fn_with_state(Limits::PROPOSALS, limits::enforce))
        .layer(from_fn(check_scope))
        .layer(from_fn_with_state(app.clone(), authenticate))
        .layer(from_fn(as_scim))
}

/// Nobody else's body is read.
async fn check_scope(Extension(caller): Extension<Caller>, request: Request, next: Next) -> Response {
    match caller.authorize_provisioning() {
        Ok(_) => next.run(request).await,
        Err(denied) => Failure::from(domain::Error::from(denied)).into_response(),
    }
}
