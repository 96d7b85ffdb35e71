//! What is refused of a body, and what is said of it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{ACTIONS, app};
use crate::http::testing::{proposal, request};

#[tokio::test]
async fn all_that_is_wrong_is_named_with_its_pointer() {
    let (app, tool, _) = app().await;
    let with = |change: Value| {
        let mut item = proposal("x");
        for (key, value) in change.as_object().unwrap() {
            item[key] = value.clone();
        }
        item
    };
    let without = |key: &str| {
        let mut item = proposal("x");
        item.as_object_mut().unwrap().remove(key);
        item
    };
    let table = [
        (json!({ "actions": [proposal("a"), with(json!({"type": "fly"}))] }), vec!["/actions/1/type"]),
        (
            json!({ "actions": [with(json!({"entity": {"kind": "file", "colour": 1}}))] }),
            vec!["/actions/0/entity/colour"],
        ),
        (json!({ "actions": [with(json!({"entity": {"kind": "ghost"}}))] }), vec!["/actions/0/entity/kind"]),
        (
            json!({ "actions": [with(json!({"entity": {"kind": "user", "name": "b"}}))] }),
            vec!["/actions/0/entity"],
        ),
        (json!({ "actions": [with(json!({"asset": {"kind": "device"}}))] }), vec!["/actions/0/asset/name"]),
        (
            json!({ "actions": [with(json!({"asset": {"kind": 1, "name": "b"}}))] }),
            vec!["/actions/0/asset/kind"],
        ),
        (json!({ "actions": [with(json!({"surprise": 1}))] }), vec!["/actions/0/surprise"]),
        (json!({ "actions": [without("severity")] }), vec!["/actions/0/severity"]),
        (
            json!({ "actions": [with(json!({"evidence": [{"title": "t", "detail": 1}]}))] }),
            vec!["/actions/0/evidence/0/detail"],
        ),
        (json!({ "actions": [1] }), vec!["/actions/0"]),
        (
            // A shape and a rule, both found at once.
            json!({ "actions": [with(json!({"type": "fly"})), proposal("b"), with(json!({"expires_at": "2020-01-01T00:00:00Z"}))] }),
            vec!["/actions/0/type", "/actions/2/expires_at"],
        ),
        (json!({ "actions": [] }), vec!["/actions"]),
        (json!({ "actions": vec![proposal("a"); 501] }), vec!["/actions"]),
        (json!({ "actions": {} }), vec!["/actions"]),
        (json!({}), vec!["/actions"]),
        (json!({ "actions": [], "more": 1 }), vec!["/more"]),
        (json!([]), vec![""]),
    ];
    for (body, pointers) in table {
        let answer = app.api(&tool, "POST", ACTIONS, Some(&body)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let value = answer.json();
        let got: Vec<_> = value["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(got, pointers, "{value}");
    }
    let list = app.api(&tool, "GET", ACTIONS, None).await;
    assert_eq!(list.json()["items"], json!([]), "all or none");
}

#[tokio::test]
async fn what_can_not_be_read_is_refused_before_it_is_looked_into() {
    let (app, tool, _) = app().await;
    let good = json!({ "actions": [proposal("x")] }).to_string();
    let deep = format!("{{\"actions\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let twice = good.replacen("\"severity\"", "\"severity\":\"low\",\"severity\"", 1);
    let table: [(&str, Vec<u8>, u16); 10] = [
        ("application/json", b"{".to_vec(), 400),
        ("application/json", Vec::new(), 400),
        ("application/json", b"{\"actions\":[\"\xff\"]}".to_vec(), 400),
        ("application/json", deep.into_bytes(), 400),
        ("application/json", twice.into_bytes(), 400),
        ("application/json; charset=utf-16", good.clone().into_bytes(), 415),
        ("text/plain", good.clone().into_bytes(), 415),
        ("application/x-www-form-urlencoded", good.clone().into_bytes(), 415),
        ("application/json", vec![b' '; 16 * 1024 * 1024 + 1], 413),
        ("application/json", vec![b' '; 32 * 1024 * 1024], 413),
    ];
    let bearer = format!("Bearer {tool}");
    for (kind, body, status) in table {
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        let answer = app.send(request("POST", ACTIONS, &headers).body(body.clone().into()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{kind} {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    // Proposals may be larger than other bodies.
    let mut large = good.into_bytes();
    large.resize(16 * 1024 * 1024, b' ');
    assert_eq!(app.api_with(&tool, "POST", ACTIONS, &[], large).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn each_wrong_field_of_an_item_is_told_in_words_and_what_became_of_the_item() {
    let (app, tool, _) = app().await;
    let mut wrong = proposal("w");
    for (field, value) in [
        ("type", json!("isolate_device")),
        ("severity", json!("High")),
        ("source", json!(["a"])),
        ("surprise", json!(1)),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("entity", json!({ "kind": "process", "pid": "7", "image": 7, "sha256": "12", "colour": 1 })),
        ("asset", json!({ "kind": "device", "name": "ws-*" })),
        ("evidence", json!([{ "title": "t", "detail": "d", "technique": "T1" }])),
    ] {
        wrong[field] = value;
    }
    let mut kind = proposal("k");
    kind["entity"] = json!({ "kind": "ip_address", "address": "192.0.2.1" });
    let body = json!({ "actions": [proposal("good"), wrong, kind, 7] });
    let wanted = [
        ("/actions/1/asset/name", "no device has an asterisk"),
        ("/actions/1/entity/colour", "is not known of a process"),
        ("/actions/1/entity/image", "must be a string, and not 7"),
        ("/actions/1/entity/pid", "must be a whole number from 0 to 4294967295, and not the text \"7\""),
        ("/actions/1/evidence/0/technique", "must be the id of a MITRE ATT&CK technique"),
        ("/actions/1/expires_at", "lies in the past"),
        ("/actions/1/severity", "did you mean high?"),
        ("/actions/1/source", "must be a string, and not an array; Source is one of manual_device_action"),
        ("/actions/1/surprise", "is not known here"),
        ("/actions/2/entity", "does not act on an IP address"),
        ("/actions/3", "must be an object, and not 7"),
    ];
    let told = |errors: &Value| {
        let errors = errors.as_array().unwrap().iter();
        let text = |error: &Value, field: &str| error[field].as_str().unwrap().to_owned();
        let mut told: Vec<_> = errors.map(|error| (text(error, "pointer"), text(error, "detail"))).collect();
        told.sort();
        told
    };
    let check = |told: &[(String, String)]| {
        assert_eq!(told.len(), wanted.len(), "{told:?}");
        for ((pointer, detail), (at, words)) in told.iter().zip(wanted) {
            assert_eq!(pointer, at);
            assert!(detail.contains(words), "{pointer}: {detail}");
            for leaked in ["enum", "struct", "sequence", "map", "u32", "variant"] {
                assert!(!detail.contains(leaked), "{pointer}: {detail}");
            }
        }
    };
    let answer = app.api(&tool, "POST", ACTIONS, Some(&body)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    check(&told(&answer.json()["errors"]));
    let answer = app.api(&tool, "POST", &format!("{ACTIONS}?on_error=item"), Some(&body)).await.json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!((&answer["taken"], results.len()), (&json!(1), 4), "{answer}");
    let mut all = Vec::new();
    for refused in &results[1..] {
        let error = &refused["error"];
        assert_eq!(error["title"], "This item was not taken in: something in it is missing or wrong.");
        all.extend(told(&error["errors"]));
    }
    check(&all);
}
