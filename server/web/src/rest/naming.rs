//! Names for what the description of the API holds without one: the variants of a schema and the failures of the routes.
//! Programs that write clients would number them (`EntityType7`).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Gives everything a name, and refers to it where it stood.
pub(super) fn name_all(document: &mut Value) {
    name_variants(document);
    name_failures(document);
}

/// The variants of a schema become schemas of their own, and where a word tells them apart, the schema says which.
fn name_variants(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    let mut named = Map::new();
    for (owner, schema) in schemas.iter_mut() {
        let Some(variants) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { continue };
        let mut mapping = Map::new();
        let mut tag = None;
        for variant in variants {
            if variant.get("$ref").is_some() || variant["type"] == "null" {
                continue;
            }
            let told_by = tag_of(variant).or_else(|| Some((None, only_property(variant)?)));
            let Some((property, word)) = told_by else { continue };
            let name = match property {
                Some(_) => format!("{}{owner}", pascal(&word)),
                None => format!("{owner}{}", pascal(&word)),
            };
            let reference = format!("#/components/schemas/{name}");
            if let Some(property) = property {
                mapping.insert(word, reference.clone().into());
                tag = Some(property);
            }
            variant["title"] = name.clone().into();
            named.insert(name, std::mem::replace(variant, json!({ "$ref": reference })));
        }
        if let Some(tag) = tag {
            schema["discriminator"] = json!({ "propertyName": tag, "mapping": mapping });
        }
    }
    schemas.extend(named);
}

/// The property of which a variant has one word alone, and this word.
fn tag_of(variant: &Value) -> Option<(Option<String>, String)> {
    let own = variant.get("properties").and_then(Value::as_object);
    let parts = variant.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let parts = parts.filter_map(|part| part.get("properties").and_then(Value::as_object));
    own.into_iter().chain(parts).flatten().find_map(|(property, schema)| {
        let words = schema.get("enum")?.as_array()?;
        let [Value::String(word)] = words.as_slice() else { return None };
        Some((Some(property.clone()), word.clone()))
    })
}

fn only_property(variant: &Value) -> Option<String> {
    let properties = variant.get("properties")?.as_object()?;
    if properties.len() == 1 { properties.keys().next().cloned() } else { None }
}

fn pascal(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    word.split(['_', '-']).map(capital).collect()
}

/// Failures that several routes share are described once.
fn name_failures(document: &mut Value) {
    let mut named: BTreeMap<String, Value> = BTreeMap::new();
    let operations = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    let operations = operations.filter_map(|(_, item)| item.as_object_mut()).flatten();
    for (_, operation) in operations {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { continue };
        for (status, response) in responses {
            let Some(name) = failure_name(status) else { continue };
            let reference = json!({ "$ref": format!("#/components/responses/{name}") });
            let response = std::mem::replace(response, reference);
            named.entry(name.to_owned()).or_insert(response);
        }
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("responses".to_owned(), json!(named));
    }
}

fn failure_name(status: &str) -> Option<&'static str> {
    Some(match status {
        "400" => "Malformed",
        "401" => "NotSignedIn",
        "403" => "Forbidden",
        "404" => "NotFound",
        "409" => "Conflict",
        "410" => "Gone",
        "413" => "TooLarge",
        "415" => "UnsupportedMediaType",
        "422" => "Invalid",
        "429" => "TooMany",
        "503" => "Busy",
        _ => return None,
    })
}
