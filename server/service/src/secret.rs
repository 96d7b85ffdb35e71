//! Secrets of ours: how they are made, and what is stored of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// 256 random bits as text.
pub(crate) fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is stored of a secret. It is random already, so a fast hash is enough.
pub(crate) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}
