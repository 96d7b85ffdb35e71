//! Searches: what a text typed by somebody matches, as conditions and as the numbers of rows.

use std::collections::BTreeSet;

use domain::Lane;
use domain::core::refang::refang_link;
use domain::core::{canonical, plain};
use sqlx::QueryBuilder;
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use super::{Connection, Db};
use crate::Result;
use crate::keys::{natural_beginnings, searched};
use crate::vocabulary::number;

/// From how many characters on a search looks anywhere in a text: the length of what the indexes hold.
const MIN_SUBSTRING: usize = 3;

/// What is searched for, folded as the keys are.
pub(super) struct Search {
    /// Any of these makes a match.
    ways: Vec<Way>,
}

impl Search {
    /// The search for a text as somebody typed it.
    pub(super) fn of(search: &str) -> Self {
        let text = searched(search);
        let anywhere = text.chars().count() >= MIN_SUBSTRING;
        let natural = beginnings(search);
        let mut ways = Vec::new();
        let mut begins = |column: &'static str, texts: &[String]| {
            ways.extend(
                texts.iter().map(|text| Way::Text(column, text.clone(), format!("{text}\u{10FFFF}"))),
            );
        };
        begins("investigation_key", &natural);
        begins("incident_key", &natural);
        if !anywhere {
            begins("asset_key", &natural);
            begins("entity_key", &natural);
            // As addresses of IPv6 begin.
            begins("entity_key", &[format!(":{text}")]);
        }
        if let Some((first, last)) = id_range(&text) {
            // All zeros are no approval.
            let approval = Way::Id("approval_id", first.max(Uuid::from_u128(1)), last);
            ways.extend([Way::Id("id", first, last), approval]);
        }
        // A short text is a whole line at least: a pid.
        let texts = if anywhere { spellings(search, text) } else { vec![format!("\n{text}\n")] };
        ways.extend(texts.into_iter().map(Way::Anywhere));
        Self { ways }
    }

    /// A condition on the row at hand.
    pub(super) fn push_test(&self, sql: &mut QueryBuilder<Db>) {
        sql.push(" AND (");
        // What is found anywhere is asked for first: it is hardly ever not the reason.
        for (at, way) in self.ways.iter().rev().enumerate() {
            sql.push(if at == 0 { "" } else { " OR " });
            way.push(sql);
        }
        sql.push(")");
    }

    /// Each way to match as a statement of its own, so that each has an index to answer from.
    pub(super) fn statements(&self) -> &[Way] {
        &self.ways
    }

    /// The numbers of all matches in a lane, if they are not more than `most`.
    pub(super) async fn few(&self, db: &mut Connection, lane: Lane, most: usize) -> Result<Option<Vec<i64>>> {
        let mut numbers = BTreeSet::new();
        let limit = i64::try_from(most + 1).unwrap_or(i64::MAX);
        for way in &self.ways {
            let mut sql = QueryBuilder::<Db>::new("");
            way.push_statement(&mut sql, lane);
            sql.push(" LIMIT ").push_bind(limit);
            numbers.extend(sql.build_query_scalar::<i64>().fetch_all(&mut *db).await?);
            if numbers.len() > most {
                return Ok(None);
            }
        }
        Ok(Some(numbers.into_iter().collect()))
    }
}

/// One way to match: a column that begins as the text does, or the text anywhere.
pub(super) enum Way {
    Anywhere(String),
    Text(&'static str, String, String),
    Id(&'static str, Uuid, Uuid),
}

impl Way {
    /// The numbers of the rows of a lane that match in this way.
    pub(super) fn push_statement(&self, sql: &mut QueryBuilder<Db>, lane: Lane) {
        if let Self::Anywhere(text) = self {
            super::super::push_matches(sql, text, number(lane));
        } else {
            sql.push("SELECT number FROM actions WHERE lane = ").push(number(lane).to_string()).push(" AND ");
            self.push(sql);
        }
    }

    /// The numbers of at least these rows, without a look at what is not in an index, as far as that is possible.
    pub(super) fn push_all(&self, sql: &mut QueryBuilder<Db>, lane: Lane) {
        if let Self::Anywhere(text) = self {
            super::super::push_all_matches(sql, text, number(lane));
        } else {
            self.push_statement(sql, lane);
        }
    }

    /// The condition on a row.
    fn push(&self, sql: &mut QueryBuilder<Db>) {
        match self {
            Self::Anywhere(text) => super::super::push_contains(sql, text),
            Self::Text(column, first, end) => {
                sql.push("(").push(column).push(" >= ").push_bind(first.clone());
                sql.push(" AND ").push(column).push(" < ").push_bind(end.clone()).push(")");
            }
            Self::Id(column, first, last) => {
                sql.push("(").push(column).push(" >= ").push_bind(*first);
                sql.push(" AND ").push(column).push(" <= ").push_bind(*last).push(")");
            }
        }
    }
}

/// What keys begin with that begin as the text does, which have their accents as they were given: in one with their
/// letters, or apart.
fn beginnings(search: &str) -> Vec<String> {
    let mut all = natural_beginnings(search);
    if !search.is_ascii() {
        let forms: [String; 2] = [search.nfc().collect(), search.nfd().collect()];
        all.extend(forms.iter().flat_map(|form| natural_beginnings(form)));
        all.sort_unstable();
        all.dedup();
    }
    all
}

/// What is searched for as it was typed, and in the one spelling of what it may be: an address, a URL, a path, a host.
fn spellings(search: &str, folded: String) -> Vec<String> {
    // Without quotes, and not as a link to a file.
    let given = plain::path(search.trim());
    let given = given.trim();
    let plain = refang_link(given).unwrap_or_else(|| given.to_owned());
    let mut texts = vec![folded, plain.clone(), bare(&plain).to_owned()];
    texts.extend(canonical::address(&plain));
    // As an address of IPv6 stands in a URL.
    let in_brackets = plain.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    texts.extend(in_brackets.and_then(|(address, _)| canonical::address(address)));
    if plain.contains("://") {
        texts.extend(canonical::url(&plain));
    }
    if plain.contains(['\\', '/']) {
        texts.extend([canonical::path(&plain), canonical::registry_key(&plain)]);
    }
    if !plain.is_ascii() || plain.ends_with('.') {
        texts.push(canonical::name(&plain));
    }
    let mut seen = BTreeSet::new();
    for text in &mut texts {
        *text = searched(text);
    }
    texts.retain(|text| text.chars().count() >= MIN_SUBSTRING && seen.insert(text.clone()));
    texts
}

/// Without what stands around it where it was copied: the angle brackets of an address and the name before them, the
/// braces of an id, the kind of a hash or an address.
fn bare(text: &str) -> &str {
    let in_brackets = text.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    let text = in_brackets.unwrap_or(text).trim_matches(['{', '}']);
    let kind = text.split_once(':').filter(|(kind, _)| {
        ["mailto", "smtp", "sha256", "sha1", "md5"].iter().any(|known| kind.eq_ignore_ascii_case(known))
    });
    kind.map_or(text, |(_, rest)| rest.trim())
}

/// The first and the last id whose text begins like this, if any does.
fn id_range(beginning: &str) -> Option<(Uuid, Uuid)> {
    let end = |rest: &str| Uuid::parse_str(&format!("{beginning}{}", rest.get(beginning.len()..)?)).ok();
    // What is well-formed with these ends, hyphens and all, is the beginning of an id.
    let range = end(&Uuid::nil().to_string()).zip(end(&Uuid::max().to_string()));
    range.filter(|(first, _)| first.to_string().starts_with(beginning))
}

#[cfg(test)]
mod cases {
    use super::*;

    #[test]
    fn what_was_copied_with_a_text_is_not_searched_for() {
        for (copied, text) in [
            ("<billing@bad.example>", "billing@bad.example"),
            ("Billing <billing@bad.example>", "billing@bad.example"),
            ("mailto:billing@bad.example", "billing@bad.example"),
            ("{9a7f1c2e-0000-4000-8000-000000000001}", "9a7f1c2e-0000-4000-8000-000000000001"),
            ("SHA256: abcd", "abcd"),
            ("C:\\a.exe", "C:\\a.exe"),
            ("https://a.example", "https://a.example"),
        ] {
            assert_eq!(bare(copied), text);
        }
        for (copied, text) in [
            ("<billing@bad.example>", "billing@bad.example"),
            ("Billing <billing@bad.example>", "billing@bad.example"),
            ("SHA256: abcd", "abcd"),
            (" ws-0500.corp.example. ", "ws-0500.corp.example"),
            ("[2001:DB8::0:1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("\"C:\\Users\\Ana\\a b.exe\"", "c:\\users\\ana\\a b.exe"),
            ("'/srv/a'", "/srv/a"),
            ("\u{201c}/srv/a\u{201d}", "/srv/a"),
            ("file:///srv/a%20b", "/srv/a b"),
            ("https://a.example/%61", "https://a.example/a"),
        ] {
            assert!(spellings(copied, copied.to_lowercase()).contains(&searched(text)), "{copied}");
        }
    }

    #[test]
    fn the_beginning_of_an_id_is_a_range() {
        let range = |text: &str| id_range(text).map(|(first, last)| (first.to_string(), last.to_string()));
        let whole = "019ec81d-e14d-7f30-ab67-b00221c8f24b";
        let pair = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
        assert_eq!(range(whole), pair(whole, whole));
        assert_eq!(
            range("019ec81d-e"),
            pair("019ec81d-e000-0000-0000-000000000000", "019ec81d-efff-ffff-ffff-ffffffffffff")
        );
        assert_eq!(
            range("0"),
            pair("00000000-0000-0000-0000-000000000000", "0fffffff-ffff-ffff-ffff-ffffffffffff")
        );
        for none in ["x", "019ec81de", "019ec81d-e14d-7f30-ab67-b00221c8f24b0", "-", "ß", ".exe", "0é"] {
            assert_eq!(range(none), None, "{none}");
        }
    }
}
