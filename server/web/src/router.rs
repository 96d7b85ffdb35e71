//! Every route and every layer.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use axum::middleware::{from_fn, from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tower::ServiceBuilder;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::sensitive_headers::{SetSensitiveRequestHeadersLayer, SetSensitiveResponseHeadersLayer};

use super::edge::limits::{self, Limits};
use super::edge::problem::{self, Problem};
use super::edge::security::Edge;
use super::edge::{body, identify, paths, redirect, security, trace};
use super::state::AppState;
use super::visitor::for_people;
use super::{csp, device_api, first_administrator, provider, rest, scim, second_step, signin, site, sse};
use service::clock::{is_notable, is_unusable};
use service::identity::sign_in::{DIRECTORY_PATH, RETURN_PATH, START_PATH};
use store::DISPATCH_PAUSED;

/// How long the database may take to answer a check.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// What the router is given of the pages.
#[derive(Debug)]
pub struct Pages {
    /// Every page, every server function and every download, with its limits.
    pub routes: Router<AppState>,
    /// What answers where there is nothing else.
    pub not_found: MethodRouter<AppState>,
}

/// The whole application.
pub fn build(app: AppState, pages: Pages) -> Router {
    // For browsers: a session cookie says who is calling.
    let forms = Router::new()
        .route("/sign-in", post(signin::sign_in))
        .route(paths::SECOND_STEP, post(second_step::show))
        .route(paths::FIRST_ADMINISTRATOR, post(first_administrator::make))
        .route("/sign-out", post(signin::sign_out))
        .route("/demo/sign-in", post(signin::demo))
        .route(START_PATH, get(provider::start))
        .route(RETURN_PATH, get(provider::finish))
        .fallback_service(site::root(&app.site, pages.not_found.with_state(app.clone())));
    let people = pages.routes.merge(for_people(&app, Limits::USUAL, forms));

    // For everyone, without asking who; but a stream of events does that by itself, again and again.
    let open = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/events", get(sse::for_people))
        .route("/problems/{code}", get(problem::describe))
        .merge(site::pkg(&app.site))
        .layer(from_fn_with_state(Limits::USUAL, limits::enforce));

    let reports = Router::new()
        .route(paths::CSP_REPORTS, post(csp::receive))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Limits::REPORT, limits::enforce));

    // The first layer is the outermost.
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(app.edge.clone(), identify::identify))
        .layer(map_request(trace::remove_client_id))
        .layer(SetRequestIdLayer::new(trace::REQUEST_ID, trace::RequestIds))
        .layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION, COOKIE]))
        .layer(trace::layer())
        .layer(SetSensitiveResponseHeadersLayer::new([SET_COOKIE]))
        .layer(PropagateRequestIdLayer::new(trace::REQUEST_ID))
        .layer(from_fn(security::add_headers))
        // Assets are compressed when they are built; what is made for one answer is not worth more time. Events are not
        // compressed: they would wait for each other.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn(problem::normalize_error))
        .layer(CatchPanicLayer::custom(problem::from_panic))
        .layer(from_fn_with_state(app.edge.clone(), security::check_host))
        .layer(from_fn(security::check_length))
        .layer(app.edge.csrf())
        .layer(from_fn(security::check_origin))
        .layer(from_fn(body::check_media_type));

    people
        .merge(open)
        .merge(reports)
        .nest(paths::API, rest::router(&app))
        .nest(DIRECTORY_PATH, scim::router(&app))
        .nest(device_api::ROOT, device_api::router(&app))
        .layer(layers)
        .with_state(app)
}

/// What answers without TLS where it is spoken at this port: it sends there.
pub fn to_tls(edge: Edge, port: u16) -> Router {
    let edge = Arc::new(edge);
    let layers = ServiceBuilder::new()
        .layer(from_fn(security::add_headers))
        .layer(from_fn(problem::normalize_error))
        .layer(from_fn_with_state(edge.clone(), security::check_host))
        .layer(from_fn(security::check_length));
    Router::new().fallback(redirect::to_tls).layer(layers).with_state((edge, port))
}

/// What to know of a server that is ready.
async fn standing(app: &AppState) -> String {
    let mut text = "ready\n".to_owned();
    if let Ok(Some(why)) = app.store.metadata(DISPATCH_PAUSED).await
        && !why.is_empty()
    {
        text.push_str("dispatch is paused: countersign dispatch status says why\n");
    }
    if is_notable(&app.clock) {
        let seconds = app.clock.difference().as_secs_f64();
        let and = if is_unusable(&app.clock) {
            ", so here nothing expires and nothing is handed to executors"
        } else {
            ""
        };
        writeln!(text, "this machine's clock is {seconds:.1} s ahead of the database's{and}")
            .unwrap_or_default();
    }
    text
}

/// `GET /readyz`: whether the database answers and can be written to.
async fn ready(State(app): State<AppState>) -> Response {
    match tokio::time::timeout(PING_TIMEOUT, app.store.ping()).await {
        Ok(Ok(())) => standing(&app).await.into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Problem::from(domain::Error::from(error)).into_response()
        }
        Err(_) => Problem::from(domain::Error::Busy).into_response(),
    }
}
