//! What an entity is, whatever its spelling: its canonical form, its own key, and the texts by which it is found.

use super::{Asset, AssetKind, Entity};
use crate::core::{canonical, plain};

/// What tells an entity from others on the same asset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its own key: a hash, a Message-ID, an address. Of several, the strongest.
    pub key: Option<String>,
    /// Where or what else it is called, for others that were named without that key: a path, an account's name.
    pub name: Option<String>,
    /// Weaker keys, for others that were named by them alone: the further hashes of a file, the strongest first.
    pub weaker: Vec<String>,
}

impl Identity {
    /// Whether two are the same: by the strongest key of a kind that both have, else by their names.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let kind = |key: &str| key.split(' ').next().map(str::to_owned);
        let shared =
            self.keys().find_map(|key| Some((key, other.keys().find(|other| kind(other) == kind(key))?)));
        match shared {
            Some((key, other)) => key == other,
            None => self.name.is_some() && self.name == other.name,
        }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.key.iter().chain(&self.weaker).map(String::as_str)
    }
}

/// The form of what an entity is named by, now or of digests of before.
struct Forms {
    path: fn(&str) -> String,
    registry_key: fn(&str) -> String,
    message_id: fn(&str) -> String,
    url: fn(&str) -> Option<String>,
}

const FORMS: Forms = Forms {
    path: canonical::path,
    registry_key: canonical::registry_key,
    message_id: canonical::message_id,
    url: canonical::url,
};

const FORMS_BEFORE: Forms = Forms {
    path: canonical::before::path,
    registry_key: canonical::before::registry_key,
    message_id: canonical::before::message_id,
    url: canonical::before::url,
};

fn lower(text: &mut Option<String>) {
    if let Some(text) = text {
        *text = text.trim().to_lowercase();
    }
}

fn with(text: &mut String, canonical: impl Fn(&str) -> String) {
    *text = canonical(text);
}

impl Asset {
    /// With its name out of its dress: without quotes, and not as a link.
    #[must_use]
    pub fn plain(&self) -> Self {
        let name = match self.kind {
            AssetKind::Device => plain::host(&self.name),
            AssetKind::Mailbox | AssetKind::Account => plain::account(&self.name),
        };
        Self { name, ..self.clone() }
    }

    /// With its name in its one spelling.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self { name: canonical::name(&self.name), ..self.clone() }
    }
}

impl Entity {
    /// With what names it out of its dress: without quotes, and not as a link or a header.
    #[must_use]
    pub fn plain(&self) -> Self {
        let mut entity = self.clone();
        for id in entity.ids_mut().into_iter().flatten() {
            with(id, |id| id.trim().to_owned());
        }
        match &mut entity {
            Self::Device { name } => with(name, plain::host),
            Self::Mailbox { address: name } | Self::User { name, .. } => with(name, plain::account),
            Self::File { path: Some(path), .. } | Self::Process { image: Some(path), .. } => {
                with(path, plain::path);
            }
            Self::RegistryKey { path, .. } => with(path, plain::registry_key),
            Self::Url { url } => with(url, plain::url),
            Self::EmailMessage { message_id, sender, recipients, .. } => {
                with(message_id, plain::message_id);
                with(sender, plain::mail_address);
                for recipient in recipients {
                    with(recipient, plain::mail_address);
                }
            }
            Self::EmailAttachment { message_id, .. } => with(message_id, plain::message_id),
            Self::TeamsMessage { sender, .. } => with(sender, plain::mail_address),
            _ => {}
        }
        entity
    }

    /// The hash values of its content.
    pub(in crate::actions) fn hashes_mut(&mut self) -> Vec<&mut Option<String>> {
        match self {
            Self::File { sha256, sha1, md5, .. }
            | Self::Process { sha256, sha1, md5, .. }
            | Self::EmailAttachment { sha256, sha1, md5, .. }
            | Self::CloudFile { sha256, sha1, md5, .. } => vec![sha256, sha1, md5],
            _ => Vec::new(),
        }
    }

    /// The identifiers of the entity that never hold a space.
    fn ids_mut(&mut self) -> Vec<&mut Option<String>> {
        match self {
            Self::EmailMessage { network_message_id: id, .. } | Self::User { sid: id, .. } => vec![id],
            entity => entity.hashes_mut(),
        }
    }

    /// With everything that names it in its one spelling; what only describes it stays.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut entity = self.clone();
        entity.make_canonical(&FORMS);
        entity
    }

    /// In the spelling of which older programs made digests: they bind what was stored then.
    #[must_use]
    pub fn canonical_before(&self) -> Self {
        let mut entity = self.clone();
        entity.make_canonical(&FORMS_BEFORE);
        entity
    }

    fn make_canonical(&mut self, forms: &Forms) {
        self.hashes_mut().into_iter().for_each(lower);
        match self {
            Self::Device { name } | Self::Mailbox { address: name } => with(name, canonical::name),
            Self::File { path, .. } | Self::Process { image: path, .. } => {
                if let Some(path) = path {
                    with(path, forms.path);
                }
            }
            Self::Service { name } | Self::Driver { name } => with(name, |name| name.trim().to_lowercase()),
            Self::RegistryKey { path, value_name } => {
                with(path, forms.registry_key);
                lower(value_name);
            }
            Self::ScheduledTask { name: path } => with(path, canonical::before::path),
            Self::CloudFile { path, .. } => with(path, |path| canonical::before::path(path).to_lowercase()),
            Self::IpAddress { address } => {
                with(address, |text| canonical::address(text).unwrap_or_else(|| text.to_owned()));
            }
            Self::Url { url } => with(url, |text| (forms.url)(text).unwrap_or_else(|| text.to_owned())),
            Self::EmailMessage { message_id, sender, recipients, network_message_id, .. } => {
                with(message_id, forms.message_id);
                with(sender, canonical::name);
                for recipient in recipients.iter_mut() {
                    with(recipient, canonical::name);
                }
                recipients.sort_unstable();
                recipients.dedup();
                lower(network_message_id);
            }
            Self::EmailAttachment { message_id, .. } => with(message_id, forms.message_id),
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
        let hashes = entity.hashes().into_iter().filter_map(|(name, hash)| Some((name, hash?)));
        let own = |text: &str| Identity { key: Some(format!("{kind} {text}")), ..Identity::default() };
        let or_named = |key: Option<String>, name: Option<String>| Identity {
            key,
            name: name.map(|name| format!("{kind} {name}")),
            weaker: Vec::new(),
        };
        let by_hash = |among: &str, name: Option<String>| {
            let mut keys = hashes.map(|(of, hash)| format!("{of} {among}{hash}"));
            let key = keys.next();
            Identity { weaker: keys.collect(), ..or_named(key, name) }
        };
        match &entity {
            Self::Device { name }
            | Self::Service { name }
            | Self::Driver { name }
            | Self::ScheduledTask { name } => own(name),
            Self::Mailbox { address } | Self::IpAddress { address } => own(address),
            Self::Url { url } => own(url),
            Self::File { path, .. } => by_hash("", path.clone()),
            Self::CloudFile { path, .. } => own(path),
            // A pid alone is given out again, so that its start is part of what it is.
            Self::Process { pid: Some(pid), image, started_at, .. } => or_named(
                started_at.map(|at| format!("process {pid} {at}")),
                image.as_ref().map(|image| format!("{pid} {image}")),
            ),
            Self::Process { image, .. } => by_hash("", image.clone()),
            Self::RegistryKey { path, value_name } => {
                // The default value, which has no name, is not the whole key.
                let value = value_name.as_deref().map(|name| if name.is_empty() { "\n" } else { name });
                own(&format!("{path}\n{}", value.unwrap_or_default()))
            }
            Self::EmailMessage { message_id, network_message_id, .. } => {
                or_named(Some(format!("message {message_id}")), network_message_id.clone())
            }
            Self::EmailCluster { cluster_id, .. } => own(cluster_id),
            Self::EmailAttachment { message_id, file_name, .. } => {
                let named = Some(format!("{message_id} {file_name}"));
                by_hash(&format!("{message_id} "), named)
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
        let three = json!({"kind": "file", "path": "/b", "sha256": one, "sha1": "11".repeat(20), "md5": "22".repeat(16)});
        for weaker in [
            json!({"kind": "file", "sha256": one}),
            json!({"kind": "file", "path": "/c", "sha1": "11".repeat(20)}),
            json!({"kind": "file", "md5": "22".repeat(16)}),
            json!({"kind": "file", "sha1": "11".repeat(20), "md5": "33".repeat(16)}),
            json!({"kind": "file", "path": "/b"}),
        ] {
            assert!(identity(three.clone()).is_same(&identity(weaker.clone())), "{weaker}");
            assert!(identity(weaker.clone()).is_same(&identity(three.clone())), "{weaker}");
        }
        for contradicts in [
            json!({"kind": "file", "path": "/b", "sha256": two, "md5": "22".repeat(16)}),
            json!({"kind": "file", "path": "/b", "md5": "33".repeat(16)}),
            json!({"kind": "process", "sha256": two, "sha1": "11".repeat(20)}),
        ] {
            assert!(!identity(three.clone()).is_same(&identity(contradicts.clone())), "{contradicts}");
        }
        let different = [
            (
                json!({"kind": "registry_key", "path": "HKCU\\Run"}),
                json!({"kind": "registry_key", "path": "HKCU\\Run", "value_name": ""}),
            ),
            (json!({"kind": "file", "path": "/srv/a b "}), json!({"kind": "file", "path": "/srv/a b"})),
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

    #[test]
    fn digests_of_before_bind_what_was_stored_in_dress() {
        let of = |entity: Value| serde_json::from_value::<Entity>(entity).unwrap();
        for (given, before) in [
            (json!({"kind": "file", "path": "/etc/../a "}), json!({"kind": "file", "path": "/etc/../a"})),
            (
                json!({"kind": "registry_key", "path": "HKLM/Software"}),
                json!({"kind": "registry_key", "path": "hklm/software"}),
            ),
            (
                json!({"kind": "email_attachment", "file_name": "a", "message_id": "&lt;a@b&gt;"}),
                json!({"kind": "email_attachment", "file_name": "a", "message_id": "<&lt;a@b&gt;>"}),
            ),
            (
                json!({"kind": "url", "url": "https://a.example/%61%2f"}),
                json!({"kind": "url", "url": "https://a.example/%61%2F"}),
            ),
        ] {
            let entity = of(given.clone());
            assert_eq!(serde_json::to_value(entity.canonical_before()).unwrap(), before);
            assert_ne!(entity.canonical(), entity.canonical_before(), "{given}");
        }
        // What was in one form all along is in it still.
        for same in [
            json!({"kind": "file", "path": "C:\\Users\\x\\..\\a.exe "}),
            json!({"kind": "file", "path": "//srv//a/."}),
            json!({"kind": "registry_key", "path": "Computer\\HKLM\\Software\\"}),
            json!({"kind": "email_message", "message_id": " m@A.example", "subject": "", "sender": "Kim <k@b>"}),
            json!({"kind": "scheduled_task", "name": "\\Vendor\\Update "}),
            json!({"kind": "cloud_file", "path": "site/../y "}),
        ] {
            assert_eq!(of(same.clone()).canonical(), of(same.clone()).canonical_before(), "{same}");
        }
    }
}
