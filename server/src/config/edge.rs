//! How the server is reached: addresses, TLS, proxies, and how much one client may ask for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use ipnet::IpNet;
use web::edge::rate::{Rate, Rates};
use web::edge::security::Edge;

/// Where the server listens, and whom it believes.
#[derive(Debug, Clone, Args)]
pub struct EdgeOptions {
    /// Where to listen; port 0 takes a free one, which is printed
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))]
    pub listen: SocketAddr,

    /// The file with the certificate to speak TLS with, and those that lead to its authority, as PEM; read again when it
    /// changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The file with its key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Where to listen without TLS, too, only to send browsers to where it is spoken, for example `0.0.0.0:80`
    #[arg(long, value_name = "ADDRESS:PORT", requires = "tls_cert")]
    pub redirect_http: Option<SocketAddr>,

    /// Allow an address that others can reach, because a proxy in front of it ends TLS
    #[arg(long)]
    pub behind_proxy: bool,

    /// A proxy, or a network of them, that is believed what Forwarded and X-Forwarded-For, -Proto and -Host say; may be
    /// repeated. From all others these headers are ignored
    #[arg(long = "trusted-proxy", value_name = "CIDR", value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// The name under which the world reaches the server, with the port if it is not 443
    #[arg(long, value_name = "HOST")]
    pub public_host: Option<String>,

    /// How many requests a token may send to the API in how many seconds; `off` for no limit
    #[arg(long, value_name = "REQUESTS/SECONDS", default_value = "12000/60")]
    pub token_rate: Limit,

    /// How many requests an address may send to the API in how many seconds; `off` for no limit
    #[arg(long, value_name = "REQUESTS/SECONDS", default_value = "60000/60")]
    pub address_rate: Limit,
}

/// A rate, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(Option<Rate>);

impl std::str::FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" { Ok(Self(None)) } else { text.parse().map(|rate| Self(Some(rate))) }
    }
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match network {
        Ok(network) if network.prefix_len() == 0 => {
            Err("that is everybody: name the addresses of the proxies".to_owned())
        }
        Ok(network) => Ok(network.trunc()),
        Err(_) => Err("write an address or a network, for example 10.0.0.0/24".to_owned()),
    }
}

impl EdgeOptions {
    /// Refuses what would be unsafe.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(&self, demo: bool) -> anyhow::Result<()> {
        let loopback = self.listen.ip().is_loopback();
        ensure!(
            loopback || self.behind_proxy || self.tls_cert.is_some(),
            "refusing to listen on {}: without TLS only this machine may connect; use 127.0.0.1, \
             or --tls-cert and --tls-key, or --behind-proxy if a proxy in front ends TLS",
            self.listen
        );
        ensure!(
            !demo
                || (loopback
                    && !self.behind_proxy
                    && self.trusted_proxies.is_empty()
                    && self.redirect_http.is_none()
                    && self.public_host.is_none()),
            "--demo lets anyone sign in, so it is for this machine only: not with --behind-proxy, --trusted-proxy, \
             --redirect-http, --public-host or another address than 127.0.0.1"
        );
        if let Some(host) = &self.public_host {
            ensure!(
                !host.is_empty()
                    && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte)),
                "--public-host takes a host name, for example actions.example.org, and not {host:?}"
            );
        }
        Ok(())
    }

    /// How the server is reached.
    #[must_use]
    pub fn edge(&self) -> Edge {
        Edge::new(self.listen.ip().is_loopback(), self.behind_proxy, self.public_host.clone())
            .with_trusted_proxies(self.trusted_proxies.clone())
    }

    /// The files to speak TLS with, if it is spoken.
    #[must_use]
    pub fn tls(&self) -> Option<tls::Files> {
        let (certificate, key) = (self.tls_cert.clone()?, self.tls_key.clone()?);
        Some(tls::Files { certificate, key })
    }

    /// How much one client may ask for.
    #[must_use]
    pub const fn rates(&self) -> Rates {
        Rates { token: self.token_rate.0, address: self.address_rate.0 }
    }

    /// The address at which people of this machine, or of the world, reach it, from the port that it got.
    #[must_use]
    pub fn here(&self, port: u16) -> String {
        match &self.public_host {
            Some(host) => format!("https://{host}"),
            None => format!("{}://localhost:{port}", if self.tls_cert.is_some() { "https" } else { "http" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_address_or_a_network_but_not_everybody() {
        for (text, want) in [
            ("10.0.0.7", "10.0.0.7/32"),
            ("10.0.0.7/24", "10.0.0.0/24"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("2001:db8::/32", "2001:db8::/32"),
        ] {
            assert_eq!(network(text).map(|it| it.to_string()).as_deref(), Ok(want));
        }
        for bad in ["", "0.0.0.0/0", "::/0", "10.0.0.0/33", "proxy.example.org"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_limit_is_a_rate_or_off() {
        assert_eq!("off".parse(), Ok(Limit(None)));
        assert_eq!("60/60".parse(), Ok(Limit("60/60".parse().ok())));
        assert!("sixty".parse::<Limit>().is_err());
    }
}
