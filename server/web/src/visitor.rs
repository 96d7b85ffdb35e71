//! The visitor of a page: who presents a session.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use domain::access::factors::{Enrolling, SecondStepSecret};
use service::session::Visitor;

use super::edge::credential::{session_secret, step_secret};
use super::edge::fair;
use super::edge::limits::{self, Limits};
use super::edge::problem::Problem;
use super::state::AppState;

/// Gives routes their limits, and tells them who presents a session.
pub fn for_people(app: &AppState, limits: Limits, routes: Router<AppState>) -> Router<AppState> {
    routes.layer(from_fn_with_state(app.clone(), identify)).layer(from_fn_with_state(limits, limits::enforce))
}

/// Finds out who presents the session cookie. An unknown or dead one is as good as none.
async fn identify(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let mut place = None;
    if let Some(secret) = session_secret(request.headers()) {
        match app.sessions.visitor(secret).await {
            Ok(Some(Visitor::Caller(caller))) => {
                let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
                if changes {
                    place = app.fairness.place(&caller).await;
                    if place.is_none() {
                        return Problem::too_many_requests().into_response();
                    }
                }
                request.extensions_mut().insert(caller);
            }
            // To everything but the setting up of a second factor, nobody is calling.
            Ok(Some(Visitor::Enrolling(caller))) => {
                request.extensions_mut().insert(Enrolling(caller));
            }
            Ok(None) => {}
            Err(error) => return Problem::from(error).into_response(),
        }
    }
    if let Some(secret) = step_secret(request.headers()).map(str::to_owned) {
        request.extensions_mut().insert(SecondStepSecret(secret));
    }
    fair::answer_in(place, next.run(request)).await
}
