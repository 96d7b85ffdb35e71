//! PATCH (RFC 7644, 3.5.2), in both shapes that identity providers send: with a path, and without.

use serde_json::{Value, json};

use super::document::{Document, canonical_value, is_unassigned, single};
use super::failure::Failure;
use super::path::{self, Target};
use super::schema::{Attribute, Schema};

const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Operations of one request.
const MAX_OPERATIONS: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

/// Changes a document as a body asks for.
pub(super) fn apply(document: &mut Document, body: &Value, schema: &Schema) -> Result<(), Failure> {
    let wrong = |detail: &str| Failure::bad("invalidSyntax", detail);
    let field = |of: &Value, name: &str| {
        let fields = of.as_object()?;
        fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let schemas = field(body, "schemas").unwrap_or_default();
    let named = |of: &Value| of.as_str().is_some_and(|name| name.eq_ignore_ascii_case(MESSAGE));
    if !schemas.as_array().is_some_and(|all| all.iter().any(named)) {
        return Err(wrong("schemas must name urn:ietf:params:scim:api:messages:2.0:PatchOp"));
    }
    let Some(Value::Array(operations)) = field(body, "Operations") else {
        return Err(wrong("Operations must be a list"));
    };
    if operations.is_empty() || operations.len() > MAX_OPERATIONS {
        return Err(wrong("Operations must be 1 to 1000"));
    }
    for operation in operations {
        let verb = field(&operation, "op").and_then(|of| of.as_str().map(str::to_ascii_lowercase));
        let verb = match verb.as_deref() {
            Some("add") => Verb::Add,
            Some("replace") => Verb::Replace,
            Some("remove") => Verb::Remove,
            _ => return Err(wrong("op must be add, replace or remove")),
        };
        let value = field(&operation, "value");
        match field(&operation, "path") {
            Some(Value::String(path)) => at(document, verb, &path, value.as_ref(), schema)?,
            Some(value) if !value.is_null() => {
                return Err(Failure::bad("invalidPath", "path must be a text"));
            }
            _ => everywhere(document, verb, value.as_ref(), schema)?,
        }
    }
    Ok(())
}

/// Without a path: the value has the attributes by their names, which may themselves be paths.
fn everywhere(
    document: &mut Document,
    verb: Verb,
    value: Option<&Value>,
    schema: &Schema,
) -> Result<(), Failure> {
    if verb == Verb::Remove {
        return Err(Failure::bad("noTarget", "remove needs a path"));
    }
    let Some(Value::Object(given)) = value else {
        return Err(Failure::bad("invalidValue", "without a path the value must be an object"));
    };
    for (name, value) in given {
        // What nobody writes may stand in a copy of the whole.
        if ["schemas", "id", "meta", "groups"].iter().any(|of| name.eq_ignore_ascii_case(of)) {
            continue;
        }
        at(document, verb, name, Some(value), schema)?;
    }
    Ok(())
}

fn at(
    document: &mut Document,
    verb: Verb,
    path: &str,
    value: Option<&Value>,
    schema: &Schema,
) -> Result<(), Failure> {
    let Some(target) = path::parse(path, schema)? else { return Ok(()) };
    let value = value.filter(|value| !value.is_null());
    match (verb, value) {
        (Verb::Remove, value) => remove(document, &target, value),
        // Nothing in the place of something.
        (Verb::Replace, None) => remove(document, &target, None),
        (Verb::Add, None) => Err(Failure::bad("invalidValue", format!("{path} has no value"))),
        (_, Some(value)) => put(document, verb, &target, value),
    }
}

fn put(document: &mut Document, verb: Verb, target: &Target, value: &Value) -> Result<(), Failure> {
    let Target { attribute, filter, part } = target;
    let name = attribute.name.to_owned();
    if !attribute.many {
        if let Some(part) = part {
            let parts = document.entry(name).or_insert_with(|| json!({}));
            parts[part.name] = single(part, value)?;
        } else {
            let new = single(attribute, value)?;
            merge(document.entry(name).or_insert(Value::Null), new);
        }
        return Ok(());
    }
    let held = document.entry(name).or_insert_with(|| json!([]));
    let Value::Array(held) = held else { return Ok(()) };
    match (filter, part) {
        (None, None) => {
            let Value::Array(new) = canonical_value(attribute, value)? else { return Ok(()) };
            if verb == Verb::Replace {
                held.clear();
            }
            for new in new {
                add(held, new);
            }
        }
        (filter, part) => {
            let new = match part {
                Some(part) => json!({ part.name: single(part, value)? }),
                None => single(attribute, value)?,
            };
            if !held.iter().any(|one| target.means(one)) {
                // Some replace what is not there yet.
                let mut one = json!({});
                if let Some((part, wanted)) = filter {
                    one[part.name] = wanted.clone();
                }
                merge(&mut one, new);
                add(held, one);
                return Ok(());
            }
            for one in held.iter_mut().filter(|one| target.means(one)) {
                merge(one, new.clone());
            }
            keep_one_primary(held, None);
        }
    }
    Ok(())
}

/// Parts that are not named stay.
fn merge(held: &mut Value, new: Value) {
    match (held, new) {
        (Value::Object(held), Value::Object(new)) => held.extend(new),
        (held, new) => *held = new,
    }
}

/// Adds a value, unless it is there already.
fn add(held: &mut Vec<Value>, new: Value) {
    let same = |one: &Value| {
        *one == new
            || (one.get("value").is_some()
                && new.get("type") == Some(&json!("User"))
                && one.get("value") == new.get("value"))
    };
    if held.iter().any(same) {
        return;
    }
    held.push(new);
    let last = held.len() - 1;
    keep_one_primary(held, Some(last));
}

/// The first to use is one: the one that came last, or the first that is.
fn keep_one_primary(held: &mut [Value], last: Option<usize>) {
    let is = |one: &Value| one.get("primary") == Some(&json!(true));
    let kept = last.filter(|last| held.get(*last).is_some_and(is)).or_else(|| held.iter().position(is));
    for (at, one) in held.iter_mut().enumerate() {
        if is(one) && Some(at) != kept {
            one["primary"] = json!(false);
        }
    }
}

fn remove(document: &mut Document, target: &Target, value: Option<&Value>) -> Result<(), Failure> {
    let Target { attribute, filter, part } = target;
    if attribute.required && part.is_none() {
        return Err(Failure::bad("mutability", format!("{} is needed", attribute.name)));
    }
    let Some(held) = document.get_mut(attribute.name) else { return Ok(()) };
    match (held, part) {
        (Value::Array(held), part) => {
            let gone = value.map(|value| canonical_value(attribute, value)).transpose()?;
            match (gone, filter, part) {
                (_, _, Some(part)) => {
                    for parts in held.iter_mut().filter(|one| target.means(one)) {
                        take(parts, part);
                    }
                    held.retain(|one| !one.as_object().is_some_and(serde_json::Map::is_empty));
                }
                // Some name what goes in the value.
                (Some(Value::Array(gone)), None, None) => {
                    let key = |one: &Value| one.get("value").cloned();
                    held.retain(|one| !gone.iter().any(|gone| gone == one || key(gone) == key(one)));
                }
                (_, Some(_), None) => held.retain(|one| !target.means(one)),
                (_, None, None) => held.clear(),
            }
        }
        (held, Some(part)) => take(held, part),
        (_, None) => drop(document.remove(attribute.name)),
    }
    let empty =
        |value: &Value| is_unassigned(value) || value.as_object().is_some_and(serde_json::Map::is_empty);
    document.retain(|_, value| !empty(value));
    Ok(())
}

fn take(parts: &mut Value, part: &Attribute) {
    if let Value::Object(parts) = parts {
        parts.remove(part.name);
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{GROUP, USER};
    use super::*;

    fn patched(schema: &Schema, before: &Value, operations: Value) -> Result<Value, String> {
        let mut document = before.as_object().unwrap().clone();
        let body = json!({ "schemas": [MESSAGE], "Operations": operations });
        match apply(&mut document, &body, schema) {
            Ok(()) => Ok(Value::Object(document)),
            Err(Failure::Scim(_, word, _)) => Err(word.unwrap_or_default().to_owned()),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn both_shapes_say_the_same() {
        let before = json!({ "userName": "ana", "active": true, "name": { "givenName": "A" } });
        let table = [
            (json!([{ "op": "replace", "path": "active", "value": false }]), json!({ "active": false })),
            (json!([{ "op": "Replace", "path": "active", "value": "False" }]), json!({ "active": false })),
            (json!([{ "op": "replace", "value": { "active": false } }]), json!({ "active": false })),
            (json!([{ "op": "Add", "value": { "ACTIVE": "False", "id": "x" } }]), json!({ "active": false })),
            (json!([{ "op": "remove", "path": "active" }]), json!({ "active": null })),
            (
                json!([{ "op": "replace", "value": { "name.familyName": "B", "displayName": "Ana" } }]),
                json!({ "name": { "givenName": "A", "familyName": "B" }, "displayName": "Ana" }),
            ),
            (
                json!([{ "op": "Add", "path": "name.familyName", "value": "B" }]),
                json!({ "name": { "givenName": "A", "familyName": "B" } }),
            ),
            (
                json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "a@b" }]),
                json!({ "emails": [{ "type": "work", "value": "a@b" }] }),
            ),
            (json!([{ "op": "remove", "path": "name.givenName" }]), json!({ "name": null })),
            (
                json!([{ "op": "add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "x" }]),
                json!({}),
            ),
        ];
        for (operations, changes) in table {
            let mut want = before.clone();
            for (name, value) in changes.as_object().unwrap() {
                if value.is_null() {
                    want.as_object_mut().unwrap().remove(name);
                } else {
                    want[name] = value.clone();
                }
            }
            assert_eq!(patched(&USER, &before, operations.clone()), Ok(want), "{operations}");
        }
    }

    #[test]
    fn members_come_and_go() {
        let before = json!({ "displayName": "g", "members": [{ "value": "1" }, { "value": "2" }] });
        let members = |operations: Value| {
            let after = patched(&GROUP, &before, operations).unwrap();
            let all = after["members"].as_array().cloned().unwrap_or_default();
            all.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let table = [
            (json!([{ "op": "add", "path": "members", "value": [{ "value": "3" }] }]), vec!["1", "2", "3"]),
            (
                json!([{ "op": "Add", "path": "members", "value": [{ "value": "1", "type": "User" }] }]),
                vec!["1", "2"],
            ),
            (json!([{ "op": "Remove", "path": "members", "value": [{ "value": "1" }] }]), vec!["2"]),
            (json!([{ "op": "remove", "path": "members[value eq \"1\"]" }]), vec!["2"]),
            (json!([{ "op": "remove", "path": "members[value eq \"9\"]" }]), vec!["1", "2"]),
            (json!([{ "op": "remove", "path": "members" }]), vec![]),
            (json!([{ "op": "replace", "path": "members", "value": [{ "value": "3" }] }]), vec!["3"]),
            (json!([{ "op": "replace", "value": { "members": [{ "value": "4" }] } }]), vec!["4"]),
            (
                json!([
                    { "op": "remove", "path": "members", "value": ["2"] },
                    { "op": "add", "value": { "members": { "value": "5" } } },
                ]),
                vec!["1", "5"],
            ),
        ];
        for (operations, want) in table {
            assert_eq!(members(operations.clone()), want, "{operations}");
        }
    }

    #[test]
    fn one_address_is_the_first_to_use() {
        let before = json!({ "userName": "a", "emails": [{ "value": "x", "primary": true }] });
        let add = json!([{ "op": "add", "path": "emails", "value": [{ "value": "y", "primary": true }] }]);
        let want = json!([{ "value": "x", "primary": false }, { "value": "y", "primary": true }]);
        assert_eq!(patched(&USER, &before, add).unwrap()["emails"], want);
    }

    #[test]
    fn what_can_not_be_done_is_said() {
        let before = json!({ "userName": "ana" });
        let table = [
            (json!([]), "invalidSyntax"),
            (json!({}), "invalidSyntax"),
            (json!([{ "op": "move", "path": "active" }]), "invalidSyntax"),
            (json!([{ "op": "remove" }]), "noTarget"),
            (json!([{ "op": "remove", "path": "userName" }]), "mutability"),
            (json!([{ "op": "replace", "path": "id", "value": "x" }]), "mutability"),
            (json!([{ "op": "replace", "path": "active", "value": "perhaps" }]), "invalidValue"),
            (json!([{ "op": "replace", "path": "active", "value": { "a": 1 } }]), "invalidValue"),
            (json!([{ "op": "add", "path": "active" }]), "invalidValue"),
            (json!([{ "op": "add", "value": 7 }]), "invalidValue"),
            (json!([{ "op": "add", "path": 7, "value": 7 }]), "invalidPath"),
            (json!([{ "op": "add", "path": "emails[", "value": 7 }]), "invalidPath"),
            (json!([{ "op": "add", "path": "emails[type co \"a\"]", "value": {} }]), "invalidFilter"),
        ];
        for (operations, want) in table {
            assert_eq!(patched(&USER, &before, operations.clone()), Err(want.to_owned()), "{operations}");
        }
    }
}
