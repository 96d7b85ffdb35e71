//! Certificates that we show and authorities that we believe, and why a handshake failed, in one sentence.

use reqwest::{Certificate, Identity};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, Error};

/// Whether a secret is a certificate with its key, and no token.
pub(super) fn is_pem(secret: &str) -> bool {
    secret.trim_start().starts_with("-----BEGIN ")
}

/// A certificate, those that lead to its authority, and its key, in one text.
///
/// # Errors
/// What is wrong with it.
pub(super) fn identity(pem: &[u8]) -> Result<Identity, String> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("is no PEM: {error}"))?;
    if chain.is_empty() {
        return Err("holds no certificate (BEGIN CERTIFICATE)".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(pem)
        .map_err(|_| "holds no key that can be read (BEGIN PRIVATE KEY)".to_owned())?;
    match CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()) {
        Err(Error::InconsistentKeys(_)) => Err("holds a key that is not that of its certificate".to_owned()),
        Err(error) => Err(format!("can't be used: {error}")),
        Ok(_) => Identity::from_pem(pem).map_err(|error| format!("can't be used: {error}")),
    }
}

/// The authorities in a text.
///
/// # Errors
/// What is wrong with it.
pub(super) fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    match Certificate::from_pem_bundle(pem) {
        Ok(all) if all.is_empty() => Err("holds no certificate (BEGIN CERTIFICATE)".to_owned()),
        Ok(all) => Ok(all),
        Err(error) => Err(format!("is no PEM: {error}")),
    }
}

/// Why the other side and we did not come to speak: then it provably heard nothing. None for all other failures.
pub(super) fn refusal(error: &reqwest::Error) -> Option<String> {
    use AlertDescription as Alert;
    let why = match tls(error)? {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "its certificate is of no authority that we believe; name one that we should".to_owned()
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for another name than that in the URL".to_owned(),
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "its certificate has ended".to_owned()
        }
        Error::InvalidCertificate(why) => format!("its certificate is not believed: {why}"),
        Error::AlertReceived(Alert::UnknownCA) => {
            "it does not know the authority of our certificate".to_owned()
        }
        Error::AlertReceived(Alert::CertificateRequired) => {
            "it asks for a client certificate, and we have none for it".to_owned()
        }
        Error::AlertReceived(Alert::CertificateExpired) => "our certificate has ended".to_owned(),
        Error::AlertReceived(
            alert @ (Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::AccessDenied
            | Alert::DecryptError),
        ) => format!("it refuses our certificate ({alert:?})"),
        Error::AlertReceived(alert) => format!("it ended the handshake ({alert:?})"),
        Error::InvalidMessage(_) => "what it speaks is not TLS".to_owned(),
        _ => return None,
    };
    Some(why)
}

/// The failure of TLS at the root of another one.
fn tls<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    let mut at = Some(error);
    while let Some(error) = at {
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = error.downcast_ref().or_else(|| inside.and_then(|inside| inside.downcast_ref()))
        {
            return Some(found);
        }
        at = match inside {
            Some(inside) => Some(inside as &(dyn std::error::Error + 'static)),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_with_its_key_is_said_so() {
        let pair = || {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
            (made.cert.pem(), made.signing_key.serialize_pem())
        };
        let ((certificate, key), (_, other)) = (pair(), pair());
        let why = |pem: String| identity(pem.as_bytes()).err().unwrap_or_default();
        assert_eq!(why(format!("{certificate}{key}")), "");
        assert_eq!(why(format!("{key}{certificate}")), "", "in whichever order");
        assert!(why(key).contains("no certificate"));
        assert!(why(certificate.clone()).contains("no key"));
        assert!(why(format!("{certificate}{other}")).contains("not that of its certificate"));
        assert!(authorities(b"nonsense").is_err());
        assert_eq!(authorities(format!("{certificate}{certificate}").as_bytes()).unwrap().len(), 2);
        assert!(is_pem(&certificate) && !is_pem("0123456789abcdef01234567"));
    }
}
