//! Failures as that API has them: `{"error": {"code", "message", "target"}}`.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Value, json};

use crate::edge::problem::in_words;

/// Bytes of a problem's document that are read.
const MAX_PROBLEM: usize = 64 * 1024;

/// Gives the failures of all doors the form that they have here.
pub(super) async fn as_device_api(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_PROBLEM).await.unwrap_or_default();
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, code) = match status {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => (StatusCode::BAD_REQUEST, "BadRequest"),
        StatusCode::UNAUTHORIZED => (status, "Unauthorized"),
        StatusCode::FORBIDDEN => (status, "Forbidden"),
        StatusCode::NOT_FOUND => (status, "ResourceNotFound"),
        StatusCode::CONFLICT | StatusCode::GONE => (StatusCode::CONFLICT, "ActiveRequestAlreadyExists"),
        StatusCode::TOO_MANY_REQUESTS => (status, "TooManyRequests"),
        status if status.is_server_error() => (status, "InternalServerError"),
        status => (status, "BadRequest"),
    };
    let target = problem["errors"][0]["pointer"].as_str().map(|pointer| pointer.trim_start_matches('/'));
    let document =
        json!({ "error": { "code": code, "message": in_words(&problem, status), "target": target } });
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.status = status;
    Response::from_parts(parts, document.to_string().into())
}
