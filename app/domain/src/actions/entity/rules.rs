//! The rules that an entity of a proposal must keep, each with a pointer to the field that breaks it.

use serde_json::{Map, Value};

use super::flat::Flat;
use super::{Asset, Entity};
use crate::core::canonical;
use crate::core::error::FieldError;
use crate::core::refang::{refang, refang_link};
use crate::core::text::{MAX_LONG_TEXT, MAX_TEXT, check_text};

/// Recipients of a message.
const MAX_RECIPIENTS: usize = 10_000;
/// Schemes of what is blocked.
const SCHEMES: &str = "https http ftp ftps sftp ws wss ldap ldaps smb tcp udp";

/// An entity as somebody sent it, before its kind is asked what it has.
pub type GivenEntity = Flat;

impl GivenEntity {
    /// The entity, if what was given is what its kind has.
    ///
    /// # Errors
    /// What is missing, and what its kind does not have.
    pub fn into_entity(self, given: &Map<String, Value>) -> Result<Entity, Vec<FieldError>> {
        let entity = Entity::from(self);
        let Ok(Value::Object(written)) = serde_json::to_value(&entity) else { return Ok(entity) };
        let kind = entity.kind().label().to_lowercase();
        let missing = written.keys().filter(|name| given.get(*name).is_none_or(Value::is_null));
        let missing =
            missing.map(|name| FieldError::new(format!("/{name}"), format!("is missing: a {kind} has one")));
        let fields = entity.field_names();
        let unknown =
            given.iter().filter(|(name, value)| !value.is_null() && !fields.contains(&name.as_str()));
        let unknown = unknown.map(|(name, _)| {
            FieldError::new(
                format!("/{name}"),
                format!("is not known of a {kind}; it has {}", fields.join(", ")),
            )
        });
        let errors: Vec<_> = missing.chain(unknown).collect();
        if errors.is_empty() { Ok(entity) } else { Err(errors) }
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

    /// What is wrong with it, whatever is done to it; pointers below the entity.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found = self.check_texts();
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
            Self::Device { name } => check("/name", check_fanged(name)),
            Self::Mailbox { address } => check("/address", check_fanged(address)),
            Self::IpAddress { address } => check("/address", check_address(address)),
            Self::Url { url } => check("/url", check_url(url)),
            Self::File { path: None, sha256: None, sha1: None, md5: None } => {
                note("", "a file needs a path, a sha256, a sha1 or an md5".to_owned());
            }
            Self::Process { pid, image, .. }
                if self.hash().is_none() && (pid.is_none() || image.is_none()) =>
            {
                note("", "a process needs pid and image, or the image's sha256, sha1 or md5".to_owned());
            }
            Self::EmailMessage { sender, recipients, .. } => {
                check("/sender", check_fanged(sender));
                for (index, recipient) in recipients.iter().enumerate() {
                    check(&format!("/recipients/{index}"), check_fanged(recipient));
                }
                if recipients.len() > MAX_RECIPIENTS {
                    let count = recipients.len();
                    note("/recipients", format!("holds {count} addresses; at most {MAX_RECIPIENTS}"));
                }
            }
            Self::User { name, sid } => {
                check("/name", check_fanged(name));
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
        [
            ("/name", check_text(&self.name, MAX_TEXT).and_then(|()| check_fanged(&self.name))),
            ("/device_group", group),
        ]
        .into_iter()
        .filter_map(|(pointer, result)| Some(FieldError::new(pointer, result.err()?)))
        .collect()
    }
}

fn check_hash(value: &str, digits: usize) -> Result<(), String> {
    if value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(format!("must be {digits} hexadecimal digits"))
    }
}

fn check_sid(sid: &str) -> Result<(), String> {
    let mut parts = sid.split('-');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let begins = parts.next().is_some_and(|part| part.eq_ignore_ascii_case("s"));
    let numbers: Vec<_> = parts.collect();
    if begins && numbers.len() >= 3 && numbers.iter().all(|part| is_number(part)) {
        Ok(())
    } else {
        Err("must be a security identifier, for example S-1-5-21-1-2-3-500".to_owned())
    }
}

/// Nothing of that name exists: what would be done hits nothing.
fn check_fanged(text: &str) -> Result<(), String> {
    refang(text).map_or(Ok(()), |plain| Err(format!("is defanged; send {plain}")))
}

fn check_address(text: &str) -> Result<(), String> {
    if let Some(canonical) = canonical::address(text) {
        return match canonical.rsplit_once('/') {
            Some((_, "0")) => Err("is every address there is; name a smaller range".to_owned()),
            _ => Ok(()),
        };
    }
    if let Some(plain) = refang_link(text).filter(|plain| canonical::address(plain).is_some()) {
        return Err(format!("is defanged; send {plain}"));
    }
    if let Some((first, range)) = range_of(text) {
        return Err(format!(
            "is a range that begins elsewhere; send {range} for the range, or {first} for one address"
        ));
    }
    let bare = text.trim().trim_start_matches('[');
    let bare = bare.split_once(']').map_or(bare, |(bare, _)| bare);
    let host = bare.rsplit_once(':').map_or(bare, |(host, _)| host);
    match [bare, host].into_iter().find(|part| canonical::address(part).is_some()) {
        Some(plain) => Err(format!("must be an address without brackets and port; send {plain}")),
        None => Err(
            "must be an IPv4 or IPv6 address like 203.0.113.7 or 2001:db8::7, or a range like 203.0.113.0/24"
                .to_owned(),
        ),
    }
}

/// The address and the range that a range with host bits may mean.
fn range_of(text: &str) -> Option<(String, String)> {
    let (first, _) = text.split_once('/')?;
    let net: ipnet::IpNet = text.trim().parse().ok()?;
    Some((canonical::address(first)?, net.trunc().to_string()))
}

fn check_url(text: &str) -> Result<(), String> {
    let plain = refang_link(text);
    if let Some(plain) = plain.filter(|plain| is_url(plain)) {
        return Err(format!("is defanged; send {plain}"));
    }
    if is_url(text) {
        return Ok(());
    }
    let begins = format!("https://{}", refang_link(text).unwrap_or_else(|| text.trim().to_owned()));
    let has_scheme = url::Url::parse(text.trim()).is_ok_and(|url| !url.scheme().contains('.'));
    if !has_scheme && !text.contains("://") && begins.contains('.') && is_url(&begins) {
        return Err(format!("has no scheme; send {begins}, or http:// before it"));
    }
    Err(format!(
        "must be a URL with a host, for example https://evil.example/a; its scheme is one of {}",
        SCHEMES.replace(' ', ", ")
    ))
}

fn is_url(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text.trim()) else { return false };
    let has_host = url.host_str().is_some_and(|host| {
        let host = host.strip_suffix('.').unwrap_or(host);
        !host.is_empty() && host.split('.').all(|label| !label.is_empty()) && !host.contains("%20")
    });
    has_host && SCHEMES.split(' ').any(|scheme| scheme == url.scheme())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_match_nothing_is_refused_with_what_would_do() {
        let url = [
            ("hxxps://evil[.]example/a", "send https://evil.example/a"),
            ("https://evil[.]example/a", "send https://evil.example/a"),
            ("hxxp://203.0.113.7/x", "send http://203.0.113.7/x"),
            ("evil[.]example", "send https://evil.example"),
            ("evil.example/a", "send https://evil.example/a"),
            ("not a url at all", "must be a URL"),
            ("https://", "must be a URL"),
            ("https://evil..example/", "must be a URL"),
            ("javascript:alert(1)", "must be a URL"),
            ("mailto:a@b.example", "must be a URL"),
        ];
        for (text, want) in url {
            let error = check_url(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
        for good in [
            "https://evil.example/a",
            "http://[2001:db8::1]:81/",
            "https://bücher.example",
            "ftp://a.example/b[1]",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        let address = [
            ("203[.]0[.]113[.]7", "send 203.0.113.7"),
            ("2001[:]db8::7", "send 2001:db8::7"),
            ("203.0.113.7/24", "send 203.0.113.0/24 for the range, or 203.0.113.7"),
            ("203.0.113.7:443", "send 203.0.113.7"),
            ("[2001:db8::7]:443", "send 2001:db8::7"),
            ("0.0.0.0/0", "every address"),
            ("evil.example", "must be an IPv4"),
        ];
        for (text, want) in address {
            let error = check_address(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
        for good in ["203.0.113.0/24", "2001:db8:aa::/48", "::ffff:192.0.2.1", "2001:DB8:0:0:0:0:0:53"] {
            assert_eq!(check_address(good), Ok(()), "{good}");
        }
        assert!(check_fanged("kim[@]corp[.]example").unwrap_err().contains("kim@corp.example"));
    }
}
