//! What is acted on (entity) and where it lives (asset).

use serde::{Deserialize, Serialize};

use super::words::words;

#[cfg(any(test, not(feature = "ssr")))]
mod flat;

words! {
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

words! {
    /// The kind of an asset.
    AssetKind {
        Device = "device" "Device",
        Mailbox = "mailbox" "Mailbox",
        Account = "account" "Account",
    }
}

words! {
    /// How much the organisation depends on an asset.
    Criticality {
        VeryHigh = "very_high" "Very high",
        High = "high" "High",
        Medium = "medium" "Medium",
        Low = "low" "Low",
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
    },
    /// Messages that belong together.
    EmailCluster {
        /// The proposer's name of the cluster.
        cluster_id: String,
        /// The subject they share.
        subject: String,
        /// How many messages.
        messages: u32,
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

    /// What the flyout shows: label and value of each field that is set, in reading order.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        let mut put = |label, value: Option<String>| fields.extend(value.map(|value| (label, value)));
        match self {
            Self::Device { name }
            | Self::Service { name }
            | Self::Driver { name }
            | Self::ScheduledTask { name }
            | Self::User { name } => put("Name", Some(name.clone())),
            Self::File { path, sha256, sha1 } => {
                put("Path", path.clone());
                put("SHA-256", sha256.clone());
                put("SHA-1", sha1.clone());
            }
            Self::Process { pid, image, sha256 } => {
                put("Process id", pid.map(|pid| pid.to_string()));
                put("Image", image.clone());
                put("SHA-256", sha256.clone());
            }
            Self::RegistryKey { path } => put("Path", Some(path.clone())),
            Self::IpAddress { address } | Self::Mailbox { address } => put("Address", Some(address.clone())),
            Self::Url { url } => put("URL", Some(url.clone())),
            Self::EmailMessage { message_id, subject, sender, recipients } => {
                put("Subject", Some(subject.clone()));
                put("Sender", Some(sender.clone()));
                put("Recipients", (!recipients.is_empty()).then(|| recipients.join(", ")));
                put("Message ID", Some(message_id.clone()));
            }
            Self::EmailCluster { cluster_id, subject, messages } => {
                put("Subject", Some(subject.clone()));
                put("Messages", Some(messages.to_string()));
                put("Cluster ID", Some(cluster_id.clone()));
            }
            Self::EmailAttachment { file_name, sha256, message_id } => {
                put("File name", Some(file_name.clone()));
                put("SHA-256", sha256.clone());
                put("Message ID", Some(message_id.clone()));
            }
            Self::TeamsMessage { message_id, sender, channel } => {
                put("Sender", Some(sender.clone()));
                put("Channel", Some(channel.clone()));
                put("Message ID", Some(message_id.clone()));
            }
            Self::CloudFile { path, sha256 } => {
                put("Path", Some(path.clone()));
                put("SHA-256", sha256.clone());
            }
        }
        fields
    }
}
