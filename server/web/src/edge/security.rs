//! What every request must be and every answer carries, whatever the handler: names, origins, headers.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::client::{Client, Proxies};
use super::paths;
use super::problem::Problem;

/// How the server is reached.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// Names it answers under; none means any.
    hosts: Option<Vec<String>>,
    /// The name that the world uses, for a proxy that rewrites `Host`.
    public_host: Option<String>,
    /// Whether a proxy stands before it that speaks TLS with the world.
    behind_proxy: bool,
    /// The proxies whose word counts.
    pub(super) proxies: Proxies,
}

/// Connections that one address may have, so that others get in: half of all.
const MAX_CONNECTIONS_EACH: usize = 512;

/// Names of this machine.
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Edge {
    /// Bound to a loopback address or not, behind a proxy that speaks TLS or not, with a public name or not.
    ///
    /// A page on a foreign name that resolves to 127.0.0.1 must not be able to talk to us, so a loopback server
    /// answers under loopback names only.
    #[must_use]
    pub fn new(loopback: bool, behind_proxy: bool, public_host: Option<String>) -> Self {
        let public_host = public_host.map(|host| host.to_ascii_lowercase());
        let hosts = (loopback || public_host.is_some()).then(|| {
            LOOPBACK_HOSTS
                .iter()
                .map(|host| (*host).to_owned())
                .chain(public_host.as_deref().map(host_name).map(str::to_owned))
                .collect()
        });
        Self { hosts, public_host, behind_proxy, proxies: Proxies::default() }
    }

    /// With proxies that are believed what they say of their clients.
    #[must_use]
    pub fn with_trusted_proxies(self, networks: Vec<IpNet>) -> Self {
        Self { proxies: Proxies::new(networks), ..self }
    }

    /// Connections that an address may have at a time; a proxy has those of all.
    #[must_use]
    pub fn connections_of(&self, address: IpAddr) -> usize {
        if self.hides_clients() || self.proxies.holds(address) { usize::MAX } else { MAX_CONNECTIONS_EACH }
    }

    /// Whether clients come through a proxy that can't be told from them.
    pub(super) fn hides_clients(&self) -> bool {
        self.behind_proxy && self.proxies.is_empty()
    }

    /// The name that the world uses, with the port if it is not 443.
    pub(crate) fn public_host(&self) -> Option<&str> {
        self.public_host.as_deref()
    }

    /// Whether the server answers requests to this host.
    pub(crate) fn answers_under(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let name = host_name(&host);
        self.hosts.as_ref().is_none_or(|hosts| hosts.iter().any(|known| known == name))
    }

    /// The origin check, with the public name as one of ours.
    pub(crate) fn csrf(&self) -> CsrfLayer<fn(ProtectionError) -> Response> {
        let own = CsrfLayer::new();
        let layer = match &self.public_host {
            Some(host) => own.add_trusted_origin(format!("https://{host}")).unwrap_or_default(),
            None => own,
        };
        layer.with_rejection_response(reject_cross_origin as fn(ProtectionError) -> Response)
    }
}

/// The host without its port.
pub(crate) fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}

fn reject_cross_origin(_: ProtectionError) -> Response {
    Problem::edge(StatusCode::FORBIDDEN, "the browser says that another site sent this request")
        .into_response()
}

/// Refuses names that are not ours.
pub(crate) async fn check_host(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    // Whoever stands between could have chosen by the other one (RFC 9112, 3.2).
    if request.headers().get_all(HOST).iter().count() > 1 {
        return Problem::malformed("the request names more than one Host").into_response();
    }
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri().authority().map(axum::http::uri::Authority::as_str).or(header);
    match host {
        Some(host) if edge.answers_under(host) => next.run(request).await,
        Some(_) => {
            let detail = "this server does not answer under the name in Host; see --public-host";
            Problem::edge(StatusCode::MISDIRECTED_REQUEST, detail).into_response()
        }
        None => Problem::malformed("the request names no Host").into_response(),
    }
}

/// Bytes of one part of a path, and of a whole path: a file system has no longer names (`NAME_MAX`, `PATH_MAX`), and
/// nothing of ours has an address beyond them.
const MAX_PATH_PART: usize = 255;
const MAX_PATH: usize = 4_000;

/// Refuses an address that is longer than any of ours.
pub(crate) async fn check_length(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_long = |part: &str| percent_encoding::percent_decode_str(part).count() > MAX_PATH_PART;
    if path.len() > MAX_PATH || path.split('/').any(is_long) {
        return Problem::edge(StatusCode::URI_TOO_LONG, "no address of this server is that long")
            .into_response();
    }
    next.run(request).await
}

/// Refuses a change that says nothing of where it comes from. [`CsrfLayer`] lets such a request pass, as no browser
/// of today sends one; here it needs a bearer token, which no browser attaches by itself.
pub(crate) async fn check_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let is_given = |name: &str| headers.get(name).is_some_and(|value| !value.is_empty());
    let names_origin = is_given(ORIGIN.as_str()) || is_given("sec-fetch-site");
    // The REST API never looks at cookies, and a report changes nothing.
    let is_report = request.uri().path() == paths::CSP_REPORTS;
    if is_safe
        || is_report
        || names_origin
        || request.uri().path().starts_with(paths::API)
        || has_only_token(headers)
    {
        return next.run(request).await;
    }
    Problem::edge(StatusCode::FORBIDDEN, "a change needs the header Origin or Sec-Fetch-Site").into_response()
}

fn has_only_token(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) && !headers.contains_key(COOKIE)
}

/// Headers of every answer, errors and files included.
static REQUIRED_HEADERS: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // A form's Origin would be null under `no-referrer`, and a form without JavaScript returns to its Referer.
    (REFERRER_POLICY, "same-origin"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Headers of an answer that brought none of its own: a page brings its policy with a nonce, a file its cache.
static DEFAULT_HEADERS: [(HeaderName, &str); 2] =
    [(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"), (CACHE_CONTROL, "no-store")];

/// Adds the headers that every answer carries.
pub(crate) async fn add_headers(request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().copied().unwrap_or_default();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in &REQUIRED_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in &DEFAULT_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // A browser must not learn it from an answer that somebody on the way could have written (RFC 6797, 7.2).
    if client.tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_server_answers_under_loopback_names_only() {
        let local = Edge::new(true, false, None);
        for good in ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "[::1]"] {
            assert!(local.answers_under(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example",
            "evil.example:8080",
            "localhost.",
            "::1",
            "a@localhost",
        ] {
            assert!(!local.answers_under(bad), "{bad}");
        }
        let public = Edge::new(true, true, Some("Actions.Example.org".into()));
        assert!(public.answers_under("actions.example.org") && public.answers_under("localhost:8080"));
        assert!(!public.answers_under("other.example.org"));
        assert!(Edge::new(false, true, None).answers_under("anything"));
    }
}
