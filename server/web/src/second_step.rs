//! The second step of a sign-in: a plain form that answers with a redirect, so that it works without JavaScript.

use axum::Extension;
use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use domain::Caller;
use domain::access::factors::FactorProof;
use serde::Deserialize;

use super::edge::client::Client;
use super::edge::paths::SECOND_STEP;
use super::edge::problem::Problem;
use super::edge::{credential, redirect};
use super::signin::begin_session;
use super::state::AppState;
use service::detached;
use service::factors::SecondStep;
use service::session::SignInError;

/// What the form sends: a code, or the answer of a passkey.
#[derive(Deserialize)]
pub(super) struct SecondStepForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    passkey: String,
    #[serde(default)]
    next: Option<String>,
}

/// `POST /sign-in/second-step`
pub(super) async fn show(
    State(app): State<AppState>,
    current: Option<Extension<Caller>>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    Form(form): Form<SecondStepForm>,
) -> Response {
    let SecondStepForm { code, passkey, next } = form;
    let next = next.as_deref();
    let begin_anew = || redirect::see_other(&redirect::sign_in_page(next, Some("over")), None);
    let Some(secret) = credential::step_secret(&headers).map(str::to_owned) else { return begin_anew() };
    let step = SecondStep {
        secret,
        proof: if passkey.is_empty() { FactorProof::Code(code) } else { FactorProof::Passkey(passkey) },
        address: client.and_then(|Extension(client)| client.address),
        device: credential::device_secret(&headers).map(str::to_owned),
        replaces: current.map(|Extension(caller)| caller.credential),
    };
    let (factors, sessions) = (app.factors.clone(), app.sessions.clone());
    let lasts = sessions.times().max_age;
    let finished = detached(async move {
        match factors.finish_sign_in(&sessions, step).await {
            Err(SignInError::Failed(error)) => Err(error),
            other => Ok(other),
        }
    });
    match finished.await {
        Ok(Ok(signed_in)) => {
            let mut response = begin_session(&signed_in, lasts, next);
            if let Some(over) = credential::expired_step_cookie() {
                response.headers_mut().append(SET_COOKIE, over);
            }
            response
        }
        Ok(Err(SignInError::WrongOrPaused)) => {
            redirect::see_other(&redirect::on_the_way_to(SECOND_STEP, next, Some("wrong")), None)
        }
        Ok(Err(_)) => begin_anew(),
        Err(error) => Problem::from(error).into_response(),
    }
}
