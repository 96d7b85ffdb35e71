//! Where executors and notifications may be sent: the one rule about destinations, by what they are named and by what their
//! names point to when a connection is made.
//!
//! Without a list anything may be named; what lies inside of this network only where that was said. A list narrows both.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::ClientBuilder;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::is_internal;

/// A destination of the list of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A host by its name, wherever it points.
    Host(String),
    /// Addresses.
    Net(IpNet),
}

/// The list of the server; without one nothing is narrowed.
#[derive(Debug, Clone, Default)]
pub struct Destinations(Arc<[Destination]>);

/// What is allowed nowhere: an error that says so to whoever reads it.
#[derive(Debug)]
struct NotAllowed(String);

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for NotAllowed {}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Net(net) if net.prefix_len() == net.max_prefix_len() => write!(f, "{}", net.addr()),
            Self::Net(net) => write!(f, "{net}"),
        }
    }
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(net) = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            return Ok(Self::Net(net.trunc()));
        }
        // As a URL has it: letters are small, and others than of ASCII are spelled in these.
        let url = Url::parse(&format!("https://{text}/")).ok();
        let name = url.as_ref().and_then(Url::host_str).map(|host| host.trim_end_matches('.'));
        let is_name = !text.is_empty() && !text.contains(['/', ':', '@', '?', '#', '*', '[', '\\']);
        match name {
            Some(name) if is_name && name.parse::<IpAddr>().is_err() => Ok(Self::Host(name.to_owned())),
            _ => Err("write a host's name, an address or a range of addresses, for example hooks.example.com, 192.0.2.7 \
                      or 10.1.0.0/16"
                .to_owned()),
        }
    }
}

impl Destinations {
    /// With a list; an empty one narrows nothing.
    #[must_use]
    pub fn new(list: Vec<Destination>) -> Self {
        Self(list.into())
    }

    /// Whether this may be named as a destination. A name that is not on the list may where addresses are: what it points to
    /// is looked at when a connection is made.
    pub(crate) fn check(&self, url: &Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let is_allowed = self.0.is_empty()
            || match host.parse::<IpAddr>() {
                Ok(address) => self.has_address(address),
                Err(_) => self.has_name(host) || self.0.iter().any(|of| matches!(of, Destination::Net(_))),
            };
        if is_allowed { Ok(()) } else { Err(self.refusal(host)) }
    }

    /// A client that connects only to what may be a destination, and stays outside of this network unless it may not.
    pub(crate) fn guard(&self, client: ClientBuilder, internal: bool) -> ClientBuilder {
        if internal && self.0.is_empty() {
            return client;
        }
        // A proxy would be asked in place of the destination.
        client.no_proxy().dns_resolver(Arc::new(Guarded { destinations: self.clone(), internal }))
    }

    fn has_name(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        self.0.iter().any(|of| matches!(of, Destination::Host(host) if host.eq_ignore_ascii_case(name)))
    }

    fn has_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|of| matches!(of, Destination::Net(net) if net.contains(&address)))
    }

    fn refusal(&self, host: &str) -> String {
        let list: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        format!(
            "{host} is no destination that this server allows (--allow-destination): it allows {}",
            list.join(", ")
        )
    }

    /// Of the addresses of a name those to which a connection may be made.
    fn admit(&self, name: &str, internal: bool, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, String> {
        let is_named = self.0.is_empty() || self.has_name(name);
        let allowed: Vec<_> =
            found.into_iter().filter(|address| is_named || self.has_address(address.ip())).collect();
        if allowed.is_empty() {
            return Err(self.refusal(name));
        }
        let admitted: Vec<_> =
            allowed.into_iter().filter(|address| internal || !is_internal(address.ip())).collect();
        if admitted.is_empty() {
            return Err("the name has no address outside of this network".to_owned());
        }
        Ok(admitted)
    }
}

/// Why a connection was not made, if that is because its destination is not allowed.
pub(crate) fn refusal(error: &reqwest::Error) -> Option<String> {
    let mut source: Option<&dyn Error> = error.source();
    while let Some(inner) = source {
        if let Some(NotAllowed(why)) = inner.downcast_ref() {
            return Some(why.clone());
        }
        source = inner.source();
    }
    None
}

/// Resolves names, and leaves out what may be no destination.
struct Guarded {
    destinations: Destinations,
    internal: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (destinations, internal) = (self.destinations.clone(), self.internal);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let admitted = destinations.admit(name.as_str(), internal, found).map_err(NotAllowed)?;
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(of: &[&str]) -> Destinations {
        Destinations::new(of.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn a_destination_is_a_name_an_address_or_a_range() {
        for (text, shown) in [
            ("Hooks.Example.com", "hooks.example.com"),
            ("localhost", "localhost"),
            ("192.0.2.7", "192.0.2.7"),
            ("10.1.2.3/16", "10.1.0.0/16"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1"),
        ] {
            assert_eq!(text.parse::<Destination>().map(|of| of.to_string()), Ok(shown.to_owned()), "{text}");
        }
        for bad in
            ["", " ", "https://a.example", "a.example/b", "a.example:443", "*.example", "10.0.0.0/33", "a b"]
        {
            assert!(bad.parse::<Destination>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_what_is_on_the_list_may_be_named() {
        let names = ["hooks.example.com"];
        let both = ["hooks.example.com", "10.1.0.0/16", "2001:db8::/32"];
        for (of, url, is_allowed) in [
            (&[][..], "https://anything.example/a", true),
            (&[][..], "http://10.0.0.1/", true),
            (&names[..], "https://hooks.example.com/a?b", true),
            (&names[..], "https://HOOKS.example.com./a", true),
            (&names[..], "https://evil.example/hooks.example.com", false),
            (&names[..], "https://hooks.example.com.evil.example/", false),
            (&names[..], "https://a.hooks.example.com/", false),
            (&names[..], "https://hooks.example.com@evil.example/", false),
            (&names[..], "http://10.1.0.1/", false),
            (&both[..], "http://10.1.255.1:8080/", true),
            (&both[..], "http://0x0a010001/", true),
            (&both[..], "http://10.2.0.1/", false),
            (&both[..], "http://[::ffff:10.1.0.1]/", true),
            (&both[..], "http://[2001:db8::7]/", true),
            (&both[..], "http://[2001:db9::7]/", false),
            // Where it points is looked at when a connection is made.
            (&both[..], "https://other.example/", true),
        ] {
            let checked = list(of).check(&Url::parse(url).unwrap());
            assert_eq!(checked.is_ok(), is_allowed, "{of:?} {url} {checked:?}");
        }
        let why = list(&both).check(&Url::parse("http://10.2.0.1/").unwrap()).unwrap_err();
        assert_eq!(
            why,
            "10.2.0.1 is no destination that this server allows (--allow-destination): it allows hooks.example.com, \
             10.1.0.0/16, 2001:db8::/32"
        );
    }

    #[test]
    fn a_name_is_reached_at_what_is_allowed_of_its_addresses() {
        let found = ["10.1.0.1:0", "10.2.0.1:0", "192.0.2.1:0"];
        for (of, internal, want) in [
            (&[][..], true, Some(&found[..])),
            (&[][..], false, Some(&found[2..])),
            (&["a.example"][..], true, Some(&found[..])),
            (&["a.example"][..], false, Some(&found[2..])),
            (&["10.1.0.0/16"][..], true, Some(&found[..1])),
            (&["10.1.0.0/16"][..], false, None),
            (&["b.example"][..], true, None),
            (&["192.0.2.0/24", "b.example"][..], false, Some(&found[2..])),
        ] {
            let addresses = found.iter().map(|text| text.parse().unwrap()).collect();
            let admitted = list(of).admit("a.example", internal, addresses);
            let admitted = admitted.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()).ok();
            let want = want.map(|all| all.iter().map(|&of| of.to_owned()).collect());
            assert_eq!(admitted, want, "{of:?} {internal}");
        }
    }

    #[tokio::test]
    async fn a_connection_is_made_only_to_what_is_allowed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url =
            Url::parse(&format!("http://localhost:{}/", listener.local_addr().unwrap().port())).unwrap();
        let elsewhere = list(&["192.0.2.0/24"]);
        assert_eq!(elsewhere.check(&url), Ok(()));
        let client = elsewhere.guard(reqwest::Client::builder(), true).build().unwrap();
        let error = client.get(url.clone()).send().await.unwrap_err();
        assert!(error.is_connect(), "nothing was sent: {error:?}");
        assert!(refusal(&error).unwrap().starts_with("localhost is no destination"), "{error:?}");
        for of in [&["127.0.0.0/8"][..], &["localhost"][..]] {
            let client = list(of).guard(reqwest::Client::builder(), true).build().unwrap();
            let asked = client.get(url.clone()).send();
            let (accepted, _) = tokio::select! {
                accepted = listener.accept() => accepted.unwrap(),
                answer = asked => panic!("{of:?}: {answer:?}"),
            };
            drop(accepted);
        }
        let outside = list(&["127.0.0.0/8"]).guard(reqwest::Client::builder(), false).build().unwrap();
        let error = outside.get(url).send().await.unwrap_err();
        assert_eq!(refusal(&error).as_deref(), Some("the name has no address outside of this network"));
    }
}
