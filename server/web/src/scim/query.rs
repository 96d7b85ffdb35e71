//! The query of lists: which, from where, how many, and what of them is shown (RFC 7644, 3.4.2).

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use domain::directory::{DirectoryKey, DirectoryQuery, MAX_COUNT};
use serde::Deserialize;
use serde_json::{Value, json};

use super::document::{Document, Selection};
use super::failure::Failure;
use super::path::comparison;
use super::schema::{SCHEMAS, Schema};

const DEFAULT_COUNT: u32 = 100;

/// The query as axum extracts it.
pub(super) type Given = Result<Query<ListQuery>, QueryRejection>;

/// The query as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ListQuery {
    filter: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
}

/// The query, read.
pub(super) struct Asked {
    pub(super) query: DirectoryQuery,
    pub(super) selection: Selection,
}

/// Reads the query of a list.
pub(super) fn read(given: Given, schema: &Schema) -> Result<Asked, Failure> {
    let Ok(Query(given)) = given else {
        return Err(Failure::bad("invalidSyntax", "the query can't be read"));
    };
    let number = |name: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => text
            .trim()
            .parse::<i64>()
            .map(Some)
            .map_err(|_| Failure::bad("invalidValue", format!("{name} must be a whole number"))),
    };
    // Less than the first is the first, and less than none is none.
    let start = number("startIndex", &given.start_index)?.unwrap_or(1).max(1);
    let count = number("count", &given.count)?
        .map_or(DEFAULT_COUNT, |count| u32::try_from(count.max(0)).unwrap_or(u32::MAX));
    let filter = given.filter.as_deref().map(|text| filter(text, schema)).transpose()?;
    let query = DirectoryQuery {
        filter,
        skip: u32::try_from(start - 1).unwrap_or(u32::MAX),
        count: count.min(MAX_COUNT),
    };
    Ok(Asked { query, selection: selection(&given) })
}

/// Which attributes of one resource are shown.
pub(super) fn shown(given: Given) -> Selection {
    given.map(|Query(given)| selection(&given)).unwrap_or_default()
}

fn selection(given: &ListQuery) -> Selection {
    let names = |text: &Option<String>| {
        let own = |name: &str| {
            let prefix = SCHEMAS.iter().map(|schema| format!("{}:", schema.urn));
            let name = prefix.fold(name, |name, prefix| name.strip_prefix(&*prefix).unwrap_or(name));
            name.to_owned()
        };
        let all = text.iter().flat_map(|text| text.split(',')).map(str::trim);
        all.filter(|name| !name.is_empty()).map(own).collect()
    };
    Selection { only: names(&given.attributes), without: names(&given.excluded_attributes) }
}

fn filter(text: &str, schema: &Schema) -> Result<(DirectoryKey, String), Failure> {
    let wrong = || {
        let detail = "only NAME eq \"VALUE\" is known here, of id, userName, displayName or externalId";
        Failure::bad("invalidFilter", detail)
    };
    let (name, value) = comparison(text).ok_or_else(wrong)?;
    let prefix = format!("{}:", schema.urn.to_ascii_lowercase());
    let lower = name.to_ascii_lowercase();
    let name = lower.strip_prefix(&prefix).unwrap_or(&lower);
    let key = DirectoryKey::ALL.iter().find(|key| key.as_str().eq_ignore_ascii_case(name));
    let key = key.filter(|key| schema.find(key.as_str()).is_some()).ok_or_else(wrong)?;
    let Value::String(value) = value else { return Err(wrong()) };
    Ok((*key, value))
}

/// A list as SCIM has it.
pub(super) fn list(documents: Vec<Document>, total: u64, skip: u32) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": u64::from(skip) + 1,
        "itemsPerPage": documents.len(),
        "Resources": documents,
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::{GROUP, USER};
    use super::*;

    fn asked(schema: &Schema, query: &[(&str, &str)]) -> Result<DirectoryQuery, String> {
        let given: ListQuery = serde_json::from_value(query.iter().copied().collect()).unwrap();
        match read(Ok(Query(given)), schema) {
            Ok(asked) => Ok(asked.query),
            Err(Failure::Scim(_, word, _)) => Err(word.unwrap_or_default().to_owned()),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn lists_are_asked_for_by_filter_and_page() {
        let query = |filter: Option<(DirectoryKey, &str)>, skip, count| {
            let filter = filter.map(|(key, value)| (key, value.to_owned()));
            Ok(DirectoryQuery { filter, skip, count })
        };
        let table = [
            (vec![], query(None, 0, 100)),
            (vec![("startIndex", "0"), ("count", "-1")], query(None, 0, 0)),
            (vec![("startIndex", "11"), ("count", "10")], query(None, 10, 10)),
            (vec![("count", "100000")], query(None, 0, 200)),
            (vec![("filter", "userName eq \"ana\"")], query(Some((DirectoryKey::UserName, "ana")), 0, 100)),
            (
                vec![("filter", "USERNAME EQ \"a \\\" b\"")],
                query(Some((DirectoryKey::UserName, "a \" b")), 0, 100),
            ),
            (
                vec![("filter", "urn:ietf:params:scim:schemas:core:2.0:User:externalId eq \"x\"")],
                query(Some((DirectoryKey::ExternalId, "x")), 0, 100),
            ),
            (vec![("startIndex", "one")], Err("invalidValue".to_owned())),
            (vec![("filter", "userName co \"ana\"")], Err("invalidFilter".to_owned())),
            (vec![("filter", "userName eq ana")], Err("invalidFilter".to_owned())),
            (vec![("filter", "userName eq 7")], Err("invalidFilter".to_owned())),
            (vec![("filter", "userName eq \"a\" and active eq true")], Err("invalidFilter".to_owned())),
            (vec![("filter", "title eq \"a\"")], Err("invalidFilter".to_owned())),
            (vec![("filter", "")], Err("invalidFilter".to_owned())),
        ];
        for (given, want) in table {
            assert_eq!(asked(&USER, &given), want, "{given:?}");
        }
        let by_name = asked(&GROUP, &[("filter", "displayName eq \"g\"")]);
        assert_eq!(by_name, query(Some((DirectoryKey::DisplayName, "g")), 0, 100));
        assert_eq!(asked(&GROUP, &[("filter", "userName eq \"g\"")]), Err("invalidFilter".to_owned()));
    }
}
