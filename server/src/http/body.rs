//! Request bodies: which kinds are read, how large they may be, and how long they may take.
//!
//! Server functions check none of it, and streaming ones would read without end. So a body is read here, whole,
//! before anything else sees it; all of ours are small.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::problem::Problem;
use super::rest;

const LIMIT: usize = 256 * 1024;
/// For proposals, and for ids of what is to be decided together: one request brings many.
const MANY_LIMIT: usize = 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(20);
/// What is still read and thrown away of a body that is too large, so that the client gets to read our answer.
const DRAINED: usize = 16 * 1024 * 1024;
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);

/// Refuses content that no handler of ours reads. A foreign page can send `text/plain` with JSON in it without asking
/// the browser first; it can't send `application/json`.
pub(super) async fn kind(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || (request.body().is_end_stream() && !request.headers().contains_key(CONTENT_TYPE)) {
        return next.run(request).await;
    }
    match check_kind(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(detail) => Problem::edge(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into_response(),
    }
}

fn check_kind(headers: &HeaderMap) -> Result<(), &'static str> {
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err("send the body without a Content-Encoding");
    }
    let mut all = headers.get_all(CONTENT_TYPE).iter();
    let (Some(kind), None) = (all.next(), all.next()) else {
        return Err("send one Content-Type: application/json or application/x-www-form-urlencoded");
    };
    let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    if !matches!(parts.next(), Some("application/json" | "application/x-www-form-urlencoded")) {
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
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    })
}

/// Reads the body, up to its limit and in time, and hands it on in one piece.
pub(super) async fn read(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let many = [rest::ACTIONS, rest::PLANS, "/api/plan_bulk"].contains(&request.uri().path());
    let limit = if many { MANY_LIMIT } else { LIMIT };
    let (parts, body) = request.into_parts();
    let too_large = || {
        let detail = format!("the body has more than {limit} bytes");
        Problem::edge(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response()
    };
    let declared =
        parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        if declared.is_some_and(|length| length <= DRAINED as u64) {
            drain(body).await;
        }
        return too_large();
    }
    match tokio::time::timeout(DEADLINE, collect(body, limit)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(),
        Ok(Err(_)) => Problem::malformed("the body ended early").into_response(),
        Err(_) => {
            Problem::edge(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time").into_response()
        }
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
    let _ = tokio::time::timeout(DRAIN_DEADLINE, all).await;
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
            ("", false),
        ];
        for (kind, good) in table {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert_eq!(check_kind(&headers).is_ok(), good, "{kind}");
        }
        assert!(check_kind(&HeaderMap::new()).is_err());
        let json = HeaderValue::from_static("application/json");
        let zipped = HeaderMap::from_iter([
            (CONTENT_TYPE, json.clone()),
            (CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        ]);
        assert!(check_kind(&zipped).is_err());
        let mut twice = HeaderMap::from_iter([(CONTENT_TYPE, json.clone())]);
        twice.append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        assert!(check_kind(&twice).is_err());
    }
}
