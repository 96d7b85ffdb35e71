//! The rules that an entity of a proposal must keep, each with a pointer to the field that breaks it.

use serde_json::{Map, Value};

use super::flat::Flat;
use super::{Asset, AssetKind, Entity, EntityKind};
use crate::core::error::FieldError;
use crate::core::text::{MAX_LONG_TEXT, MAX_TEXT, check_text};

mod addresses;
mod names;
mod paths;
mod urls;

use addresses::check_address;
use names::{
    check_account, check_hash, check_host, check_mailbox, check_message_id, check_network_message_id,
    check_one, check_sender, check_sid, check_task,
};
use paths::{check_cloud_path, check_file_path, check_one_path, check_registry_key};
use urls::check_url;

/// Recipients of a message.
const MAX_RECIPIENTS: usize = 10_000;

/// An entity as somebody sent it, before its kind is asked what it has.
pub type GivenEntity = Flat;

impl GivenEntity {
    /// The entity, if what was given is what its kind has.
    ///
    /// # Errors
    /// What is missing, and what its kind does not have.
    pub fn into_entity(self, given: &Map<String, Value>) -> Result<Entity, Vec<FieldError>> {
        let mut entity = Entity::from(self);
        // An account that was deleted has its identifier alone.
        if let Entity::User { name, sid: Some(sid) } = &mut entity
            && name.is_empty()
        {
            name.clone_from(sid);
        }
        let Ok(Value::Object(written)) = serde_json::to_value(&entity) else { return Ok(entity) };
        let kind = entity.kind().with_article();
        // Mail without a subject and bounces, which have no sender, are mail: programs leave the field out, or send null.
        let is_mail = matches!(entity, Entity::EmailMessage { .. } | Entity::EmailCluster { .. });
        let is_needed = |name: &str, value: &Value| match name {
            "subject" | "sender" => !is_mail,
            _ => value.as_str().is_none_or(str::is_empty),
        };
        let missing = written
            .iter()
            .filter(|(name, value)| given.get(*name).is_none_or(Value::is_null) && is_needed(name, value));
        let missing = missing
            .map(|(name, _)| FieldError::new(format!("/{name}"), format!("is missing: {kind} has one")));
        let fields = entity.field_names();
        let unknown =
            given.iter().filter(|(name, value)| !value.is_null() && !fields.contains(&name.as_str()));
        let unknown = unknown.map(|(name, _)| {
            FieldError::new(
                format!("/{name}"),
                format!("is not known of {kind}; it has {}", fields.join(", ")),
            )
        });
        let errors: Vec<_> = missing.chain(unknown).collect();
        if errors.is_empty() { Ok(entity) } else { Err(errors) }
    }
}

impl EntityKind {
    /// As it stands in a sentence: `a device`, `an IP address`.
    #[must_use]
    pub fn with_article(self) -> String {
        let label = self.label();
        // `URL` and `IP` are said letter by letter, the first as `you`.
        let is_vowel = label.starts_with(['A', 'E', 'I', 'O']);
        let is_letters = label.chars().nth(1).is_some_and(char::is_uppercase);
        let noun =
            if is_letters || self == Self::TeamsMessage { label.to_owned() } else { label.to_lowercase() };
        format!("{} {noun}", if is_vowel { "an" } else { "a" })
    }
}

impl Entity {
    /// The names of the fields that its kind has.
    fn field_names(&self) -> &'static [&'static str] {
        match self {
            Self::Device { .. } | Self::Service { .. } | Self::Driver { .. } | Self::ScheduledTask { .. } => {
                &["kind", "name"]
            }
            Self::File { .. } | Self::CloudFile { .. } => &["kind", "path", "sha256", "sha1", "md5"],
            Self::Process { .. } => {
                &["kind", "pid", "image", "sha256", "sha1", "md5", "started_at", "command_line"]
            }
            Self::RegistryKey { .. } => &["kind", "path", "value_name"],
            Self::IpAddress { .. } | Self::Mailbox { .. } => &["kind", "address"],
            Self::Url { .. } => &["kind", "url"],
            Self::EmailMessage { .. } => &[
                "kind",
                "message_id",
                "subject",
                "sender",
                "recipients",
                "received_at",
                "delivery",
                "location",
                "network_message_id",
            ],
            Self::EmailCluster { .. } => &[
                "kind",
                "cluster_id",
                "subject",
                "messages",
                "mailboxes",
                "delivered",
                "junked",
                "blocked",
                "replaced",
            ],
            Self::EmailAttachment { .. } => &["kind", "file_name", "sha256", "sha1", "md5", "message_id"],
            Self::TeamsMessage { .. } => &["kind", "message_id", "sender", "channel"],
            Self::User { .. } => &["kind", "name", "sid"],
        }
    }

    /// What is wrong with it, whatever is done to it; pointers below the entity, each with its first error.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found = self.check_texts();
        found.extend(self.plain().check_names());
        let mut known = std::collections::HashSet::new();
        found.retain(|error| known.insert(error.pointer.clone()));
        found
    }

    /// What is wrong with it as the target of an action, besides [`Entity::check`]: nothing may be meant but it.
    #[must_use]
    pub fn check_target(&self) -> Vec<FieldError> {
        let entity = self.plain();
        let has_hash = entity.hash().is_some();
        let (pointer, result) = match &entity {
            Self::File { path: Some(path), .. } if !path.trim().is_empty() => {
                ("/path", check_file_path(path, has_hash))
            }
            Self::RegistryKey { path, .. } if !path.trim().is_empty() => ("/path", check_registry_key(path)),
            // It is no process: signals to it go to others, and Windows shows what is idle there.
            Self::Process { pid: Some(0), .. } => {
                ("/pid", Err("must be the id of a process; 0 is none".to_owned()))
            }
            Self::Process { image: Some(image), .. } => ("/image", check_one_path(image, has_hash)),
            _ => return Vec::new(),
        };
        result.err().map(|detail| FieldError::new(pointer, detail)).into_iter().collect()
    }

    /// What is wrong with it as something to be blocked, besides.
    #[must_use]
    pub fn check_block(&self) -> Vec<FieldError> {
        let (pointer, result) = match self {
            Self::IpAddress { address } => ("/address", addresses::check_blockable(address)),
            Self::Url { url } => ("/url", urls::check_blockable(url)),
            _ => return Vec::new(),
        };
        result.err().map(|detail| FieldError::new(pointer, detail)).into_iter().collect()
    }

    /// What is wrong with what it is named by.
    fn check_names(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        let mut note = |pointer: &str, detail: String| found.push(FieldError::new(pointer, detail));
        let mut check = |pointer: &str, result: Result<(), String>| {
            if let Err(detail) = result {
                note(pointer, detail);
            }
        };
        for (name, hash) in self.hashes() {
            let (pointer, digits) = match name {
                "SHA-256" => ("/sha256", 64),
                "SHA-1" => ("/sha1", 40),
                _ => ("/md5", 32),
            };
            check(pointer, hash.map_or(Ok(()), |hash| check_hash(hash, digits)));
        }
        match self {
            Self::Device { name } => check("/name", check_host(name)),
            Self::Service { name } => check("/name", check_one(name, "service")),
            Self::Driver { name } => check("/name", check_one(name, "driver")),
            Self::ScheduledTask { name } => check("/name", check_task(name)),
            Self::Mailbox { address } => check("/address", check_mailbox(address)),
            Self::IpAddress { address } => check("/address", check_address(address)),
            Self::Url { url } => check("/url", check_url(url)),
            Self::CloudFile { path, .. } => check("/path", check_cloud_path(path)),
            Self::File { path: None, sha256: None, sha1: None, md5: None } => {
                note("", "a file needs a path, a sha256, a sha1 or an md5".to_owned());
            }
            Self::Process { pid, image, .. }
                if self.hash().is_none() && (pid.is_none() || image.is_none()) =>
            {
                note("", "a process needs pid and image, or the image's sha256, sha1 or md5".to_owned());
            }
            Self::EmailMessage { message_id, sender, recipients, network_message_id, .. } => {
                check("/message_id", check_message_id(message_id));
                check("/sender", check_sender(sender));
                let network_id = network_message_id.as_deref();
                check("/network_message_id", network_id.map_or(Ok(()), check_network_message_id));
                for (index, recipient) in recipients.iter().enumerate() {
                    check(&format!("/recipients/{index}"), check_account(recipient));
                }
                if recipients.len() > MAX_RECIPIENTS {
                    let count = recipients.len();
                    note("/recipients", format!("holds {count} addresses; at most {MAX_RECIPIENTS}"));
                }
            }
            Self::EmailAttachment { message_id, .. } => check("/message_id", check_message_id(message_id)),
            Self::TeamsMessage { sender, .. } => check("/sender", check_account(sender)),
            Self::User { name, sid } => {
                check("/name", check_account(name));
                check("/sid", sid.as_deref().map_or(Ok(()), check_sid));
            }
            Self::EmailCluster { messages: 0, .. } => {
                note("/messages", "a cluster holds at least one message".to_owned());
            }
            Self::EmailCluster { messages, mailboxes, delivered, junked, blocked, replaced, .. } => {
                let known = [delivered, junked, blocked, replaced].into_iter().flatten();
                if known.map(|&count| u64::from(count)).sum::<u64>() > u64::from(*messages) {
                    let detail = "is less than delivered, junked, blocked and replaced together";
                    note("/messages", detail.to_owned());
                }
                if mailboxes.is_some_and(|mailboxes| !(1..=*messages).contains(&mailboxes)) {
                    note("/mailboxes", "must be one at least, and not more than the messages".to_owned());
                }
            }
            _ => {}
        }
        found
    }

    /// Every text in it: not empty where it must not be, not too long, without NUL.
    fn check_texts(&self) -> Vec<FieldError> {
        let Ok(Value::Object(fields)) = serde_json::to_value(self) else { return Vec::new() };
        let check = |pointer: String, name: &str, text: &str| {
            // Mail without a subject and bounces, which have no sender, are mail.
            if text.trim().is_empty() && matches!(name, "subject" | "sender") {
                return None;
            }
            // The default value of a registry key has no name.
            if text.is_empty() && name == "value_name" {
                return None;
            }
            let limit = if matches!(name, "command_line" | "url") { MAX_LONG_TEXT } else { MAX_TEXT };
            check_text(text, limit).err().map(|detail| FieldError::new(pointer, detail))
        };
        let mut found = Vec::new();
        for (name, value) in &fields {
            match value {
                Value::String(text) => found.extend(check(format!("/{name}"), name, text)),
                Value::Array(items) => {
                    let texts =
                        items.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_str()?)));
                    found.extend(
                        texts.filter_map(|(index, text)| check(format!("/{name}/{index}"), name, text)),
                    );
                }
                _ => {}
            }
        }
        found
    }
}

impl Asset {
    /// What is wrong with it; pointers below the asset.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let group = self.device_group.as_deref().map_or(Ok(()), |group| check_text(group, MAX_TEXT));
        let name = self.plain().name;
        let check_name = match self.kind {
            AssetKind::Device => check_host,
            AssetKind::Mailbox => check_mailbox,
            AssetKind::Account => check_account,
        };
        [
            ("/name", check_text(&self.name, MAX_TEXT).and_then(|()| check_name(&name))),
            ("/device_group", group),
        ]
        .into_iter()
        .filter_map(|(pointer, result)| Some(FieldError::new(pointer, result.err()?)))
        .collect()
    }
}

#[cfg(test)]
mod tests;
