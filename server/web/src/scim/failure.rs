//! Failures as SCIM has them (RFC 7644, 3.12).

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Error;
use serde_json::{Value, json};

use crate::edge::problem::{Problem, SCIM_JSON, in_words};

/// Bytes of a problem's document that are read.
const MAX_PROBLEM: usize = 64 * 1024;

/// Why something is not done.
#[derive(Debug)]
pub(super) enum Failure {
    /// For a reason of SCIM's own.
    Scim(StatusCode, Option<&'static str>, String),
    /// For a reason that all doors have.
    Other(Box<Problem>),
}

impl Failure {
    /// A failure with its word, if there is one for it.
    pub(super) fn new(status: StatusCode, word: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self::Scim(status, word, detail.into())
    }

    /// A request that can't be done as it is written.
    pub(super) fn bad(word: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some(word), detail)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(Box::new(error.into()))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Other(Box::new(problem))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Scim(status, word, detail) => document(status, word, &detail).into_response(),
            Self::Other(problem) => problem.into_response(),
        }
    }
}

fn document(status: StatusCode, word: Option<&str>, detail: &str) -> impl IntoResponse + use<> {
    let mut error = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.as_u16().to_string(),
        "detail": detail,
    });
    if let Some(word) = word {
        error["scimType"] = json!(word);
    }
    (status, [(CONTENT_TYPE, SCIM_JSON)], error.to_string())
}

/// Gives the failures of all doors the form that they have here.
pub(super) async fn as_scim(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == SCIM_JSON) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_PROBLEM).await.unwrap_or_default();
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, word) = match status {
        StatusCode::UNPROCESSABLE_ENTITY => (StatusCode::BAD_REQUEST, Some("invalidValue")),
        StatusCode::BAD_REQUEST => (status, Some("invalidSyntax")),
        StatusCode::CONFLICT => (status, Some("uniqueness")),
        status => (status, None),
    };
    let (answer, body) = document(status, word, &in_words(&problem, status)).into_response().into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(SCIM_JSON));
    parts.status = answer.status;
    Response::from_parts(parts, body)
}
