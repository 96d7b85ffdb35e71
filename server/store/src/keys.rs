//! What lists sort, filter and search by, made from an action in one place and folded in Rust: databases fold and
//! order text each in their own way, so they get keys that need neither.
//!
//! A key is compared by its bytes; a missing value is the empty key. Rows that were keyed under another [`version`] are
//! keyed anew when the store opens.

use domain::actions::query::{Filter, SortKey, Undoable};
use domain::{Action, ActionId, Severity, Similarity};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::traits;

/// How the keys of a row are made: to be raised with each change of that.
const VERSION: u32 = 3;

/// Changes whenever rows need other keys.
pub(super) fn version() -> String {
    format!("{VERSION} {}", traits::version())
}

/// Characters of a key: longer ones would not fit an index page.
const LONGEST_KEY: usize = 200;

/// Characters of a part of the text that is searched.
const LONGEST_TEXT: usize = 2_000;

/// The keys of one action.
pub(super) struct Keys {
    pub(super) severity: &'static str,
    pub(super) entity: String,
    pub(super) asset: String,
    pub(super) investigation: String,
    pub(super) incident: String,
    pub(super) approval: String,
    pub(super) decided_by: String,
    pub(super) proposed_by: String,
    pub(super) device_group: String,
    pub(super) technique: String,
    pub(super) undoable: Undoable,
    /// What the rows of one bucket share; empty for rows that are in none.
    pub(super) similar: String,
    /// Entity and asset, each on a line of its own.
    pub(super) search_text: String,
}

impl Keys {
    pub(super) fn of(action: &Action) -> Self {
        let optional = |text: &Option<String>| text.as_deref().map(key).unwrap_or_default();
        let technique = action.evidence.iter().find_map(|evidence| evidence.technique.as_deref());
        let (entity, asset) = (fold(&action.entity.title()), fold(&action.asset.name));
        Self {
            severity: severity(action.severity),
            search_text: format!("{}\n{}", cut(&entity, LONGEST_TEXT), cut(&asset, LONGEST_TEXT)),
            entity: cut(&entity, LONGEST_KEY).to_owned(),
            asset: cut(&asset, LONGEST_KEY).to_owned(),
            investigation: optional(&action.investigation_id),
            incident: optional(&action.incident_id),
            approval: action.approval_id.map(|id| id.to_string()).unwrap_or_default(),
            decided_by: action.decided_by.as_ref().map(|actor| key(&actor.name)).unwrap_or_default(),
            proposed_by: key(&action.proposed_by.name),
            device_group: action.asset.device_group.as_deref().map(device_group).unwrap_or_default(),
            technique: technique.map(key).unwrap_or_default(),
            undoable: if action.undoable().is_ok() { Undoable::Yes } else { Undoable::No },
            similar: similar(action).unwrap_or_default(),
        }
    }
}

/// Grows with severity.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "0",
        Severity::Low => "1",
        Severity::Medium => "2",
        Severity::High => "3",
        Severity::Critical => "4",
    }
}

/// What similar actions share: a hash, since a campaign's name may be longer than a key, and cut it would be another's.
pub(super) fn similar(action: &Action) -> Option<String> {
    let (by, value) = match action.similarity()? {
        Similarity::File(sha256) => ("file", sha256),
        Similarity::Campaign(name) => ("campaign", name),
        Similarity::Investigation(id) => ("investigation", id),
    };
    let hash = Sha256::digest(format!("{} {by} {value}", action.action_type));
    Some(hex::encode(&hash[..16]))
}

/// The key of a device group's name; "Ungrouped devices" is no group.
pub(super) fn device_group(name: &str) -> String {
    if name == Filter::UNGROUPED { String::new() } else { key(name) }
}

/// The key of a text.
pub(super) fn key(text: &str) -> String {
    cut(&fold(text), LONGEST_KEY).to_owned()
}

/// Without case, and without what no database takes as text: control characters become spaces.
pub(super) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

/// Most urgent first in plain byte order: severity, then expiry, then age.
pub(super) fn urgency(action: &Action) -> String {
    let severity = Severity::ALL.iter().position(|of| *of == action.severity).unwrap_or_default();
    let (expires, proposed) = (action.expires_at.as_microsecond(), action.proposed_at.as_microsecond());
    format!("{severity}-{expires:020}-{proposed:020}")
}

/// A position in a list: the key and the id of the row at the edge of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// What the list is sorted by.
    pub sort: SortKey,
    /// The sort key of the row at the edge.
    pub key: KeyValue,
    /// Its id, which breaks ties.
    pub id: ActionId,
    /// Whether the page lies before the position rather than after it.
    pub before: bool,
}

/// The value of a sort key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyValue {
    /// In byte order.
    Text(String),
    /// Microseconds since 1970 UTC.
    Time(i64),
}

impl Position {
    /// The position of a row in a list with this order.
    #[must_use]
    pub fn of(action: &Action, sort: SortKey, before: bool) -> Self {
        Self { sort, key: value(action, sort), id: action.id, before }
    }

    /// Whether it can be a position in that order: a cursor is what a stranger sends.
    #[must_use]
    pub fn fits(&self, sort: SortKey) -> bool {
        let is_time = matches!(sort, SortKey::Updated | SortKey::Proposed | SortKey::Expires);
        self.sort == sort && is_time == matches!(self.key, KeyValue::Time(_))
    }
}

fn value(action: &Action, sort: SortKey) -> KeyValue {
    let keys = || Keys::of(action);
    KeyValue::Text(match sort {
        SortKey::Updated => return KeyValue::Time(action.updated_at.as_microsecond()),
        SortKey::Proposed => return KeyValue::Time(action.proposed_at.as_microsecond()),
        SortKey::Expires => return KeyValue::Time(action.expires_at.as_microsecond()),
        SortKey::Urgency => urgency(action),
        SortKey::Investigation => keys().investigation,
        SortKey::Approval => keys().approval,
        SortKey::ActionType => action.action_type.as_str().to_owned(),
        SortKey::EntityKind => action.entity.kind().as_str().to_owned(),
        SortKey::Entity => keys().entity,
        SortKey::Asset => keys().asset,
        SortKey::Decision => action.decision.as_str().to_owned(),
        SortKey::DecidedBy => keys().decided_by,
        SortKey::Source => action.source.as_str().to_owned(),
        SortKey::Status => action.status.as_str().to_owned(),
        SortKey::Severity => severity(action.severity).to_owned(),
        SortKey::ProposedBy => keys().proposed_by,
        SortKey::Incident => keys().incident,
        SortKey::DeviceGroup => keys().device_group,
        SortKey::Undo => action.undo.as_str().to_owned(),
        SortKey::Technique => keys().technique,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_folds_alike_everywhere() {
        let table = [
            ("LT-Ana", "lt-ana"),
            ("STRASSE ÄÖÜ", "strasse äöü"),
            ("İ", "i\u{307}"),
            ("a\0b\r\nc\u{85}", "a b  c "),
            ("", ""),
        ];
        for (text, folded) in table {
            assert_eq!(fold(text), folded, "{text:?}");
        }
        assert_eq!(key(&"Ä".repeat(300)), "ä".repeat(200));
    }

    #[test]
    fn severities_grow() {
        let mut keys: Vec<_> = Severity::ALL.iter().map(|of| severity(*of)).collect();
        keys.reverse();
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn a_position_of_another_order_does_not_fit() {
        let id = uuid::Uuid::nil().into();
        let at = |sort, key| Position { sort, key, id, before: false };
        assert!(at(SortKey::Updated, KeyValue::Time(1)).fits(SortKey::Updated));
        assert!(!at(SortKey::Updated, KeyValue::Time(1)).fits(SortKey::Expires));
        assert!(!at(SortKey::Updated, KeyValue::Text("1".into())).fits(SortKey::Updated));
        assert!(!at(SortKey::Asset, KeyValue::Time(1)).fits(SortKey::Asset));
    }
}
