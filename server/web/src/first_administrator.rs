//! The first administrator sets name and password: a plain form that answers with a redirect.

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::Error;
use serde::Deserialize;

use super::edge::paths::{FIRST_ADMINISTRATOR, query_value};
use super::edge::problem::Problem;
use super::edge::redirect;
use super::signin::begin_session;
use super::state::AppState;
use service::detached;
use service::session::FirstAdministrator;

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct FirstForm {
    key: String,
    name: String,
    #[serde(default)]
    display_name: String,
    password: String,
}

/// `POST /first-administrator`
pub(super) async fn make(State(app): State<AppState>, Form(form): Form<FirstForm>) -> Response {
    let FirstForm { key, name, display_name, password } = form;
    let lasts = app.sessions.times().max_age;
    let first = FirstAdministrator { key: key.clone(), name, display_name, password };
    match detached(async move { app.sessions.make_first(first).await }).await {
        Ok(signed_in) => begin_session(&signed_in, lasts, None),
        Err(Error::Invalid(fields)) => {
            let wrong = fields.first().map_or("", |field| field.pointer.trim_start_matches('/'));
            let path = format!("{FIRST_ADMINISTRATOR}?error={wrong}&key={}", query_value(&key));
            redirect::see_other(&path, None)
        }
        Err(error) => Problem::from(error).into_response(),
    }
}
