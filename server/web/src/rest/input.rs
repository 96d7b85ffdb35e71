//! From bytes to what the service takes, with a JSON pointer to everything that is wrong.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, StatusCode};
use domain::actions::proposal::MAX_ACTIONS;
use domain::{ActionQuery, Error, FieldError, Proposal, Subject, SubjectKind};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::strict;
use crate::edge::body::is_json;
use crate::edge::problem::Problem;

/// The names and values of a URL's query, as axum extracts them.
pub(super) type QueryPairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// The query of a list.
pub(super) fn action_query(pairs: QueryPairs) -> Result<ActionQuery, Problem> {
    let Query(pairs) = pairs.map_err(|_| Problem::malformed("the query can't be read"))?;
    Ok(ActionQuery::from_pairs(pairs)?)
}

/// An id in a path. What is no id names nothing.
pub(super) fn parse_id<T: FromStr + Display>(text: &str, kind: SubjectKind) -> Result<T, Error> {
    // The parser also takes ids in braces and without hyphens; a path has one spelling.
    let id = text.parse().ok().filter(|parsed: &T| parsed.to_string() == text);
    id.ok_or_else(|| Error::NotFound(Subject::new(kind, text)))
}

/// The JSON of a body.
fn json(headers: &HeaderMap, body: &[u8]) -> Result<Value, Problem> {
    if !is_json(headers) {
        return Err(Problem::edge(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json"));
    }
    strict::parse(body).map_err(Problem::malformed)
}

/// A body that is one value.
pub(super) fn parse_body<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let value = json(headers, body)?;
    deserialize_at(value, "").map_err(|error| Error::Invalid(vec![error]).into())
}

/// The proposals of a body: all of them, or everything that is wrong with any of them.
pub(super) fn parse_proposals(
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Vec<Proposal>, Problem> {
    let items = match json(headers, body)? {
        Value::Object(mut fields) => {
            let items = fields.remove("actions");
            if let Some(name) = fields.keys().next() {
                let detail = "is not known here; the body is {\"actions\": [...]}";
                return Err(Error::invalid(format!("/{}", escape_pointer(name)), detail).into());
            }
            items
        }
        _ => return Err(Error::invalid("", "must be an object: {\"actions\": [...]}").into()),
    };
    let Some(Value::Array(items)) = items else {
        return Err(Error::invalid("/actions", "must be an array of actions").into());
    };
    if items.is_empty() || items.len() > MAX_ACTIONS {
        let detail = format!("has {} items; send 1 to {MAX_ACTIONS}", items.len());
        return Err(Error::invalid("/actions", detail).into());
    }
    let mut found = Vec::new();
    let mut proposals = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let pointer_prefix = format!("/actions/{index}");
        match deserialize_at::<Proposal>(item, &pointer_prefix) {
            Ok(proposal) => proposals.push((pointer_prefix, proposal)),
            Err(error) => found.push(error),
        }
    }
    if found.is_empty() {
        return Ok(proposals.into_iter().map(|(_, proposal)| proposal).collect());
    }
    // The service checks the rules, but is not asked now: the sender still gets to read everything at once.
    for (pointer_prefix, proposal) in proposals {
        found.extend(
            proposal
                .check(now)
                .into_iter()
                .map(|error| FieldError::new(format!("{pointer_prefix}{}", error.pointer), error.detail)),
        );
    }
    Err(Error::Invalid(found).into())
}

fn deserialize_at<T: DeserializeOwned>(value: Value, pointer_prefix: &str) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let detail = error.inner().to_string();
        let mut pointer = format!("{pointer_prefix}{}", pointer(error.path()));
        if let Some(name) = detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            pointer = format!("{pointer}/{}", escape_pointer(name));
        }
        FieldError::new(pointer, detail)
    })
}

/// RFC 6901.
fn pointer(path: &Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escape_pointer(key))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn escape_pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
