//! The status of the answer to a server function that failed.

use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use domain::ErrorCode;
use leptos::prelude::use_context;

/// Whether it is a form that was posted without wasm: a browser that wants a page back.
pub(super) fn is_form(request: &Parts) -> bool {
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
