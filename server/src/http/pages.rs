//! The pages and their server functions: who is calling is settled before anything is rendered.

use std::sync::Arc;

use api::PlanBulk;
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
use axum::routing::{any, get, post};
use domain::access::factors::{Enrolling, SecondStepSecret};
use domain::access::lists::AdminList;
use domain::actions::export::ExportFormat;
use domain::cases::CaseList;
use domain::core::path::{filled_fields, is_own_path};
use domain::dispatch::{DispatchState, PauseNotice};
use domain::settings::contract::PageSettings;
use domain::site::{ProviderName, SiteInfo, StreamCursor};
use domain::{Caller, Error, Preferences, SharedBackend};
use leptos::prelude::provide_context;
use leptos::server_fn::ServerFn as _;
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list_with_exclusions_and_ssg_and_context};
use serde::Deserialize;

use service::zone::zone;
use web::download;
use web::edge::limits::Limits;
use web::edge::paths::{ENROL, SECOND_STEP, SERVER_FUNCTIONS, SIGN_IN, is_before_sign_in};
use web::edge::problem::Problem;
use web::edge::redirect::{on_the_way_to, own_path_or_home, see_other, sign_in_page};
use web::router::Pages;
use web::state::AppState;
use web::visitor::for_people;

/// What the views and server functions find in their context.
fn contexts(app: &AppState) -> impl Fn() + Clone + Send + Sync + 'static + use<> {
    let backend: SharedBackend = Arc::clone(&app.backend);
    let info: SiteInfo = app.site.info.clone();
    move || {
        provide_context(Arc::clone(&backend));
        provide_context(info.clone());
    }
}

/// The pages, as the router takes them.
pub(crate) fn pages(app: &AppState) -> Pages {
    Pages { routes: router(app), not_found: any(not_found) }
}

/// Every page of the UI and every server function.
fn router(app: &AppState) -> Router<AppState> {
    let usual = Router::new()
        .leptos_routes_with_context(app, routes(app), self::contexts(app), shell)
        .merge(design(app));
    let contexts = contexts(app);
    let plan_bulk = move |request: Request| leptos_axum::handle_server_fns_with_context(contexts, request);
    let batch = Router::new().route(PlanBulk::PATH, post(plan_bulk));
    let export = ExportFormat::on_page().fold(Router::new(), |router, format| {
        router.route(&format.page_path(), get(download::for_people).layer(Extension(format)))
    });
    let list = |list| get(download::list_for_people).layer(Extension(list));
    let export = AdminList::ALL.iter().fold(export, |router, list| {
        router.route(
            &format!("/export{}", list.path()),
            get(download::admin_for_people).layer(Extension(*list)),
        )
    });
    let export = export
        .route("/export/incidents", list(CaseList::Incidents))
        .route("/export/investigations", list(CaseList::Investigations))
        .route("/export/investigations/{id}/{tab}", get(download::tab_for_people))
        .route("/export/actions/{id}/package", get(download::package_for_people));
    [(Limits::USUAL, usual), (Limits::BATCH, batch), (Limits::EXPORT, export)]
        .into_iter()
        .map(|(limits, routes)| {
            for_people(app, limits, routes.route_layer(from_fn_with_state(app.clone(), guard)))
        })
        .fold(Router::new(), Router::merge)
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

/// Every page.
pub(crate) fn routes(app: &AppState) -> Vec<AxumRouteListing> {
    let with_other_limits = vec![PlanBulk::PATH.to_owned()];
    generate_route_list_with_exclusions_and_ssg_and_context(App, Some(with_other_limits), contexts(app)).0
}

/// The query of the sign-in page.
#[derive(Deserialize)]
struct SignInQuery {
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
    let on_sign_in = is_before_sign_in(path);
    if path.starts_with(SERVER_FUNCTIONS) {
        return next.run(request).await;
    }
    let enrolling = caller.is_none() && request.extensions().get::<Enrolling>().is_some();
    if path == ENROL && caller.is_some() {
        // A form without scripts comes back here: new recovery codes are shown on one's own page.
        if api::has_recovery_codes(request.headers()) {
            return see_other("/settings", None);
        }
        let next = Query::<SignInQuery>::try_from_uri(request.uri()).ok().and_then(|Query(query)| query.next);
        return see_other(own_path_or_home(next.as_deref()), None);
    }
    if enrolling && path == ENROL {
        return next.run(request).await;
    }
    if enrolling && !on_sign_in {
        let back = request.uri().path_and_query().map(axum::http::uri::PathAndQuery::as_str);
        return see_other(&on_the_way_to(ENROL, back, None), None);
    }
    if path == SECOND_STEP && request.extensions().get::<SecondStepSecret>().is_none() {
        return see_other(SIGN_IN, None);
    }
    if on_sign_in == caller.is_none() {
        if let Some(filled) = without_empty_fields(request.uri()) {
            return see_other(&filled, None);
        }
        if let Some(Extension(caller)) = caller {
            insert_standing(&app, &caller, &mut request).await;
            insert_page_settings(&app, &caller, &mut request).await;
            insert_pause(&app, &caller, &mut request).await;
            insert_stop(&app, &caller, &mut request).await;
        } else {
            insert_provider(&app, &mut request).await;
        }
        return next.run(request).await;
    }
    if on_sign_in {
        let next = Query::<SignInQuery>::try_from_uri(request.uri()).ok().and_then(|Query(query)| query.next);
        return see_other(own_path_or_home(next.as_deref()), None);
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
async fn insert_page_settings(app: &AppState, caller: &Caller, request: &mut Request) {
    let (preferences, views) = tokio::join!(app.backend.preferences(caller), app.backend.views(caller));
    match preferences.and_then(|preferences| Ok((preferences, views?))) {
        Ok((Preferences { pane_collapsed, time_zone, color_scheme, .. }, views)) => {
            let zone = zone(&time_zone, app.clock.now()).unwrap_or_default();
            let default_view = views.into_iter().find(|view| view.is_default);
            request.extensions_mut().insert(PageSettings {
                pane_collapsed,
                zone,
                color_scheme,
                default_view,
            });
        }
        // The page itself says what it can't load.
        Err(error) => tracing::debug!(%error, "a page is shown as if nothing had been set"),
    }
}

/// Tells the sign-in page by which identity provider people can sign in, too.
async fn insert_provider(app: &AppState, request: &mut Request) {
    match app.backend.provider_name().await {
        Ok(Some(name)) => drop(request.extensions_mut().insert(ProviderName(name))),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the sign-in page does not know of the identity provider"),
    }
}

/// Tells an administrator's page that nothing is handed to executors; nothing to anybody else.
async fn insert_pause(app: &AppState, caller: &Caller, request: &mut Request) {
    match app.backend.dispatch_state(caller).await {
        Ok(DispatchState { paused: Some(pause), open, .. }) => {
            request.extensions_mut().insert(PauseNotice { reason: pause.reason, open });
        }
        Ok(_) | Err(Error::Forbidden(_)) => {}
        Err(error) => tracing::warn!(%error, "a page does not know whether dispatch is paused"),
    }
}

/// Tells the page that no rule decides; nothing to who may see no action.
async fn insert_stop(app: &AppState, caller: &Caller, request: &mut Request) {
    match app.backend.automation_stop(caller).await {
        Ok(Some(stop)) => {
            request.extensions_mut().insert(stop);
        }
        Ok(None) | Err(Error::Forbidden(_)) => {}
        Err(error) => tracing::warn!(%error, "a page does not know whether automation is stopped"),
    }
}

/// Notes where the page begins to follow what happens; nothing for who may see nothing of it.
async fn insert_standing(app: &AppState, caller: &Caller, request: &mut Request) {
    let seq = app.feed.head();
    let counts = match app.backend.lane_counts(caller).await {
        Ok(counts) => Some(counts),
        Err(Error::Forbidden(_)) => return,
        Err(error) => {
            tracing::warn!(%error, "a page has no counts");
            None
        }
    };
    request.extensions_mut().insert(StreamCursor { seq, counts });
}

fn ask_to_sign_in(request: &Request) -> Response {
    let back = request.uri().path_and_query().map(axum::http::uri::PathAndQuery::as_str);
    see_other(&sign_in_page(back, None), None)
}

/// What is neither a page nor a file: the UI's own "not found" for a person, a problem for a program.
async fn not_found(
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
    if !reads || !html || path.starts_with(SERVER_FUNCTIONS) {
        return Problem::edge(StatusCode::NOT_FOUND, "there is nothing at this address").into_response();
    }
    let Some(Extension(caller)) = caller else { return ask_to_sign_in(&request) };
    insert_standing(&app, &caller, &mut request).await;
    let render = leptos_axum::render_app_async_with_context(contexts(&app), shell);
    let mut response = render(request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
