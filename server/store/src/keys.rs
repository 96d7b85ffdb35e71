//! What lists sort, filter and search by, made from an action in one place and folded in Rust: databases fold and
//! order text each in their own way, so they get keys that need neither.
//!
//! A key is compared by its bytes; a missing value is the empty key. Which key a field has, `actions_fields` says; rows
//! that were keyed in another way are keyed anew when the store opens (see `encoding`).

use domain::{Action, Severity, Similarity};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Characters of a key: longer ones would not fit an index page.
const MAX_KEY: usize = 200;

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

pub(super) fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

/// Most urgent first in plain byte order: severity, then expiry, then age.
pub(super) fn urgency(action: &Action) -> String {
    let severity = Severity::ALL.iter().position(|of| *of == action.severity).unwrap_or_default();
    let (expires, proposed) = (action.expires_at.as_microsecond(), action.proposed_at.as_microsecond());
    format!("{severity}-{expires:020}-{proposed:020}")
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
}
