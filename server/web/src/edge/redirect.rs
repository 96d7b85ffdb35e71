//! Redirects: to own relative paths only, so that a link can't send anyone elsewhere.

use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::core::path::is_own_path;

use super::paths::{HOME, SIGN_IN, query_value};

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
