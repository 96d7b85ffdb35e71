//! Signing in and out: plain forms that answer with a redirect, so that they work without JavaScript.

use axum::Extension;
use axum::Form;
use axum::extract::State;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::{Caller, Error};
use serde::Deserialize;
use tracing::Instrument;

use super::problem::Problem;
use super::state::AppState;
use super::{cookie, next};
use service::session::{SignInError, SignedIn};

/// What the form of the sign-in page sends.
#[derive(Deserialize)]
pub(super) struct SignInForm {
    name: String,
    password: String,
    #[serde(default)]
    next: Option<String>,
}

/// What a button of the demo sends.
#[derive(Deserialize)]
pub(super) struct DemoForm {
    role: String,
    #[serde(default)]
    next: Option<String>,
}

type Live = Option<Extension<Caller>>;

/// `POST /sign-in`
pub(super) async fn sign_in(
    State(app): State<AppState>,
    live: Live,
    Form(form): Form<SignInForm>,
) -> Response {
    let replaces = live.map(|Extension(caller)| caller.credential);
    let next = form.next.clone();
    let signed_in = detached(async move {
        match app.sessions.sign_in(&form.name, &form.password, replaces).await {
            Ok(signed_in) => Ok(Some(signed_in)),
            Err(SignInError::WrongOrPaused) => Ok(None),
            Err(SignInError::Failed(error)) => Err(error),
        }
    })
    .await;
    match signed_in {
        Ok(Some(signed_in)) => welcome(&signed_in, next.as_deref()),
        Ok(None) => see_other(&next::sign_in(next.as_deref(), Some("wrong")), None),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `POST /demo/sign-in`
pub(super) async fn demo(State(app): State<AppState>, live: Live, Form(form): Form<DemoForm>) -> Response {
    if !app.site.info.demo {
        return StatusCode::NOT_FOUND.into_response();
    }
    let replaces = live.map(|Extension(caller)| caller.credential);
    let next = form.next.clone();
    match detached(async move { app.sessions.demo_sign_in(&form.role, replaces).await }).await {
        Ok(Some(signed_in)) => welcome(&signed_in, next.as_deref()),
        Ok(None) => Problem::from(Error::invalid("/role", "names no button of the demo")).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `POST /sign-out`
pub(super) async fn sign_out(State(app): State<AppState>, live: Live) -> Response {
    if let Some(Extension(caller)) = live
        && let Err(error) = detached(async move { app.sessions.sign_out(&caller).await }).await
    {
        return Problem::from(error).into_response();
    }
    see_other(next::SIGN_IN, cookie::clear())
}

fn welcome(signed_in: &SignedIn, to: Option<&str>) -> Response {
    see_other(next::own_path(to), cookie::set(&signed_in.secret))
}

/// Sends the browser on with a GET.
pub(super) fn see_other(to: &str, cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static(next::HOME));
    response.headers_mut().insert(LOCATION, to);
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// Runs to its end also if the client hangs up: a transaction must not be dropped half-way.
pub(super) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work.in_current_span()).await.map_err(|error| Error::Internal(error.to_string()))?
}
