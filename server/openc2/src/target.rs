//! What a command acts on: exactly one named target.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::digest::{Md5, Sha1, Sha256};

/// The object of a command; on the wire a JSON object with exactly one key.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A file, by name, path or content.
    File(FileTarget),
    /// What the consumer can do; an empty list asks only whether it is there.
    Features(Vec<String>),
    /// A target that this product does not type.
    Other {
        /// Its name, such as `device`.
        name: String,
        /// Its specifiers as they came.
        value: Value,
    },
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileTarget {
    /// The last component of its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it lies, its name included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Hash values of its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hashes: Option<Hashes>,
}

/// Hash values of one content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashes {
    /// MD5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<Md5>,
    /// SHA-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha1: Option<Sha1>,
    /// SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

impl Target {
    /// The file at this path, if it has this content.
    #[must_use]
    pub fn file_at(path: impl Into<String>, sha256: Sha256) -> Self {
        Self::File(FileTarget { name: None, path: Some(path.into()), hashes: Some(Hashes::sha256(sha256)) })
    }

    /// Every file with this content.
    #[must_use]
    pub fn files_with(sha256: Sha256) -> Self {
        Self::File(FileTarget { name: None, path: None, hashes: Some(Hashes::sha256(sha256)) })
    }

    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::File(_) => "file",
            Self::Features(_) => "features",
            Self::Other { name, .. } => name,
        }
    }
}

impl Hashes {
    /// Only a SHA-256.
    #[must_use]
    pub const fn sha256(value: Sha256) -> Self {
        Self { md5: None, sha1: None, sha256: Some(value) }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::File(file) => map.serialize_entry("file", file)?,
            Self::Features(features) => map.serialize_entry("features", features)?,
            Self::Other { name, value } => map.serialize_entry(name, value)?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneKey)
    }
}

struct OneKey;

impl<'de> Visitor<'de> for OneKey {
    type Value = Target;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with exactly one target")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Target, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(A::Error::custom("no target is named"));
        };
        let target = match name.as_str() {
            "file" => Target::File(map.next_value()?),
            "features" => Target::Features(map.next_value()?),
            _ => Target::Other { value: map.next_value()?, name },
        };
        if map.next_key::<String>()?.is_some() {
            return Err(A::Error::custom("more than one target is named"));
        }
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_target_is_one_key() {
        let hash: Sha256 = "0a".repeat(32).parse().unwrap();
        let wire = json!({"file": {"path": "/srv/a", "hashes": {"sha256": "0A".repeat(32)}}});
        let target: Target = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(target, Target::file_at("/srv/a", hash));
        assert_eq!(serde_json::to_value(&target).unwrap(), wire);

        let other: Target = serde_json::from_value(json!({"device": {"hostname": "a"}})).unwrap();
        assert_eq!(other.name(), "device");
        assert_eq!(serde_json::to_value(&other).unwrap(), json!({"device": {"hostname": "a"}}));

        for bad in [
            json!({}),
            json!([]),
            json!({"features": [], "file": {}}),
            json!({"file": {"size": 1}}),
            json!({"file": {"hashes": {"sha256": "0A"}}}),
            json!({"features": "all"}),
        ] {
            assert!(serde_json::from_value::<Target>(bad.clone()).is_err(), "{bad}");
        }
    }
}
