//! What lists sort, filter and search by, made from an action in one place and folded in Rust: databases fold and
//! order text each in their own way, so they get keys that need neither.
//!
//! A key is compared by its bytes; a missing value is the empty key. Which key a field has, `actions_fields` says; rows
//! that were keyed in another way are keyed anew when the store opens (see `encoding`).

use std::fmt::Write as _;
use std::net::Ipv6Addr;

use domain::actions::entity::Identity;
use domain::core::canonical;
use domain::{Action, Asset, Entity, Similarity};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::vocabulary::number;

/// Characters of a key: longer ones would not fit an index page.
const MAX_KEY: usize = 200;

/// What similar actions share: a hash, since a campaign's name may be longer than a key, and cut it would be another's.
pub(super) fn similar(action: &Action) -> Option<i64> {
    let similarity = action.similarity()?;
    let (by, value) = match &similarity {
        Similarity::File(hash) => ("file", hash),
        Similarity::Message(id) => ("message", id),
        Similarity::Address(address) => ("address", address),
        Similarity::Url(url) => ("url", url),
        Similarity::Campaign(name) => ("campaign", name),
        Similarity::Investigation(id) => ("investigation", id),
        Similarity::Name(name) => ("name", name),
    };
    // Of what has a name alone, the kind says what is called so.
    let kind = if by == "name" { format!(" {}", action.entity.kind()) } else { String::new() };
    Some(hash(&format!("{} {by}{kind} {value}", action.action_type)))
}

/// What actions on the same entity of the same asset share: the hash of the entity's own key, and that of its name;
/// nothing, where it has none.
pub(super) fn identity(action: &Action) -> (Option<i64>, Option<i64>) {
    identity_on(&action.asset, &action.entity.identity())
}

/// The same on each target of an action, its asset first.
pub(super) fn identities(action: &Action) -> Vec<(Option<i64>, Option<i64>)> {
    let identity = action.entity.identity();
    action.all_targets().map(|asset| identity_on(asset, &identity)).collect()
}

fn identity_on(asset: &Asset, identity: &Identity) -> (Option<i64>, Option<i64>) {
    let hash = |text: &Option<String>| text.as_ref().map(|text| identity_hash(asset, text));
    (hash(&identity.key), hash(&identity.name))
}

/// The keys of rows that know the same file by a weaker hash alone, on each target.
pub(super) fn weaker_identities(action: &Action) -> Vec<i64> {
    let identity = action.entity.identity();
    let keys = action
        .all_targets()
        .flat_map(|asset| identity.weaker.iter().map(|text| identity_hash(asset, text)).collect::<Vec<_>>());
    keys.collect()
}

fn identity_hash(asset: &Asset, text: &str) -> i64 {
    hash(&format!("{}\n{text}", canonical::name(&asset.name)))
}

/// A part of a hash that no two texts of one database share.
fn hash(text: &str) -> i64 {
    Sha256::digest(text).first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

/// The key of a text whose numbers sort as numbers: `web-9` before `web-10`, `9.9.9.9` before `10.0.0.1`.
pub(super) fn natural(text: &str) -> String {
    let text = key(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.as_str();
    while let Some(begin) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, numbers) = rest.split_at(begin);
        let end = numbers.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(numbers.len());
        let (number, after) = numbers.split_at(end);
        out.push_str(before);
        push_number(&mut out, number);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A number after its length, so that longer ones come later. With zeros before it, it is a text of a fixed width.
fn push_number(out: &mut String, number: &str) {
    match number.len() {
        2.. if number.starts_with('0') => out.push('0'),
        length @ 0..=9 => out.push_str(&length.to_string()),
        length => {
            // Writing to a text can't fail.
            let _ = write!(out, ":{length:03}");
        }
    }
    out.push_str(number);
}

/// What the natural keys of texts that begin with this one begin with: its last number may go on.
pub(super) fn natural_beginnings(text: &str) -> Vec<String> {
    let text = key(text);
    let begin = text.rfind(|letter: char| !letter.is_ascii_digit());
    let begin = begin.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let (before, number) = text.split_at(begin);
    let before = natural(before);
    match number.len() {
        0 => vec![before],
        1 if number == "0" => vec![format!("{before}10"), format!("{before}00")],
        _ if number.starts_with('0') => vec![format!("{before}0{number}")],
        length => {
            let short = (length..=9).map(|length| format!("{before}{length}{number}"));
            short.chain((length.max(10)..=16).map(|length| format!("{before}:{length:03}{number}"))).collect()
        }
    }
}

/// The key of an entity in the order of entities. Addresses of IPv6 come in the order of their numbers.
pub(super) fn entity_order(action: &Action) -> String {
    if let Entity::IpAddress { address } = action.entity.canonical() {
        let (first, length) = address.split_once('/').unwrap_or((&address, "128"));
        return match first.parse::<Ipv6Addr>() {
            Ok(ip) => format!(":{}/{length:0>3}", hex::encode(ip.octets())),
            Err(_) => natural(&address),
        };
    }
    natural(&action.entity.title())
}

/// The key of an asset, by which its actions are found and counted whatever the spelling of its name.
pub(super) fn asset(name: &str) -> String {
    natural(&canonical::name(name))
}

/// The key of a text.
pub(super) fn key(text: &str) -> String {
    cut(&fold(text), MAX_KEY).to_owned()
}

/// Without case, and without what no database takes as text: control characters become spaces.
pub(super) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A text as it is searched: folded, and each letter in one with its accents (NFC). Some systems write them apart, in the
/// names of files above all, and nobody sees the difference.
pub(super) fn searched(text: &str) -> String {
    let folded = fold(text);
    if folded.is_ascii() { folded } else { folded.nfc().collect() }
}

pub(super) fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

/// Most urgent first: severity, then expiry. What comes later at the same urgency stands behind what was there.
pub(super) fn urgency(action: &Action) -> i64 {
    i64::from(number(action.severity)) << EXPIRY_BITS
        | action.expires_at.as_microsecond().clamp(0, MAX_EXPIRY)
}

/// Microseconds of a time up to the year 4253.
const EXPIRY_BITS: u32 = 56;
const MAX_EXPIRY: i64 = (1 << EXPIRY_BITS) - 1;

/// The value of a sort key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyValue {
    /// In byte order.
    Text(String),
    /// A number, the place of a word, or the microseconds of a time since 1970 UTC.
    Number(i64),
    /// An id; all zeros for none.
    Id(Uuid),
}

impl KeyValue {
    /// The same as a text, as the table of counts has it.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Id(id) => id.to_string(),
        }
    }

    /// Whether it can be one of a column of numbers, or else of texts.
    pub(crate) fn fits(&self, is_number: bool) -> bool {
        match self {
            Self::Number(_) => is_number,
            // No stored text has a NUL, which PostgreSQL would not even take as a parameter.
            Self::Text(text) => !is_number && !text.contains('\0'),
            Self::Id(_) => false,
        }
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
    fn accents_are_searched_alike_however_they_are_written() {
        for (apart, composed) in [
            ("Re\u{301}sume\u{301}.pdf", "r\u{e9}sum\u{e9}.pdf"),
            ("A\u{30a}NGSTRO\u{308}M", "\u{e5}ngstr\u{f6}m"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}"),
        ] {
            assert_eq!(searched(apart), composed);
            assert_eq!(searched(composed), composed);
        }
    }

    #[test]
    fn numbers_sort_as_numbers_and_no_two_names_share_a_key() {
        let sorted = [
            "",
            "1.2.3.4",
            "9.9.9.9",
            "10.0.0.9",
            "10.0.0.10",
            "10.0.0.100",
            "192.168.1.2",
            "203.0.113.0/24",
            "host001",
            "host008",
            "host010",
            "host100",
            "web",
            "web-1",
            "web-2",
            "web-10",
            "web-10a",
            "web-999999999",
            "web-1000000000",
            "web-99999999999999999999",
            "x0",
            "x00",
            "x01",
        ];
        let keys: Vec<_> = sorted.iter().map(|text| natural(text)).collect();
        for (pair, names) in keys.windows(2).zip(sorted.windows(2)) {
            assert!(pair[0] != pair[1], "{names:?}");
        }
        assert!(keys[..20].is_sorted(), "{keys:?}");
    }

    #[test]
    fn a_beginning_of_a_text_is_one_of_its_key() {
        for text in ["web-10", "10.0.0.9", "0", "007", "x0y", "ä1", "INC-2026-0417", "123456789012"] {
            for (end, _) in text.char_indices().skip(1).chain([(text.len(), ' ')]) {
                let begins = natural_beginnings(&text[..end]);
                assert!(
                    begins.iter().any(|begin| natural(text).starts_with(begin)),
                    "{} of {text}",
                    &text[..end]
                );
            }
            assert!(!natural_beginnings("9").iter().any(|begin| natural("10.0.0.9").starts_with(begin)));
        }
    }
}
