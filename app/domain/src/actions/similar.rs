//! What makes actions similar, and buckets of them: the same type on the same file, else of the same campaign, else of
//! the same investigation. An action belongs to one bucket at most.

use serde::{Deserialize, Serialize};

use crate::actions::action::{Action, Severity};
use crate::actions::catalog::ActionType;
use crate::actions::entity::Entity;
use crate::core::id::ActionId;
use crate::core::time::Timestamp;

/// What similar actions of one type have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Similarity {
    /// The SHA-256 of the file, wherever it lies and whatever it is called.
    File(String),
    /// The name of the attack campaign.
    Campaign(String),
    /// The id of the investigation.
    Investigation(String),
}

impl Similarity {
    /// What is the same, as the screen says it.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::File(_) => "Same file",
            Self::Campaign(_) => "Same campaign",
            Self::Investigation(_) => "Same investigation",
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
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub oldest: Timestamp,
    /// When the last of them was proposed.
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

impl Action {
    /// What it must have in common with another of its type to be similar; none if nothing is known of it.
    #[must_use]
    pub fn similarity(&self) -> Option<Similarity> {
        let file = file(&self.entity).map(|(sha256, _)| Similarity::File(sha256.to_owned()));
        let campaign = || self.campaign.clone().map(Similarity::Campaign);
        let investigation = || self.investigation_id.clone().map(Similarity::Investigation);
        file.or_else(campaign).or_else(investigation)
    }

    /// What its bucket is called; empty if it has none.
    #[must_use]
    pub fn bucket_title(&self) -> String {
        match (file(&self.entity), self.similarity()) {
            (Some((_, Some(path))), _) => {
                path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path).to_owned()
            }
            (_, Some(Similarity::File(of) | Similarity::Campaign(of) | Similarity::Investigation(of))) => of,
            (_, None) => String::new(),
        }
    }
}

/// The SHA-256 of the file that the entity is, or runs from, and its path or name.
fn file(entity: &Entity) -> Option<(&str, Option<&str>)> {
    let (sha256, path) = match entity {
        Entity::File { sha256, path, .. } => (sha256, path.as_deref()),
        Entity::Process { sha256, image, .. } => (sha256, image.as_deref()),
        Entity::EmailAttachment { sha256, file_name, .. } => (sha256, Some(file_name.as_str())),
        Entity::CloudFile { sha256, path } => (sha256, Some(path.as_str())),
        _ => return None,
    };
    Some((sha256.as_deref()?, path))
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
        let by = Actor { kind: ActorKind::Token, id: "t".to_owned(), name: "T".to_owned() };
        proposal.into_action(uuid::Uuid::nil().into(), String::new(), by, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_file_comes_before_the_campaign_and_that_before_the_investigation() {
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
                Some(Similarity::Campaign("Brinefall".to_owned())),
                "Brinefall",
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
