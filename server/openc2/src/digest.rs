//! Hash values as `OpenC2` writes them: upper-case hex on the wire, read in either case.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A hash value of `N` bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest<const N: usize>([u8; N]);

/// An MD5 value.
pub type Md5 = Digest<16>;
/// A SHA-1 value.
pub type Sha1 = Digest<20>;
/// A SHA-256 value.
pub type Sha256 = Digest<32>;

/// The text is not a hash value of the length asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} hexadecimal digits")]
pub struct NotHex {
    digits: usize,
}

impl<const N: usize> Digest<N> {
    /// The value of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// Lower-case hex, as most tools print it.
    #[must_use]
    pub fn lower(&self) -> String {
        hex::encode(self.0)
    }
}

impl<const N: usize> fmt::Display for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.0))
    }
}

impl<const N: usize> fmt::Debug for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> FromStr for Digest<N> {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        let mut bytes = [0; N];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotHex { digits: N * 2 })?;
        Ok(Self(bytes))
    }
}

impl<const N: usize> Serialize for Digest<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Digest<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_cases_and_writes_upper() {
        let lower = "ab".repeat(32);
        let read: Sha256 = serde_json::from_value(lower.clone().into()).unwrap();
        assert_eq!(read, lower.to_uppercase().parse().unwrap());
        assert_eq!(serde_json::to_value(read).unwrap(), lower.to_uppercase());
        assert_eq!(read.lower(), lower);
        for bad in ["", "zz", &"ab".repeat(31), &"ab".repeat(33), &"zz".repeat(32)] {
            assert!(bad.parse::<Sha256>().is_err(), "{bad}");
        }
    }
}
