//! The shape of what is sent: a value read as a type, or everything that keeps it from being one, each with its JSON
//! pointer and in words.
//!
//! A reader stops at the first wrong field. So each is told and something else is put in its place, until all can be read.

use std::collections::HashMap;

use domain::FieldError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

/// Wrong fields that are told of one value.
const MAX_ERRORS: usize = 50;
/// How often a value is read, at most.
const MAX_READS: usize = 200;
/// Characters of what was given that an error repeats.
const MAX_REPEATED: usize = 60;

const TIME: &str = "2026-01-31T12:00:00Z";
const ID: &str = "019ad000-0000-7000-8000-000000000000";

/// The value, with something readable in place of what is wrong, and everything that is; none if that is all of it.
pub(super) fn read_all<T: DeserializeOwned>(mut value: Value, prefix: &str) -> (Option<T>, Vec<FieldError>) {
    let mut found: Vec<FieldError> = Vec::new();
    let mut tried = HashMap::new();
    let mut read = None;
    for _ in 0..MAX_READS {
        let fault = match serde_path_to_error::deserialize(&value) {
            Ok(value) => {
                read = Some(value);
                break;
            }
            Err(error) => Fault::of(&error, &value),
        };
        let Fault { place, words, kind } = fault;
        let is_above = |known: &FieldError| known.pointer.starts_with(&format!("{place}/"));
        let told = found
            .iter()
            .position(|known| place == known.pointer || place.starts_with(&format!("{}/", known.pointer)));
        match told {
            // What stood in for the value says which words would have done.
            Some(at) if place == found[at].pointer && !found[at].detail.contains(" is one of ") => {
                let choice = words.split_once("; ").filter(|(_, rest)| rest.contains(" is one of "));
                if let Some((_, choice)) = choice {
                    found[at].detail = format!("{}; {choice}", found[at].detail);
                }
            }
            Some(_) => {}
            None if found.iter().any(is_above) => break,
            None => found.push(FieldError::new(place.clone(), words.clone())),
        }
        let is_mended = match kind {
            _ if place.is_empty() || found.len() >= MAX_ERRORS => false,
            FaultKind::Unknown => remove(&mut value, &place),
            FaultKind::Wrong => {
                let stand_in = stand_in(tried.entry(place.clone()).or_insert(0), &words);
                stand_in.is_some_and(|stand_in| put(&mut value, &place, stand_in))
            }
        };
        if !is_mended {
            break;
        }
    }
    for error in &mut found {
        error.pointer.insert_str(0, prefix);
    }
    (read, found)
}

/// What may be read where something else was not: the first word of a vocabulary, or the next of the usual values.
fn stand_in(tried: &mut usize, words: &str) -> Option<Value> {
    *tried += 1;
    let usual =
        [json!(null), json!(""), json!(0), json!(false), json!([]), json!({}), json!(TIME), json!(ID)];
    let first = words.split_once(" is one of ").map(|(_, rest)| rest.split(", ").next().unwrap_or(rest));
    match first {
        Some(word) if *tried <= usual.len() => Some(json!(word)),
        _ => usual.into_iter().nth(*tried - 1),
    }
}

/// The names of a pointer's last part and of what is above it.
fn split(place: &str) -> Option<(&str, String)> {
    let (above, name) = place.rsplit_once('/')?;
    Some((above, name.replace("~1", "/").replace("~0", "~")))
}

fn put(value: &mut Value, place: &str, stand_in: Value) -> bool {
    let Some((above, name)) = split(place) else { return false };
    match value.pointer_mut(above) {
        Some(Value::Object(fields)) => {
            fields.insert(name, stand_in);
            true
        }
        Some(Value::Array(items)) => {
            let item = name.parse::<usize>().ok().and_then(move |index| items.get_mut(index));
            item.map(|item| *item = stand_in).is_some()
        }
        _ => false,
    }
}

fn remove(value: &mut Value, place: &str) -> bool {
    let Some((above, name)) = split(place) else { return false };
    let fields = value.pointer_mut(above).and_then(Value::as_object_mut);
    fields.and_then(|fields| fields.remove(&name)).is_some()
}

enum FaultKind {
    /// A field that nobody knows.
    Unknown,
    /// A value that is missing or another.
    Wrong,
}

/// Where a reader stopped.
struct Fault {
    place: String,
    words: String,
    kind: FaultKind,
}

impl Fault {
    fn of(error: &serde_path_to_error::Error<serde_json::Error>, value: &Value) -> Self {
        let detail = error.inner().to_string();
        let mut place = pointer(error.path());
        let named = |begin: &str| detail.strip_prefix(begin).and_then(|rest| rest.split('`').next());
        if let Some(name) = named("missing field `") {
            let place = format!("{place}/{}", escape_pointer(name));
            return Self { place, words: "is missing".to_owned(), kind: FaultKind::Wrong };
        }
        if let Some(name) = named("unknown field `") {
            let name = format!("/{}", escape_pointer(name));
            if !place.ends_with(&name) {
                place.push_str(&name);
            }
            return Self { place, words: in_words(&detail), kind: FaultKind::Unknown };
        }
        // Of a map, a name may be wrong, which is told of the map or of what stands under that name.
        let name = detail
            .strip_prefix("can't be ")
            .and_then(|rest| serde_json::Deserializer::from_str(rest).into_iter::<String>().next()?.ok());
        if let Some(name) = name {
            let below = format!("/{}", escape_pointer(&name));
            let fields = value.pointer(&place).and_then(Value::as_object);
            if fields.is_some_and(|fields| fields.contains_key(&name)) {
                place.push_str(&below);
            }
            if place.ends_with(&below) {
                return Self { place, words: detail, kind: FaultKind::Unknown };
            }
        }
        Self { place, words: in_words(&detail), kind: FaultKind::Wrong }
    }
}

/// The fields of an object, or what else it is.
pub(super) fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    let given = match value {
        Value::Object(fields) => return Ok(fields),
        Value::Array(_) => "an array".to_owned(),
        Value::String(text) => given(&format!("string {text:?}")),
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    };
    Err(format!("must be an object, and not {given}"))
}

/// What a reader says, for whoever wrote the program that sent it.
fn in_words(detail: &str) -> String {
    if let Some((_, names)) =
        detail.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected "))
    {
        let names = names.strip_prefix("one of ").unwrap_or(names).replace('`', "");
        return format!("is not known here; known are {names}");
    }
    if let Some((given, names)) =
        detail.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected "))
    {
        let names = names.strip_prefix("one of ").unwrap_or(names).replace('`', "");
        return format!("can't be {:?}; it is one of {names}", given.trim_matches('`'));
    }
    if let Some((was_given, wanted)) =
        detail.strip_prefix("invalid ").and_then(|rest| rest.split_once(", expected "))
    {
        let was_given = was_given.trim_start_matches("type: ").trim_start_matches("value: ");
        return format!("must be {}, and not {}", wanted_in_words(wanted), given(was_given));
    }
    // In words already.
    if ["must be ", "is ", "can't be "].iter().any(|begin| detail.starts_with(begin)) {
        return detail.to_owned();
    }
    if ["time zone", "offset", "timestamp"].iter().any(|word| detail.contains(word)) {
        return format!("must be an RFC 3339 time with Z or an offset, for example {TIME}");
    }
    if detail.starts_with("UUID parsing failed") {
        return format!("must be an id like {ID}");
    }
    if detail.starts_with("data did not match any variant") {
        return "has none of the forms that are known here".to_owned();
    }
    detail.to_owned()
}

fn wanted_in_words(wanted: &str) -> String {
    match wanted {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, and not less than 0",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "a map" => "an object",
        "a borrowed string" | "string or map" => "a string",
        _ if wanted.starts_with("struct ") || wanted.contains(" enum ") => "an object",
        _ if wanted.starts_with("tuple ") => "an array",
        _ if wanted.contains("imestamp") => return format!("an RFC 3339 time like {TIME}"),
        _ if wanted.contains("UUID") => return format!("an id like {ID}"),
        _ => wanted,
    }
    .to_owned()
}

/// What was given instead.
fn given(text: &str) -> String {
    let text = match text {
        "sequence" => "an array",
        "map" => "an object",
        "null" | "unit value" => "null",
        "Option value" => "another value",
        text => text,
    };
    let kinds = ["integer `", "floating point `", "boolean `"];
    if let Some(rest) = kinds.iter().find_map(|kind| text.strip_prefix(kind)) {
        return rest.trim_end_matches('`').to_owned();
    }
    let Some(quoted) = text.strip_prefix("string ") else { return text.to_owned() };
    let mut letters = quoted.chars();
    let short: String = letters.by_ref().take(MAX_REPEATED).collect();
    let rest = if letters.next().is_some() { "…\"" } else { "" };
    format!("the text {short}{rest}")
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

pub(super) fn escape_pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Proposal, Severity};

    fn proposal(change: &Value) -> Value {
        let mut of = json!({
            "external_id": "x-1", "type": "isolate_device", "severity": "high", "source": "antivirus_action",
            "entity": { "kind": "device", "name": "web-1" }, "asset": { "kind": "device", "name": "web-1" },
        });
        for (name, value) in change.as_object().unwrap() {
            of[name] = value.clone();
        }
        of
    }

    #[test]
    fn every_wrong_field_is_told_once() {
        let table = [
            (json!({}), vec![]),
            (
                json!({ "severity": "High", "source": 7, "surprise": 1, "another/one": 2, "expires_at": "soon" }),
                vec!["/another~1one", "/expires_at", "/severity", "/source", "/surprise"],
            ),
            (
                json!({ "asset": { "kind": "Device", "colour": 1 }, "evidence": [{ "title": 1 }, 2, { "detail": "d" }] }),
                vec![
                    "/asset/colour",
                    "/asset/kind",
                    "/asset/name",
                    "/evidence/0/detail",
                    "/evidence/0/title",
                    "/evidence/1",
                    "/evidence/2/title",
                ],
            ),
            (
                json!({ "asset": null, "targets": {}, "device": 7, "alert": { "id": [] } }),
                vec!["/alert/id", "/alert/title", "/asset", "/device", "/targets"],
            ),
            (
                json!({ "parameters": { "colour": "red", "size": "s", "scope": 1 } }),
                vec!["/parameters/colour", "/parameters/scope", "/parameters/size"],
            ),
        ];
        for (change, pointers) in table {
            let (read, found) = read_all::<Proposal>(proposal(&change), "");
            let mut got: Vec<_> = found.iter().map(|error| error.pointer.as_str()).collect();
            got.sort_unstable();
            assert_eq!(got, pointers, "{change}: {found:?}");
            assert!(read.is_some(), "{change}: the rest is read");
        }
        let (read, found) = read_all::<Proposal>(json!({}), "/actions/3");
        let got: Vec<_> = found.iter().map(|error| error.pointer.as_str()).collect();
        assert!(got.starts_with(&["/actions/3/external_id", "/actions/3/type"]), "{got:?}");
        assert!(read.is_none() || got.len() >= 6, "{got:?}");
        let (read, found) = read_all::<Proposal>(json!(1), "/actions/3");
        assert_eq!((read.is_none(), found.len(), found[0].pointer.as_str()), (true, 1, "/actions/3"));
        // However much is wrong, it is told in good time.
        let many: Map<String, Value> = (0..100_000).map(|n| (format!("x{n}"), json!(n))).collect();
        assert_eq!(read_all::<Proposal>(Value::Object(many), "").1.len(), MAX_ERRORS);
    }

    #[test]
    fn what_is_wrong_is_told_in_words() {
        let said = |change: Value| {
            let found = read_all::<Proposal>(proposal(&change), "").1;
            found.into_iter().map(|error| error.detail).collect::<Vec<_>>().join("\n")
        };
        for (change, words) in [
            (json!({ "external_id": [] }), "must be a string, and not an array"),
            (json!({ "external_id": {} }), "must be a string, and not an object"),
            (json!({ "external_id": null }), "must be a string, and not null"),
            (json!({ "external_id": 5 }), "must be a string, and not 5"),
            (json!({ "external_id": true }), "must be a string, and not true"),
            (json!({ "targets": "a" }), "must be an array, and not the text \"a\""),
            (json!({ "device": "a" }), "must be an object, and not the text \"a\""),
            (json!({ "entity": "a" }), "must be an object, and not the text \"a\""),
            (json!({ "surprise": 1 }), "is not known here; known are external_id, type, entity"),
        ] {
            assert!(said(change.clone()).starts_with(words), "{change}: {}", said(change.clone()));
        }
        let long = said(json!({ "targets": "x".repeat(1_000) }));
        assert!(long.chars().count() < 120, "{long}");
        let severity = said(json!({ "severity": 3 }));
        assert_eq!(
            severity,
            "must be a string, and not 3; Severity is one of critical, high, medium, low, informational"
        );
        assert_eq!(read_all::<Severity>(json!("high"), "").0, Some(Severity::High));
        assert_eq!(object(&json!([1])), Err("must be an object, and not an array".to_owned()));
    }
}
