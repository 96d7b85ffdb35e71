//! What is acted on (entity) and where it lives (asset).

use serde::{Deserialize, Serialize};

use crate::core::string_enum::string_enum;
use crate::core::time::Timestamp;

#[cfg(any(test, not(feature = "ssr")))]
mod flat;

string_enum! {
    /// The kind of an entity.
    EntityKind {
        Device = "device" "Device",
        File = "file" "File",
        Process = "process" "Process",
        Service = "service" "Service",
        Driver = "driver" "Driver",
        RegistryKey = "registry_key" "Registry key",
        ScheduledTask = "scheduled_task" "Scheduled task",
        IpAddress = "ip_address" "IP address",
        Url = "url" "URL",
        EmailMessage = "email_message" "Email message",
        EmailCluster = "email_cluster" "Email cluster",
        EmailAttachment = "email_attachment" "Email attachment",
        Mailbox = "mailbox" "Mailbox",
        TeamsMessage = "teams_message" "Teams message",
        CloudFile = "cloud_file" "Cloud file",
        User = "user" "User",
    }
}

string_enum! {
    /// The kind of an asset.
    AssetKind {
        Device = "device" "Device",
        Mailbox = "mailbox" "Mailbox",
        Account = "account" "Account",
    }
}

string_enum! {
    /// How much the organisation depends on an asset.
    Criticality {
        VeryHigh = "very_high" "Very high",
        High = "high" "High",
        Medium = "medium" "Medium",
        Low = "low" "Low",
    }
}

string_enum! {
    /// What the mail system did with a message when it came.
    Delivery {
        Delivered = "delivered" "Delivered",
        Junked = "junked" "Delivered to junk",
        Blocked = "blocked" "Blocked",
        Replaced = "replaced" "Attachment replaced",
    }
}

string_enum! {
    /// Where a message is now, as far as the proposer knows.
    MailLocation {
        Inbox = "inbox" "Inbox or a folder",
        Junk = "junk_folder" "Junk folder",
        Deleted = "deleted_items" "Deleted items",
        Quarantine = "quarantine" "Quarantine",
        External = "external" "Outside the organisation",
        Dropped = "dropped" "Dropped",
    }
}

/// The device, mailbox or account on which the entity lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Asset {
    /// Device, mailbox or account.
    pub kind: AssetKind,
    /// Host name, mail address or account name, as the proposer writes it.
    pub name: String,
    /// How much the organisation depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criticality: Option<Criticality>,
    /// The device group it belongs to; none means "Ungrouped devices".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_group: Option<String>,
}

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

/// The entity with the fields of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(not(feature = "ssr"), serde(from = "flat::Flat"))]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Entity {
    /// A computer.
    Device {
        /// Host name.
        name: String,
    },
    /// A file on a device, by path, by hash, or both.
    File {
        /// Absolute path on the asset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// 64 hexadecimal digits, lower case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
        /// 40 hexadecimal digits, lower case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha1: Option<String>,
    },
    /// A running process, by pid and image, or by the image's hash.
    Process {
        /// The process id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pid: Option<u32>,
        /// Path of the executable.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<String>,
        /// SHA-256 of the executable.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
    },
    /// A system service.
    Service {
        /// Its name.
        name: String,
    },
    /// A kernel driver.
    Driver {
        /// Its name.
        name: String,
    },
    /// A registry key.
    RegistryKey {
        /// The full path with its hive.
        path: String,
    },
    /// A scheduled task.
    ScheduledTask {
        /// Its name or path.
        name: String,
    },
    /// An IPv4 or IPv6 address.
    IpAddress {
        /// The address.
        address: String,
    },
    /// A URL.
    Url {
        /// The URL as it was seen.
        url: String,
    },
    /// One email message.
    EmailMessage {
        /// The Message-ID (RFC 5322).
        message_id: String,
        /// Its subject.
        subject: String,
        /// The sender's address.
        sender: String,
        /// The recipients' addresses.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recipients: Vec<String>,
        /// When it came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
        received_at: Option<Timestamp>,
        /// What was done with it then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivery: Option<Delivery>,
        /// Where it is now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<MailLocation>,
    },
    /// Messages that belong together.
    EmailCluster {
        /// The proposer's name of the cluster.
        cluster_id: String,
        /// The subject they share.
        subject: String,
        /// How many messages.
        messages: u32,
        /// In how many mailboxes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mailboxes: Option<u32>,
        /// How many of them were delivered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivered: Option<u32>,
        /// How many were delivered to junk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        junked: Option<u32>,
        /// How many were blocked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocked: Option<u32>,
        /// How many reached their reader without their attachment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaced: Option<u32>,
    },
    /// A file attached to a message.
    EmailAttachment {
        /// The file's name.
        file_name: String,
        /// SHA-256 of the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
        /// The Message-ID of the message that carries it.
        message_id: String,
    },
    /// A mailbox.
    Mailbox {
        /// Its address.
        address: String,
    },
    /// A chat message.
    TeamsMessage {
        /// Its id.
        message_id: String,
        /// Who wrote it.
        sender: String,
        /// Where it stands.
        channel: String,
    },
    /// A file on `SharePoint` or `OneDrive`.
    CloudFile {
        /// Site and path.
        path: String,
        /// SHA-256 of the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
    },
    /// A person's account.
    User {
        /// User principal name or account name.
        name: String,
    },
}

impl Entity {
    /// The kind, which each type of action lists.
    #[must_use]
    pub const fn kind(&self) -> EntityKind {
        match self {
            Self::Device { .. } => EntityKind::Device,
            Self::File { .. } => EntityKind::File,
            Self::Process { .. } => EntityKind::Process,
            Self::Service { .. } => EntityKind::Service,
            Self::Driver { .. } => EntityKind::Driver,
            Self::RegistryKey { .. } => EntityKind::RegistryKey,
            Self::ScheduledTask { .. } => EntityKind::ScheduledTask,
            Self::IpAddress { .. } => EntityKind::IpAddress,
            Self::Url { .. } => EntityKind::Url,
            Self::EmailMessage { .. } => EntityKind::EmailMessage,
            Self::EmailCluster { .. } => EntityKind::EmailCluster,
            Self::EmailAttachment { .. } => EntityKind::EmailAttachment,
            Self::Mailbox { .. } => EntityKind::Mailbox,
            Self::TeamsMessage { .. } => EntityKind::TeamsMessage,
            Self::CloudFile { .. } => EntityKind::CloudFile,
            Self::User { .. } => EntityKind::User,
        }
    }

    /// One line that names the entity: what the Entity column and earlier decisions compare.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Device { name }
            | Self::Service { name }
            | Self::Driver { name }
            | Self::ScheduledTask { name }
            | Self::User { name } => name.clone(),
            Self::File { path, sha256, sha1 } => {
                path.as_ref().or(sha256.as_ref()).or(sha1.as_ref()).cloned().unwrap_or_default()
            }
            Self::Process { pid, image, sha256 } => {
                let image = image.as_ref().or(sha256.as_ref()).cloned().unwrap_or_default();
                pid.map_or(image.clone(), |pid| format!("{image} ({pid})"))
            }
            Self::RegistryKey { path } | Self::CloudFile { path, .. } => path.clone(),
            Self::IpAddress { address } | Self::Mailbox { address } => address.clone(),
            Self::Url { url } => url.clone(),
            Self::EmailMessage { subject, .. } => subject.clone(),
            Self::EmailCluster { subject, messages, .. } => format!("{subject} ({messages} messages)"),
            Self::EmailAttachment { file_name, .. } => file_name.clone(),
            Self::TeamsMessage { sender, channel, .. } => format!("{sender} in {channel}"),
        }
    }

    /// When a message came, if that is known.
    #[must_use]
    pub const fn received_at(&self) -> Option<Timestamp> {
        match self {
            Self::EmailMessage { received_at, .. } => *received_at,
            _ => None,
        }
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
            | Self::ScheduledTask { name }
            | Self::User { name } => put(Text, "Name", Some(name.clone())),
            Self::File { path, sha256, sha1 } => {
                put(Code, "Path", path.clone());
                put(Code, "SHA-256", sha256.clone());
                put(Code, "SHA-1", sha1.clone());
            }
            Self::Process { pid, image, sha256 } => {
                put(Code, "Process id", pid.map(|pid| pid.to_string()));
                put(Code, "Image", image.clone());
                put(Code, "SHA-256", sha256.clone());
            }
            Self::RegistryKey { path } => put(Code, "Path", Some(path.clone())),
            Self::IpAddress { address } => put(Code, "Address", Some(address.clone())),
            Self::Mailbox { address } => put(Text, "Address", Some(address.clone())),
            Self::Url { url } => put(Code, "URL", Some(url.clone())),
            Self::EmailMessage { message_id, subject, sender, recipients, delivery, location, .. } => {
                put(Text, "Subject", Some(subject.clone()));
                put(Text, "Sender", Some(sender.clone()));
                put(Text, "Recipients", (!recipients.is_empty()).then(|| recipients.join(", ")));
                put(Code, "Message ID", Some(message_id.clone()));
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
                put(Text, "Subject", Some(subject.clone()));
                for (label, count) in counts {
                    put(Plain, label, count.map(|count| count.to_string()));
                }
                put(Code, "Cluster ID", Some(cluster_id.clone()));
            }
            Self::EmailAttachment { file_name, sha256, message_id } => {
                put(Code, "File name", Some(file_name.clone()));
                put(Code, "SHA-256", sha256.clone());
                put(Code, "Message ID", Some(message_id.clone()));
            }
            Self::TeamsMessage { message_id, sender, channel } => {
                put(Text, "Sender", Some(sender.clone()));
                put(Text, "Channel", Some(channel.clone()));
                put(Code, "Message ID", Some(message_id.clone()));
            }
            Self::CloudFile { path, sha256 } => {
                put(Code, "Path", Some(path.clone()));
                put(Code, "SHA-256", sha256.clone());
            }
        }
        fields
    }
}
