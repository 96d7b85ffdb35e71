//! An authority of the test's own, and what it certifies.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// An authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
pub(crate) struct Pem {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Of the same name they would be taken for each other.
        params.distinguished_name.push(DnType::CommonName, uuid::Uuid::new_v4().to_string());
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, by which the others are believed.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these names.
    pub(crate) fn issue(&self, names: &[&str]) -> Pem {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.0).unwrap();
        Pem { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// An HTTP client that believes it and nobody else.
    pub(crate) fn client(&self) -> reqwest::ClientBuilder {
        let root = reqwest::Certificate::from_pem(self.pem().as_bytes()).unwrap();
        reqwest::Client::builder().tls_certs_only([root]).redirect(reqwest::redirect::Policy::none())
    }
}

impl Pem {
    /// Writes it to two files, by a rename as tools that renew do.
    pub(crate) fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let put = |name: &str, text: &str| {
            let (file, next) = (folder.join(name), folder.join(format!("{name}.new")));
            std::fs::write(&next, text).unwrap();
            std::fs::rename(&next, &file).unwrap();
            file
        };
        (put("tls-key.pem", &self.key), put("tls-cert.pem", &self.certificate))
    }
}
