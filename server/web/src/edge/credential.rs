//! What a request presents to say who is calling: a session cookie or a bearer token.
//!
//! The prefix `__Host-` makes browsers refuse the cookie without `Secure`, with a `Domain`, or from another path, so no
//! neighbouring host can plant one. Browsers accept it on `http://localhost`, too.

use axum::http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use domain::{Caller, Error};
use jiff::{SignedDuration, Timestamp};

use service::identity::sign_in::MAX_ABSENCE;
use service::session::Sessions;

const COOKIE_NAME: &str = "__Host-session";
/// What a browser is known by from which somebody signed in before; it lets nobody in.
const DEVICE_COOKIE: &str = "__Host-device";
const DEVICE_COOKIE_SECONDS: u32 = 90 * 24 * 60 * 60;
const MAX_DEVICE_LENGTH: usize = 64;
/// What a browser brings back from the identity provider, sealed.
const PENDING_COOKIE: &str = "__Host-sign-in";
/// What a browser holds between the password and the second factor.
const STEP_COOKIE: &str = "__Host-step";
const STEP_COOKIE_SECONDS: u32 = 10 * 60;
const COOKIE_FLAGS: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// A secret that is asked about again while a stream runs.
pub(crate) enum Credential {
    /// The secret of a session.
    Session(String),
    /// The secret of an API token.
    Token(String),
}

impl Credential {
    /// The session that the request presents.
    pub(crate) fn session(headers: &HeaderMap) -> Option<Self> {
        session_secret(headers).map(|secret| Self::Session(secret.to_owned()))
    }

    /// The API token that the request presents.
    pub(crate) fn token(headers: &HeaderMap) -> Option<Self> {
        bearer_token(headers).map(|secret| Self::Token(secret.to_owned()))
    }

    /// Who is calling, and until when that holds at most. Asking is no use of a session: a page that nobody looks at
    /// must not keep it alive.
    pub(crate) async fn check(&self, sessions: &Sessions) -> Result<(Caller, Timestamp), Error> {
        let found = match self {
            Self::Session(secret) => sessions.peek(secret).await?,
            Self::Token(secret) => sessions.token(secret).await?.map(|caller| (caller, Timestamp::MAX)),
        };
        found.ok_or(Error::NotSignedIn)
    }
}

/// The token in the header `Authorization`, if any.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The secret in the session cookie, if any.
pub(crate) fn session_secret(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, COOKIE_NAME)
}

/// What the browser's cookie says of the device, if anything that we may have said.
pub(crate) fn device_secret(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, DEVICE_COOKIE).filter(|secret| secret.len() <= MAX_DEVICE_LENGTH)
}

/// The secret of a sign-in whose password was right, if the browser holds one.
pub(crate) fn step_secret(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, STEP_COOKIE).filter(|secret| secret.len() <= MAX_DEVICE_LENGTH)
}

/// The value of `Set-Cookie` that hands it out.
pub(crate) fn step_cookie(secret: &str) -> Option<HeaderValue> {
    let text = format!("{STEP_COOKIE}={secret}; {COOKIE_FLAGS}; Max-Age={STEP_COOKIE_SECONDS}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The value of `Set-Cookie` that takes it back.
pub(crate) fn expired_step_cookie() -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{STEP_COOKIE}=; {COOKIE_FLAGS}; Max-Age=0")).ok()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
        .filter(|value| !value.is_empty())
}

/// The value of `Set-Cookie` that a device is known by.
pub(crate) fn device_cookie(secret: &str) -> Option<HeaderValue> {
    let text = format!("{DEVICE_COOKIE}={secret}; {COOKIE_FLAGS}; Max-Age={DEVICE_COOKIE_SECONDS}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What the browser went to the identity provider with.
pub(crate) fn pending_secret(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, PENDING_COOKIE)
}

/// The value of `Set-Cookie` with which a browser goes to the identity provider.
pub(crate) fn pending_cookie(sealed: &str) -> Option<HeaderValue> {
    let seconds = MAX_ABSENCE.as_secs();
    let text = format!("{PENDING_COOKIE}={sealed}; {COOKIE_FLAGS}; Max-Age={seconds}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Takes it back: it is of use once.
pub(crate) fn forget_pending(headers: &mut HeaderMap) {
    let text = format!("{PENDING_COOKIE}=; {COOKIE_FLAGS}; Max-Age=0");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(SET_COOKIE, value);
    }
}

/// The value of `Set-Cookie` that hands out a session.
pub(crate) fn session_cookie(secret: &str, lasts: SignedDuration) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!(
        "{COOKIE_NAME}={secret}; {COOKIE_FLAGS}; Max-Age={}",
        lasts.as_secs()
    ))
    .ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The value of `Set-Cookie` that takes it back.
pub(crate) fn expired_cookie() -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{COOKIE_NAME}=; {COOKIE_FLAGS}; Max-Age=0")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_all_there() {
        let lasts = SignedDuration::from_hours(12);
        let value = session_cookie("abc", lasts).unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            "__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200"
        );
        assert!(value.is_sensitive());
        assert!(expired_cookie().unwrap().to_str().unwrap().ends_with("Max-Age=0"));
        assert!(session_cookie("a\nb", lasts).is_none());
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
            assert_eq!(session_secret(&headers), *want, "{given:?}");
        }
    }
}
