//! What lists sort, filter and search by, made from an action in one place and folded in Rust: databases fold and
//! order text each in their own way, so they get keys that need neither.
//!
//! A key is compared by its bytes; a missing value is the empty key. Which key a field has, `actions_fields` says; rows
//! that were keyed in another way are keyed anew when the store opens (see `encoding`).

use domain::actions::query::{Field, SortKey};
use domain::{Action, ActionId, Severity, Similarity};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::actions_fields::stored;

/// Characters of a key: longer ones would not fit an index page.
const MAX_KEY: usize = 200;

/// Characters of a part of the text that is searched.
const MAX_TEXT: usize = 2_000;

/// The keys of one action.
pub(super) struct Keys {
    /// Of each field, in the order of [`Field::ALL`].
    fields: Vec<KeyValue>,
    /// What the rows of one bucket share; empty for rows that are in none.
    pub(super) similar: String,
    /// Entity and asset, each on a line of its own.
    pub(super) search_text: String,
}

impl Keys {
    pub(super) fn of(action: &Action) -> Self {
        let (entity, asset) = (fold(&action.entity.title()), fold(&action.asset.name));
        Self {
            fields: Field::ALL.iter().map(|field| stored(*field).key(action)).collect(),
            similar: similar(action).unwrap_or_default(),
            search_text: format!("{}\n{}", cut(&entity, MAX_TEXT), cut(&asset, MAX_TEXT)),
        }
    }

    /// The key of a field that is a text.
    pub(super) fn text(&self, field: Field) -> &str {
        match self.fields.get(field as usize) {
            Some(KeyValue::Text(text)) => text,
            Some(KeyValue::Time(_)) | None => "",
        }
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

/// The key of a text.
pub(super) fn key(text: &str) -> String {
    cut(&fold(text), MAX_KEY).to_owned()
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
        Self { sort, key: stored(sort.field()).key(action), id: action.id, before }
    }

    /// Whether it can be a position in that order: a cursor is what a stranger sends.
    #[must_use]
    pub fn fits(&self, sort: SortKey) -> bool {
        self.sort == sort && stored(sort.field()).is_time() == matches!(self.key, KeyValue::Time(_))
    }
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
    fn a_position_of_another_order_does_not_fit() {
        let id = uuid::Uuid::nil().into();
        let at = |sort, key| Position { sort, key, id, before: false };
        assert!(at(SortKey::Updated, KeyValue::Time(1)).fits(SortKey::Updated));
        assert!(!at(SortKey::Updated, KeyValue::Time(1)).fits(SortKey::Expires));
        assert!(!at(SortKey::Updated, KeyValue::Text("1".into())).fits(SortKey::Updated));
        assert!(!at(SortKey::Asset, KeyValue::Time(1)).fits(SortKey::Asset));
    }
}
