//! Documents of resources: read as identity providers write them, and shown as far as is asked for.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::core::strict_json;
use domain::core::time::six_decimals;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::schema::{Attribute, Kind, Mutability, Schema};
use crate::edge::problem::SCIM_JSON;

/// A document, by the names of its attributes.
pub(super) type Document = Map<String, Value>;

/// The JSON of a body.
pub(super) fn body(headers: &HeaderMap, body: &[u8]) -> Result<Value, Failure> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if ![SCIM_JSON, "application/json"].contains(&kind.as_str()) {
        let detail = "send application/scim+json";
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, detail));
    }
    strict_json::parse(body).map_err(|error| Failure::bad("invalidSyntax", error))
}

/// What is kept of a document: the attributes that are known, by their own names, without those that nobody writes.
pub(super) fn canonical(value: &Value, schema: &Schema) -> Result<Document, Failure> {
    let Value::Object(given) = value else {
        return Err(Failure::bad("invalidSyntax", "the resource must be an object"));
    };
    let mut document = Document::new();
    for (name, value) in given {
        let known = schema.find(name).filter(|attribute| attribute.mutability != Mutability::ReadOnly);
        if let (Some(attribute), false) = (known, is_unassigned(value)) {
            document.insert(attribute.name.to_owned(), canonical_value(attribute, value)?);
        }
    }
    Ok(document)
}

/// Null and an empty list are the same as nothing (RFC 7643, 2.5).
pub(super) fn is_unassigned(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// A value as its attribute has it.
pub(super) fn canonical_value(attribute: &Attribute, value: &Value) -> Result<Value, Failure> {
    if attribute.many {
        let all = match value {
            Value::Array(all) => all.iter().map(|one| single(attribute, one)).collect::<Result<_, _>>()?,
            one => vec![single(attribute, one)?],
        };
        return Ok(Value::Array(all));
    }
    single(attribute, value)
}

/// One value as its attribute has it.
pub(super) fn single(attribute: &Attribute, value: &Value) -> Result<Value, Failure> {
    let wrong = |what: &str| Failure::bad("invalidValue", format!("{} must be {what}", attribute.name));
    match (attribute.kind, value) {
        (Kind::Text | Kind::Reference, Value::String(_)) | (Kind::Flag, Value::Bool(_)) => Ok(value.clone()),
        // Some write words for truth.
        (Kind::Flag, Value::String(word)) if word.eq_ignore_ascii_case("true") => Ok(json!(true)),
        (Kind::Flag, Value::String(word)) if word.eq_ignore_ascii_case("false") => Ok(json!(false)),
        (Kind::Complex, Value::Object(given)) => {
            let mut parts = Document::new();
            for (name, value) in given {
                if let (Some(part), false) = (attribute.part(name), is_unassigned(value)) {
                    parts.insert(part.name.to_owned(), canonical_value(part, value)?);
                }
            }
            Ok(Value::Object(parts))
        }
        (Kind::Complex, Value::String(_)) if attribute.many => Ok(json!({ "value": value })),
        (Kind::Text | Kind::Reference, _) => Err(wrong("a text")),
        (Kind::Flag, _) => Err(wrong("true or false")),
        (Kind::Complex, _) => Err(wrong("an object")),
    }
}

/// Which attributes are shown.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// These alone, if any are named.
    pub(super) only: Vec<String>,
    /// All but these.
    pub(super) without: Vec<String>,
}

impl Selection {
    /// The document as far as it is asked for. What it is and which it is is always shown.
    pub(super) fn of(&self, mut document: Document) -> Document {
        let names = |list: &[String], name: &str| list.iter().any(|of| of.eq_ignore_ascii_case(name));
        document.retain(|name, value| {
            if matches!(name.as_str(), "id" | "schemas") {
                return true;
            }
            let part = |list: &[String], part: &str| names(list, &format!("{name}.{part}"));
            let keep = |of: &mut Value, keep: &dyn Fn(&str) -> bool| match of {
                Value::Object(parts) => parts.retain(|part, _| keep(part)),
                Value::Array(all) => {
                    for parts in all.iter_mut().filter_map(Value::as_object_mut) {
                        parts.retain(|part, _| keep(part));
                    }
                }
                _ => {}
            };
            if !self.only.is_empty() {
                if names(&self.only, name) {
                    return true;
                }
                let prefix = format!("{}.", name.to_ascii_lowercase());
                if !self.only.iter().any(|of| of.to_ascii_lowercase().starts_with(&prefix)) {
                    return false;
                }
                keep(value, &|name| part(&self.only, name));
                return true;
            }
            keep(value, &|name| !part(&self.without, name));
            !names(&self.without, name)
        });
        document
    }
}

/// What every resource has.
pub(super) fn frame(
    schema: &Schema,
    base: &str,
    id: &str,
    (created, updated): (Timestamp, Timestamp),
    mut document: Document,
) -> Document {
    document.insert("schemas".to_owned(), json!([schema.urn]));
    document.insert("id".to_owned(), json!(id));
    let meta = json!({
        "resourceType": schema.name, "created": six_decimals::text(created),
        "lastModified": six_decimals::text(updated),
        "location": format!("{base}{}/{id}", schema.path),
    });
    document.insert("meta".to_owned(), meta);
    document
}

/// An answer with a document, and with where it is if it is new.
pub(super) fn answer(status: StatusCode, document: &Value) -> Response {
    let location = document["meta"]["location"].as_str().map(str::to_owned);
    let mut response = (status, [(CONTENT_TYPE, SCIM_JSON)], document.to_string()).into_response();
    if let (StatusCode::CREATED, Some(Ok(location))) = (status, location.map(|of| of.parse())) {
        response.headers_mut().insert(axum::http::header::LOCATION, location);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::super::schema::{GROUP, USER};
    use super::*;

    #[test]
    fn what_providers_write_is_read() {
        let given = json!({
            "schemas": [USER.urn], "ID": "x", "UserName": "ana", "active": "False", "DisplayName": null,
            "name": { "GivenName": "Ana", "nickname": "x" }, "emails": { "value": "a@b", "primary": "True" },
            "groups": [{ "value": "g" }], "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "a": 1 },
        });
        let want = json!({
            "userName": "ana", "active": false, "name": { "givenName": "Ana" },
            "emails": [{ "value": "a@b", "primary": true }],
        });
        assert_eq!(Value::Object(canonical(&given, &USER).unwrap()), want);
        let members = canonical(&json!({ "members": ["a", { "value": "b" }] }), &GROUP).unwrap();
        assert_eq!(members["members"], json!([{ "value": "a" }, { "value": "b" }]));
        for bad in [
            json!([]),
            json!({ "userName": 7 }),
            json!({ "active": "perhaps" }),
            json!({ "name": "Ana" }),
            json!({ "emails": [7] }),
        ] {
            assert!(canonical(&bad, &USER).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_what_is_asked_for_is_shown() {
        let document = json!({
            "id": "1", "schemas": [], "userName": "ana", "name": { "givenName": "A", "familyName": "B" }, "meta": {},
        });
        let shown = |only: &[&str], without: &[&str]| {
            let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let selection = Selection { only: list(only), without: list(without) };
            Value::Object(selection.of(document.as_object().unwrap().clone()))
        };
        assert_eq!(shown(&[], &[]), document);
        assert_eq!(shown(&["USERNAME"], &[]), json!({ "id": "1", "schemas": [], "userName": "ana" }));
        let family = json!({ "id": "1", "schemas": [], "name": { "familyName": "B" } });
        assert_eq!(shown(&["name.familyName"], &[]), family);
        let rest = json!({ "id": "1", "schemas": [], "name": { "givenName": "A" } });
        assert_eq!(shown(&[], &["id", "userName", "meta", "name.familyName"]), rest);
    }
}
