//! Failures on the wire: RFC 9457 `application/problem+json`, one mapping from the domain's errors.
//!
//! Every answer from 400 up is one of these, but for pages and server functions, which have forms of their own. The
//! text of an internal error goes to the log, under the request's id, and nowhere else.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::actions::query::QueryError;
use domain::{Error, ErrorCode, FieldError, Subject};
use serde::Serialize;
use utoipa::ToSchema;

/// What directories send.
pub(crate) const SCIM_JSON: &str = "application/scim+json";

/// The media type.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which a request that came at a bad moment may succeed (RFC 9110, 10.2.3).
const COME_AGAIN_AFTER: HeaderValue = HeaderValue::from_static("2");

/// What an answer that failed says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The kind, as a path on this server.
    #[serde(rename = "type")]
    #[schema(example = "/problems/conflict")]
    kind: String,
    /// The kind, in words.
    #[schema(value_type = String)]
    title: Cow<'static, str>,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// What exactly stood against it.
    detail: String,
    /// Each wrong field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// What was not found, or is not what the caller saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Box<Subject>>,
    /// The subject as it is now, in the shape that the API has for its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    current: Option<Box<serde_json::Value>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

const TOO_MANY_REQUESTS: &str = "Nothing was changed: too many requests are under way.";

const RATE_LIMITED: &str = "Nothing was changed: too many requests came in too short a time.";

/// Failures that happen before the domain is asked: code, status, sentence.
const EDGE_PROBLEMS: &[(&str, StatusCode, &str)] = &[
    ("malformed", StatusCode::BAD_REQUEST, "The request can't be read."),
    ("cross_origin", StatusCode::FORBIDDEN, "The request does not come from this site."),
    ("no_such_path", StatusCode::NOT_FOUND, "There is nothing at this address."),
    ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, "This address does not take this method."),
    ("timeout", StatusCode::REQUEST_TIMEOUT, "The request took too long to arrive."),
    ("too_large", StatusCode::PAYLOAD_TOO_LARGE, "The request is too large."),
    ("uri_too_long", StatusCode::URI_TOO_LONG, "The address is too long."),
    ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "This kind of content is not understood."),
    ("too_many_streams", StatusCode::TOO_MANY_REQUESTS, "Too many live connections are open."),
    ("too_many_requests", StatusCode::TOO_MANY_REQUESTS, TOO_MANY_REQUESTS),
    ("rate_limited", StatusCode::TOO_MANY_REQUESTS, RATE_LIMITED),
    ("misdirected", StatusCode::MISDIRECTED_REQUEST, "This server does not answer under that name."),
];

impl Problem {
    fn new(code: &str, status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{code}"),
            title: title.into(),
            status,
            detail: detail.into(),
            errors: Vec::new(),
            subject: None,
            current: None,
        }
    }

    fn domain(code: ErrorCode, detail: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(code.as_str(), status, code.label(), detail)
    }

    /// The failure that belongs to a status of the edge.
    pub fn edge(status: StatusCode, detail: impl Into<String>) -> Self {
        match EDGE_PROBLEMS.iter().find(|(_, of, _)| *of == status) {
            Some((code, status, title)) => Self::new(code, *status, title, detail),
            None => Self::new("failed", status, status.canonical_reason().unwrap_or("Failed"), detail),
        }
    }

    /// Why one item of several was not taken in, while others may have been.
    pub(crate) fn of_item(error: Error) -> Self {
        let is_invalid = matches!(error, Error::Invalid(_));
        let mut problem = Self::from(error);
        problem.title = match problem.title.strip_prefix("Nothing was changed: ") {
            _ if is_invalid => "This item was not taken in: something in it is missing or wrong.".into(),
            Some(reason) => format!("This item was not taken in: {reason}").into(),
            None => format!("This item was not taken in. {}", problem.title).into(),
        };
        if is_invalid {
            "the item is not valid".clone_into(&mut problem.detail);
        }
        problem
    }

    /// A credential that has too much under way.
    pub(crate) fn too_many_requests() -> Self {
        let detail = "too many requests of this session or token are under way; wait for some of them";
        Self::new("too_many_requests", StatusCode::TOO_MANY_REQUESTS, TOO_MANY_REQUESTS, detail)
    }

    /// A client that sent more than its rate.
    pub(crate) fn rate_limited(detail: impl Into<String>) -> Self {
        Self::new("rate_limited", StatusCode::TOO_MANY_REQUESTS, RATE_LIMITED, detail)
    }

    /// A request that can't be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::edge(StatusCode::BAD_REQUEST, detail)
    }

    /// A query of a list that can't be read; each wrong field has its pointer.
    pub(crate) fn of_query(error: Error) -> Self {
        let Error::Invalid(errors) = error else { return error.into() };
        let said = |error: &FieldError| format!("{} {}", error.pointer.trim_start_matches('/'), error.detail);
        let detail = errors.iter().map(said).collect::<Vec<_>>().join("; ");
        Self { errors, ..Self::malformed(detail) }
    }

    /// Its HTTP status.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// Its JSON.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// For an answer of a library that only gave a status.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Error::NotSignedIn.into(),
            StatusCode::SERVICE_UNAVAILABLE => Error::Busy.into(),
            status if status.is_server_error() => Self::domain(ErrorCode::Internal, "internal error"),
            status => {
                let mut problem = Self::edge(status, "");
                problem.detail = problem.title.clone().into_owned();
                problem
            }
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self::malformed(error.to_string())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut problem = Self::domain(error.code(), error.to_string());
        match error {
            Error::Invalid(errors) => problem.errors = errors,
            Error::NotFound(subject) => problem.subject = Some(Box::new(subject)),
            Error::Conflict { current, .. } | Error::Expired { current } => {
                problem.subject = Some(Box::new(current.subject));
                problem.current = current.document.map(Box::new);
            }
            Error::Internal(text) => tracing::error!(error = text, "the request failed inside"),
            _ => {}
        }
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.json()).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Gives the bare failures of libraries (unknown method, timeout) the same form as ours, and says of those that go away
/// by themselves when to come again.
pub(crate) async fn normalize_error(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let status = response.status();
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().entry(RETRY_AFTER).or_insert(COME_AGAIN_AFTER);
    }
    if !(status.is_client_error() || status.is_server_error()) || is_problem(&response) {
        return response;
    }
    let mut problem = Problem::of_status(status).into_response();
    for name in [ALLOW, RETRY_AFTER] {
        if let Some(value) = response.headers_mut().remove(&name) {
            problem.headers_mut().insert(name, value);
        }
    }
    problem
}

/// The document of a problem in one sentence, for doors whose failures have a form of their own.
pub(crate) fn in_words(problem: &serde_json::Value, status: StatusCode) -> String {
    let wrong = problem["errors"].as_array().into_iter().flatten().map(|wrong| {
        let pointer = wrong["pointer"].as_str().unwrap_or_default().trim_start_matches('/').replace('/', ".");
        format!("{pointer} {}", wrong["detail"].as_str().unwrap_or_default())
    });
    let wrong = wrong.collect::<Vec<_>>().join("; ");
    let detail = problem["detail"].as_str().or_else(|| status.canonical_reason()).unwrap_or("failed");
    if wrong.is_empty() { detail.to_owned() } else { wrong }
}

fn is_problem(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    headers.contains_key("serverfnerror")
        || kind.starts_with(PROBLEM_JSON)
        || kind.starts_with("application/json")
        || kind.starts_with(SCIM_JSON)
        || kind.starts_with("text/html")
}

/// What a panic in a handler looks like from outside.
pub(crate) fn from_panic(panic: Box<dyn std::any::Any + Send>) -> axum::http::Response<Body> {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    Problem::from(Error::Internal(format!("panic: {text}"))).into_response()
}

/// `GET /problems/{code}`: what a `type` means.
pub(crate) async fn describe(Path(code): Path<String>) -> Response {
    let sentence = code
        .parse::<ErrorCode>()
        .map(ErrorCode::label)
        .ok()
        .or_else(|| EDGE_PROBLEMS.iter().find(|(known, ..)| *known == code).map(|(.., title)| *title));
    match sentence {
        Some(sentence) => {
            let mut response = format!("{code}\n\n{sentence}\n").into_response();
            response.headers_mut().remove(CONTENT_LENGTH);
            response
        }
        None => Problem::of_status(StatusCode::NOT_FOUND).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Denied;

    #[test]
    fn t19_each_domain_error_has_its_status_and_internal_text_stays_inside() {
        let action = Subject::new(domain::SubjectKind::Action, "7");
        let named = Box::new(domain::Current::named(action.clone()));
        let table = [
            (Error::NotSignedIn, 401, "not_signed_in"),
            (Error::Forbidden(Denied::OwnProposal), 403, "forbidden"),
            (Error::NotFound(action.clone()), 404, "not_found"),
            (Error::Conflict { detail: "decided".into(), current: named }, 409, "conflict"),
            (Error::IdempotencyInFlight, 409, "idempotency_in_flight"),
            (Error::invalid("/a", "b"), 422, "invalid"),
            (Error::NoExecutor("nobody can".into()), 422, "no_executor"),
            (Error::IdempotencyKeyReused, 422, "idempotency_key_reused"),
            (Error::Busy, 503, "busy"),
            (Error::Unwritable, 503, "unwritable"),
            (Error::Internal("SECRETSQL42".into()), 500, "internal"),
        ];
        for (error, status, code) in table {
            let problem = Problem::from(error);
            let value: serde_json::Value = serde_json::from_str(&problem.json()).unwrap();
            assert_eq!(value["type"], format!("/problems/{code}"));
            assert_eq!(value["status"], status);
            assert!(!problem.json().contains("SECRETSQL42"));
            let about = matches!(status, 404 | 409) && code != "idempotency_in_flight";
            assert_eq!(
                value["subject"] == serde_json::json!({ "kind": "action", "id": "7" }),
                about,
                "{code}"
            );
            assert_eq!(problem.into_response().status(), status);
        }
    }

    #[test]
    fn an_item_is_told_of_by_itself() {
        for (error, title) in [
            (Error::invalid("/a", "b"), "This item was not taken in: something in it is missing or wrong."),
            (Error::Forbidden(Denied::OwnProposal), "This item was not taken in. You may not do this."),
            (
                Error::NoExecutor("why".into()),
                "This item was not taken in: no executor is connected that could carry this out.",
            ),
        ] {
            let value = serde_json::to_value(Problem::of_item(error.clone())).unwrap();
            assert_eq!(
                (&value["title"], &value["type"]),
                (&title.into(), &serde_json::to_value(Problem::from(error)).unwrap()["type"])
            );
        }
    }

    #[test]
    fn a_bare_401_says_how_to_authenticate() {
        let response = Problem::of_status(StatusCode::UNAUTHORIZED).into_response();
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
    }
}
