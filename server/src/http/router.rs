//! Every route and every layer.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower::ServiceBuilder;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::sensitive_headers::{SetSensitiveRequestHeadersLayer, SetSensitiveResponseHeadersLayer};

use super::problem::{self, Problem};
use super::state::AppState;
use super::{body, pages, rest, security, signin, site, sse, trace};

/// The longest that an answer may take to begin; a stream of events may then take as long as it likes.
const DEADLINE: Duration = Duration::from_secs(30);
/// An export begins when all of it is written: millions of rows on a busy machine.
const EXPORT_DEADLINE: Duration = Duration::from_mins(15);
const PING_DEADLINE: Duration = Duration::from_secs(2);

/// The whole application.
pub fn build(app: AppState) -> Router {
    // For browsers: a session cookie says who is calling.
    let people = Router::new()
        .route("/sign-in", post(signin::sign_in))
        .route("/sign-out", post(signin::sign_out))
        .route("/demo/sign-in", post(signin::demo))
        .merge(pages::router(&app))
        .fallback_service(site::root(&app.site, pages::not_found, app.clone()))
        .layer(from_fn_with_state(app.clone(), pages::identify));

    // For everyone, without asking who; but a stream of events does that by itself, again and again.
    let open = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/events", get(sse::for_people))
        .route("/problems/{code}", get(problem::explain))
        .merge(site::pkg(&app.site));

    // The first layer is the outermost.
    let layers = ServiceBuilder::new()
        .layer(map_request(trace::forget_foreign_id))
        .layer(SetRequestIdLayer::new(trace::REQUEST_ID, trace::Ids))
        .layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION, COOKIE]))
        .layer(trace::layer())
        .layer(SetSensitiveResponseHeadersLayer::new([SET_COOKIE]))
        .layer(PropagateRequestIdLayer::new(trace::REQUEST_ID))
        .layer(from_fn_with_state(app.edge.clone(), security::headers))
        // Assets are compressed when they are built; what is made for one answer is not worth more time. Events are not
        // compressed: they would wait for each other.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn(problem::dress))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn(deadline))
        .layer(from_fn_with_state(app.edge.clone(), security::host))
        .layer(app.edge.csrf())
        .layer(from_fn(security::origin))
        .layer(from_fn(body::kind))
        .layer(from_fn(body::read));

    people.merge(open).nest(rest::PREFIX, rest::router(&app)).layer(layers).with_state(app)
}

/// Ends what takes too long to begin; what it was doing is dropped.
async fn deadline(request: Request, next: Next) -> Response {
    let is_export = [".csv", ".jsonl"].iter().any(|end| request.uri().path().ends_with(end));
    let deadline = if is_export { EXPORT_DEADLINE } else { DEADLINE };
    let answer = tokio::time::timeout(deadline, next.run(request)).await;
    answer.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

/// `GET /readyz`: whether the database answers.
async fn ready(State(app): State<AppState>) -> Response {
    match tokio::time::timeout(PING_DEADLINE, app.store.ping()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Problem::from(domain::Error::Busy).into_response()
        }
        Err(_) => Problem::from(domain::Error::Busy).into_response(),
    }
}
