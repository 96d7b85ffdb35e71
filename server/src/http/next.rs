//! Where to go after signing in: own relative paths only, so that a link can't send anyone elsewhere.

use domain::core::path::is_own_path;

/// Where to go where nothing else is asked for.
pub const HOME: &str = "/action-center";

/// The sign-in page.
pub const SIGN_IN: &str = "/sign-in";

/// The path, if it is one of ours and fits a header; [`HOME`] otherwise.
#[must_use]
pub fn own_path(next: Option<&str>) -> &str {
    next.filter(|next| is_own_path(next)).unwrap_or(HOME)
}

/// The sign-in page that leads back to `next`, with an error's word if there is one.
#[must_use]
pub fn sign_in(next: Option<&str>, error: Option<&str>) -> String {
    let next = own_path(next);
    match error {
        Some(error) => format!("{SIGN_IN}?error={error}&next={}", encode(next)),
        None => format!("{SIGN_IN}?next={}", encode(next)),
    }
}

/// A value as it may stand in a query.
#[must_use]
pub fn encode(value: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_relative_paths_are_followed() {
        assert_eq!(own_path(Some("/a?b#c")), "/a?b#c");
        assert_eq!(own_path(Some("//evil.example")), HOME);
        assert_eq!(own_path(None), HOME);
    }

    #[test]
    fn the_way_back_is_encoded() {
        assert_eq!(
            sign_in(Some("/a?b=c&d=é"), None),
            "/sign-in?next=/action-center",
            "what does not fit a header is dropped"
        );
        assert_eq!(sign_in(Some("/a?b=c&d=1"), None), "/sign-in?next=/a%3Fb%3Dc%26d%3D1");
        assert_eq!(sign_in(None, Some("wrong")), "/sign-in?error=wrong&next=/action-center");
    }
}
