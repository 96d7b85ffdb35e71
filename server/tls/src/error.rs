//! Why TLS can't be set up, in one sentence.

use std::path::PathBuf;

use rustls::pki_types::pem;

/// What is wrong with a file or with what is in it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file can't be read, or is no PEM.
    #[error("{} can't be read as PEM: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate (BEGIN CERTIFICATE)", _0.display())]
    NoCertificate(PathBuf),
    /// The key is not that of the certificate.
    #[error("the key in {} is not that of the certificate in {}", key.display(), certificate.display())]
    OtherKey {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
    /// No version of TLS can be spoken.
    #[error("TLS can't be spoken here: {0}")]
    Unspoken(#[from] rustls::Error),
    /// What is in the file can't be used.
    #[error("{} can't be used: {why}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
}
