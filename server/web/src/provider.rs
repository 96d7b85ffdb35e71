//! Signing in by the identity provider: a link that leads there, and the address to which it leads back.
//!
//! It begins with a GET, since browsers apply `form-action` to the redirects of forms, too.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::Caller;
use domain::core::path::is_own_path;
use serde::Deserialize;
use service::identity::provider::ProviderAnswer;
use service::identity::sign_in::{Arrived, ProviderSignIn, Trouble};

use super::edge::{credential, paths, redirect};
use super::signin::begin_session;
use super::state::AppState;

/// Where the person wants to go.
#[derive(Deserialize)]
pub(super) struct StartQuery {
    next: Option<String>,
}

/// `GET /sign-in/provider`
pub(super) async fn start(
    State(app): State<AppState>,
    query: Result<Query<StartQuery>, QueryRejection>,
) -> Response {
    let next = query.ok().and_then(|Query(query)| query.next).filter(|next| is_own_path(next));
    let begun = match provider(&app) {
        Ok(provider) => provider.begin(next.clone()).await,
        Err(trouble) => Err(trouble),
    };
    match begun {
        // The one way out of this site: where an administrator said that the provider is.
        Ok(departure) => {
            redirect::see_other(&departure.location, credential::pending_cookie(&departure.pending))
        }
        Err(trouble) => refused(&trouble, next.as_deref()),
    }
}

/// `GET /sign-in/provider/return`
pub(super) async fn finish(
    State(app): State<AppState>,
    current: Option<Extension<Caller>>,
    headers: HeaderMap,
    answer: Result<Query<ProviderAnswer>, QueryRejection>,
) -> Response {
    let replaces = current.map(|Extension(caller)| caller.credential);
    let lasts = app.sessions.times().max_age;
    let pending = credential::pending_secret(&headers);
    let finished = match (provider(&app), answer) {
        (Ok(provider), Ok(Query(answer))) => provider.finish(&app.sessions, pending, answer, replaces).await,
        (Err(trouble), _) => Err((trouble, None)),
        (_, Err(_)) => Err((Trouble::StartAgain, None)),
    };
    let mut response = match finished {
        Ok(Arrived { signed_in, next }) => begin_session(&signed_in, lasts, next.as_deref()),
        Err((Trouble::SecondStep(secret), next)) => {
            let page = redirect::on_the_way_to(paths::SECOND_STEP, next.as_deref(), None);
            redirect::see_other(&page, credential::step_cookie(&secret))
        }
        Err((trouble, next)) => refused(&trouble, next.as_deref()),
    };
    credential::forget_pending(response.headers_mut());
    response
}

fn provider(app: &AppState) -> Result<Arc<ProviderSignIn>, Trouble> {
    app.provider.clone().ok_or(Trouble::NoProvider)
}

/// Back to the sign-in page, which says why; the rest is for the log.
fn refused(trouble: &Trouble, next: Option<&str>) -> Response {
    match trouble {
        Trouble::Failed(error) => tracing::error!(%error, "a sign-in by the identity provider failed inside"),
        trouble => tracing::warn!(%trouble, "nobody was signed in by the identity provider"),
    }
    redirect::see_other(&redirect::sign_in_page(next, Some(trouble.word())), None)
}
