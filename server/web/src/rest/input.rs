//! From bytes to what the service takes, with a JSON pointer to everything that is wrong.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, StatusCode};
use domain::actions::entity::GivenEntity;
use domain::actions::proposal::MAX_ACTIONS;
use domain::core::strict_json;
use domain::investigations::report::InvestigationReport;
use domain::{ActionQuery, Error, FieldError, Proposal, Subject, SubjectKind};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

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
pub(crate) fn parse_id<T: FromStr + Display>(text: &str, kind: SubjectKind) -> Result<T, Error> {
    // The parser also takes ids in braces and without hyphens; a path has one spelling.
    let id = text.parse().ok().filter(|parsed: &T| parsed.to_string() == text);
    id.ok_or_else(|| Error::NotFound(Subject::new(kind, text)))
}

/// The JSON of a body.
pub(super) fn json_of(headers: &HeaderMap, body: &[u8]) -> Result<Value, Problem> {
    if !is_json(headers) {
        return Err(Problem::edge(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json"));
    }
    strict_json::parse(body).map_err(Problem::malformed)
}

/// A body that is one value.
pub(super) fn parse_body<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    read(json_of(headers, body)?).map_err(|errors| Error::Invalid(errors).into())
}

/// A value, or what is wrong with it.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Vec<FieldError>> {
    deserialize_at(value, "").map_err(|error| vec![error])
}

/// The items of a body of proposals.
pub(super) fn parse_items(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Value>, Problem> {
    let items = match json_of(headers, body)? {
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
    Ok(items)
}

/// The proposal that an item of a body is, or everything that is wrong with it.
pub(super) fn parse_proposal(index: usize, item: Value) -> Result<Proposal, Vec<FieldError>> {
    parse_item(&format!("/actions/{index}"), item)
}

/// A body that is one value with an entity in it.
pub(super) fn parse_with_entity<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let value = json_of(headers, body)?;
    parse_item("", value).map_err(|errors| Error::Invalid(errors).into())
}

/// A report of an investigation; its actions are read one by one, as proposals are.
pub(super) fn parse_report(headers: &HeaderMap, body: &[u8]) -> Result<InvestigationReport, Problem> {
    let mut value = json_of(headers, body)?;
    let items = match value.as_object_mut().and_then(|fields| fields.remove("actions")) {
        Some(Value::Array(items)) => items,
        None | Some(Value::Null) => Vec::new(),
        Some(_) => return Err(Error::invalid("/actions", "must be an array of actions").into()),
    };
    let mut found = Vec::new();
    let mut actions = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        match parse_proposal(index, item) {
            Ok(proposal) => actions.push(proposal),
            Err(errors) => found.extend(errors),
        }
    }
    match read_report(value) {
        Ok(report) if found.is_empty() => return Ok(InvestigationReport { actions, ..report }),
        Ok(_) => {}
        Err(errors) => found.extend(errors),
    }
    Err(Error::Invalid(found).into())
}

/// A report without its actions.
pub(super) fn read_report(mut value: Value) -> Result<InvestigationReport, Vec<FieldError>> {
    let mut found = Vec::new();
    let pieces = value.get("evidence").and_then(Value::as_array).cloned().unwrap_or_default();
    for (index, piece) in pieces.iter().enumerate() {
        let pointer = format!("/evidence/{index}/entity");
        let Some(Value::Object(given)) = piece.get("entity") else { continue };
        match deserialize_at::<GivenEntity>(Value::Object(given.clone()), &pointer) {
            Err(error) => found.push(error),
            Ok(entity) => match entity.into_entity(given) {
                Err(errors) => found.extend(errors.into_iter().map(|error| below(&pointer, error))),
                Ok(entity) => {
                    value["evidence"][index]["entity"] = serde_json::to_value(entity).unwrap_or_default();
                }
            },
        }
    }
    if found.is_empty() { read(value) } else { Err(found) }
}

/// The value at a pointer, which has an entity, or everything that is wrong with it.
pub(super) fn parse_item<T: DeserializeOwned>(pointer: &str, mut item: Value) -> Result<T, Vec<FieldError>> {
    let mut found = Vec::new();
    // By itself, since a value that is read by its kind loses the field that is at fault.
    if let Some(Value::Object(given)) = item.get("entity").cloned() {
        let pointer = format!("{pointer}/entity");
        match deserialize_at::<GivenEntity>(Value::Object(given.clone()), &pointer) {
            Err(error) => found.push(error),
            Ok(entity) => match entity.into_entity(&given) {
                Err(errors) => found.extend(errors.into_iter().map(|error| below(&pointer, error))),
                Ok(entity) => item["entity"] = serde_json::to_value(entity).unwrap_or_default(),
            },
        }
        if !found.is_empty() {
            // Anything that can be read, so that the rest is looked at, too.
            item["entity"] = serde_json::json!({ "kind": "device", "name": "unreadable" });
        }
    }
    match deserialize_at::<T>(item, pointer) {
        Ok(proposal) if found.is_empty() => Ok(proposal),
        Ok(_) => Err(found),
        Err(error) => {
            found.push(error);
            Err(found)
        }
    }
}

/// The proposals of a body: all of them, or everything that is wrong with any of them.
pub(super) fn parse_proposals(items: Vec<Value>, now: Timestamp) -> Result<Vec<Proposal>, Problem> {
    let mut found = Vec::new();
    let mut proposals = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        match parse_proposal(index, item) {
            Ok(proposal) => proposals.push((index, proposal)),
            Err(errors) => found.extend(errors),
        }
    }
    if found.is_empty() {
        return Ok(proposals.into_iter().map(|(_, proposal)| proposal).collect());
    }
    // The service checks the rules, but is not asked now: the sender still gets to read everything at once.
    for (index, proposal) in proposals {
        let pointer = format!("/actions/{index}");
        found.extend(proposal.check(now).into_iter().map(|error| below(&pointer, error)));
    }
    Err(Error::Invalid(found).into())
}

/// The same error below a pointer.
pub(super) fn below(pointer: &str, error: FieldError) -> FieldError {
    FieldError::new(format!("{pointer}{}", error.pointer), error.detail)
}

fn deserialize_at<T: DeserializeOwned>(value: Value, pointer_prefix: &str) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let detail = error.inner().to_string();
        let mut pointer = format!("{pointer_prefix}{}", pointer(error.path()));
        let named = |begin: &str| detail.strip_prefix(begin).and_then(|rest| rest.split('`').next());
        if let Some(name) = named("missing field `") {
            return FieldError::new(format!("{pointer}/{}", escape_pointer(name)), "is missing");
        }
        if let Some(name) = named("unknown field `") {
            let name = format!("/{}", escape_pointer(name));
            if !pointer.ends_with(&name) {
                pointer.push_str(&name);
            }
        }
        FieldError::new(pointer, in_words(&detail))
    })
}

/// What serde says, for whoever wrote the program that sent it.
fn in_words(detail: &str) -> String {
    if let Some((_, names)) =
        detail.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected "))
    {
        let names = names.strip_prefix("one of ").unwrap_or(names).replace('`', "");
        return format!("is not known here; known are {names}");
    }
    let Some((given, wanted)) =
        detail.strip_prefix("invalid ").and_then(|rest| rest.split_once(", expected "))
    else {
        // In words already.
        if detail.starts_with("must be ") || detail.starts_with("is ") {
            return detail.to_owned();
        }
        let is_time = ["time zone", "offset", "timestamp"].iter().any(|word| detail.contains(word));
        return if is_time {
            format!("must be an RFC 3339 time with Z or an offset, for example {TIME}")
        } else {
            detail.to_owned()
        };
    };
    let given = given.trim_start_matches("type: ").trim_start_matches("value: ");
    let wanted = match wanted {
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u64" | "i64" => "a whole number".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        wanted if wanted.starts_with("struct ") => "an object".to_owned(),
        wanted if wanted.contains("imestamp") => format!("an RFC 3339 time like {TIME}"),
        wanted => wanted.to_owned(),
    };
    format!("must be {wanted}, and not {given}")
}

const TIME: &str = "2026-01-31T12:00:00Z";

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
