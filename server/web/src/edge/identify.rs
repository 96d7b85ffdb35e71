//! Puts the client into a request, as [`super::client`] finds out who it is.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::Response;

use super::accept::Peer;
use super::client::Client;
use super::security::Edge;

impl Edge {
    /// The client of a request, and the host that it asked for where a proxy says so.
    fn client(&self, peer: Option<Peer>, headers: &HeaderMap) -> (Client, Option<String>) {
        // Without a list it is not known who of them is the proxy.
        let hidden = self.hides_clients();
        match peer {
            Some(peer) if self.proxies.holds(peer.address) => {
                let said = self.proxies.read(peer.address.to_canonical(), headers);
                let address = said.address.unwrap_or_else(|| peer.address.to_canonical());
                (Client { address: Some(address), tls: said.tls.unwrap_or(peer.tls) }, said.host)
            }
            Some(peer) if !hidden => {
                (Client { address: Some(peer.address.to_canonical()), tls: peer.tls }, None)
            }
            Some(Peer { tls, .. }) => (Client { address: None, tls: tls || hidden }, None),
            None => (Client { address: None, tls: hidden }, None),
        }
    }
}

/// Finds out who the client is, for all that follows. A host that a trusted proxy names takes the place of the one by which
/// the proxy calls us.
pub(crate) async fn identify(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let (client, host) = edge.client(peer, request.headers());
    request.extensions_mut().insert(client);
    if let Some(host) = host.and_then(|host| HeaderValue::from_str(&host).ok()) {
        request.headers_mut().insert(HOST, host);
        let path = request.uri().path_and_query().cloned();
        // The name in the address of HTTP/2 would count before the header.
        if let Some(path) = path {
            *request.uri_mut() = Uri::from(path);
        }
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn edge() -> Edge {
        let networks = ["10.0.0.0/8", "2001:db8:a::/48"].map(|network| network.parse().unwrap());
        Edge::new(false, false, None).with_trusted_proxies(networks.to_vec())
    }

    fn ask(edge: &Edge, peer: &str, headers: &[(&'static str, &str)]) -> (Client, Option<String>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        edge.client(Some(Peer { address: peer.parse().unwrap(), tls: false }), &map)
    }

    /// Each way to pretend to be somebody else, and who one is taken for.
    #[test]
    fn t24_nobody_says_who_they_are_but_through_a_trusted_proxy() {
        type Headers<'a> = &'a [(&'static str, &'a str)];

        let (xff, forwarded) = ("x-forwarded-for", "forwarded");
        let table: &[(&str, Headers<'_>, &str)] = &[
            // Not from a proxy: nothing is believed.
            ("198.51.100.7", &[], "198.51.100.7"),
            ("198.51.100.7", &[(xff, "192.0.2.1")], "198.51.100.7"),
            ("198.51.100.7", &[(forwarded, "for=192.0.2.1")], "198.51.100.7"),
            ("198.51.100.7", &[(xff, "10.0.0.1")], "198.51.100.7"),
            ("2001:db8:b::1", &[(xff, "192.0.2.1")], "2001:db8:b::1"),
            // From a proxy: the last that is none.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[(xff, "192.0.2.1")], "192.0.2.1"),
            ("::ffff:10.0.0.1", &[(xff, "192.0.2.1")], "192.0.2.1"),
            ("2001:db8:a::1", &[(xff, "2001:db8:c::5")], "2001:db8:c::5"),
            ("10.0.0.1", &[(xff, "203.0.113.9, 192.0.2.1")], "192.0.2.1"),
            ("10.0.0.1", &[(xff, "127.0.0.1, 192.0.2.1")], "192.0.2.1"),
            ("10.0.0.1", &[(xff, "203.0.113.9, 10.0.0.5, 192.0.2.1, 10.0.0.2")], "192.0.2.1"),
            ("10.0.0.1", &[(xff, "203.0.113.9"), (xff, "192.0.2.1")], "192.0.2.1"),
            ("10.0.0.1", &[(xff, "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            ("10.0.0.1", &[(xff, "192.0.2.1:4711")], "192.0.2.1"),
            ("10.0.0.1", &[(xff, "[2001:db8:c::5]:4711")], "2001:db8:c::5"),
            ("10.0.0.1", &[(xff, "::ffff:192.0.2.1")], "192.0.2.1"),
            // What can't be read hides nobody behind somebody else.
            ("10.0.0.1", &[(xff, "192.0.2.1, nonsense")], "10.0.0.1"),
            ("10.0.0.1", &[(xff, "192.0.2.1, ")], "10.0.0.1"),
            ("10.0.0.1", &[(xff, "192.0.2.1, unknown, 10.0.0.2")], "10.0.0.2"),
            ("10.0.0.1", &[(xff, "")], "10.0.0.1"),
            ("10.0.0.1", &[(forwarded, "for=unknown")], "10.0.0.1"),
            ("10.0.0.1", &[(forwarded, "for=_hidden")], "10.0.0.1"),
            // Forwarded, with its quotes.
            ("10.0.0.1", &[(forwarded, "for=192.0.2.1;proto=https;by=10.0.0.1")], "192.0.2.1"),
            ("10.0.0.1", &[(forwarded, "For=\"[2001:db8:c::5]:4711\"")], "2001:db8:c::5"),
            ("10.0.0.1", &[(forwarded, "for=203.0.113.9, for=192.0.2.1")], "192.0.2.1"),
            (
                "10.0.0.1",
                &[(forwarded, "for=203.0.113.9"), (forwarded, "for=192.0.2.1, for=10.0.0.2")],
                "192.0.2.1",
            ),
            ("10.0.0.1", &[(forwarded, "for=\"203.0.113.9, for=198.51.100.1\", for=192.0.2.1")], "192.0.2.1"),
            ("10.0.0.1", &[(forwarded, "for=\"203.0.113.9")], "10.0.0.1"),
            ("10.0.0.1", &[(forwarded, "for=203.0.113.9;x=\", for=192.0.2.1")], "10.0.0.1"),
            ("10.0.0.1", &[(forwarded, "for=203.0.113.9;x=\"\\\", for=192.0.2.1")], "10.0.0.1"),
            ("10.0.0.1", &[(forwarded, "for=192.0.2.1"), ("x-forwarded-proto", "https")], "192.0.2.1"),
            // The kind that the proxy does not write came through from the client.
            ("10.0.0.1", &[(forwarded, "for=203.0.113.9"), (xff, "192.0.2.1")], "10.0.0.1"),
            ("10.0.0.1", &[(forwarded, "for=192.0.2.1"), (xff, "203.0.113.9, 192.0.2.1")], "192.0.2.1"),
        ];
        for (peer, headers, want) in table {
            let (client, _) = ask(&edge(), peer, headers);
            assert_eq!(client.address, Some(want.parse().unwrap()), "{peer} {headers:?}");
        }
    }

    #[test]
    fn scheme_and_host_are_those_of_the_clients_hop() {
        type Row<'a> = (&'a str, &'a [(&'static str, &'a str)], bool, Option<&'a str>);
        let (proto, host) = ("x-forwarded-proto", "x-forwarded-host");
        let table: &[Row<'_>] = &[
            ("198.51.100.7", &[(proto, "https"), (host, "evil.example")], false, None),
            ("10.0.0.1", &[(proto, "https"), (host, "a.example.org")], true, Some("a.example.org")),
            ("10.0.0.1", &[(proto, "HTTPS")], true, None),
            ("10.0.0.1", &[(proto, "http")], false, None),
            ("10.0.0.1", &[(proto, "gopher")], false, None),
            (
                "10.0.0.1",
                &[
                    ("x-forwarded-for", "203.0.113.9, 192.0.2.1, 10.0.0.2"),
                    (proto, "http, https, http"),
                    (host, "evil.example, a.example.org, b.internal"),
                ],
                true,
                Some("a.example.org"),
            ),
            (
                "10.0.0.1",
                &[("x-forwarded-for", "192.0.2.1"), (host, "evil.example, a.example.org")],
                false,
                Some("a.example.org"),
            ),
            (
                "10.0.0.1",
                &[(
                    "forwarded",
                    "for=203.0.113.9;host=evil.example;proto=http, for=192.0.2.1;host=\"a.example.org:8443\";proto=https, for=10.0.0.2;proto=http",
                )],
                true,
                Some("a.example.org:8443"),
            ),
            (
                "10.0.0.1",
                &[
                    ("forwarded", "for=192.0.2.1;proto=https"),
                    ("x-forwarded-for", "192.0.2.1"),
                    (proto, "http"),
                ],
                false,
                None,
            ),
        ];
        for (peer, headers, tls, want) in table {
            let (client, host) = ask(&edge(), peer, headers);
            assert_eq!((client.tls, host.as_deref()), (*tls, *want), "{peer} {headers:?}");
        }
    }

    #[test]
    fn a_proxy_that_is_not_named_hides_its_clients() {
        let behind = Edge::new(true, true, None);
        let (client, host) =
            ask(&behind, "192.0.2.1", &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-host", "x")]);
        assert_eq!((client, host), (Client { address: None, tls: true }, None));
        let (client, _) = ask(&Edge::new(true, false, None), "::ffff:192.0.2.1", &[]);
        assert_eq!(client, Client { address: Some("192.0.2.1".parse().unwrap()), tls: false });
    }
}
