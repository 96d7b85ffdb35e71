//! A wrong verdict, as a person reports it: feedback to who proposed, and how often each rule of a tool is wrong.

use serde::{Deserialize, Serialize};

use crate::actions::action::Action;
use crate::actions::catalog::ActionType;
use crate::actions::entity::Entity;
use crate::core::id::ActionId;
use crate::core::string_enum::string_enum;
use crate::core::time::{Timestamp, six_decimals};

/// Characters of a rule's name that are kept.
const MAX_RULE: usize = 200;

string_enum! {
    /// In which way a verdict is wrong.
    WrongVerdict {
        FalsePositive = "false_positive" "False positive",
        FalseNegative = "false_negative" "False negative",
    }
}

/// Whose verdict is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judged {
    /// The one behind an action.
    Action(ActionId),
    /// The one of a piece of evidence.
    Evidence {
        /// The investigation.
        investigation: String,
        /// The tool's id of the piece.
        evidence: String,
    },
}

/// A report of a wrong verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Feedback {
    /// Its place: what comes later has a greater one.
    pub position: i64,
    /// When.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub at: Timestamp,
    /// In which way the verdict is wrong.
    pub kind: WrongVerdict,
    /// By whom.
    pub by: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The action that it is about; none if it is about evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_id: Option<ActionId>,
    /// What its proposer calls the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The investigation that proposed it, or that has the evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub investigation_id: Option<String>,
    /// What its tool calls the piece of evidence that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_id: Option<String>,
    /// What was judged, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// The alert that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<String>,
    /// The rule that judged, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// What feedback there is after a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FeedbackList {
    /// In the order in which it came.
    pub items: Vec<Feedback>,
    /// The place after which one asks next.
    pub next: i64,
}

/// How often a rule of a source was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleQuality {
    /// Who proposes by it.
    pub source: String,
    /// The rule.
    pub rule: String,
    /// How many actions it led to.
    pub proposed: u64,
    /// How many verdicts were reported to be false positives.
    pub false_positives: u64,
    /// How many were reported to be false negatives.
    pub false_negatives: u64,
}

impl RuleQuality {
    /// How many of a hundred proposals were reported as wrong; none where none is known.
    #[must_use]
    pub fn percent_wrong(&self) -> Option<u64> {
        ((self.false_positives + self.false_negatives) * 100).checked_div(self.proposed)
    }
}

/// The rule that led to an action: the title of its alert, or where there is none, what its source is called.
#[must_use]
pub fn rule_of(action: &Action) -> String {
    let title = action.alert.as_ref().map(|alert| alert.title.as_str()).filter(|title| !title.is_empty());
    rule_name(title.unwrap_or_else(|| action.source.label()))
}

/// A rule's name, as much of it as is kept.
#[must_use]
pub fn rule_name(text: &str) -> String {
    text.chars().take(MAX_RULE).collect()
}

/// The action by which an entity is judged as it should be from now on: allowed after a false positive, blocked after a
/// false negative; none where the catalog has none.
#[must_use]
pub const fn indicator(entity: &Entity, kind: WrongVerdict) -> Option<ActionType> {
    let is_false_positive = matches!(kind, WrongVerdict::FalsePositive);
    Some(match entity {
        Entity::File { sha256: None, sha1: None, md5: None, .. } => return None,
        Entity::File { .. } if is_false_positive => ActionType::AllowFile,
        Entity::File { .. } => ActionType::BlockFile,
        Entity::IpAddress { .. } if is_false_positive => ActionType::UnblockIpAddress,
        Entity::IpAddress { .. } => ActionType::BlockIpAddress,
        Entity::Url { .. } if is_false_positive => ActionType::UnblockUrl,
        Entity::Url { .. } => ActionType::BlockUrl,
        _ => return None,
    })
}

/// The fields of the form of that action, by their names.
#[must_use]
pub fn indicator_fields(
    entity: &Entity,
    asset: Option<&str>,
    kind: WrongVerdict,
) -> Option<Vec<(&'static str, String)>> {
    let mut fields = vec![("type", indicator(entity, kind)?.as_str().to_owned())];
    match entity {
        Entity::File { sha256, sha1, md5, .. } => {
            let hashes = [("entity.sha256", sha256), ("entity.sha1", sha1), ("entity.md5", md5)];
            fields.extend(hashes.into_iter().filter_map(|(name, hash)| Some((name, hash.clone()?))));
        }
        Entity::IpAddress { address } => fields.push(("entity.address", address.clone())),
        Entity::Url { url } => fields.push(("entity.url", url.clone())),
        _ => return None,
    }
    fields.extend(asset.map(|name| ("asset.name", name.to_owned())));
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indicator_judges_as_it_should_be() {
        use WrongVerdict::{FalseNegative, FalsePositive};
        let of = |entity: serde_json::Value, kind| {
            indicator(&serde_json::from_value(entity).unwrap(), kind).map(ActionType::as_str)
        };
        let file = serde_json::json!({ "kind": "file", "path": "/a", "sha256": "ab".repeat(32) });
        assert_eq!(of(file.clone(), FalsePositive), Some("allow_file"));
        assert_eq!(of(file, FalseNegative), Some("block_file"));
        assert_eq!(
            of(serde_json::json!({ "kind": "file", "path": "/a" }), FalsePositive),
            None,
            "it names no content"
        );
        let address = serde_json::json!({ "kind": "ip_address", "address": "192.0.2.1" });
        assert_eq!(of(address, FalseNegative), Some("block_ip_address"));
        assert_eq!(of(serde_json::json!({ "kind": "device", "name": "a" }), FalseNegative), None);
        let url: Entity =
            serde_json::from_value(serde_json::json!({ "kind": "url", "url": "https://a.example/" }))
                .unwrap();
        let fields = indicator_fields(&url, Some("host"), FalsePositive).unwrap();
        assert_eq!(fields[0], ("type", "unblock_url".to_owned()));
        assert_eq!(fields[2], ("asset.name", "host".to_owned()));
    }

    #[test]
    fn a_ratio_needs_proposals() {
        let of = |proposed| RuleQuality {
            source: "Scanner".to_owned(),
            rule: "Beacon".to_owned(),
            proposed,
            false_positives: 2,
            false_negatives: 1,
        };
        assert_eq!((of(12).percent_wrong(), of(0).percent_wrong()), (Some(25), None));
    }

    #[test]
    fn older_feedback_is_read() {
        let text = r#"{"position":0,"at":"2026-03-01T07:00:00Z","kind":"false_positive","by":"Ana",
            "action_id":"01890a5d-ac96-774b-bcce-b302099a8057"}"#;
        let read: Feedback = serde_json::from_str(text).unwrap();
        assert!(read.action_id.is_some() && read.evidence_id.is_none());
    }
}
