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
