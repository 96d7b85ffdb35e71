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
    /// A computer.
    Device(DeviceTarget),
    /// What a computer executes; a target of our profile.
    CodeExecution(DeviceTarget),
    /// A running process.
    Process(Box<ProcessTarget>),
    /// IPv4 addresses, as of CIDR.
    Ipv4Net(String),
    /// IPv6 addresses, as of CIDR.
    Ipv6Net(String),
    /// A system service, a target of the profile `er`.
    Service(NamedTarget),
    /// What runs at set times: a cron job or a timer; a target of our profile.
    ScheduledTask(NamedTarget),
    /// A command line, a target of our profile.
    CommandLine(CommandLineTarget),
    /// A command that was sent before; a target of our profile.
    Command(CommandTarget),
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

/// A computer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceTarget {
    /// The name that it is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

/// A process, by its number or by its executable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessTarget {
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// What it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<FileTarget>,
    /// How it was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_line: Option<String>,
}

/// Something that has a name and no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedTarget {
    /// Its name.
    pub name: String,
}

/// What is typed at a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandLineTarget {
    /// The whole line.
    pub line: String,
}

/// A command that was sent before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandTarget {
    /// Its id.
    pub command_id: String,
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
            Self::Device(_) => "device",
            Self::CodeExecution(_) => "x-countersign:code_execution",
            Self::Process(_) => "process",
            Self::Ipv4Net(_) => "ipv4_net",
            Self::Ipv6Net(_) => "ipv6_net",
            Self::Service(_) => "er:service",
            Self::ScheduledTask(_) => "x-countersign:scheduled_task",
            Self::CommandLine(_) => "x-countersign:command_line",
            Self::Command(_) => "x-countersign:command",
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
        let name = self.name();
        match self {
            Self::File(file) => map.serialize_entry(name, file)?,
            Self::Features(features) => map.serialize_entry(name, features)?,
            Self::Device(device) | Self::CodeExecution(device) => map.serialize_entry(name, device)?,
            Self::Process(process) => map.serialize_entry(name, process)?,
            Self::Ipv4Net(net) | Self::Ipv6Net(net) => map.serialize_entry(name, net)?,
            Self::Service(named) | Self::ScheduledTask(named) => map.serialize_entry(name, named)?,
            Self::CommandLine(line) => map.serialize_entry(name, line)?,
            Self::Command(command) => map.serialize_entry(name, command)?,
            Self::Other { value, .. } => map.serialize_entry(name, value)?,
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
            "device" => Target::Device(map.next_value()?),
            "x-countersign:code_execution" => Target::CodeExecution(map.next_value()?),
            "process" => Target::Process(map.next_value()?),
            "ipv4_net" => Target::Ipv4Net(map.next_value()?),
            "ipv6_net" => Target::Ipv6Net(map.next_value()?),
            "er:service" => Target::Service(map.next_value()?),
            "x-countersign:scheduled_task" => Target::ScheduledTask(map.next_value()?),
            "x-countersign:command_line" => Target::CommandLine(map.next_value()?),
            "x-countersign:command" => Target::Command(map.next_value()?),
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

        for wire in [
            json!({"device": {"hostname": "a"}}),
            json!({"process": {"pid": 7, "executable": {"path": "/bin/a"}}}),
            json!({"ipv4_net": "192.0.2.0/24"}),
            json!({"ipv6_net": "2001:db8::/32"}),
            json!({"er:service": {"name": "cron"}}),
            json!({"x-countersign:scheduled_task": {"name": "backup.timer"}}),
            json!({"x-countersign:command_line": {"line": "ps aux"}}),
            json!({"x-countersign:code_execution": {"hostname": "a"}}),
            json!({"x-countersign:command": {"command_id": "1"}}),
            json!({"artifact": {"mime_type": "a"}}),
        ] {
            let target: Target = serde_json::from_value(wire.clone()).unwrap();
            assert_eq!(serde_json::to_value(&target).unwrap(), wire);
            assert_eq!(matches!(target, Target::Other { .. }), target.name() == "artifact");
        }

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
