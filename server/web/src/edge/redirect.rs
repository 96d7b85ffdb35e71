//! Redirects: to own relative paths only, so that a link can't send anyone elsewhere.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, LOCATION, SET_COOKIE};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::core::path::is_own_path;

use super::paths::{HOME, SIGN_IN, query_value};
use super::problem::Problem;
use super::security::{Edge, host_name};

/// The path, if it is one of ours and fits a header; [`HOME`] otherwise.
pub fn own_path_or_home(next: Option<&str>) -> &str {
    next.filter(|next| is_own_path(next)).unwrap_or(HOME)
}

/// The sign-in page that leads back to `next`, with an error's word if there is one.
pub fn sign_in_page(next: Option<&str>, error: Option<&str>) -> String {
    on_the_way_to(SIGN_IN, next, error)
}

/// The page that leads back to `next`, with an error's word if there is one.
pub fn on_the_way_to(page: &str, next: Option<&str>, error: Option<&str>) -> String {
    let next = query_value(own_path_or_home(next));
    match error {
        Some(error) => format!("{page}?error={error}&next={next}"),
        None => format!("{page}?next={next}"),
    }
}

/// Sends the browser on with a GET, and with a cookie if there is one.
pub fn see_other(path: &str, cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let path = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static(HOME));
    response.headers_mut().insert(LOCATION, path);
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// Sends a browser to the same address with TLS; anything but reading is refused, as it should not have come in the clear.
pub(crate) async fn to_tls(State((edge, port)): State<(Arc<Edge>, u16)>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::malformed("this must not be sent without TLS: send it by https").into_response();
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let at = match edge.public_host() {
        Some(host) => host.to_owned(),
        None if port == 443 => host_name(host).to_owned(),
        None => format!("{}:{port}", host_name(host)),
    };
    let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    match HeaderValue::from_str(&format!("https://{at}{path}")) {
        Ok(location) => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response(),
        Err(_) => Problem::malformed("the address can't be read").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_relative_paths_are_followed() {
        assert_eq!(own_path_or_home(Some("/a?b#c")), "/a?b#c");
        assert_eq!(own_path_or_home(Some("//evil.example")), HOME);
        assert_eq!(own_path_or_home(None), HOME);
    }

    #[test]
    fn the_way_back_is_encoded() {
        assert_eq!(
            sign_in_page(Some("/a?b=c&d=é"), None),
            "/sign-in?next=/action-center",
            "what does not fit a header is dropped"
        );
        assert_eq!(sign_in_page(Some("/a?b=c&d=1"), None), "/sign-in?next=/a%3Fb%3Dc%26d%3D1");
        assert_eq!(sign_in_page(None, Some("wrong")), "/sign-in?error=wrong&next=/action-center");
    }
}
