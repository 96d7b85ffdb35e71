//! A certificate and its key, read again when their files change.
//!
//! What is looked at in each handshake is the state of two files, so that a renewal counts from the next connection on, and
//! nothing runs in between. Connections that stand go on with what they began with.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::error::TlsError;

/// The files with a certificate, followed by those that lead to its authority, and with its key, as PEM. They may be one.
#[derive(Debug, Clone)]
pub struct Files {
    /// The file with the certificates.
    pub certificate: PathBuf,
    /// The file with the key.
    pub key: PathBuf,
}

/// What tells that a file is another than before: device and inode, size, and when it changed.
type State = Option<(u64, u64, u64, i64, i64)>;

fn state(file: &Path) -> State {
    let found = std::fs::metadata(file).ok()?;
    Some((found.dev(), found.ino(), found.size(), found.ctime(), found.ctime_nsec()))
}

/// The certificates in a file.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { file: file.to_owned(), source };
    let found = CertificateDer::pem_file_iter(file).map_err(unreadable)?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if found.is_empty() { Err(TlsError::NoCertificate(file.to_owned())) } else { Ok(found) }
}

impl Files {
    fn states(&self) -> (State, State) {
        (state(&self.certificate), state(&self.key))
    }

    fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let chain = certificates(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|source| TlsError::Unreadable { file: self.key.clone(), source })?;
        CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::OtherKey { key: self.key.clone(), certificate: self.certificate.clone() }
            }
            error => TlsError::Unusable { file: self.certificate.clone(), why: error.to_string() },
        })
    }
}

/// The certificate to show, as its files have it.
#[derive(Debug)]
pub(crate) struct Renewed {
    files: Files,
    provider: Arc<CryptoProvider>,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    key: Arc<CertifiedKey>,
    seen: (State, State),
}

impl Renewed {
    /// Reads the files for the first time.
    pub(crate) fn open(files: Files, provider: Arc<CryptoProvider>) -> Result<Self, TlsError> {
        // Before they are read: what changes meanwhile is read again.
        let seen = files.states();
        let key = Arc::new(files.read(&provider)?);
        Ok(Self { files, provider, held: Mutex::new(Held { key, seen }) })
    }

    /// The certificate of now. Files that can't be used leave what was there before, and are tried again once they change.
    pub(crate) fn current(&self) -> Arc<CertifiedKey> {
        let seen = self.files.states();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.seen != seen {
            held.seen = seen;
            match self.files.read(&self.provider) {
                Ok(key) => {
                    held.key = Arc::new(key);
                    tracing::info!(file = %self.files.certificate.display(), "the certificate was renewed");
                }
                Err(error) => {
                    tracing::error!(%error, "a renewed certificate is not used; the one before stays");
                }
            }
        }
        Arc::clone(&held.key)
    }
}

impl ResolvesServerCert for Renewed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}
