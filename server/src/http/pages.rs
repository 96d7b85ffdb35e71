//! The pages and their server functions: who is calling is settled before anything is rendered.

use std::sync::Arc;

use app::{App, shell};
use axum::Extension;
use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::header::ACCEPT;
#[cfg(debug_assertions)]
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::backend::SharedBackend;
use domain::core::path::{filled_fields, is_own_path};
use domain::settings::contract::PageSettings;
use domain::site::{SiteInfo, Standing};
use domain::{Caller, Error, Preferences};
use leptos::prelude::provide_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list_with_exclusions_and_ssg_and_context};
use serde::Deserialize;

use super::export;
use super::problem::Problem;
use super::signin::see_other;
use super::state::AppState;
use super::{cookie, next};
use service::zone::zone;

/// What the views and server functions find in their context.
fn contexts(app: &AppState) -> impl Fn() + Clone + Send + Sync + 'static + use<> {
    let backend: SharedBackend = Arc::clone(&app.backend);
    let info: SiteInfo = app.site.info.clone();
    move || {
        provide_context(Arc::clone(&backend));
        provide_context(info.clone());
    }
}

/// Every page of the UI and every server function.
pub(super) fn router(app: &AppState) -> Router<AppState> {
    Router::new()
        .leptos_routes_with_context(app, routes(app), contexts(app), shell)
        .route("/export/actions.csv", get(export::for_people))
        .merge(design(app))
        .route_layer(from_fn_with_state(app.clone(), guard))
}

/// Every part in every state, for whoever builds pages; its style sheet is its own.
#[cfg(debug_assertions)]
fn design(app: &AppState) -> Router<AppState> {
    let page = leptos_axum::render_app_async_with_context(contexts(app), app::design);
    let style = || async { ([(CONTENT_TYPE, "text/css; charset=utf-8")], app::DESIGN_CSS) };
    Router::new().route("/design", get(page)).route("/design.css", get(style))
}

#[cfg(not(debug_assertions))]
fn design(_: &AppState) -> Router<AppState> {
    Router::new()
}

fn routes(app: &AppState) -> Vec<AxumRouteListing> {
    generate_route_list_with_exclusions_and_ssg_and_context(App, None, contexts(app)).0
}

#[derive(Deserialize)]
struct Way {
    next: Option<String>,
}

/// Sends a page's visitor to sign in, and a signed-in one away from there. A server function answers by itself.
async fn guard(
    State(app): State<AppState>,
    caller: Option<Extension<Caller>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let on_sign_in = path == next::SIGN_IN;
    if path.starts_with("/api/") {
        return next.run(request).await;
    }
    if on_sign_in == caller.is_none() {
        if let Some(filled) = without_empty_fields(request.uri()) {
            return see_other(&filled, None);
        }
        if let Some(Extension(caller)) = caller {
            stand(&app, &caller, &mut request).await;
            furnish(&app, &caller, &mut request).await;
        }
        return next.run(request).await;
    }
    if on_sign_in {
        let to = Query::<Way>::try_from_uri(request.uri()).ok().and_then(|Query(way)| way.next);
        return see_other(next::own_path(to.as_deref()), None);
    }
    ask_to_sign_in(&request)
}

/// The address as it would be had a form without scripts not sent its empty fields, too; nothing if it has none.
fn without_empty_fields(uri: &Uri) -> Option<String> {
    let query = uri.query()?;
    let filled = filled_fields(query);
    let and = if filled.is_empty() { "" } else { "?" };
    (filled != query).then(|| format!("{}{and}{filled}", uri.path())).filter(|to| is_own_path(to))
}

/// Gives the page what its visitor set for themselves.
async fn furnish(app: &AppState, caller: &Caller, request: &mut Request) {
    let (preferences, views) = tokio::join!(app.backend.preferences(caller), app.backend.views(caller));
    match preferences.and_then(|preferences| Ok((preferences, views?))) {
        Ok((Preferences { pane_collapsed, time_zone, .. }, views)) => {
            let zone = zone(&time_zone, app.clock.now()).unwrap_or_default();
            let default_view = views.into_iter().find(|view| view.is_default);
            request.extensions_mut().insert(PageSettings { pane_collapsed, zone, default_view });
        }
        // The page itself says what it can't load.
        Err(error) => tracing::debug!(%error, "a page is shown as if nothing had been set"),
    }
}

/// Notes where the page begins to follow what happens; nothing for who may see nothing of it.
async fn stand(app: &AppState, caller: &Caller, request: &mut Request) {
    let seq = app.feed.head();
    let counts = match app.backend.lane_counts(caller).await {
        Ok(counts) => Some(counts),
        Err(Error::Forbidden(_)) => return,
        Err(error) => {
            tracing::warn!(%error, "a page has no counts");
            None
        }
    };
    request.extensions_mut().insert(Standing { seq, counts });
}

fn ask_to_sign_in(request: &Request) -> Response {
    let back = request.uri().path_and_query().map(axum::http::uri::PathAndQuery::as_str);
    see_other(&next::sign_in(back, None), None)
}

/// What is neither a page nor a file: the UI's own "not found" for a person, a problem for a program.
pub(super) async fn not_found(
    State(app): State<AppState>,
    caller: Option<Extension<Caller>>,
    mut request: Request,
) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let html = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let path = request.uri().path();
    if !reads || !html || path.starts_with("/api/") {
        return Problem::edge(StatusCode::NOT_FOUND, "there is nothing at this address").into_response();
    }
    let Some(Extension(caller)) = caller else { return ask_to_sign_in(&request) };
    stand(&app, &caller, &mut request).await;
    let render = leptos_axum::render_app_async_with_context(contexts(&app), shell);
    let mut response = render(request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Finds out who presents the session cookie. An unknown or dead one is as good as none.
pub(super) async fn identify(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Some(secret) = cookie::read(request.headers()) {
        match app.sessions.session(secret).await {
            Ok(Some(caller)) => {
                request.extensions_mut().insert(caller);
            }
            Ok(None) => {}
            Err(error) => return Problem::from(error).into_response(),
        }
    }
    next.run(request).await
}
