//! The session cookie: one name, one set of flags.
//!
//! The prefix `__Host-` makes browsers refuse it without `Secure`, with a `Domain`, or from another path, so no
//! neighbouring host can plant one. Browsers accept it on `http://localhost`, too.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use service::session::LONGEST;

const NAME: &str = "__Host-session";
const FLAGS: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// The secret that the request presents, if any.
#[must_use]
pub fn read(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME).then_some(value))
        .filter(|value| !value.is_empty())
}

/// The header that hands out a session.
#[must_use]
pub fn set(secret: &str) -> Option<HeaderValue> {
    let mut value =
        HeaderValue::from_str(&format!("{NAME}={secret}; {FLAGS}; Max-Age={}", LONGEST.as_secs())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The header that takes it back.
#[must_use]
pub fn clear() -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{NAME}=; {FLAGS}; Max-Age=0")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_all_there() {
        let value = set("abc").unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            "__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200"
        );
        assert!(value.is_sensitive());
        assert!(clear().unwrap().to_str().unwrap().ends_with("Max-Age=0"));
        assert!(set("a\nb").is_none());
    }

    #[test]
    fn only_the_exact_name_is_read() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&["__Host-session=abc"], Some("abc")),
            (&["a=1; __Host-session=abc; b=2"], Some("abc")),
            (&["a=1", "__Host-session=abc"], Some("abc")),
            (&["__host-session=abc"], None),
            (&["session=abc"], None),
            (&["x__Host-session=abc"], None),
            (&["__Host-session="], None),
            (&["__Host-session"], None),
            (&["__Host-session=a=b"], Some("a=b")),
        ];
        for (given, want) in table {
            let mut headers = HeaderMap::new();
            for value in *given {
                headers.append(COOKIE, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(read(&headers), *want, "{given:?}");
        }
    }
}
