//! What is acted on (entity) and where it lives (asset).

use serde::{Deserialize, Serialize};

use crate::core::string_enum::string_enum;
use crate::core::time::Timestamp;

mod fields;
mod flat;
#[cfg(feature = "ssr")]
mod identity;
#[cfg(feature = "ssr")]
mod rules;

pub use fields::{Field, FieldKind};
#[cfg(feature = "ssr")]
pub use identity::Identity;
#[cfg(feature = "ssr")]
pub use rules::GivenEntity;

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
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub criticality: Option<Criticality>,
    /// The device group it belongs to; none means "Ungrouped devices".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
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
        /// 32 hexadecimal digits, lower case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        md5: Option<String>,
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
        /// SHA-1 of the executable.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha1: Option<String>,
        /// MD5 of the executable.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        md5: Option<String>,
        /// When it started: a pid is given out again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
        started_at: Option<Timestamp>,
        /// With which command line, up to 32 kB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command_line: Option<String>,
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
    /// A registry key, or one value of it.
    RegistryKey {
        /// The full path with its hive.
        path: String,
        /// The name of the value, empty for the default value; the whole key where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value_name: Option<String>,
    },
    /// A scheduled task.
    ScheduledTask {
        /// Its name or path.
        name: String,
    },
    /// An IPv4 or IPv6 address, or a range of them.
    IpAddress {
        /// The address, or the range as of CIDR (`203.0.113.0/24`).
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
        /// Its subject; empty if it has none.
        #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_empty"))]
        subject: String,
        /// The sender's address; empty for what has no return path.
        #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_empty"))]
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
        /// The mail system's own id of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        network_message_id: Option<String>,
    },
    /// Messages that belong together.
    EmailCluster {
        /// The proposer's name of the cluster.
        cluster_id: String,
        /// The subject they share; empty if they have none.
        #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_empty"))]
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
        /// SHA-1 of the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha1: Option<String>,
        /// MD5 of the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        md5: Option<String>,
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
        /// SHA-1 of the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha1: Option<String>,
        /// MD5 of the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        md5: Option<String>,
    },
    /// A person's account.
    User {
        /// User principal name or account name; the security identifier where that alone is given.
        #[cfg_attr(feature = "ssr", serde(default))]
        name: String,
        /// Its security identifier, for example `S-1-5-21-1-2-3-500`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sid: Option<String>,
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
}
