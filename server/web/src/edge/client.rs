//! Who the client is: whoever is connected, or whom a proxy that we trust says that it stands for.
//!
//! What `Forwarded` (RFC 7239) and `X-Forwarded-*` say is believed from the addresses of trusted proxies alone, and of the
//! hops they list, the client is the last one that is no trusted proxy: what stands before it, the client may have written
//! itself. Where both kinds of header are there and disagree, one of them came through from the client; then neither is
//! believed, and the client is as good as its proxy.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

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
pub(super) struct Said {
    pub(super) address: Option<IpAddr>,
    pub(super) tls: Option<bool>,
    pub(super) host: Option<String>,
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
    pub(super) fn read(&self, proxy: IpAddr, headers: &HeaderMap) -> Said {
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
