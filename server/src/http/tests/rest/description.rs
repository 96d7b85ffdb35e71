//! The description of the API says what is enforced, and what it says is enforced.

use domain::ActionType;
use serde_json::{Value, json};

use super::{ACTIONS, app};
use crate::http::testing::proposal;

/// What a value at a place of a proposal must be, by its description; all that is said of it together.
fn said(document: &Value, pointer: &str) -> Value {
    let mut found = vec![document["components"]["schemas"]["Proposal"].clone()];
    for part in pointer.split('/').skip(1) {
        let mut next = Vec::new();
        for schema in found.iter().flat_map(|schema| all_of(document, schema)) {
            let step =
                if part.parse::<usize>().is_ok() { &schema["items"] } else { &schema["properties"][part] };
            if !step.is_null() {
                next.push(step.clone());
            }
        }
        found = next;
    }
    let parts = found.iter().flat_map(|schema| all_of(document, schema));
    let mut merged = json!({});
    for part in parts {
        for (name, value) in part.as_object().into_iter().flatten() {
            merged[name] = value.clone();
        }
    }
    merged
}

/// A schema and all that it is made of.
fn all_of(document: &Value, schema: &Value) -> Vec<Value> {
    let mut all = vec![schema.clone()];
    if let Some(name) = schema["$ref"].as_str() {
        all.extend(all_of(document, document.pointer(&name[1..]).unwrap()));
    }
    for part in ["allOf", "oneOf"].iter().flat_map(|name| schema[name].as_array().into_iter().flatten()) {
        // Rules for single types of action are asked by themselves.
        if part.get("if").is_none() {
            all.extend(all_of(document, part));
        }
    }
    all
}

#[tokio::test]
async fn what_is_enforced_is_said_and_what_is_said_is_enforced() {
    let (app, tool, _) = app().await;
    let document = app.get("/api/v1/openapi.json", &[]).await.json();
    let send = async |item: &Value| {
        let answer = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": [item] }))).await;
        (answer.status.as_u16(), answer.text())
    };
    // (where, the longest that is taken, whether it may be left out, and then be empty)
    let lengths = [
        ("/external_id", 4_096, false),
        ("/comment", 2_000, true),
        ("/campaign", 4_096, true),
        ("/investigation_id", 4_096, true),
        ("/incident_id", 4_096, true),
        ("/evidence/0/title", 4_096, false),
        ("/evidence/0/detail", 32_768, false),
        ("/asset/name", 4_096, false),
        ("/asset/device_group", 4_096, true),
        ("/entity/path", 4_096, false),
        ("/alert/id", 4_096, false),
        ("/alert/title", 4_096, false),
    ];
    let with = |pointer: &str, value: Value| {
        let mut item = proposal(&format!("x{pointer}"));
        item["evidence"] = json!([{ "title": "a", "detail": "b", "technique": "T1059" }]);
        item["alert"] = json!({ "id": "a", "title": "b" });
        item["asset"]["device_group"] = json!("a");
        for name in ["campaign", "investigation_id", "incident_id"] {
            item[name] = json!("a");
        }
        *item.pointer_mut(pointer).unwrap() = value;
        item
    };
    for (pointer, most, is_optional) in lengths {
        let says = said(&document, pointer);
        assert_eq!(says["maxLength"], most, "{pointer}: {says}");
        assert_eq!(says["minLength"].is_null(), is_optional, "{pointer}: {says}");
        assert!(says["pattern"].is_string(), "{pointer}: {says}");
        // A path begins at its root.
        let longest = with(pointer, json!(format!("/{}", "é".repeat(most - 1))));
        let (status, text) = send(&longest).await;
        assert_eq!(status, 201, "{pointer}: {text}");
        for bad in ["é".repeat(most + 1), "  ".to_owned(), "a\0b".to_owned()] {
            let (status, text) = send(&with(pointer, json!(bad))).await;
            assert_eq!(status, 422, "{pointer}: {text}");
            assert!(text.contains(&format!("/actions/0{pointer}")), "{pointer}: {text}");
        }
        let (status, text) = send(&with(pointer, json!(""))).await;
        // A file with its hash needs no path; a key of the registry does.
        let is_taken = is_optional || pointer == "/entity/path";
        assert_eq!(status != 422, is_taken, "{pointer}: {status} {text}");
    }
    assert!(said(&document, "/evidence/0/technique")["pattern"].is_string());
    for (technique, status) in [("T1059.001", 201), ("", 201), ("not a technique", 422)] {
        let mut item = with("/evidence/0/technique", json!(technique));
        item["external_id"] = json!(format!("technique {technique}"));
        assert_eq!(send(&item).await.0, status, "{technique}");
    }
    for (name, digits) in [("sha256", 64), ("sha1", 40), ("md5", 32)] {
        let says = said(&document, &format!("/entity/{name}"));
        assert_eq!(says["pattern"], format!("^([0-9A-Fa-f]{{{digits}}})?$"));
        let mut item = proposal(name);
        item["entity"][name] = json!("ab".repeat(digits / 2));
        assert_eq!(send(&item).await.0, 201);
        for bad in ["ab".repeat(digits / 2 + 1), "xy".repeat(digits / 2)] {
            item["entity"][name] = json!(bad);
            assert_eq!(send(&item).await.0, 422, "{name}");
        }
    }
    assert_eq!(said(&document, "/evidence")["maxItems"], 50);
    let many = json!((0..51).map(|_| json!({ "title": "a", "detail": "b" })).collect::<Vec<_>>());
    assert_eq!(send(&with("/evidence", many)).await.0, 422);
}

/// Each type of action has its rule, and the rule is the catalog's.
#[tokio::test]
async fn each_type_says_what_it_acts_on() {
    let (app, _, _) = app().await;
    let document = app.get("/api/v1/openapi.json", &[]).await.json();
    let rules = document["components"]["schemas"]["Proposal"]["allOf"].as_array().unwrap();
    assert_eq!(rules.len(), ActionType::ALL.len());
    for (of, rule) in ActionType::ALL.iter().zip(rules) {
        assert_eq!(rule["if"]["properties"]["type"]["const"], of.as_str());
        let kinds: Vec<_> = of.info().entities.iter().map(|kind| json!(kind.as_str())).collect();
        assert_eq!(rule["then"]["properties"]["entity"]["properties"]["kind"]["enum"], Value::from(kinds));
        let parameters = &rule["then"]["properties"]["parameters"];
        assert_eq!(parameters["additionalProperties"], false);
        let names: Vec<_> = of.info().parameters.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(parameters["properties"].as_object().unwrap().len(), names.len());
        assert!(names.iter().all(|name| parameters["properties"][name].is_object()));
    }
    let batch = document["components"]["schemas"].as_object().unwrap().values();
    let items: Vec<_> = batch.map(|schema| &schema["properties"]["actions"]).collect();
    assert!(items.iter().any(|items| items["maxItems"] == 500 && items["minItems"] == 1), "{items:?}");
}
