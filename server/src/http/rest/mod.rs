//! The REST API, version 1: for tools, with bearer tokens; never with cookies.
//!
//! `ROUTES` is the whole surface, and a test holds it against the `OpenAPI` document. To add a route, write the
//! handler with its `#[utoipa::path]`, name it in `openapi` and add its row here.

mod actions;
mod bulk;
mod idempotency;
mod input;
mod openapi;
mod strict;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use super::problem::Problem;
use super::sse;
use super::state::AppState;
use domain::Error;

pub(super) use openapi::Failures;

/// Where the API lives.
pub const PREFIX: &str = "/api/v1";
/// The actions, with the prefix.
pub(super) const ACTIONS: &str = "/api/v1/actions";
/// Where plans are made, with the prefix.
pub(super) const PLANS: &str = "/api/v1/bulk-plans";

/// Each path below the prefix, with its methods.
fn routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    vec![
        ("/actions", get(actions::list).post(actions::create)),
        ("/actions.csv", get(actions::export_csv)),
        ("/actions.jsonl", get(actions::export_jsonl)),
        ("/actions/buckets", get(actions::buckets)),
        ("/actions/counts", get(actions::counts)),
        ("/actions/{id}", get(actions::load)),
        ("/actions/{id}/approve", post(actions::approve)),
        ("/actions/{id}/reject", post(actions::reject)),
        ("/actions/{id}/undo", post(actions::undo)),
        ("/bulk-plans", post(bulk::plan)),
        ("/bulk-plans/{id}", get(bulk::load_plan)),
        ("/bulk-plans/{id}/start", post(bulk::start)),
        ("/bulk-jobs/{id}", get(bulk::load_job)),
        ("/bulk-jobs/{id}/retry", post(bulk::retry)),
        ("/events", get(sse::for_tools)),
    ]
}

/// The API. All of it but its own description asks for a token.
pub(super) fn router(app: &AppState) -> Router<AppState> {
    routes()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods))
        .route_layer(from_fn_with_state(app.clone(), authenticate))
        .route("/openapi.json", get(openapi::document))
        .fallback(|| async { Problem::edge(StatusCode::NOT_FOUND, "the API has no such path") })
}

/// The token that the header presents.
pub(super) fn bearer(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn authenticate(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let caller = match request.headers().get(AUTHORIZATION).and_then(bearer) {
        Some(token) => app.sessions.token(token).await,
        None => Ok(None),
    };
    match caller {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => Problem::from(Error::NotSignedIn).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

#[cfg(test)]
mod tests;
