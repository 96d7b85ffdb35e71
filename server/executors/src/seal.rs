//! Secrets at rest: sealed with XChaCha20-Poly1305 under a key that lies in a file outside of the database, and bound to the
//! name of their executor, so that none can be put in the place of another.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use openc2::signature::Key;
use rand::TryRng as _;

const VERSION: &str = "v1.";
const NONCE_LENGTH: usize = 24;

/// The key of the secrets, in its file. Read when it is needed, so that a server without secrets needs none.
#[derive(Debug, Clone)]
pub struct SecretsKey(PathBuf);

impl SecretsKey {
    /// The key in this file; made there with the first secret.
    #[must_use]
    pub fn in_file(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn cipher(&self, create: bool) -> Result<XChaCha20Poly1305, String> {
        let key = if create { Key::load_or_create(&self.0) } else { Key::load(&self.0) };
        let key = key.map_err(|error| error.to_string())?;
        let bytes = key.derive("countersign secrets at rest");
        XChaCha20Poly1305::new_from_slice(&bytes).map_err(|error| error.to_string())
    }

    /// Seals a secret of an executor.
    ///
    /// # Errors
    /// If the key can't be read or made.
    pub fn seal(&self, name: &str, secret: &str) -> Result<String, String> {
        let mut nonce = [0_u8; NONCE_LENGTH];
        rand::rngs::SysRng.try_fill_bytes(&mut nonce).map_err(|error| error.to_string())?;
        let payload = Payload { msg: secret.as_bytes(), aad: name.as_bytes() };
        let sealed = self
            .cipher(true)?
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| "sealing failed".to_owned())?;
        Ok(format!("{VERSION}{}", STANDARD.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// Opens what was sealed for an executor.
    ///
    /// # Errors
    /// If the key can't be read, or is not the one that it was sealed with.
    pub fn open(&self, name: &str, sealed: &str) -> Result<String, String> {
        let wrong = || {
            format!(
                "its secret can't be opened with the key in {}: that is another key than it was sealed with",
                self.0.display()
            )
        };
        let bytes =
            sealed.strip_prefix(VERSION).and_then(|text| STANDARD.decode(text).ok()).ok_or_else(wrong)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH).ok_or_else(wrong)?;
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        let secret = self.cipher(false)?.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| wrong())?;
        String::from_utf8(secret).map_err(|_| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_with_its_key_for_its_executor_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = SecretsKey::in_file(&folder.path().join("key"));
        let sealed = key.seal("hook", "whsec_secret").unwrap();
        assert!(!sealed.contains("secret") && sealed != key.seal("hook", "whsec_secret").unwrap());
        assert_eq!(key.open("hook", &sealed).as_deref(), Ok("whsec_secret"));
        assert!(key.open("other", &sealed).is_err());
        let other = SecretsKey::in_file(&folder.path().join("other"));
        assert!(other.open("hook", &sealed).unwrap_err().contains("cannot be used"), "no such key");
        other.seal("x", "y").unwrap();
        assert!(other.open("hook", &sealed).unwrap_err().contains("another key"));
        for broken in ["", "v1.", "v1.AAAA", &sealed[..sealed.len() - 8], &format!("{sealed}AAAA")] {
            assert!(key.open("hook", broken).is_err(), "{broken}");
        }
    }
}
