//! `POST /csp-reports`: browsers say what the policy of our pages kept them from.
//!
//! Anybody can send anything here, so little is read, little is believed and nothing is written but to the log and to a
//! counter: bounded, at a rate, with words of others only where they are escaped and short.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::edge::accept::network;
use super::edge::client::Client;
use super::edge::problem::Problem;
use super::edge::rate::{Limiter, Rate};

/// Reports that are read of one request.
const MAX_REPORTS: usize = 20;
/// Characters that are logged of a text.
const MAX_LOGGED: usize = 200;
/// What an address may send, and all together, in a minute.
const EACH: u32 = 30;
const ALL: u32 = 300;

/// Directives that a violation may name; all others count as `other`, as a label for each would be many series.
const DIRECTIVES: [&str; 15] = [
    "base-uri",
    "connect-src",
    "default-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "script-src",
    "script-src-elem",
    "style-src",
    "style-src-attr",
];

/// What is read of a violation, in the words of both forms that browsers send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Violation {
    #[serde(alias = "effective-directive", alias = "effectiveDirective")]
    effective: Option<String>,
    #[serde(alias = "violated-directive", alias = "violatedDirective")]
    violated: Option<String>,
    #[serde(alias = "blocked-uri", alias = "blockedURL")]
    blocked: Option<String>,
    #[serde(alias = "document-uri", alias = "documentURL")]
    document: Option<String>,
}

/// The rates of reports.
#[derive(Clone)]
pub(super) struct Reports(Option<Arc<(Limiter<IpAddr>, Limiter<()>)>>);

impl Default for Reports {
    fn default() -> Self {
        let rate = |requests: u32| format!("{requests}/60").parse::<Rate>().ok();
        let limiters =
            || Some(Arc::new((Limiter::new("address", rate(EACH)?)?, Limiter::new("reports", rate(ALL)?)?)));
        Self(limiters())
    }
}

/// `POST /csp-reports`
pub(super) async fn receive(
    State(reports): State<Reports>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let address = client.and_then(|Extension(client)| client.address);
    if let Some(limiters) = &reports.0 {
        let (each, all) = limiters.as_ref();
        let left = each.count(&network(address.unwrap_or(Ipv6Addr::UNSPECIFIED.into())));
        let left = if left.allows() { all.count(&()) } else { left };
        if !left.allows() {
            return left.refusal();
        }
    }
    let Some(violations) = read(&headers, &body) else {
        let detail = "send application/csp-report or application/reports+json";
        return Problem::edge(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into_response();
    };
    let Ok(violations) = violations else {
        return Problem::malformed("the body is no report of a violation").into_response();
    };
    for violation in violations {
        let directive = violation.directive();
        metrics::counter!("countersign_csp_reports_total", "directive" => directive).increment(1);
        let (blocked, document) = (shown(violation.blocked), shown(violation.document));
        tracing::warn!(directive, blocked, document, "a browser reports a violation of the page's policy");
    }
    StatusCode::NO_CONTENT.into_response()
}

/// The violations in a body: none for a media type that browsers do not send, an error for what is none.
fn read(headers: &HeaderMap, body: &[u8]) -> Option<Result<Vec<Violation>, ()>> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim().to_ascii_lowercase();
    let parse = || serde_json::from_slice::<Value>(body).map_err(drop);
    let violation = |value: Value| serde_json::from_value::<Violation>(value).map_err(drop);
    match kind.as_str() {
        "application/csp-report" => Some(parse().and_then(|mut report| {
            let report = report.get_mut("csp-report").filter(|it| it.is_object()).ok_or(())?;
            Ok(vec![violation(report.take())?])
        })),
        "application/reports+json" => Some(parse().and_then(|reports| {
            let Value::Array(reports) = reports else { return Err(()) };
            let ours = reports.into_iter().filter(|report| report["type"] == "csp-violation");
            ours.take(MAX_REPORTS).map(|mut report| violation(report["body"].take())).collect()
        })),
        _ => None,
    }
}

impl Violation {
    fn directive(&self) -> &'static str {
        // The older form has the whole directive, with its sources.
        let named = self.effective.as_deref().or(self.violated.as_deref()).unwrap_or_default();
        let name = named.split_whitespace().next().unwrap_or_default();
        DIRECTIVES.iter().find(|known| **known == name).copied().unwrap_or("other")
    }
}

/// A text of somebody else as it may stand in a log: an address without what only its page knows, in visible ASCII, short.
fn shown(text: Option<String>) -> String {
    let text = text.unwrap_or_default();
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let visible = text.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '_' });
    visible.take(MAX_LOGGED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        let ask = |kind: &'static str, body: &str| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            read(&headers, body.as_bytes())
                .map(|read| read.map(|all| all.iter().map(Violation::directive).collect::<Vec<_>>()))
        };
        let old = r#"{"csp-report":{"violated-directive":"script-src 'self'","effective-directive":"script-src","blocked-uri":"inline"}}"#;
        let new = r#"[{"type":"csp-violation","body":{"effectiveDirective":"img-src","blockedURL":"x"}},
            {"type":"deprecation","body":{}},{"type":"csp-violation","body":{"effectiveDirective":"a b"}}]"#;
        assert_eq!(ask("application/csp-report", old), Some(Ok(vec!["script-src"])));
        assert_eq!(ask("application/reports+json; charset=utf-8", new), Some(Ok(vec!["img-src", "other"])));
        assert_eq!(ask("application/json", old), None);
        for bad in ["", "[]", "{}", "null", r#"{"csp-report":7}"#, r#"{"csp-report":{"blocked-uri":7}}"#] {
            assert_eq!(ask("application/csp-report", bad), Some(Err(())), "{bad}");
        }
        for bad in ["", "{}", "7", r#"[{"type":"csp-violation","body":7}]"#] {
            assert_eq!(ask("application/reports+json", bad), Some(Err(())), "{bad}");
        }
        assert_eq!(ask("application/reports+json", "[1, \"a\", null]"), Some(Ok(Vec::new())));
    }

    #[test]
    fn t12_words_of_others_are_harmless_in_the_log() {
        let shown = |text: &str| shown(Some(text.to_owned()));
        assert_eq!(shown("https://a.example/x?token=secret#y"), "https://a.example/x");
        assert_eq!(shown("a\r\nlevel=ERROR \u{1b}[31m\u{202e}b"), "a__level=ERROR__[31m_b");
        assert_eq!(shown(&"x".repeat(5_000)).len(), MAX_LOGGED);
    }
}
