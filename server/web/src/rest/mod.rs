//! The REST API, version 1: for tools, with bearer tokens; never with cookies.
//!
//! Each area lists its routes: the limits of a route, its handlers, and by their attributes its part of the `OpenAPI`
//! document. To add a route, write a handler with `#[utoipa::path]` and name it in the `routes` of its area; to add an
//! area, add its file, whose `routes` say what their tag means, and its line in `areas!`.

mod enforced;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod idempotency;
pub(crate) mod input;
mod items;
mod naming;
mod openapi;
mod schema;
mod shape;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::Error;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt as _};

use super::edge::credential::bearer_token;
use super::edge::fair;
use super::edge::limits::{self, Limits};
use super::edge::problem::Problem;
use super::edge::rate;
use super::state::AppState;

/// One path of the API: its limits, and its handlers with their description.
type ApiRoute = (Limits, UtoipaMethodRouter<AppState>);

/// What an area adds to the API.
#[derive(Default)]
struct ApiArea {
    /// The routes that ask for a token.
    routes: Vec<ApiRoute>,
    /// Those that know by a code or a signature who calls.
    signed: Vec<ApiRoute>,
    /// The name and the meaning of the tag of its routes; none if it is described by another area.
    tag: Option<(&'static str, &'static str)>,
}

impl ApiArea {
    /// Routes that ask for a token.
    fn of(routes: Vec<ApiRoute>) -> Self {
        Self { routes, ..Self::default() }
    }

    /// With routes that know by a code or a signature who calls.
    fn with_signed(self, signed: Vec<ApiRoute>) -> Self {
        Self { signed, ..self }
    }

    /// With what the tag of its routes means.
    fn tagged(self, name: &'static str, meaning: &'static str) -> Self {
        Self { tag: Some((name, meaning)), ..self }
    }
}

/// Declares the areas: the module of each, whose `routes` says what it adds.
macro_rules! areas {
    ($(mod $area:ident;)+) => {
        $(mod $area;)+

        fn areas() -> Vec<ApiArea> {
            vec![$($area::routes()),+]
        }
    };
}

areas! {
    mod actions;
    mod follow_up;
    mod targets;
    mod tasks;
    mod export;
    mod events;
    mod packages;
    mod investigations;
    mod incidents;
    mod executors;
    mod deliveries;
    mod responders;
    mod access;
    mod identity;
    mod automation;
    mod policies;
    mod decision_times;
    mod dispatch;
    mod bulk;
    mod notifications;
}

/// The API, to be nested under its root. All of it but its own description asks for a token.
pub(super) fn router(app: &AppState) -> Router<AppState> {
    let add = |router: OpenApiRouter<AppState>, (limits, methods): ApiRoute| {
        // The outer layer is the later one: nobody's body is read before it is known who they are.
        // The extractors have a limit of their own, for bodies that nobody limited.
        let methods = methods.layer(DefaultBodyLimit::disable());
        let methods = methods.layer(from_fn_with_state(limits, limits::enforce));
        router.routes(methods.layer(from_fn_with_state(app.clone(), authenticate)))
    };
    let add_signed = |router: OpenApiRouter<AppState>, (limits, methods): ApiRoute| {
        let methods = methods.layer(DefaultBodyLimit::disable());
        router.routes(methods.layer(from_fn_with_state(limits, limits::enforce)))
    };
    let mut tags = Vec::new();
    let mut described = OpenApiRouter::default();
    for area in areas() {
        described = area.routes.into_iter().fold(described, add);
        described = area.signed.into_iter().fold(described, add_signed);
        tags.extend(area.tag);
    }
    let (described, paths) = described.split_for_parts();
    let open = Router::new()
        .route("/openapi.json", get(openapi::serve(&openapi::document(paths, &tags))))
        .fallback(|| async { Problem::edge(StatusCode::NOT_FOUND, "the API has no such path") })
        .layer(from_fn_with_state(Limits::USUAL, limits::enforce));
    described.merge(open).layer(from_fn_with_state(app.rates.clone(), rate::limit_address))
}

pub(super) async fn authenticate(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let caller = match bearer_token(request.headers()) {
        Some(token) => app.sessions.token(token).await,
        None => Ok(None),
    };
    match caller {
        Ok(Some(caller)) => {
            let left = app.rates.token(caller.credential);
            if let Some(left) = left.filter(|left| !left.allows()) {
                return left.refusal();
            }
            let place = match *request.method() {
                Method::GET | Method::HEAD => None,
                _ => match app.fairness.place(&caller).await {
                    Some(place) => Some(place),
                    None => return Problem::too_many_requests().into_response(),
                },
            };
            request.extensions_mut().insert(caller);
            let mut answer = fair::answer_in(place, next.run(request)).await;
            if let Some(left) = left {
                left.write(answer.headers_mut());
            }
            answer
        }
        Ok(None) => Problem::from(Error::NotSignedIn).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}
