//! Signing in and out: plain forms that answer with a redirect, so that they work without JavaScript.

use axum::Extension;
use axum::Form;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::access::factors::Enrolling;
use domain::{Caller, Error};
use jiff::SignedDuration;
use serde::Deserialize;

use super::edge::client::Client;
use super::edge::problem::Problem;
use super::edge::{credential, paths, redirect};
use super::state::AppState;
use service::detached;
use service::session::{SignInError, SignInTry, SignedIn};

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

/// Who the browser is signed in as already, if anyone.
type CurrentCaller = Option<Extension<Caller>>;

/// `POST /sign-in`
pub(super) async fn sign_in(
    State(app): State<AppState>,
    current: CurrentCaller,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Response {
    let replaces = current.map(|Extension(caller)| caller.credential);
    let next = form.next.clone();
    let lasts = app.sessions.times().max_age;
    let address = client.and_then(|Extension(client)| client.address);
    let device = credential::device_secret(&headers).map(str::to_owned);
    // Not detached: who hangs up waits no longer.
    let turn = match app.sessions.password_turn(address).await {
        Ok(turn) => turn,
        Err(error) => return Problem::from(error).into_response(),
    };
    let signed_in = detached(async move {
        let attempt =
            SignInTry { name: &form.name, password: &form.password, address, device: device.as_deref() };
        match app.sessions.sign_in(turn, &attempt, replaces).await {
            Err(SignInError::Failed(error)) => Err(error),
            other => Ok(other),
        }
    })
    .await;
    match signed_in {
        Ok(Ok(signed_in)) => begin_session(&signed_in, lasts, next.as_deref()),
        Ok(Err(SignInError::SecondStep(secret))) => {
            let page = redirect::on_the_way_to(paths::SECOND_STEP, next.as_deref(), None);
            redirect::see_other(&page, credential::step_cookie(&secret))
        }
        Ok(Err(_)) => redirect::see_other(&redirect::sign_in_page(next.as_deref(), Some("wrong")), None),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `POST /demo/sign-in`
pub(super) async fn demo(
    State(app): State<AppState>,
    current: CurrentCaller,
    Form(form): Form<DemoForm>,
) -> Response {
    if !app.site.info.demo {
        return StatusCode::NOT_FOUND.into_response();
    }
    let replaces = current.map(|Extension(caller)| caller.credential);
    let next = form.next.clone();
    let lasts = app.sessions.times().max_age;
    match detached(async move { app.sessions.demo_sign_in(&form.role, replaces).await }).await {
        Ok(Some(signed_in)) => begin_session(&signed_in, lasts, next.as_deref()),
        Ok(None) => Problem::from(Error::invalid("/role", "names no button of the demo")).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `POST /sign-out`
pub(super) async fn sign_out(
    State(app): State<AppState>,
    current: CurrentCaller,
    enrolling: Option<Extension<Enrolling>>,
) -> Response {
    let enrolling = enrolling.map(|Extension(Enrolling(caller))| caller);
    if let Some(caller) = current.map(|Extension(caller)| caller).or(enrolling)
        && let Err(error) = detached(async move { app.sessions.sign_out(&caller).await }).await
    {
        return Problem::from(error).into_response();
    }
    redirect::see_other(paths::SIGN_IN, credential::expired_cookie())
}

/// Hands out the session, which lasts so long at most, and leads on to where the person wanted to go.
pub(super) fn begin_session(signed_in: &SignedIn, lasts: SignedDuration, next: Option<&str>) -> Response {
    let session = credential::session_cookie(&signed_in.secret, lasts);
    let mut response = redirect::see_other(redirect::own_path_or_home(next), session);
    if let Some(device) = signed_in.device.as_deref().and_then(credential::device_cookie) {
        response.headers_mut().append(SET_COOKIE, device);
    }
    response
}
