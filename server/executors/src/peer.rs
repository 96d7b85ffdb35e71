//! The server at the other end: what secrets may travel to it, whose certificate it must show, and what went wrong on
//! the way, in one sentence.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};

/// How long a connection may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long one answer may take; several fit into an attempt.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(6);

/// What an attempt to speak with a server came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing that changes anything was sent.
    NotSent(String),
    /// The server said no.
    Refused(String),
    /// What was sent may have been done.
    Uncertain(String),
}

impl Trouble {
    /// The sentence.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::NotSent(why) | Self::Refused(why) | Self::Uncertain(why) => why,
        }
    }

    /// The same where nothing that changes anything was on the way.
    #[must_use]
    pub(crate) fn before_any_change(self) -> Self {
        match self {
            Self::Uncertain(why) => Self::NotSent(why),
            other => other,
        }
    }

    /// The same once something was changed: what was not sent may be done later, the whole is open.
    #[must_use]
    pub(crate) fn after_a_change(self) -> Self {
        match self {
            Self::NotSent(why) => Self::Uncertain(why),
            other => other,
        }
    }
}

impl From<Trouble> for service::executor::Attempt {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NotSent(why) => Self::NotSent(why),
            Trouble::Refused(why) => Self::Ended(domain::Outcome::Failed, why),
            Trouble::Uncertain(why) => Self::Uncertain(why),
        }
    }
}

/// The URL of a server, if secrets may travel to it: encrypted, or to this machine.
///
/// # Errors
/// The sentence for the field `url`.
pub(crate) fn secure_url(text: &str, encrypted: &[&str], plain: &[&str]) -> Result<Url, String> {
    let expected =
        || format!("must be a URL that begins with {}://", [encrypted, plain].concat().join(":// or "));
    let url = Url::parse(text.trim()).map_err(|_| expected())?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(expected());
    }
    if encrypted.contains(&url.scheme()) || (plain.contains(&url.scheme()) && is_loopback(&url)) {
        return Ok(url);
    }
    if plain.contains(&url.scheme()) {
        return Err(format!(
            "a secret travels encrypted only, not to {text}: use {}",
            encrypted.join(" or ")
        ));
    }
    Err(expected())
}

/// Whether it is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Host and port as people write them.
pub(crate) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The HTTP client for a server, whose certificate must be of the authority where one is named.
///
/// # Errors
/// The sentence for the field `authority`.
pub(crate) fn http_client(authority: Option<&str>) -> Result<reqwest::Client, String> {
    let mut client = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        // CrowdSec 1.4.6 takes whoever does not send exactly one slash here for one with a wrong password.
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT);
    if let Some(pem) = authority {
        let bundle = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).ok().filter(|all| !all.is_empty());
        client = client.tls_certs_only(bundle.ok_or_else(no_pem)?);
    }
    client.build().map_err(|error| format!("TLS can't be set up: {error}"))
}

/// The same for what speaks TLS by itself.
///
/// # Errors
/// The sentence for the field `authority`.
pub(crate) fn tls(authority: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = authority {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots
                .add(certificate.map_err(|_| no_pem())?)
                .map_err(|error| format!("is no authority: {error}"))?;
        }
        if roots.is_empty() {
            return Err(no_pem());
        }
    } else {
        // One that can't be read is no reason to refuse the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS can't be set up: {error}"))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn no_pem() -> String {
    "must be certificates as PEM, which begin with -----BEGIN CERTIFICATE-----".to_owned()
}

/// Why no connection came about, in one sentence; none if the connection stood.
pub(crate) fn explain(error: &(dyn Error + 'static), url: &Url) -> Option<String> {
    let place = place(url);
    let mut current = Some(error);
    while let Some(at) = current {
        if let Some(tls) = at.downcast_ref::<rustls::Error>() {
            return Some(match tls {
                rustls::Error::InvalidCertificate(why) => distrust(why, &place),
                _ => format!("{place} does not speak TLS as it should: {tls}."),
            });
        }
        let text = at.to_string();
        if text.starts_with("dns error") || text.starts_with("failed to lookup address") {
            return Some(format!("The host {} is unknown.", url.host_str().unwrap_or_default()));
        }
        if let Some(io) = at.downcast_ref::<io::Error>() {
            match io.kind() {
                ErrorKind::ConnectionRefused => {
                    return Some(format!("{place} refuses the connection: nothing listens there."));
                }
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                    return Some(format!("{place} can't be reached: there is no way to it."));
                }
                _ => {}
            }
            // The error inside of an I/O error is not its source.
            if let Some(inner) = io.get_ref() {
                current = Some(inner);
                continue;
            }
        }
        current = at.source();
    }
    None
}

fn distrust(why: &CertificateError, place: &str) -> String {
    let why = match why {
        CertificateError::UnknownIssuer => {
            "it is of an unknown authority; name its authority in the settings".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it was made for another name".to_owned()
        }
        other => other.to_string(),
    };
    format!("The certificate of {place} is not trusted: {why}.")
}

/// What came of an HTTP request that has no answer.
pub(crate) fn unanswered(error: &reqwest::Error, url: &Url) -> Trouble {
    if let Some(why) = explain(error, url) {
        return Trouble::NotSent(why);
    }
    let place = place(url);
    if error.is_connect() {
        let slow = if error.is_timeout() { " within 3 seconds" } else { "" };
        return Trouble::NotSent(format!("No connection to {place}{slow}."));
    }
    Trouble::Uncertain(if error.is_timeout() {
        format!("{place} did not answer in time.")
    } else {
        format!("The connection to {place} broke.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_travels_encrypted_or_not_far() {
        let check = |text| secure_url(text, &["https"], &["http"]).map(|url| place(&url));
        assert_eq!(check("https://mail.example/x"), Ok("mail.example:443".to_owned()));
        assert_eq!(check("http://127.0.0.1:8080"), Ok("127.0.0.1:8080".to_owned()));
        assert_eq!(check("http://[::1]:8080"), Ok("[::1]:8080".to_owned()));
        assert!(check("http://mail.example").unwrap_err().contains("use https"));
        for bad in ["", "mail.example", "ftp://mail.example", "file:///etc"] {
            assert_eq!(
                check(bad).unwrap_err(),
                "must be a URL that begins with https:// or http://",
                "{bad}"
            );
        }
    }

    #[test]
    fn an_authority_is_pem() {
        assert!(tls(None).is_ok());
        for bad in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(tls(Some(bad)).is_err(), "{bad}");
        }
        assert!(http_client(Some("hello")).unwrap_err().contains("PEM"));
        assert!(http_client(None).is_ok());
    }
}
