//! Standard Webhooks signatures (HMAC-SHA256, `v1`) and the key file that both sides read.
//!
//! Owns what is signed and how it is compared. Knows no HTTP client or server and no clock: headers and the present
//! time are arguments. The webhook id ties an answer to its request: an answer is signed under the request's id.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use rand::TryRng as _;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// The id that the signature covers; the receiver's key for repeats.
pub const ID: &str = "webhook-id";
/// When the sender signed, in seconds since the epoch.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// One or more signatures, separated by spaces.
pub const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock may be from ours, either way.
pub const TOLERANCE_SECONDS: i64 = 5 * 60;

const PREFIX: &str = "whsec_";

/// A shared secret of 24 to 64 bytes.
#[derive(Clone)]
pub struct Key(Vec<u8>);

/// The three headers of a signed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The value of [`ID`].
    pub id: String,
    /// The value of [`TIMESTAMP`].
    pub timestamp: String,
    /// The value of [`SIGNATURE`].
    pub signature: String,
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// A header is absent, doubled or not text.
    #[error("the headers webhook-id, webhook-timestamp and webhook-signature are needed, each once")]
    Missing,
    /// The timestamp is no number, or too far from now.
    #[error("the timestamp is more than five minutes from the present time")]
    Stale,
    /// No signature matches.
    #[error("no signature matches")]
    Mismatch,
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or made.
    #[error("the key file {path} cannot be used: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner could have read it.
    #[error("the key file {0} is open to others; give it to its owner alone (chmod 600)")]
    Exposed(PathBuf),
    /// It belongs to somebody else, who could change it.
    #[error("the key file {0} belongs to another user")]
    Foreign(PathBuf),
    /// It holds no secret.
    #[error("the key file {0} does not hold `whsec_` and 24 to 64 bytes in base64")]
    Malformed(PathBuf),
    /// It holds no token.
    #[error("the token file {0} does not hold 24 or more visible ASCII characters")]
    NoToken(PathBuf),
    /// It holds no key pair.
    #[error("the identity file {0} does not hold `csed_` and 32 bytes in base64")]
    NoIdentity(PathBuf),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// Reads the key of this file, and makes one first if the file is missing. When two processes do so at once,
    /// both end with the same key.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::create(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
                Self::load(path)
            }
            outcome => outcome,
        }
    }

    /// Reads the key of this file, which must be open to nobody but us.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&read_secret(path)?).ok_or_else(|| KeyError::Malformed(path.to_owned()))
    }

    /// The key that this text writes, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (24..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// A new key, as the text that both sides keep.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> io::Result<String> {
        let mut secret = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut secret).map_err(io::Error::other)?;
        Ok(format!("{PREFIX}{}", STANDARD.encode(secret)))
    }

    /// 32 bytes for another purpose, which this names.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Vec<u8> {
        self.mac(purpose, "", b"")
    }

    /// The name appears complete or not at all: a reader never sees half a key, and a loser reads the winner's.
    fn create(path: &Path) -> io::Result<()> {
        let secret = Self::generate()?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = parent.join(format!(".key-{}", Uuid::new_v4()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        let written = writeln!(file, "{secret}")
            .and_then(|()| file.sync_all())
            .and_then(|()| std::fs::hard_link(&temporary, path));
        std::fs::remove_file(&temporary)?;
        match written {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => File::open(parent)?.sync_all(),
        }
    }

    /// The headers for a message of ours.
    #[must_use]
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Signed {
        let timestamp = now.as_second().to_string();
        let signature = format!("v1,{}", STANDARD.encode(self.mac(id, &timestamp, body)));
        Signed { id: id.to_owned(), timestamp, signature }
    }

    /// Whether one of the signatures is ours and fresh.
    pub fn verify(&self, signed: &Signed, now: Timestamp, body: &[u8]) -> Result<(), Forged> {
        let at: i64 = signed.timestamp.parse().map_err(|_| Forged::Stale)?;
        let expected = self.mac(&signed.id, &signed.timestamp, body);
        let matches = signed
            .signature
            .split(' ')
            .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
            .any(|one| bool::from(one.ct_eq(&expected)));
        if !matches {
            return Err(Forged::Mismatch);
        }
        if at.abs_diff(now.as_second()) > TOLERANCE_SECONDS.unsigned_abs() {
            return Err(Forged::Stale);
        }
        Ok(())
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
        // HMAC takes a key of any length, so the error cannot occur; an empty code would match nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return Vec::new() };
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().to_vec()
    }
}

/// The text of a file that is open to nobody but us.
pub(super) fn read_secret(path: &Path) -> Result<String, KeyError> {
    let failed = |source| KeyError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(KeyError::Exposed(path.to_owned()));
    }
    if metadata.uid() != 0 && metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(KeyError::Foreign(path.to_owned()));
    }
    let mut text = String::new();
    file.take(1024).read_to_string(&mut text).map_err(failed)?;
    Ok(text.trim().to_owned())
}

/// A bearer token, for peers that do not sign: it proves who sends, as long as nobody else reads what is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// Reads the token of this file, which must be open to nobody but us.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&read_secret(path)?).ok_or_else(|| KeyError::NoToken(path.to_owned()))
    }

    /// The token that this text is: at least 24 visible ASCII characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (visible && text.len() >= 24).then(|| Self(text.to_owned()))
    }

    /// The value of `Authorization` that presents it.
    #[must_use]
    pub fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Whether the request presents it.
    #[must_use]
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next().and_then(|value| value.to_str().ok()), values.next()) else {
            return false;
        };
        value.split_once(' ').is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer")
                && bool::from(token.trim().as_bytes().ct_eq(self.0.as_bytes()))
        })
    }
}

impl Signed {
    /// Reads the three headers of a received message.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Forged> {
        let one = |name: &str| {
            let mut values = headers.get_all(name).iter();
            match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
                (Some(value), None) if !value.is_empty() => Ok(value.to_owned()),
                _ => Err(Forged::Missing),
            }
        };
        Ok(Self { id: one(ID)?, timestamp: one(TIMESTAMP)?, signature: one(SIGNATURE)? })
    }

    /// The headers as names and values, for whatever client or server sends them.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, &str); 3] {
        [(ID, &self.id), (TIMESTAMP, &self.timestamp), (SIGNATURE, &self.signature)]
    }
}

#[cfg(test)]
mod tests;
