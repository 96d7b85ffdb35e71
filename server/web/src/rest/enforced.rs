//! What the API enforces beyond types, as its description says it: lengths, formats, patterns, and what belongs to which
//! type of action. What can't be written so (that a time lies ahead, that a host is not defanged) stands in the texts.
//!
//! Only requests are narrowed: a shape that answers share gets what it must be where a request refers to it.

use domain::ActionType;
use domain::actions::catalog::FileRule;
use domain::actions::parameter::ParameterKind;
use domain::actions::proposal::{MAX_ACTIONS, MAX_COMMENT_LENGTH};
use domain::actions::targets::MAX_TARGETS;
use domain::core::text::{MAX_LONG_TEXT, MAX_TEXT};
use serde_json::{Map, Value, json};

/// A text that is not blank and has no NUL.
const NOT_BLANK: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";

/// Writes all of it into the document.
pub(super) fn describe(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    narrow(schemas, "Approval", &json!({ "comment": text(MAX_COMMENT_LENGTH) }));
    narrow(schemas, "Reasoned", &json!({ "reason": text(MAX_COMMENT_LENGTH) }));
    narrow(schemas, "Confirmation", &json!({ "reason": text(MAX_COMMENT_LENGTH) }));
    narrow(schemas, "NewPlan", &json!({ "ids": { "minItems": 1, "maxItems": 10_000 } }));
    narrow(
        schemas,
        "Proposal",
        &json!({
            "external_id": text(MAX_TEXT),
            "comment": optional(MAX_COMMENT_LENGTH),
            "campaign": optional(MAX_TEXT),
            "investigation_id": optional(MAX_TEXT),
            "incident_id": optional(MAX_TEXT),
            "result": optional(MAX_LONG_TEXT),
            "evidence": { "maxItems": 50, "items": { "properties": {
                "title": text(MAX_TEXT), "detail": text(MAX_LONG_TEXT), "technique": technique(),
            } } },
            "alert": { "properties": {
                "id": text(MAX_TEXT), "title": text(MAX_TEXT),
                "url": { "maxLength": MAX_TEXT, "pattern": "^([hH][tT][tT][pP][sS]?://.*)?$" },
            } },
            "asset": { "properties": { "name": text(MAX_TEXT), "device_group": optional(MAX_TEXT) } },
            "targets": { "maxItems": MAX_TARGETS - 1, "items": { "properties": { "name": text(MAX_TEXT) } } },
            "entity": entity(),
        }),
    );
    if let Some(Value::Object(proposal)) = schemas.get_mut("Proposal") {
        proposal.insert("allOf".to_owned(), ActionType::ALL.iter().map(|of| rule(*of)).collect());
    }
    for schema in schemas.values_mut() {
        let refers = schema.pointer("/properties/actions/items/$ref").and_then(Value::as_str);
        if refers == Some("#/components/schemas/Proposal") {
            schema["properties"]["actions"]["minItems"] = 1.into();
            schema["properties"]["actions"]["maxItems"] = MAX_ACTIONS.into();
        }
    }
}

fn text(most: usize) -> Value {
    json!({ "minLength": 1, "maxLength": most, "pattern": NOT_BLANK })
}

/// Where nothing may stand, an empty text means nothing.
fn optional(most: usize) -> Value {
    json!({ "maxLength": most, "pattern": format!("^$|{NOT_BLANK}") })
}

fn technique() -> Value {
    json!({ "pattern": r"^([Tt][0-9]{4}(\.[0-9]{3})?)?$" })
}

fn hash(digits: usize) -> Value {
    json!({ "pattern": format!("^([0-9A-Fa-f]{{{digits}}})?$") })
}

/// What fields of entities must be, whatever the kind.
fn entity() -> Value {
    let mut fields = Map::new();
    for name in ["name", "path", "message_id", "cluster_id", "file_name", "channel", "address"] {
        fields.insert(name.to_owned(), text(MAX_TEXT));
    }
    for name in ["image", "value_name"] {
        fields.insert(name.to_owned(), optional(MAX_TEXT));
    }
    let guid = "^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})?$";
    fields.insert("network_message_id".to_owned(), json!({ "pattern": guid }));
    // Mail without a subject and bounces, which have no sender, are mail.
    for name in ["subject", "sender"] {
        fields.insert(name.to_owned(), json!({ "maxLength": MAX_TEXT, "pattern": r"^[^\u0000]*$" }));
    }
    fields.insert("url".to_owned(), text(MAX_LONG_TEXT));
    fields.insert("command_line".to_owned(), optional(MAX_LONG_TEXT));
    for (name, digits) in [("sha256", 64), ("sha1", 40), ("md5", 32)] {
        fields.insert(name.to_owned(), hash(digits));
    }
    fields.insert("sid".to_owned(), json!({ "pattern": "^([sS](-[0-9]+){3,})?$" }));
    fields.insert("recipients".to_owned(), json!({ "maxItems": 10_000, "items": text(MAX_TEXT) }));
    fields.insert("messages".to_owned(), json!({ "minimum": 1 }));
    fields.insert("mailboxes".to_owned(), json!({ "minimum": 1 }));
    json!({ "properties": fields })
}

/// What a type acts on, and with which parameters.
fn rule(of: ActionType) -> Value {
    let info = of.info();
    let kinds: Vec<_> = info.entities.iter().map(|kind| kind.as_str()).collect();
    let mut entity = json!({ "properties": { "kind": { "enum": kinds } } });
    if info.file == FileRule::Hash {
        let has = |name: &str| json!({ "required": [name], "properties": { name: { "type": "string", "minLength": 1 } } });
        entity["if"] = json!({ "properties": { "kind": { "const": "file" } } });
        entity["then"] = json!({ "anyOf": [has("sha256"), has("sha1"), has("md5")] });
    }
    let (mut parameters, mut required) = (Map::new(), Vec::new());
    for spec in info.parameters {
        let value = match spec.kind {
            ParameterKind::OneOf(words) => json!({ "enum": words }),
            ParameterKind::Time => json!({ "format": "date-time" }),
            ParameterKind::Text(most) => json!({ "minLength": 1, "maxLength": most }),
        };
        parameters.insert(spec.name.as_str().to_owned(), value);
        if spec.required {
            required.push(spec.name.as_str());
        }
    }
    let takes = json!({ "properties": parameters, "additionalProperties": false, "required": required });
    let mut then = json!({ "properties": { "entity": entity, "parameters": takes } });
    if !required.is_empty() {
        then["required"] = json!(["parameters"]);
    }
    if info.comment_required {
        // What was done already is recorded without.
        then["if"] = json!({
            "not": { "required": ["decision"], "properties": { "decision": { "const": "NotRequired" } } }
        });
        then["then"] = json!({
            "required": ["comment"], "properties": { "comment": { "type": "string", "minLength": 1 } }
        });
    }
    json!({ "if": { "required": ["type"], "properties": { "type": { "const": of.as_str() } } }, "then": then })
}

/// Adds what is enforced to properties of a schema; where one refers to another schema, beside the reference.
fn narrow(schemas: &mut Map<String, Value>, owner: &str, rules: &Value) {
    let Some(properties) = schemas.get_mut(owner).and_then(|schema| schema.get_mut("properties")) else {
        return;
    };
    for (name, rule) in rules.as_object().into_iter().flatten() {
        if let Some(property) = properties.get_mut(name) {
            add(property, rule);
        }
    }
}

fn add(schema: &mut Value, rule: &Value) {
    if schema.get("$ref").is_some() || schema.get("oneOf").is_some() || schema.get("anyOf").is_some() {
        *schema = json!({ "allOf": [schema.take(), rule] });
        return;
    }
    let (Some(schema), Some(rule)) = (schema.as_object_mut(), rule.as_object()) else { return };
    for (name, value) in rule {
        match schema.get_mut(name).filter(|_| name == "items") {
            Some(items) => add(items, value),
            None => {
                schema.insert(name.clone(), value.clone());
            }
        }
    }
}
