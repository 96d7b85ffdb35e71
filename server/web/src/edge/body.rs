//! Request bodies: which media types are read, and reading one up to a limit and in time.
//!
//! Server functions check none of it, and streaming ones would read without end. So a body is read here, whole,
//! before a handler sees it; all of ours are small.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::paths::CSP_REPORTS;
use super::problem::{Problem, SCIM_JSON};

/// The time in which a body must have arrived.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// What is still read and thrown away of a body that is too large, so that the client gets to read our answer.
const DRAIN_LIMIT: usize = 32 * 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Refuses content that no handler of ours reads. A foreign page can send `text/plain` with JSON in it without asking
/// the browser first; it can't send `application/json`.
pub(crate) async fn check_media_type(request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // Its handler looks itself.
    let is_report = request.uri().path() == CSP_REPORTS;
    if is_safe
        || is_report
        || (request.body().is_end_stream() && !request.headers().contains_key(CONTENT_TYPE))
    {
        return next.run(request).await;
    }
    match verify_media_type(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(detail) => Problem::edge(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into_response(),
    }
}

fn verify_media_type(headers: &HeaderMap) -> Result<(), &'static str> {
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err("send the body without a Content-Encoding");
    }
    let mut all = headers.get_all(CONTENT_TYPE).iter();
    let (Some(kind), None) = (all.next(), all.next()) else {
        return Err("send one Content-Type: application/json or application/x-www-form-urlencoded");
    };
    let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    if !matches!(parts.next(), Some("application/json" | "application/x-www-form-urlencoded" | SCIM_JSON)) {
        return Err("send application/json or application/x-www-form-urlencoded");
    }
    for parameter in parts.filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=').map(|(name, value)| (name.trim(), value.trim().trim_matches('"'))) {
            Some(("charset", "utf-8" | "utf8")) => {}
            _ => return Err("send UTF-8, and no other parameters of Content-Type"),
        }
    }
    Ok(())
}

/// Whether the body claims to be JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    })
}

/// Reads the body, up to a limit and in time, and hands the request on with it in one piece.
pub(super) async fn read(request: Request, limit: usize) -> Result<Request, Problem> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let too_large = || {
        let detail = format!("the body has more than {limit} bytes");
        Problem::edge(StatusCode::PAYLOAD_TOO_LARGE, detail)
    };
    let declared =
        parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        if declared.is_some_and(|length| length <= DRAIN_LIMIT as u64) {
            drain(body).await;
        }
        return Err(too_large());
    }
    match tokio::time::timeout(READ_TIMEOUT, collect(body, limit)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::malformed("the body ended early")),
        Err(_) => Err(Problem::edge(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

async fn collect(
    body: Body,
    limit: usize,
) -> Result<axum::body::Bytes, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Limited::new(body, limit).collect().await?.to_bytes())
}

async fn drain(mut body: Body) {
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whether it ended makes no difference: the answer is the same.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, all).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_json_and_forms_in_utf8_are_read() {
        let table = [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/x-www-form-urlencoded", true),
            ("application/x-www-form-urlencoded;charset=UTF-8", true),
            ("application/json; charset=utf-16", false),
            ("application/json; profile=x", false),
            ("text/plain", false),
            ("text/plain; application/json", false),
            ("multipart/form-data; boundary=x", false),
            ("application/cbor", false),
            ("application/scim+json; charset=utf-8", true),
            ("", false),
        ];
        for (kind, good) in table {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert_eq!(verify_media_type(&headers).is_ok(), good, "{kind}");
        }
        assert!(verify_media_type(&HeaderMap::new()).is_err());
        let json = HeaderValue::from_static("application/json");
        let zipped = HeaderMap::from_iter([
            (CONTENT_TYPE, json.clone()),
            (CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        ]);
        assert!(verify_media_type(&zipped).is_err());
        let mut twice = HeaderMap::from_iter([(CONTENT_TYPE, json.clone())]);
        twice.append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        assert!(verify_media_type(&twice).is_err());
    }
}
