//! What an entity is, whatever its spelling: its canonical form, its own key, and the texts by which it is found.

use super::{Asset, Entity};
use crate::core::canonical;

/// What tells an entity from others on the same asset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its own key: a hash, a Message-ID, an address.
    pub key: Option<String>,
    /// Where or what else it is called, for others that were named without that key: a path, an account's name.
    pub name: Option<String>,
}

impl Identity {
    /// Whether two are the same: by their keys if both have one of the same kind, else by their names.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let kind =
            |key: &Option<String>| key.as_deref().and_then(|key| key.split(' ').next()).map(str::to_owned);
        if kind(&self.key).is_some() && kind(&self.key) == kind(&other.key) {
            return self.key == other.key;
        }
        self.name.is_some() && self.name == other.name
    }
}

fn lower(text: &mut Option<String>) {
    if let Some(text) = text {
        *text = text.trim().to_lowercase();
    }
}

fn with(text: &mut String, canonical: impl Fn(&str) -> String) {
    *text = canonical(text);
}

impl Asset {
    /// With its name in its one spelling.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self { name: canonical::name(&self.name), ..self.clone() }
    }
}

impl Entity {
    /// With everything that names it in its one spelling; what only describes it stays.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut entity = self.clone();
        entity.make_canonical();
        entity
    }

    fn make_canonical(&mut self) {
        if let Self::File { sha256, sha1, md5, .. }
        | Self::Process { sha256, sha1, md5, .. }
        | Self::EmailAttachment { sha256, sha1, md5, .. }
        | Self::CloudFile { sha256, sha1, md5, .. } = self
        {
            [sha256, sha1, md5].into_iter().for_each(lower);
        }
        match self {
            Self::Device { name } | Self::Mailbox { address: name } => with(name, canonical::name),
            Self::File { path, .. } | Self::Process { image: path, .. } => {
                if let Some(path) = path {
                    with(path, canonical::path);
                }
            }
            Self::Service { name } | Self::Driver { name } => with(name, |name| name.trim().to_lowercase()),
            Self::RegistryKey { path, value_name } => {
                with(path, canonical::registry_key);
                lower(value_name);
            }
            Self::ScheduledTask { name: path } => with(path, canonical::path),
            Self::CloudFile { path, .. } => with(path, |path| canonical::path(path).to_lowercase()),
            Self::IpAddress { address } => {
                with(address, |text| canonical::address(text).unwrap_or_else(|| text.to_owned()));
            }
            Self::Url { url } => with(url, |text| canonical::url(text).unwrap_or_else(|| text.to_owned())),
            Self::EmailMessage { message_id, sender, recipients, network_message_id, .. } => {
                with(message_id, canonical::message_id);
                with(sender, canonical::name);
                for recipient in recipients.iter_mut() {
                    with(recipient, canonical::name);
                }
                recipients.sort_unstable();
                recipients.dedup();
                lower(network_message_id);
            }
            Self::EmailAttachment { message_id, .. } => with(message_id, canonical::message_id),
            Self::TeamsMessage { message_id, sender, .. } => {
                with(message_id, |id| id.trim().to_owned());
                with(sender, canonical::name);
            }
            Self::EmailCluster { .. } => {}
            Self::User { name, sid } => {
                with(name, canonical::name);
                if let Some(sid) = sid {
                    *sid = sid.trim().to_uppercase();
                }
            }
        }
    }

    /// What tells it from others on the same asset.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let kind = self.kind();
        let entity = self.canonical();
        let hashes = entity.hashes();
        let hash = hashes.into_iter().find_map(|(name, hash)| Some(format!("{name} {}", hash?)));
        let own = |text: &str| Identity { key: Some(format!("{kind} {text}")), name: None };
        let or_named = |key: Option<String>, name: Option<String>| Identity {
            key,
            name: name.map(|name| format!("{kind} {name}")),
        };
        match &entity {
            Self::Device { name }
            | Self::Service { name }
            | Self::Driver { name }
            | Self::ScheduledTask { name } => own(name),
            Self::Mailbox { address } | Self::IpAddress { address } => own(address),
            Self::Url { url } => own(url),
            Self::File { path, .. } => or_named(hash, path.clone()),
            Self::CloudFile { path, .. } => own(path),
            // A pid alone is given out again, so that its start is part of what it is.
            Self::Process { pid: Some(pid), image, started_at, .. } => or_named(
                started_at.map(|at| format!("process {pid} {at}")),
                image.as_ref().map(|image| format!("{pid} {image}")),
            ),
            Self::Process { image, .. } => or_named(hash, image.clone()),
            Self::RegistryKey { path, value_name } => {
                own(&format!("{path}\n{}", value_name.as_deref().unwrap_or_default()))
            }
            Self::EmailMessage { message_id, network_message_id, .. } => {
                or_named(Some(format!("message {message_id}")), network_message_id.clone())
            }
            Self::EmailCluster { cluster_id, .. } => own(cluster_id),
            Self::EmailAttachment { message_id, file_name, .. } => {
                let named = Some(format!("{message_id} {file_name}"));
                or_named(hash.map(|hash| hash.replacen(' ', &format!(" {message_id} "), 1)), named)
            }
            Self::TeamsMessage { message_id, .. } => own(message_id),
            Self::User { name, sid } => {
                or_named(sid.as_ref().map(|sid| format!("SID {sid}")), Some(name.clone()))
            }
        }
    }

    /// Every text by which people look for it, as it was given.
    #[must_use]
    pub fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.title()];
        let hashes = self.hashes().into_iter().filter_map(|(_, hash)| hash.map(str::to_owned));
        texts.extend(hashes);
        match self {
            Self::Process { pid, command_line, .. } => {
                texts.extend(pid.map(|pid| pid.to_string()));
                texts.extend(command_line.clone());
            }
            Self::EmailMessage { message_id, sender, network_message_id, recipients, .. } => {
                texts.extend([message_id.clone(), sender.clone()]);
                texts.extend(network_message_id.clone());
                texts.extend(recipients.iter().cloned());
            }
            Self::EmailCluster { cluster_id, .. } => texts.push(cluster_id.clone()),
            Self::EmailAttachment { message_id, .. } | Self::TeamsMessage { message_id, .. } => {
                texts.push(message_id.clone());
            }
            Self::User { sid, .. } => texts.extend(sid.clone()),
            _ => {}
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn identity(entity: Value) -> Identity {
        serde_json::from_value::<Entity>(entity).unwrap().identity()
    }

    #[test]
    fn an_entity_is_known_by_its_own_key() {
        let (one, two) = ("ab".repeat(32), "cd".repeat(32));
        let message = |id: &str, subject: &str| json!({"kind": "email_message", "message_id": id, "subject": subject, "sender": "a@b.example"});
        let same = [
            (message("<m@a.example>", "Parcel"), message("m@A.example", "")),
            (
                json!({"kind": "file", "path": "C:\\a.exe", "sha256": one}),
                json!({"kind": "file", "sha256": one.to_uppercase()}),
            ),
            (
                json!({"kind": "file", "path": "C:\\a.exe", "sha256": one}),
                json!({"kind": "file", "path": "c:/A.exe"}),
            ),
            (
                json!({"kind": "user", "name": "kim", "sid": "S-1-5-21-1"}),
                json!({"kind": "user", "name": "kim.old", "sid": "s-1-5-21-1"}),
            ),
            (
                json!({"kind": "user", "name": "kim", "sid": "S-1-5-21-1"}),
                json!({"kind": "user", "name": "KIM"}),
            ),
            (
                json!({"kind": "registry_key", "path": "HKCU\\Run", "value_name": "Updater"}),
                json!({"kind": "registry_key", "path": "hkey_current_user\\run\\", "value_name": "updater"}),
            ),
        ];
        for (one, other) in same {
            assert!(identity(one.clone()).is_same(&identity(other.clone())), "{one} {other}");
        }
        let different = [
            (message("<m@a.example>", "Parcel"), message("<n@a.example>", "Parcel")),
            (
                json!({"kind": "file", "path": "/a", "sha256": one}),
                json!({"kind": "file", "path": "/a", "sha256": two}),
            ),
            (
                json!({"kind": "process", "pid": 7, "image": "/a", "started_at": "2026-01-01T00:00:00Z"}),
                json!({"kind": "process", "pid": 7, "image": "/a", "started_at": "2026-01-02T00:00:00Z"}),
            ),
            (
                json!({"kind": "registry_key", "path": "HKCU\\Run", "value_name": "a"}),
                json!({"kind": "registry_key", "path": "HKCU\\Run", "value_name": "b"}),
            ),
            (json!({"kind": "device", "name": "a"}), json!({"kind": "user", "name": "a"})),
        ];
        for (one, other) in different {
            assert!(!identity(one.clone()).is_same(&identity(other.clone())), "{one} {other}");
        }
    }
}
