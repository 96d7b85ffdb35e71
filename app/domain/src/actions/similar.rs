//! What makes actions similar, and buckets of them: the same type on the same file, message, address or URL, else of the
//! same campaign, else of the same investigation, else on what has the same name. An action belongs to one bucket at most.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::actions::action::Action;
use crate::actions::action::Severity;
use crate::actions::catalog::ActionType;
#[cfg(feature = "ssr")]
use crate::actions::entity::Entity;
use crate::core::id::ActionId;
use crate::core::time::{Timestamp, six_decimals};

/// What similar actions of one type have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Similarity {
    /// The SHA-256 of the file, else its SHA-1, else its MD5, wherever it lies and whatever it is called.
    File(String),
    /// The Message-ID, in whichever mailbox it lies.
    Message(String),
    /// The address or range, wherever it is blocked.
    Address(String),
    /// The URL, wherever it is blocked.
    Url(String),
    /// The name of the attack campaign.
    Campaign(String),
    /// The id of the investigation.
    Investigation(String),
    /// What else has a name of its own on each of many assets: an account, a service, a registry key, a path.
    Name(String),
}

impl Similarity {
    /// What is the same, as the screen says it.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::File(_) => "Same file",
            Self::Message(_) => "Same message",
            Self::Address(_) => "Same address",
            Self::Url(_) => "Same URL",
            Self::Campaign(_) => "Same campaign",
            Self::Investigation(_) => "Same investigation",
            Self::Name(_) => "Same name",
        }
    }
}

/// Similar actions, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Bucket {
    /// Their type.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// What else they have in common.
    pub by: Similarity,
    /// The most urgent of them: a list's field `similar` takes it and shows the bucket.
    pub example: ActionId,
    /// What that is called: the file's name, the campaign or the investigation.
    pub title: String,
    /// How many there are; if `more`, there may be more.
    pub count: u64,
    /// Whether counting ended early.
    pub more: bool,
    /// When the first of them was proposed.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub oldest: Timestamp,
    /// When the last of them was proposed.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub newest: Timestamp,
    /// On how many assets.
    pub assets: u64,
    /// The worst of their severities.
    pub severity: Severity,
}

/// The buckets of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Buckets {
    /// The greatest first.
    pub buckets: Vec<Bucket>,
    /// Whether there may be others.
    pub more: bool,
    /// The server's time of the answer.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub rendered_at: Timestamp,
}

impl Buckets {
    /// Buckets of one answer.
    pub const MOST: usize = 50;
    /// The most urgent actions of a list, which are looked at.
    pub const MAX_ACTIONS: u64 = 10_000;
    /// Fewer are no bucket.
    pub const LEAST_ACTIONS: u64 = 2;
}

#[cfg(feature = "ssr")]
impl Action {
    /// What it must have in common with another of its type to be similar; none if nothing is known of it.
    #[must_use]
    pub fn similarity(&self) -> Option<Similarity> {
        let campaign = || self.campaign.clone().map(Similarity::Campaign);
        let investigation = || self.investigation_id.clone().map(Similarity::Investigation);
        let entity = self.entity.canonical();
        own(&entity).or_else(campaign).or_else(investigation).or_else(|| named(&entity))
    }

    /// What its bucket is called; empty if it has none.
    #[must_use]
    pub fn bucket_title(&self) -> String {
        match self.similarity() {
            Some(Similarity::File(hash)) => {
                let path = file_name(&self.entity).unwrap_or(&hash);
                path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path).to_owned()
            }
            Some(Similarity::Campaign(of) | Similarity::Investigation(of)) => of,
            Some(_) => self.entity.title(),
            None => String::new(),
        }
    }
}

/// What is the same wherever it turns up.
#[cfg(feature = "ssr")]
fn own(entity: &Entity) -> Option<Similarity> {
    match entity {
        Entity::EmailMessage { message_id, .. } | Entity::TeamsMessage { message_id, .. } => {
            Some(Similarity::Message(message_id.clone()))
        }
        Entity::IpAddress { address } => Some(Similarity::Address(address.clone())),
        Entity::Url { url } => Some(Similarity::Url(url.clone())),
        entity => entity.hash().map(|hash| Similarity::File(hash.to_owned())),
    }
}

/// What has one name on each of many assets, in its one spelling.
#[cfg(feature = "ssr")]
fn named(entity: &Entity) -> Option<Similarity> {
    let name = match entity {
        // An account is one, whether its identifier is known or not.
        Entity::Service { name }
        | Entity::Driver { name }
        | Entity::ScheduledTask { name }
        | Entity::User { name, .. } => name.clone(),
        Entity::Mailbox { address } => address.clone(),
        // No key has an empty name: two backslashes stand before a value alone.
        Entity::RegistryKey { path, value_name: Some(value) } => format!("{path}\\\\{value}"),
        Entity::RegistryKey { path, .. } | Entity::CloudFile { path, .. } => path.clone(),
        Entity::EmailCluster { cluster_id, .. } => cluster_id.clone(),
        Entity::EmailAttachment { file_name, message_id, .. } => format!("{file_name} {message_id}"),
        Entity::File { path, .. } | Entity::Process { image: path, .. } => path.clone()?,
        _ => return None,
    };
    Some(Similarity::Name(name))
}

/// The path or name of the file that the entity is, or runs from.
#[cfg(feature = "ssr")]
fn file_name(entity: &Entity) -> Option<&str> {
    match entity {
        Entity::File { path, .. } => path.as_deref(),
        Entity::Process { image, .. } => image.as_deref(),
        Entity::EmailAttachment { file_name, .. } => Some(file_name),
        Entity::CloudFile { path, .. } => Some(path),
        _ => None,
    }
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use super::*;
    use crate::{Actor, ActorKind, Proposal};
    use serde_json::{Value, json};

    fn action(entity: &Value, more: &Value) -> Action {
        let mut proposal = json!({
            "external_id": "1", "type": "quarantine_file", "entity": entity,
            "asset": {"kind": "device", "name": "lt-1"}, "severity": "high", "source": "antivirus_action",
        });
        proposal.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let proposal: Proposal = serde_json::from_value(proposal).unwrap();
        let by = Actor::new(ActorKind::Token, "t", "T");
        proposal.into_action(uuid::Uuid::nil().into(), String::new(), by, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn its_own_key_comes_before_the_campaign_and_that_before_the_investigation() {
        let hash = "ab".repeat(32);
        let file = || Some(Similarity::File(hash.clone()));
        let all = json!({"campaign": "Brinefall", "investigation_id": "INV-7"});
        let last = json!({"investigation_id": "INV-7"});
        let path = |path: &str| json!({"kind": "file", "path": path, "sha256": hash});
        let message = "m@x";
        let table = [
            (path("C:\\Users\\ana\\a b.exe"), &all, file(), "a b.exe"),
            (path("/srv/a"), &last, file(), "a"),
            (path("a"), &last, file(), "a"),
            (path("/srv/a/"), &last, file(), "a"),
            (json!({"kind": "file", "sha256": hash}), &all, file(), hash.as_str()),
            (json!({"kind": "process", "image": "/bin/sh", "pid": 7, "sha256": hash}), &all, file(), "sh"),
            (
                json!({"kind": "email_attachment", "file_name": "x.pdf", "sha256": hash, "message_id": message}),
                &all,
                file(),
                "x.pdf",
            ),
            (json!({"kind": "cloud_file", "path": "site/y.doc", "sha256": hash}), &all, file(), "y.doc"),
            (
                json!({"kind": "file", "path": "/srv/a", "sha1": "cd".repeat(20)}),
                &all,
                Some(Similarity::File("cd".repeat(20))),
                "a",
            ),
            (
                json!({"kind": "file", "path": "/srv/a"}),
                &all,
                Some(Similarity::Campaign("Brinefall".to_owned())),
                "Brinefall",
            ),
            (
                json!({"kind": "file", "path": "C:\\A"}),
                &json!({}),
                Some(Similarity::Name("c:\\a".to_owned())),
                "C:\\A",
            ),
            (
                json!({"kind": "registry_key", "path": "HKCU\\Run", "value_name": "Updater"}),
                &json!({}),
                Some(Similarity::Name("hkey_current_user\\run\\\\updater".to_owned())),
                "HKCU\\Run\\Updater",
            ),
            (
                json!({"kind": "registry_key", "path": "HKCU\\Run\\Updater"}),
                &json!({}),
                Some(Similarity::Name("hkey_current_user\\run\\updater".to_owned())),
                "HKCU\\Run\\Updater",
            ),
            (
                json!({"kind": "user", "name": "CORP\\Kim"}),
                &json!({}),
                Some(Similarity::Name("corp\\kim".to_owned())),
                "CORP\\Kim",
            ),
            (
                json!({"kind": "user", "name": "corp\\kim", "sid": "S-1-5-21-1-2-3-500"}),
                &json!({}),
                Some(Similarity::Name("corp\\kim".to_owned())),
                "corp\\kim",
            ),
            (
                json!({"kind": "process", "image": "/bin/Sh", "pid": 7}),
                &json!({}),
                Some(Similarity::Name("/bin/Sh".to_owned())),
                "/bin/Sh (7)",
            ),
            (
                json!({"kind": "email_message", "message_id": "m@X", "subject": "Parcel", "sender": ""}),
                &all,
                Some(Similarity::Message("<m@x>".to_owned())),
                "Parcel",
            ),
            (
                json!({"kind": "ip_address", "address": "::ffff:192.0.2.1"}),
                &all,
                Some(Similarity::Address("192.0.2.1".to_owned())),
                "::ffff:192.0.2.1",
            ),
            (
                json!({"kind": "device", "name": "lt-1"}),
                &last,
                Some(Similarity::Investigation("INV-7".to_owned())),
                "INV-7",
            ),
            (json!({"kind": "device", "name": "lt-1"}), &json!({}), None, ""),
        ];
        for (entity, more, similarity, title) in table {
            let action = action(&entity, more);
            assert_eq!(
                (action.similarity(), action.bucket_title().as_str()),
                (similarity, title),
                "{entity}"
            );
        }
    }
}
