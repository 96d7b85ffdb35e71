//! An entity for whoever reads it: its one line, and its fields in reading order.

use super::{Delivery, Entity};
use crate::core::time::Timestamp;

/// How a field reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Somebody's words: names, subjects, addresses.
    Text,
    /// To the letter: paths, hashes, ids.
    Code,
    /// A word of ours, or a count.
    Plain,
}

/// A field of an entity, for whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// How it reads.
    pub kind: FieldKind,
    /// What it is called.
    pub label: &'static str,
    /// What it holds.
    pub value: String,
}

impl Entity {
    /// One line that names the entity: what the Entity column shows.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Device { name }
            | Self::Service { name }
            | Self::Driver { name }
            | Self::ScheduledTask { name }
            | Self::User { name, .. } => name.clone(),
            Self::File { path, sha256, sha1, md5 } => first([path, sha256, sha1, md5]),
            Self::Process { pid, image, sha256, sha1, md5, .. } => {
                let image = first([image, sha256, sha1, md5]);
                pid.map_or(image.clone(), |pid| format!("{image} ({pid})"))
            }
            Self::RegistryKey { path, value_name: Some(value) } => format!("{path}\\{}", value_line(value)),
            Self::RegistryKey { path, .. } | Self::CloudFile { path, .. } => path.clone(),
            Self::IpAddress { address } | Self::Mailbox { address } => address.clone(),
            Self::Url { url } => url.clone(),
            Self::EmailMessage { subject, .. } => subject_line(subject),
            Self::EmailCluster { subject, messages, .. } => {
                format!("{} ({messages} messages)", subject_line(subject))
            }
            Self::EmailAttachment { file_name, .. } => file_name.clone(),
            Self::TeamsMessage { sender, channel, .. } => format!("{sender} in {channel}"),
        }
    }

    /// When a message came or a process started, if that is known, and what that is called.
    #[must_use]
    pub const fn time(&self) -> Option<(&'static str, Timestamp)> {
        match self {
            Self::EmailMessage { received_at: Some(at), .. } => Some(("Received", *at)),
            Self::Process { started_at: Some(at), .. } => Some(("Started", *at)),
            _ => None,
        }
    }

    /// The hash values of its content by their names, the strongest first.
    #[must_use]
    pub fn hashes(&self) -> [(&'static str, Option<&str>); 3] {
        let (sha256, sha1, md5) = match self {
            Self::File { sha256, sha1, md5, .. }
            | Self::Process { sha256, sha1, md5, .. }
            | Self::EmailAttachment { sha256, sha1, md5, .. }
            | Self::CloudFile { sha256, sha1, md5, .. } => (sha256, sha1, md5),
            _ => (&None, &None, &None),
        };
        [("SHA-256", sha256.as_deref()), ("SHA-1", sha1.as_deref()), ("MD5", md5.as_deref())]
    }

    /// The id of the message that it is, or that carries it.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        match self {
            Self::EmailMessage { message_id, .. }
            | Self::EmailAttachment { message_id, .. }
            | Self::TeamsMessage { message_id, .. } => Some(message_id),
            _ => None,
        }
    }

    /// The strongest of them.
    #[must_use]
    pub fn hash(&self) -> Option<&str> {
        self.hashes().into_iter().find_map(|(_, hash)| hash)
    }

    /// All that it says of itself, in one line, for an export.
    #[must_use]
    pub fn details(&self) -> String {
        let pairs = self.fields().into_iter().map(|field| format!("{}: {}", field.label, field.value));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// What the flyout shows, but for times: each field that is set, in reading order.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        use FieldKind::{Code, Plain, Text};
        let mut fields = Vec::new();
        let mut put = |kind, label, value: Option<String>| {
            fields.extend(value.map(|value| Field { kind, label, value }));
        };
        match self {
            Self::Device { name }
            | Self::Service { name }
            | Self::Driver { name }
            | Self::ScheduledTask { name } => put(Text, "Name", Some(name.clone())),
            Self::User { name, sid } => {
                put(Text, "Name", Some(name.clone()));
                put(Code, "SID", sid.clone());
            }
            Self::File { path, .. } => put(Code, "Path", path.clone()),
            Self::Process { pid, image, command_line, .. } => {
                put(Code, "Process id", pid.map(|pid| pid.to_string()));
                put(Code, "Image", image.clone());
                put(Code, "Command line", command_line.clone());
            }
            Self::RegistryKey { path, value_name } => {
                put(Code, "Path", Some(path.clone()));
                put(Code, "Value", value_name.as_deref().map(|name| value_line(name).to_owned()));
            }
            Self::IpAddress { address } => put(Code, "Address", Some(address.clone())),
            Self::Mailbox { address } => put(Text, "Address", Some(address.clone())),
            Self::Url { url } => put(Code, "URL", Some(url.clone())),
            Self::EmailMessage {
                message_id,
                subject,
                sender,
                recipients,
                delivery,
                location,
                network_message_id,
                ..
            } => {
                put(Text, "Subject", Some(subject_line(subject)));
                // The null reverse-path of RFC 5321: what bounces have.
                let sender = if sender.trim().is_empty() { "<>" } else { sender };
                put(Text, "Sender", Some(sender.to_owned()));
                put(Text, "Recipients", (!recipients.is_empty()).then(|| recipients.join(", ")));
                put(Code, "Message ID", Some(message_id.clone()));
                put(Code, "Network message ID", network_message_id.clone());
                put(Plain, "Delivery", delivery.map(|delivery| delivery.label().to_owned()));
                put(Plain, "Location now", location.map(|location| location.label().to_owned()));
            }
            Self::EmailCluster {
                cluster_id,
                subject,
                messages,
                mailboxes,
                delivered,
                junked,
                blocked,
                replaced,
            } => {
                let counts = [
                    ("Messages", &Some(*messages)),
                    ("Mailboxes", mailboxes),
                    (Delivery::Delivered.label(), delivered),
                    (Delivery::Junked.label(), junked),
                    (Delivery::Blocked.label(), blocked),
                    (Delivery::Replaced.label(), replaced),
                ];
                put(Text, "Subject", Some(subject_line(subject)));
                for (label, count) in counts {
                    put(Plain, label, count.map(|count| count.to_string()));
                }
                put(Code, "Cluster ID", Some(cluster_id.clone()));
            }
            Self::EmailAttachment { file_name, message_id, .. } => {
                put(Code, "File name", Some(file_name.clone()));
                put(Code, "Message ID", Some(message_id.clone()));
            }
            Self::TeamsMessage { message_id, sender, channel } => {
                put(Text, "Sender", Some(sender.clone()));
                put(Text, "Channel", Some(channel.clone()));
                put(Code, "Message ID", Some(message_id.clone()));
            }
            Self::CloudFile { path, .. } => put(Code, "Path", Some(path.clone())),
        }
        for (label, hash) in self.hashes() {
            put(Code, label, hash.map(str::to_owned));
        }
        fields
    }
}

fn first<const N: usize>(texts: [&Option<String>; N]) -> String {
    texts.into_iter().flatten().next().cloned().unwrap_or_default()
}

/// The default value of a registry key has no name.
fn value_line(name: &str) -> &str {
    if name.is_empty() { "(Default)" } else { name }
}

fn subject_line(subject: &str) -> String {
    if subject.trim().is_empty() { "(no subject)".to_owned() } else { subject.to_owned() }
}
