//! Who the client is: whoever is connected, or whom a proxy that we trust says that it stands for.
//!
//! What `Forwarded` (RFC 7239) and `X-Forwarded-*` say is believed from the addresses of trusted proxies alone, and of the
//! hops they list, the client is the last one that is no trusted proxy: what stands before it, the client may have written
//! itself. Where both kinds of header are there and disagree, one of them came through from the client; then neither is
//! believed, and the client is as good as its proxy.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{FORWARDED, HOST};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use super::accept::Peer;
use super::security::Edge;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Who sent a request, and how it left them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Client {
    /// The address; none where a proxy hides it.
    pub address: Option<IpAddr>,
    /// Whether it speaks TLS.
    pub tls: bool,
}

/// The proxies whose word counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxies(Vec<IpNet>);

/// What a trusted proxy says of its client.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    address: Option<IpAddr>,
    tls: Option<bool>,
    host: Option<String>,
}

/// One hop of `Forwarded`.
#[derive(Debug, Default)]
struct Hop {
    address: Option<IpAddr>,
    proto: Option<String>,
    host: Option<String>,
}

impl Proxies {
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them has this address.
    pub(super) fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// What is said of the client of a proxy that is trusted.
    fn read(&self, proxy: IpAddr, headers: &HeaderMap) -> Said {
        let forwarded = headers.contains_key(FORWARDED).then(|| self.forwarded(proxy, headers));
        let listed =
            [&FORWARDED_FOR, &FORWARDED_PROTO, &FORWARDED_HOST].iter().any(|it| headers.contains_key(*it));
        match (forwarded, listed.then(|| self.x_forwarded(proxy, headers))) {
            (Some(one), None) | (None, Some(one)) => one,
            (Some(Said { address: Some(one), .. }), Some(Said { address: Some(other), .. }))
                if one != other =>
            {
                tracing::debug!(%proxy, "Forwarded and X-Forwarded-For disagree: neither is believed");
                Said::default()
            }
            (Some(one), Some(other)) => Said {
                address: one.address.or(other.address),
                tls: agreed(one.tls, other.tls),
                host: agreed(one.host, other.host),
            },
            (None, None) => Said::default(),
        }
    }

    fn forwarded(&self, proxy: IpAddr, headers: &HeaderMap) -> Said {
        let hops: Vec<_> =
            values(headers, &FORWARDED, ',').iter().map(|element| Hop::parse(element)).collect();
        let (at, address) = self.client(proxy, hops.iter().map(|hop| hop.address));
        let hop = at.and_then(|at| hops.into_iter().nth(at)).unwrap_or_default();
        Said { address: Some(address), tls: hop.proto.as_deref().and_then(is_tls), host: hop.host }
    }

    fn x_forwarded(&self, proxy: IpAddr, headers: &HeaderMap) -> Said {
        let hops = values(headers, &FORWARDED_FOR, ',');
        let (at, address) = self.client(proxy, hops.iter().map(|hop| parse_address(hop)));
        // Proxies that keep a list keep one entry a hop; the others say what they know of theirs.
        let of = |name: &HeaderName| {
            let all = values(headers, name, ',');
            let at = if all.len() == hops.len() { at } else { all.len().checked_sub(1) };
            at.and_then(|at| all.into_iter().nth(at)).filter(|value| !value.is_empty())
        };
        let tls = of(&FORWARDED_PROTO).as_deref().and_then(is_tls);
        let address = headers.contains_key(FORWARDED_FOR).then_some(address);
        Said { address, tls, host: of(&FORWARDED_HOST) }
    }

    /// The client's place in the list and its address: the last that is no trusted proxy, or the first of all. One that
    /// can't be read is as good as the proxy that named it.
    fn client(
        &self,
        proxy: IpAddr,
        hops: impl DoubleEndedIterator<Item = Option<IpAddr>> + ExactSizeIterator,
    ) -> (Option<usize>, IpAddr) {
        let mut found = (None, proxy);
        for (at, hop) in hops.enumerate().rev() {
            let Some(address) = hop else { return (Some(at), found.1) };
            found = (Some(at), address.to_canonical());
            if !self.holds(address) {
                break;
            }
        }
        found
    }
}

/// The one that is said, if not two different ones are.
fn agreed<T: PartialEq>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => (one == other).then_some(one),
        (one, other) => one.or(other),
    }
}

fn is_tls(proto: &str) -> Option<bool> {
    match proto.to_ascii_lowercase().as_str() {
        "https" | "wss" => Some(true),
        "http" | "ws" => Some(false),
        _ => None,
    }
}

/// The values of all fields of this name, as one list.
fn values(headers: &HeaderMap, name: &HeaderName, separator: char) -> Vec<String> {
    let fields = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    fields.flat_map(|field| split(field, separator)).collect()
}

/// What stands between separators. What is in quotes is not split; quotes that never end hold nothing that counts, since
/// what a proxy added after them would be lost in them.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for letter in text.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if letter == separator && !quoted => {
                parts.push(std::mem::take(&mut part).trim().to_owned());
                continue;
            }
            _ => {}
        }
        part.push(letter);
    }
    parts.push(if quoted { String::new() } else { part.trim().to_owned() });
    parts
}

impl Hop {
    fn parse(element: &str) -> Self {
        let mut hop = Self::default();
        for pair in split(element, ';') {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = value.trim().trim_matches('"').replace('\\', "");
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.address = parse_address(&value),
                "proto" => hop.proto = Some(value),
                "host" => hop.host = Some(value),
                _ => {}
            }
        }
        hop
    }
}

/// An address with or without a port, and IPv6 with or without brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|of| of.ip()))
}

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
