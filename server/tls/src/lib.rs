//! TLS for what listens: a certificate that is read again when its files are renewed, and certificates of clients.
//!
//! Knows nothing of what is said over it: whoever accepts connections wraps them by an [`Acceptor`].

mod acceptor;
mod certificate;
mod client;
mod error;

pub use acceptor::{Acceptor, Secured};
pub use certificate::Files;
pub use error::TlsError;

#[cfg(test)]
mod tests;
