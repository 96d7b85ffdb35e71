//! Who a host or a server is: an Ed25519 key pair of its own. What is signed says for what it is signed, so that no
//! signature can be passed off as one of another kind, to another host or for another command.
//!
//! Owns what the bytes are that are signed. Knows no HTTP and no clock.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use rand::TryRng as _;
use uuid::Uuid;

use super::signature::{KeyError, read_secret};

const PREFIX: &str = "csed_";

/// For what something is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The server has the host carry a command out.
    Order,
    /// The host says how a command ended.
    Report,
    /// The host asks the server for something.
    Request,
}

impl Purpose {
    const fn tag(self) -> &'static str {
        match self {
            Self::Order => "countersign order v1",
            Self::Report => "countersign report v1",
            Self::Request => "countersign request v1",
        }
    }

    /// The bytes that are signed. Lengths stand before the parts, so that no two lists of parts are the same bytes.
    fn bytes(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = self.tag().as_bytes().to_vec();
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

/// A key pair.
#[derive(Clone)]
pub struct Identity(SigningKey);

/// The public half, by which others know it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl Identity {
    /// A new one.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn generate() -> io::Result<Self> {
        let mut secret = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut secret).map_err(io::Error::other)?;
        Ok(Self(SigningKey::from_bytes(&secret)))
    }

    /// The one that this text writes, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self(SigningKey::from_bytes(&<[u8; 32]>::try_from(bytes).ok()?)))
    }

    /// Its secret, as text.
    #[must_use]
    pub fn secret(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0.to_bytes()))
    }

    /// Reads it from a file that is open to nobody but us.
    ///
    /// # Errors
    /// Why it can't be used.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&read_secret(path)?).ok_or_else(|| KeyError::NoIdentity(path.to_owned()))
    }

    /// Writes it into a new file, in place of an old one.
    ///
    /// # Errors
    /// Why it can't be written.
    pub fn store(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = parent.join(format!(".identity-{}", Uuid::new_v4()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        writeln!(file, "{}", self.secret())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        File::open(parent)?.sync_all()
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs these parts for a purpose; base64.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, parts: &[&[u8]]) -> String {
        STANDARD.encode(self.0.sign(&purpose.bytes(parts)).to_bytes())
    }
}

impl PublicKey {
    /// Whether it signed these parts for this purpose.
    #[must_use]
    pub fn verifies(&self, purpose: Purpose, parts: &[&[u8]], signature: &str) -> bool {
        let bytes = STANDARD.decode(signature).ok();
        let signature = bytes.and_then(|bytes| Signature::from_slice(&bytes).ok());
        signature.is_some_and(|signature| self.0.verify_strict(&purpose.bytes(parts), &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 bytes of an Ed25519 public key in base64")]
pub struct NoPublicKey;

impl FromStr for PublicKey {
    type Err = NoPublicKey;

    fn from_str(text: &str) -> Result<Self, NoPublicKey> {
        let bytes = STANDARD.decode(text).map_err(|_| NoPublicKey)?;
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| NoPublicKey)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| NoPublicKey)?;
        // A weak key has signatures that anybody can make.
        if key.is_weak() { Err(NoPublicKey) } else { Ok(Self(key)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_for_its_purpose_and_parts_alone() {
        let (ours, theirs) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let signature = ours.sign(Purpose::Order, &[b"web-1", b"command"]);
        let known: PublicKey = ours.public().to_string().parse().unwrap();
        assert!(known.verifies(Purpose::Order, &[b"web-1", b"command"], &signature));
        assert!(!known.verifies(Purpose::Report, &[b"web-1", b"command"], &signature));
        assert!(!known.verifies(Purpose::Order, &[b"web-2", b"command"], &signature));
        assert!(!known.verifies(Purpose::Order, &[b"web-1c", b"ommand"], &signature));
        assert!(!theirs.public().verifies(Purpose::Order, &[b"web-1", b"command"], &signature));
        for bad in ["", "x", "AAAA"] {
            assert!(!known.verifies(Purpose::Order, &[b"web-1", b"command"], bad));
            assert!(bad.parse::<PublicKey>().is_err());
        }
        let weak = STANDARD.encode([0_u8; 32]);
        assert!(weak.parse::<PublicKey>().is_err());
    }

    #[test]
    fn it_is_kept_where_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity");
        let identity = Identity::generate().unwrap();
        identity.store(&path).unwrap();
        assert_eq!(Identity::load(&path).unwrap().public(), identity.public());
        let other = Identity::generate().unwrap();
        other.store(&path).unwrap();
        assert_eq!(Identity::load(&path).unwrap().public(), other.public());
        assert!(!format!("{other:?}").contains(&STANDARD.encode(other.0.to_bytes())));
        std::fs::write(&path, "csed_no").unwrap();
        assert!(matches!(Identity::load(&path), Err(KeyError::NoIdentity(_))));
    }
}
