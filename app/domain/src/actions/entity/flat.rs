//! How an entity is read field by field: every field that any kind has, then the kind picks its own. The server reads
//! so what strangers send, to point at what is wrong, and the browser reads so what the server wrote.
//!
//! Reading each kind by its own rules, as serde would, loses the field at fault and takes a machinery that would be
//! a twentieth of the page's wasm.

use serde::Deserialize;

use super::{Delivery, Entity, EntityKind, MailLocation};
use crate::core::time::Timestamp;

/// All fields of all kinds.
#[derive(Debug, Deserialize)]
pub struct Flat {
    kind: EntityKind,
    name: Option<String>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    path: Option<String>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    sha256: Option<String>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    sha1: Option<String>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    md5: Option<String>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    pid: Option<u32>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    image: Option<String>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::time_or_nothing"))]
    started_at: Option<Timestamp>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    command_line: Option<String>,
    // An empty one is the default value of the key.
    value_name: Option<String>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    sid: Option<String>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    network_message_id: Option<String>,
    address: Option<String>,
    url: Option<String>,
    message_id: Option<String>,
    subject: Option<String>,
    sender: Option<String>,
    recipients: Option<Vec<String>>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::time_or_nothing"))]
    received_at: Option<Timestamp>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    delivery: Option<Delivery>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    location: Option<MailLocation>,
    cluster_id: Option<String>,
    messages: Option<u32>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    mailboxes: Option<u32>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    delivered: Option<u32>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    junked: Option<u32>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    blocked: Option<u32>,
    #[cfg_attr(feature = "ssr", serde(default, deserialize_with = "crate::core::given::or_nothing"))]
    replaced: Option<u32>,
    file_name: Option<String>,
    channel: Option<String>,
}

impl From<Flat> for Entity {
    fn from(flat: Flat) -> Self {
        let Flat { kind, name, path, sha256, sha1, md5, address, url, .. } = flat;
        let Flat { message_id, subject, sender, recipients, file_name, channel, .. } = flat;
        let (name, address, url) = (text(name), text(address), text(url));
        let (message_id, subject, sender) = (text(message_id), text(subject), text(sender));
        let (file_name, channel) = (text(file_name), text(channel));
        match kind {
            EntityKind::Device => Self::Device { name },
            EntityKind::File => Self::File { path, sha256, sha1, md5 },
            EntityKind::Process => {
                let Flat { pid, image, started_at, command_line, .. } = flat;
                Self::Process { pid, image, sha256, sha1, md5, started_at, command_line }
            }
            EntityKind::Service => Self::Service { name },
            EntityKind::Driver => Self::Driver { name },
            EntityKind::RegistryKey => Self::RegistryKey { path: text(path), value_name: flat.value_name },
            EntityKind::ScheduledTask => Self::ScheduledTask { name },
            EntityKind::IpAddress => Self::IpAddress { address },
            EntityKind::Url => Self::Url { url },
            EntityKind::EmailMessage => {
                let Flat { received_at, delivery, location, network_message_id, .. } = flat;
                Self::EmailMessage {
                    message_id,
                    subject,
                    sender,
                    recipients: recipients.unwrap_or_default(),
                    received_at,
                    delivery,
                    location,
                    network_message_id,
                }
            }
            EntityKind::EmailCluster => {
                let Flat { cluster_id, messages, mailboxes, delivered, junked, blocked, replaced, .. } = flat;
                Self::EmailCluster {
                    cluster_id: text(cluster_id),
                    subject,
                    messages: messages.unwrap_or_default(),
                    mailboxes,
                    delivered,
                    junked,
                    blocked,
                    replaced,
                }
            }
            EntityKind::EmailAttachment => Self::EmailAttachment { file_name, sha256, sha1, md5, message_id },
            EntityKind::Mailbox => Self::Mailbox { address },
            EntityKind::TeamsMessage => Self::TeamsMessage { message_id, sender, channel },
            EntityKind::CloudFile => Self::CloudFile { path: text(path), sha256, sha1, md5 },
            EntityKind::User => Self::User { name, sid: flat.sid },
        }
    }
}

/// Null and a field that is left out are an empty text, which the rules refuse where there has to be one.
fn text(given: Option<String>) -> String {
    given.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_reads_every_kind_as_the_server_wrote_it() {
        for kind in EntityKind::ALL {
            let mut all = serde_json::json!({
                "kind": kind, "name": "n", "path": "/p", "sha256": "ab", "sha1": "cd", "md5": "ef", "pid": 7, "image": "/i",
                "started_at": "2026-01-02T03:04:05Z", "command_line": "i -q", "value_name": "v", "sid": "S-1-1-0",
                "network_message_id": "0-0",
                "address": "192.0.2.1", "url": "https://u.example", "message_id": "<m>", "subject": "s",
                "sender": "a@b.example", "recipients": ["c@d.example"], "cluster_id": "c", "messages": 3,
                "received_at": "2026-01-02T03:04:05Z", "delivery": "junked", "location": "junk_folder",
                "mailboxes": 2, "delivered": 0, "junked": 1, "blocked": 1, "replaced": 1,
                "file_name": "f", "channel": "ch",
            });
            let read: Flat = serde_json::from_value(all.take()).unwrap();
            let entity = Entity::from(read);
            assert_eq!(entity.kind(), *kind);
            let written = serde_json::to_value(&entity).unwrap();
            assert_eq!(serde_json::from_value::<Entity>(written.clone()).unwrap(), entity);
            assert_eq!(Entity::from(serde_json::from_value::<Flat>(written).unwrap()), entity);
        }
    }
}
