//! One span and one line a request: method, path, status, time, id. Never a query, a header or a body.

use axum::extract::Request;
use axum::http::HeaderName;
use std::time::Duration;
use tower_http::classify::{ServerErrorsAsFailures, SharedClassifier};
use tower_http::request_id::{MakeRequestId, RequestId};
use tower_http::trace::{MakeSpan, OnResponse, TraceLayer};
use tracing::Span;

/// The header that carries a request's id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes ids; one that the client sends is replaced, so that nobody writes into our log.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RequestIds;

impl MakeRequestId for RequestIds {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        axum::http::HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()).ok().map(RequestId::new)
    }
}

/// Drops an id that came with the request.
pub(crate) async fn remove_client_id(mut request: Request) -> Request {
    request.headers_mut().remove(REQUEST_ID);
    request
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestLog;

impl<B> MakeSpan<B> for RequestLog {
    fn make_span(&mut self, request: &axum::http::Request<B>) -> Span {
        let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
    }
}

impl<B> OnResponse<B> for RequestLog {
    fn on_response(self, response: &axum::http::Response<B>, latency: Duration, _: &Span) {
        let status = response.status().as_u16();
        let ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        metrics::histogram!("countersign_http_request_seconds", "status" => class(status)).record(latency);
        tracing::info!(status, ms, "answered");
    }
}

/// The class of a status: a label for each would be many series.
const fn class(status: u16) -> &'static str {
    match status {
        0..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

/// The layer.
pub(crate) fn layer()
-> TraceLayer<SharedClassifier<ServerErrorsAsFailures>, RequestLog, (), RequestLog, (), (), ()> {
    TraceLayer::new_for_http()
        .make_span_with(RequestLog)
        .on_request(())
        .on_response(RequestLog)
        .on_body_chunk(())
        .on_eos(())
        .on_failure(())
}
