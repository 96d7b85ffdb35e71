//! Requests with an Idempotency-Key.

use axum::http::StatusCode;
use domain::Scope;
use serde_json::json;

use super::{ACTIONS, app, seen};
use crate::http::testing::proposal;

#[tokio::test]
async fn t02_a_key_gives_the_first_answer_again() {
    let (app, tool, person) = app().await;
    let other = app.token_named("other", None, &[Scope::Propose]).await;
    let key = [("idempotency-key", "\"k-1\"")];
    let body = json!({ "actions": [proposal("x-1")] }).to_string();
    let first = app.api_with(&tool, "POST", ACTIONS, &key, body.clone()).await;
    assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (201, ""));
    let again = app.api_with(&tool, "POST", ACTIONS, &[("idempotency-key", "k-1")], body.clone()).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(first.body, again.body);
    assert_eq!(first.json()["actions"][0]["created"], true, "also in the repeat, as the body is the same");

    let changed = app.api_with(&tool, "POST", ACTIONS, &key, format!("{body} ")).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.json()["type"]),
        (422, &json!("/problems/idempotency_key_reused"))
    );
    let elses = app.api_with(&other, "POST", ACTIONS, &key, body.clone()).await;
    assert_eq!(
        (elses.status.as_u16(), elses.header("idempotent-replayed")),
        (201, ""),
        "another's key is another key"
    );

    // A decision, and a refusal, are answers too.
    let made = &first.json()["actions"][0];
    let path = format!("{ACTIONS}/{}/approve", made["id"].as_str().unwrap());
    let approve = seen(made, json!({})).to_string();
    for replayed in ["", "true"] {
        let answer = app.api_with(&person, "POST", &path, &[("idempotency-key", "a")], approve.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.header("idempotent-replayed")), (200, replayed));
        let answer = app.api_with(&person, "POST", &path, &[("idempotency-key", "b")], "{}").await;
        assert_eq!((answer.status.as_u16(), answer.header("idempotent-replayed")), (422, replayed));
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let bad = app.api_with(&tool, "POST", ACTIONS, &[("idempotency-key", "a b")], body).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);

    app.clock.forward(jiff::SignedDuration::from_hours(25));
    let later =
        app.api_with(&tool, "POST", ACTIONS, &key, json!({ "actions": [proposal("x-9")] }).to_string()).await;
    assert_eq!(later.status, StatusCode::CREATED, "a key is kept for a day");
}

#[tokio::test]
async fn at_once_a_key_is_answered_once() {
    let (app, tool, _) = app().await;
    let body = json!({ "actions": [proposal("x-1")] }).to_string();
    let send = || app.api_with(&tool, "POST", ACTIONS, &[("idempotency-key", "k")], body.clone());
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    let mut fresh = 0;
    for answer in [a, b, c, d] {
        match (answer.status.as_u16(), answer.header("idempotent-replayed")) {
            (201, "") => fresh += 1,
            (201, "true") => {}
            (409, _) => assert_eq!(answer.json()["type"], "/problems/idempotency_in_flight"),
            other => panic!("{other:?} {}", answer.text()),
        }
    }
    assert_eq!(fresh, 1);
}

#[tokio::test]
async fn an_answer_that_was_kept_is_for_those_who_may_still_see_it() {
    let (app, tool, person) = app().await;
    let made = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": [proposal("x-1")] }))).await.json();
    let made = &made["actions"][0];
    let path = format!("{ACTIONS}/{}/approve", made["id"].as_str().unwrap());
    let key = [("idempotency-key", "k")];
    let send = async |token: &str| {
        let answer = app.api_with(token, "POST", &path, &key, seen(made, json!({})).to_string()).await;
        (answer.status.as_u16(), answer.text())
    };
    let (status, text) = send(&person).await;
    assert_eq!((status, text.contains("/srv/a")), (200, true), "{text}");
    // Another token of the same person, which sees what it proposed itself.
    let less = app.token(Some("ana"), &[Scope::Propose]).await;
    let (status, text) = send(&less).await;
    assert_eq!((status, text.contains("/srv/a")), (404, false), "{text}");
    assert_eq!(send(&person).await.0, 200);
}

#[tokio::test]
async fn t08_plans_are_not_there_for_tokens_that_decide_nothing() {
    let (app, tool, person) = app().await;
    let made = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": [proposal("x-1")] }))).await.json();
    let body = json!({ "verb": "approve", "ids": [made["actions"][0]["id"]] }).to_string();
    let key = [("idempotency-key", "p")];
    let plan = app.api_with(&person, "POST", "/api/v1/bulk-plans", &key, body.clone()).await;
    assert_eq!(plan.status, StatusCode::CREATED, "{}", plan.text());
    let path = format!("/api/v1/bulk-plans/{}", plan.json()["id"].as_str().unwrap());
    assert_eq!(app.api(&person, "GET", &path, None).await.status, StatusCode::OK);
    for scopes in [&[Scope::Propose][..], &[Scope::Read], &[Scope::Read, Scope::Propose]] {
        let less = app.token(Some("ana"), scopes).await;
        assert_eq!(app.api(&less, "GET", &path, None).await.status, StatusCode::NOT_FOUND, "{scopes:?}");
        let again = app.api_with(&less, "POST", "/api/v1/bulk-plans", &key, body.clone()).await;
        assert_ne!(again.status, StatusCode::CREATED, "{scopes:?}");
    }
}
