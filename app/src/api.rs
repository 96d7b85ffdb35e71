//! Server functions: what the screens ask of the server. Thin doors: extract, call the backend, wrap the error.
//!
//! They are a public POST API. Who may do what is decided behind [`domain::backend::Backend`], the origin of a request
//! by the server's CSRF layer. Each has a fixed endpoint, so that it does not depend on the build directory.
#![expect(missing_docs, reason = "`#[server]` makes public structs of the arguments")]

mod bulk;
mod preferences;

use leptos::prelude::*;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::codec::{Answer, Json};
use domain::access::contract::SessionView;
use domain::actions::contract::{ActionDetail, ExportProgress};
use domain::actions::query::Counts;
use domain::home::HomeView;
use domain::{Action, ActionId, ActionPage, Buckets, ErrorCode, Lane};

pub use bulk::*;
pub use preferences::*;

/// A failure as the screen gets it. Only `code` may be trusted where it comes out of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}")]
pub struct ApiError {
    /// Its kind; its label is the sentence for the screen.
    pub code: ErrorCode,
    /// What exactly stood against it.
    pub detail: String,
}

impl ApiError {
    fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = Json;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(detail)
            | ServerFnErrorErr::MissingArg(detail)
            | ServerFnErrorErr::Deserialization(detail) => {
                #[cfg(feature = "ssr")]
                door::refuse_input();
                Self::new(ErrorCode::Invalid, detail)
            }
            ServerFnErrorErr::Request(_) => {
                Self::new(ErrorCode::Busy, "The server can't be reached. Check the connection and try again.")
            }
            _ => Self::new(ErrorCode::Internal, ErrorCode::Internal.label()),
        }
    }
}

#[cfg(feature = "ssr")]
mod door {
    //! What each server function does before and after its call.

    use super::ApiError;
    use axum::http::header::ACCEPT;
    use axum::http::request::Parts;
    use axum::http::{Method, StatusCode};
    use domain::backend::SharedBackend;
    use domain::core::path::is_own_path;
    use domain::{ActionQuery, Caller, Error, ErrorCode, Lane};
    use leptos::prelude::{expect_context, use_context};

    pub(super) async fn enter() -> Result<(SharedBackend, Caller), ApiError> {
        let axum::Extension(caller) =
            leptos_axum::extract::<axum::Extension<Caller>>().await.map_err(|_| fail(&Error::NotSignedIn))?;
        Ok((expect_context::<SharedBackend>(), caller))
    }

    pub(super) fn fail(error: &Error) -> ApiError {
        let code = error.code();
        set_status(code);
        let detail = match error {
            Error::Invalid(fields) => fields
                .iter()
                .map(|field| {
                    let place = field.pointer.trim_start_matches('/');
                    format!("{place} {}", field.detail).trim_start().to_owned()
                })
                .collect::<Vec<_>>()
                .join("; "),
            other => other.to_string(),
        };
        ApiError::new(code, detail)
    }

    /// For errors whose details are sentences by themselves.
    pub(super) fn fail_in_words(error: &Error) -> ApiError {
        let mut failure = fail(error);
        if let Error::Invalid(fields) = error {
            failure.detail = fields.iter().map(|field| field.detail.as_str()).collect::<Vec<_>>().join("; ");
        }
        failure
    }

    /// The query of a list, from the parts that the page gives.
    pub(super) fn query(lane: Lane, shows: &str, cursor: Option<String>) -> Result<ActionQuery, Error> {
        let read = |uri| axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).ok();
        let axum::extract::Query(mut pairs) = format!("/?{shows}")
            .parse()
            .ok()
            .and_then(read)
            .ok_or_else(|| Error::invalid("/", "the address can't be read"))?;
        pairs.push(("lane".to_owned(), lane.to_string()));
        pairs.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor)));
        ActionQuery::from_pairs(pairs)
            .map_err(|error| Error::invalid(format!("/{}", error.field), error.problem))
    }

    /// Sends a form that was posted without wasm back to where it stood; wherever else it says, to the page that
    /// it names itself as where it came from.
    pub(super) fn go_back(back: Option<&str>) {
        if let Some(back) = back.filter(|back| is_own_path(back))
            && use_context::<Parts>().is_some_and(|request| is_form(&request))
        {
            leptos_axum::redirect(back);
        }
    }

    fn is_form(request: &Parts) -> bool {
        let accepts = request.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        request.method == Method::POST && accepts.is_some_and(|accepts| accepts.contains("text/html"))
    }

    /// For input that can't be read; a page whose URL tells of a failure that can't be read is fine by itself.
    pub(super) fn refuse_input() {
        if use_context::<Parts>().is_some_and(|request| request.method == Method::POST) {
            set_status(ErrorCode::Invalid);
        }
    }

    /// Without it a failed server function answers 500, whatever it was. Not for a form that is sent without wasm:
    /// that goes back to its page with the code in the URL, and another status than the redirect's would leave the
    /// person on a page of JSON.
    pub(super) fn set_status(code: ErrorCode) {
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
            && !use_context::<Parts>().is_some_and(|request| is_form(&request))
        {
            response.set_status(
                StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            );
        }
    }
}

/// Who is signed in.
#[server(endpoint = "session", prefix = "/api", output = Answer)]
pub async fn session() -> Result<SessionView, ApiError> {
    let (_, caller) = door::enter().await?;
    Ok(SessionView {
        name: caller.actor.name,
        roles: caller.roles.iter().map(|role| role.label().to_owned()).collect(),
    })
}

/// What waits, what was decided, what is stuck.
#[server(endpoint = "load_home", prefix = "/api", output = Answer)]
pub async fn load_home() -> Result<HomeView, ApiError> {
    let (backend, caller) = door::enter().await?;
    backend.home(&caller).await.map_err(|error| door::fail(&error))
}

/// One page of a lane. `shows` is the rest of the query, encoded as in a URL.
#[server(endpoint = "list_actions", prefix = "/api", output = Answer)]
pub async fn list_actions(
    lane: Lane,
    #[server(default)] shows: String,
    cursor: Option<String>,
) -> Result<ActionPage, ApiError> {
    let (backend, caller) = door::enter().await?;
    let query = door::query(lane, &shows, cursor).map_err(|error| door::fail(&error))?;
    let mut page = backend.list(&caller, query).await.map_err(|error| door::fail(&error))?;
    page.items = page.items.into_iter().map(Action::brief).collect();
    Ok(page)
}

/// How many rows of a lane match, and of which values. `shows` as in [`list_actions`].
#[server(endpoint = "count_actions", prefix = "/api", output = Answer)]
pub async fn count_actions(lane: Lane, #[server(default)] shows: String) -> Result<Counts, ApiError> {
    let (backend, caller) = door::enter().await?;
    let query = door::query(lane, &shows, None).map_err(|error| door::fail(&error))?;
    let counts = backend.counts(&caller, query).await.map_err(|error| door::fail(&error))?;
    // What they did themselves is what people look for first.
    Ok(counts.led_by(domain::actions::query::Facet::DecidedBy, &caller.actor.name))
}

/// How many actions wait and how many are being carried out.
#[server(endpoint = "lane_counts", prefix = "/api", output = Answer)]
pub async fn lane_counts() -> Result<domain::LaneCounts, ApiError> {
    let (backend, caller) = door::enter().await?;
    backend.lane_counts(&caller).await.map_err(|error| door::fail(&error))
}

/// What of a lane is similar, in buckets. `shows` as in [`list_actions`].
#[server(endpoint = "load_buckets", prefix = "/api", output = Answer)]
pub async fn load_buckets(lane: Lane, #[server(default)] shows: String) -> Result<Buckets, ApiError> {
    let (backend, caller) = door::enter().await?;
    let query = door::query(lane, &shows, None).map_err(|error| door::fail(&error))?;
    backend.buckets(&caller, query).await.map_err(|error| door::fail(&error))
}

/// How far the person's export is, or how it ended a moment ago.
#[server(endpoint = "load_export", prefix = "/api", output = Answer)]
pub async fn load_export() -> Result<Option<ExportProgress>, ApiError> {
    let (backend, caller) = door::enter().await?;
    backend.export_progress(&caller).await.map_err(|error| door::fail(&error))
}

/// One action with all that a person needs to decide.
#[server(endpoint = "load_action", prefix = "/api", output = Answer)]
pub async fn load_action(id: ActionId) -> Result<ActionDetail, ApiError> {
    let (backend, caller) = door::enter().await?;
    backend.detail(&caller, id).await.map_err(|error| door::fail(&error))
}

/// Lets the action happen, if it is still what the caller saw.
#[server(endpoint = "approve_action", prefix = "/api", output = Answer)]
pub async fn approve_action(
    id: ActionId,
    expected_version: i64,
    digest: String,
    comment: Option<String>,
) -> Result<Action, ApiError> {
    use domain::Seen;
    let (backend, caller) = door::enter().await?;
    let comment = comment.filter(|comment| !comment.trim().is_empty());
    let seen = Seen { expected_version, digest };
    backend.approve(&caller, id, seen, comment).await.map_err(|error| door::fail(&error))
}

/// Refuses the action, if it is still what the caller saw.
#[server(endpoint = "reject_action", prefix = "/api", output = Answer)]
pub async fn reject_action(
    id: ActionId,
    expected_version: i64,
    digest: String,
    reason: String,
) -> Result<Action, ApiError> {
    use domain::Seen;
    let (backend, caller) = door::enter().await?;
    let seen = Seen { expected_version, digest };
    backend.reject(&caller, id, seen, reason).await.map_err(|error| door::fail(&error))
}

/// Starts the reverse of the action.
#[server(endpoint = "undo_action", prefix = "/api", output = Answer)]
pub async fn undo_action(
    id: ActionId,
    expected_version: i64,
    digest: String,
    reason: String,
) -> Result<Action, ApiError> {
    use domain::Seen;
    let (backend, caller) = door::enter().await?;
    let seen = Seen { expected_version, digest };
    backend.undo(&caller, id, seen, reason).await.map_err(|error| door::fail(&error))
}
