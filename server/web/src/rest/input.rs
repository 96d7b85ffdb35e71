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
use domain::{ActionQuery, Entity, Error, FieldError, Proposal, Subject, SubjectKind};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::shape::{self, escape_pointer};
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
pub(crate) fn json_of(headers: &HeaderMap, body: &[u8]) -> Result<Value, Problem> {
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
    match shape::read_all(value, "") {
        (Some(read), found) if found.is_empty() => Ok(read),
        (_, found) => Err(found),
    }
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

/// The proposal that an item of a body is, or everything that is wrong with it. What can be read is checked by the service,
/// but beside what can't, the sender still gets to read which other fields keep no rule.
pub(crate) fn parse_proposal(index: usize, item: Value, now: Timestamp) -> Result<Proposal, Vec<FieldError>> {
    let pointer = format!("/actions/{index}");
    match read_item::<Proposal>(&pointer, item) {
        (Some(proposal), found) if found.is_empty() => Ok(proposal),
        (Some(proposal), mut found) => {
            let more = rules_beside(&proposal, &found, &pointer, now);
            found.extend(more);
            Err(found)
        }
        (None, found) => Err(found),
    }
}

/// What fields that can be read do against the rules, whatever those say that can't.
fn rules_beside(proposal: &Proposal, found: &[FieldError], pointer: &str, now: Timestamp) -> Vec<FieldError> {
    let unread: Vec<_> =
        found.iter().filter_map(|error| error.pointer.strip_prefix(pointer)?.split('/').nth(1)).collect();
    let is_certain = |error: &FieldError| {
        let field = error.pointer.split('/').nth(1).unwrap_or_default();
        let depends_on: &[&str] = match field {
            "entity" | "comment" | "parameters" => &["type", "entity", "decision"],
            "targets" => &["entity", "asset", "decision"],
            "device" => &["asset"],
            "decision" | "status" | "occurred_at" | "result" => &["decision", "status"],
            _ => &[],
        };
        !unread.iter().any(|unread| *unread == field || depends_on.contains(unread))
    };
    let errors = proposal.check(now).into_iter().filter(is_certain);
    errors.map(|error| below(pointer, error)).collect()
}

/// A body that is one value with an entity in it.
pub(super) fn parse_with_entity<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let value = json_of(headers, body)?;
    parse_item("", value).map_err(|errors| Error::Invalid(errors).into())
}

/// A report of an investigation; its actions are read one by one, as proposals are.
pub(super) fn parse_report(
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<InvestigationReport, Problem> {
    let mut value = json_of(headers, body)?;
    let items = match value.as_object_mut().and_then(|fields| fields.remove("actions")) {
        Some(Value::Array(items)) => items,
        None | Some(Value::Null) => Vec::new(),
        Some(_) => return Err(Error::invalid("/actions", "must be an array of actions").into()),
    };
    let mut found = Vec::new();
    let mut actions = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        match parse_proposal(index, item, now) {
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
    let pieces = value.get_mut("evidence").and_then(Value::as_array_mut);
    for (index, piece) in pieces.into_iter().flatten().enumerate() {
        let pointer = format!("/evidence/{index}");
        if piece.get("entity").is_some() {
            found.extend(replace_entity(piece, &pointer));
        }
    }
    let (report, errors) = shape::read_all(value, "");
    found.extend(errors);
    report.filter(|_| found.is_empty()).ok_or(found)
}

/// The value at a pointer, which has an entity, or everything that is wrong with it.
fn parse_item<T: DeserializeOwned>(pointer: &str, item: Value) -> Result<T, Vec<FieldError>> {
    let (read, found) = read_item(pointer, item);
    read.filter(|_| found.is_empty()).ok_or(found)
}

/// The same with something readable in place of what is wrong, and everything that is.
fn read_item<T: DeserializeOwned>(pointer: &str, mut item: Value) -> (Option<T>, Vec<FieldError>) {
    let of_entity = replace_entity(&mut item, pointer);
    let (read, mut found) = shape::read_all(item, pointer);
    found.extend(of_entity);
    (read, found)
}

/// Reads the entity of an item by itself, since a value that is read by its kind loses the field that is at fault. In place
/// of one that can't be read stands any, so that the rest is looked at, too.
fn replace_entity(item: &mut Value, pointer: &str) -> Vec<FieldError> {
    let Some(fields) = item.as_object_mut() else { return Vec::new() };
    let pointer = format!("{pointer}/entity");
    let entity = match fields.get("entity") {
        Some(given) => parse_entity(given, &pointer),
        None => Err(vec![FieldError::new(pointer, "is missing")]),
    };
    let (entity, found) = match entity {
        Ok(entity) => (serde_json::to_value(entity).unwrap_or_default(), Vec::new()),
        Err(found) => (json!({ "kind": "device", "name": "unreadable" }), found),
    };
    fields.insert("entity".to_owned(), entity);
    found
}

fn parse_entity(given: &Value, pointer: &str) -> Result<Entity, Vec<FieldError>> {
    let fields = shape::object(given).map_err(|detail| vec![FieldError::new(pointer, detail)])?;
    let (read, mut found) = shape::read_all::<GivenEntity>(given.clone(), pointer);
    let kind = format!("{pointer}/kind");
    let Some(read) = read.filter(|_| !found.iter().any(|error| error.pointer == kind)) else {
        return Err(found);
    };
    let is_told =
        |found: &[FieldError], error: &FieldError| found.iter().any(|of| of.pointer == error.pointer);
    match read.into_entity(fields) {
        Ok(entity) if found.is_empty() => return Ok(entity),
        // What is wrong with all of it may be so for what can't be read.
        Ok(entity) => {
            let errors = entity.check().into_iter().filter(|error| !error.pointer.is_empty());
            let errors: Vec<_> =
                errors.map(|error| below(pointer, error)).filter(|error| !is_told(&found, error)).collect();
            found.extend(errors);
        }
        Err(errors) => found.extend(errors.into_iter().map(|error| below(pointer, error))),
    }
    Err(found)
}

/// The proposals of a body: all of them, or everything that is wrong with any of them.
pub(super) fn parse_proposals(items: Vec<Value>, now: Timestamp) -> Result<Vec<Proposal>, Problem> {
    let mut found = Vec::new();
    let mut proposals = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        match parse_proposal(index, item, now) {
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
