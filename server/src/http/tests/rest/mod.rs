//! The API through the real router and service.

mod access;
mod description;
mod doors;
mod executors;
mod idempotency;
mod input;
mod intake;
mod investigations;
mod lists;
mod names;
mod record;
mod times;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use domain::{Role, Scope};
use serde_json::{Value, json};

use crate::http::testing::{App, proposal, request, system, tester};

async fn app() -> (App, String, String) {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let person = app.token(Some("ana"), &[Scope::Decide]).await;
    (app, tool, person)
}

const ACTIONS: &str = "/api/v1/actions";

#[tokio::test]
async fn a_decision_by_token_names_the_person_and_the_token() {
    let (app, tool, _) = app().await;
    app.sessions
        .add_user(
            &system(),
            tester(),
            "otto",
            "Otto Person",
            [Role::SecurityOperator].into(),
            "correct horse battery",
        )
        .await
        .unwrap();
    let scopes = [Scope::Decide, Scope::Read].into();
    let token =
        app.sessions.create_token(&system(), tester(), "Ana Ondra", Some("otto"), scopes, 30).await.unwrap();
    let made = proposed(&app, &tool, "x-1").await;
    let path = format!("{ACTIONS}/{}/reject", made["id"].as_str().unwrap());
    let answer = app.api(&token.secret, "POST", &path, Some(&seen(&made, json!({ "reason": "n" })))).await;
    let by = answer.json()["decided_by"].clone();
    assert_eq!((&by["kind"], &by["name"]), (&json!("token"), &json!("Ana Ondra")));
    assert_eq!(by["person"]["name"], "Otto Person");
    // The record is hashed with both.
    let records = app.store.audit_after(0, 1_000).await.unwrap();
    let record = records.iter().find(|record| record.kind == domain::AuditKind::Rejected).unwrap();
    assert_eq!(serde_json::to_value(&record.actor).unwrap(), by);
    store::verify(&*app.store).await.unwrap();
    // Lists are filtered by the person, and an export names both.
    let list = async |who: &str| {
        let path = format!("{ACTIONS}?lane=history&decided_by={who}");
        app.api(&token.secret, "GET", &path, None).await.json()["items"].as_array().unwrap().len()
    };
    assert_eq!((list("Otto%20Person").await, list("Ana%20Ondra").await), (1, 0));
    // And by either token that had a part in it.
    let list = async |name: &str| {
        let path = format!("{ACTIONS}?lane=history&token={name}");
        app.api(&token.secret, "GET", &path, None).await.json()["items"].as_array().unwrap().len()
    };
    assert_eq!((list("ana%20ondra").await, list("tool").await, list("Otto%20Person").await), (1, 1, 0));
    let csv =
        app.api(&token.secret, "GET", "/api/v1/actions.csv?lane=history&cols=decided_by", None).await.text();
    assert!(csv.contains("Otto Person by token \u{201c}Ana Ondra\u{201d}"), "{csv}");
}

/// Proposes one action and returns it as its answer shows it.
async fn proposed(app: &App, tool: &str, external_id: &str) -> Value {
    let body = json!({ "actions": [proposal(external_id)] });
    let answer = app.api(tool, "POST", ACTIONS, Some(&body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["actions"][0].clone()
}

fn seen(action: &Value, more: Value) -> Value {
    let mut body = json!({ "expected_version": action["version"], "digest": action["digest"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn an_action_is_proposed_listed_decided_and_decided_only_once() {
    let (app, tool, person) = app().await;
    let made = proposed(&app, &tool, "x-1").await;
    assert_eq!(
        (&made["created"], &made["decision"], &made["status"]),
        (&json!(true), &json!("Pending"), &json!("None"))
    );
    assert_eq!(proposed(&app, &tool, "x-1").await["created"], false, "a repeat changes nothing");
    let id = made["id"].as_str().unwrap();

    let list = app.api(&person, "GET", "/api/v1/actions?lane=pending&limit=25", None).await;
    assert_eq!(list.json()["items"][0]["id"], id);
    assert_eq!((&list.json()["next"], &list.json()["prev"]), (&Value::Null, &Value::Null));
    let one = app.api(&person, "GET", &format!("{ACTIONS}/{id}"), None).await;
    assert_eq!(one.json()["entity"]["path"], "/srv/a");

    let approve = format!("{ACTIONS}/{id}/approve");
    let stale = json!({ "expected_version": 7, "digest": made["digest"] });
    let answer = app.api(&person, "POST", &approve, Some(&stale)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["type"]), (409, &json!("/problems/conflict")));
    assert_eq!(answer.json()["current"]["id"], id);

    let answer = app.api(&tool, "POST", &approve, Some(&seen(&made, json!({})))).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "a tool does not decide");
    let answer = app.api(&person, "POST", &approve, Some(&seen(&made, json!({ "comment": "yes" })))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["decision"], "Approved");
    let reject = format!("{ACTIONS}/{id}/reject");
    let answer = app.api(&person, "POST", &reject, Some(&seen(&made, json!({ "reason": "no" })))).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.json()["current"]["decision"], "Approved");
}

#[tokio::test]
async fn who_comes_without_a_live_token_is_told_how() {
    let (app, tool, _) = app().await;
    let bare = app.send(request("GET", ACTIONS, &[]).body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((bare.status.as_u16(), bare.header("www-authenticate")), (401, "Bearer"));
    for token in ["", "x", "cst_x", &format!("{tool}x")] {
        assert_eq!(app.api(token, "GET", ACTIONS, None).await.status, StatusCode::UNAUTHORIZED);
        let body = json!({ "actions": [proposal("x")] });
        assert_eq!(app.api(token, "POST", ACTIONS, Some(&body)).await.status, StatusCode::UNAUTHORIZED);
    }
    // A session is no token, and the API reads no cookies.
    let cookie = app.cookie("ana").await;
    assert_eq!(app.get(ACTIONS, &[("cookie", &cookie)]).await.status, StatusCode::UNAUTHORIZED);
    let secret = cookie.split_once('=').unwrap().1;
    assert_eq!(app.api(secret, "GET", ACTIONS, None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.get("/api/v1/openapi.json", &[]).await.status, StatusCode::OK);
}

/// The document names exactly the routes there are, with exactly their methods; and each of them has its limit.
#[tokio::test]
async fn the_description_is_the_surface() {
    let (app, _, person) = app().await;
    let document: Value = app.get("/api/v1/openapi.json", &[]).await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let paths = document["paths"].as_object().unwrap();
    let tags = document["tags"].as_array().unwrap();
    // Which they are is in the golden file of who may do what.
    assert!(paths.len() >= 90, "only {}", paths.len());
    let mut operations = BTreeSet::new();
    let large = axum::body::Bytes::from(vec![b' '; 16 * 1024 * 1024 + 1]);
    for (path, item) in paths {
        let real = path.replace("{id}", "019ad000-0000-7000-8000-000000000000").replace("{name}", "none");
        // The query is one that nothing takes: a stream of events would not end.
        for method in ["get", "put", "post", "delete", "patch"] {
            let answer = app.api(&person, &method.to_uppercase(), &format!("{real}?after=x"), None).await;
            let refused = answer.status == StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(refused, item.get(method).is_none(), "{method} {path}");
            assert_ne!(answer.json()["type"], "/problems/no_such_path", "{method} {path}");
            let answer = app.api_with(&person, &method.to_uppercase(), &real, &[], large.clone()).await;
            let too_large = answer.status == StatusCode::PAYLOAD_TOO_LARGE;
            assert!(too_large || method == "get", "{method} {path}: {}", answer.status);
        }
        operations.extend(item.as_object().unwrap().values().map(|of| of["operationId"].as_str().unwrap()));
        for tag in item.as_object().unwrap().values().flat_map(|of| of["tags"].as_array().unwrap()) {
            let described = tags.iter().filter(|of| of["name"] == *tag && of["description"].is_string());
            assert_eq!(described.count(), 1, "{path}: {tag}");
        }
    }
    assert!(operations.len() >= 111, "only {}", operations.len());
    assert!(operations.contains("export_actions_jsonl"), "{operations:?}");
    assert_eq!(document["servers"][0]["url"], "/");
    let propose = &document["paths"]["/api/v1/actions"]["post"];
    assert!(propose["requestBody"]["description"].as_str().unwrap().contains("16 MiB"), "{propose}");
    assert_eq!(document["components"]["schemas"]["FileEntity"]["title"], "FileEntity");
    assert_eq!(document["components"]["schemas"]["Entity"]["discriminator"]["propertyName"], "kind");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for variant in schema["oneOf"].as_array().into_iter().flatten() {
            assert!(variant.get("$ref").is_some() || variant["type"] == "null", "{name} {variant}");
        }
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}
