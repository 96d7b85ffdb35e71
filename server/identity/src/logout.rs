//! Tokens by which a provider says that a session is over (`OpenID` Connect Back-Channel Logout 1.0).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JwsSigningAlgorithm as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use service::identity::provider::{LoggedOut, MAX_SKEW, ProviderFailure};

use super::{ALGORITHMS, not_accepted};

/// What the token says that happened.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// No token of this kind is longer.
const MAX_LENGTH: usize = 16 * 1024;

/// A token, of which nothing is believed yet.
pub(crate) struct LogoutToken {
    signed: String,
    signature: Vec<u8>,
    header: Header,
    claims: LogoutClaims,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct LogoutClaims {
    iss: String,
    aud: OneOrMore,
    iat: i64,
    exp: i64,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<Value>,
    events: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Reads a token.
pub(crate) fn parse(token: &str) -> Result<LogoutToken, ProviderFailure> {
    let read = || {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(LogoutToken {
            signed: signed.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
            header: json(header)?,
            claims: json(claims)?,
        })
    };
    let token = if token.len() > MAX_LENGTH { None } else { read() };
    token.ok_or_else(|| not_accepted("the logout token can't be read"))
}

fn json<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Whether a key of the provider signed it.
pub(crate) fn is_signed(token: &LogoutToken, keys: &CoreJsonWebKeySet) -> bool {
    let Header { alg, kid, .. } = &token.header;
    let named = |id: Option<&str>| kid.as_deref().is_none_or(|kid| id == Some(kid));
    ALGORITHMS.contains(alg)
        && keys
            .keys()
            .iter()
            .filter(|key| named(key.key_id().map(|id| id.as_str())))
            .filter(|key| alg.key_type().as_ref() == Some(key.key_type()))
            .any(|key| key.verify_signature(alg, token.signed.as_bytes(), &token.signature).is_ok())
}

/// Whose session is over, if the token is one of now, for us, and says that.
pub(crate) fn check(
    token: &LogoutToken,
    issuer: &str,
    client_id: &str,
    now: Timestamp,
) -> Result<LoggedOut, ProviderFailure> {
    let LogoutToken { header, claims, .. } = token;
    let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
    let for_us = match &claims.aud {
        OneOrMore::One(one) => one == client_id,
        OneOrMore::More(all) => all.iter().any(|one| one == client_id),
    };
    let (now, skew) = (now.as_second(), MAX_SKEW.as_secs());
    let wrong = if header.crit.is_some() {
        "it wants something that is not known here"
    } else if !matches!(typ.as_deref(), None | Some("jwt" | "logout+jwt" | "application/logout+jwt")) {
        "it is a token of another kind"
    } else if claims.iss != issuer {
        "it is of another issuer"
    } else if !for_us {
        "it is for another client"
    } else if now >= claims.exp.saturating_add(skew) {
        "it is too old"
    } else if claims.iat > now.saturating_add(skew) {
        "it is of the future"
    } else if claims.nonce.is_some() || !claims.events.contains_key(EVENT) {
        "it is no logout token"
    } else if claims.sub.is_none() && claims.sid.is_none() {
        "it names nobody"
    } else {
        return Ok(LoggedOut { subject: claims.sub.clone(), sid: claims.sid.clone() });
    };
    Err(not_accepted(wrong))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode("no signature"))
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example.org", "aud": "us", "iat": 1_000, "exp": 1_120, "jti": "x", "sub": "ana",
            "sid": "s", "events": { EVENT: {} },
        })
    }

    #[test]
    fn a_logout_token_is_of_now_for_us_and_says_so() {
        let table = [
            (json!({}), 1_010, None),
            (json!({ "aud": ["other", "us"] }), 1_010, None),
            (json!({ "sub": null }), 1_010, None),
            (json!({}), 950, None),
            (json!({}), 1_179, None),
            (json!({}), 1_180, Some("too old")),
            (json!({}), 939, Some("future")),
            (json!({ "iss": "https://evil.example.org" }), 1_010, Some("another issuer")),
            (json!({ "aud": "other" }), 1_010, Some("another client")),
            (json!({ "nonce": "n" }), 1_010, Some("no logout token")),
            (json!({ "events": {} }), 1_010, Some("no logout token")),
            (json!({ "sub": null, "sid": null }), 1_010, Some("names nobody")),
        ];
        for (change, now, wrong) in table {
            let mut claims = claims();
            for (name, value) in change.as_object().unwrap() {
                claims[name] = value.clone();
            }
            let token = parse(&token(&json!({ "alg": "RS256", "typ": "logout+jwt" }), &claims)).unwrap();
            let now = Timestamp::from_second(now).unwrap();
            let got = check(&token, "https://id.example.org", "us", now).map_err(|error| error.to_string());
            match wrong {
                None => assert_eq!(got.unwrap().sid.as_deref(), claims["sid"].as_str(), "{claims}"),
                Some(wrong) => assert!(got.as_ref().unwrap_err().contains(wrong), "{claims} {got:?}"),
            }
        }
        for kind in ["at+jwt", "JWS"] {
            let token = parse(&token(&json!({ "alg": "RS256", "typ": kind }), &claims())).unwrap();
            assert!(
                check(&token, "https://id.example.org", "us", Timestamp::from_second(1_010).unwrap())
                    .is_err()
            );
        }
        for broken in ["", "a", "a.b", "a.b.c", "..", &"a".repeat(MAX_LENGTH + 1)] {
            assert!(parse(broken).is_err(), "{broken}");
        }
        for unsigned in ["none", "HS256"] {
            let token = parse(&token(&json!({ "alg": unsigned }), &claims()));
            assert!(token.is_err() || !is_signed(&token.unwrap(), &CoreJsonWebKeySet::new(Vec::new())));
        }
    }
}
