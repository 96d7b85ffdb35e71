//! The device API of Defender for Endpoint through the real app: what its clients send, and what they read.

use domain::{Role, Scope};
use serde_json::{Value, json};

use crate::http::testing::App;

const ACTIONS: &str = "/mde/api/machineactions";

/// An app, a tool that may propose, and an operator.
async fn start() -> (App, String, String) {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let tool = app.token_named("xdr", None, &[Scope::Propose]).await;
    let person = app.token(Some("ana"), &[Scope::Decide]).await;
    (app, tool, person)
}

async fn send(app: &App, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
    let answer = app.api(token, method, path, Some(&body).filter(|body| !body.is_null())).await;
    (answer.status.as_u16(), answer.json())
}

async fn order(app: &App, token: &str, path: &str, body: Value) -> (u16, Value) {
    send(app, token, "POST", &format!("/mde/api/machines/{path}"), body).await
}

async fn listed(app: &App, token: &str, query: &str) -> Vec<Value> {
    let (status, list) = send(app, token, "GET", &format!("{ACTIONS}?{query}"), Value::Null).await;
    assert_eq!(status, 200, "{list}");
    list["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_order_waits_for_a_decision_and_tells_how_it_ended() {
    let (app, tool, person) = start().await;
    let isolate = json!({ "Comment": "Beacon", "IsolationType": "Selective" });
    let (status, made) = order(&app, &tool, "web-1/isolate", isolate).await;
    assert_eq!(status, 201, "{made}");
    for (field, want) in [
        ("type", "Isolate"),
        ("status", "Pending"),
        ("scope", "Selective"),
        ("machineId", "web-1"),
        ("computerDnsName", "web-1"),
        ("requestor", "xdr"),
        ("requestorComment", "Beacon"),
        ("creationDateTimeUtc", "2026-03-01T08:00:00.000000Z"),
    ] {
        assert_eq!(made[field], want, "{field} of {made}");
    }
    let id = made["id"].as_str().unwrap();
    let path = format!("/api/v1/actions/{id}");
    let action = app.api(&person, "GET", &path, None).await.json();
    assert_eq!(
        (&action["type"], &action["source"], &action["decision"]),
        (&json!("isolate_device"), &json!("live_response_action"), &json!("Pending"))
    );
    let seen = json!({ "expected_version": action["version"], "digest": action["digest"] });
    let approved = app.api(&person, "POST", &format!("{path}/approve"), Some(&seen)).await;
    assert_eq!(approved.status, 200, "{}", approved.text());
    let (_, now) = send(&app, &tool, "GET", &format!("{ACTIONS}/{id}"), Value::Null).await;
    assert_eq!(now["status"], "InProgress", "{now}");
    assert_eq!(listed(&app, &tool, "$filter=status%20eq%20%27InProgress%27").await.len(), 1);
    assert_eq!(listed(&app, &tool, "$filter=status%20eq%20%27Pending%27").await.len(), 0);
}

#[tokio::test]
async fn the_same_order_within_a_minute_is_a_repeat() {
    let (app, tool, _) = start().await;
    let scan = |comment: &str| json!({ "Comment": comment, "ScanType": "Quick", "ExternalId": null });
    let (_, first) = order(&app, &tool, "web-1/runAntiVirusScan", scan("x")).await;
    for seconds in [0, 45, 30] {
        app.clock.forward(jiff::SignedDuration::from_secs(seconds));
        let (status, again) = order(&app, &tool, "WEB-1/runAntiVirusScan", scan("x")).await;
        assert_eq!((status, &again["id"]), (201, &first["id"]), "{again}");
    }
    let (_, other) = order(&app, &tool, "web-1/runAntiVirusScan", scan("another reason")).await;
    assert_ne!(other["id"], first["id"]);
    app.clock.forward(jiff::SignedDuration::from_mins(3));
    let (_, later) = order(&app, &tool, "web-1/runAntiVirusScan", scan("x")).await;
    assert_ne!(later["id"], first["id"], "it is asked for anew");
    let all = listed(&app, &tool, "$filter=machineId%20eq%20%27WEB-1%27&$top=2").await;
    assert_eq!(all.iter().map(|of| &of["id"]).collect::<Vec<_>>(), [&later["id"], &other["id"]]);
    assert_eq!(listed(&app, &tool, "$skip=2").await[0]["id"], first["id"]);
}

#[tokio::test]
async fn what_waits_is_taken_back_and_what_is_refused_says_why() {
    let (app, tool, person) = start().await;
    let file = json!({ "Comment": "Ransomware", "Sha1": "ab".repeat(20) });
    let (_, made) = order(&app, &tool, "web-1/StopAndQuarantineFile", file).await;
    assert_eq!(
        made["relatedFileInfo"],
        json!({ "fileIdentifier": "ab".repeat(20), "fileIdentifierType": "Sha1" })
    );
    let cancel = format!("{ACTIONS}/{}/cancel", made["id"].as_str().unwrap());
    let (status, failure) = send(&app, &tool, "POST", &cancel, json!({})).await;
    assert_eq!((status, &failure["error"]["target"]), (400, &json!("Comment")), "{failure}");
    let (status, over) = send(&app, &tool, "POST", &cancel, json!({ "Comment": "False alarm" })).await;
    assert_eq!((status, &over["status"]), (200, &json!("Cancelled")), "{over}");
    assert_eq!(
        (&over["cancellationRequestor"], &over["cancellationComment"]),
        (&json!("xdr"), &json!("False alarm"))
    );
    let (status, failure) = send(&app, &tool, "POST", &cancel, json!({ "Comment": "again" })).await;
    assert_eq!(status, 403, "only a person calls off what was decided: {failure}");

    let unknown = format!("{ACTIONS}/019ad000-0000-7000-8000-000000000000");
    for (token, method, path, body, status, code) in [
        (&tool, "POST", "/mde/api/machines/web-1/explode", json!({ "Comment": "x" }), 400, "BadRequest"),
        (&tool, "POST", "/mde/api/machines/ws-*/isolate", json!({ "Comment": "x" }), 400, "BadRequest"),
        (
            &tool,
            "POST",
            "/mde/api/machines/web-1/isolate",
            json!({ "Comment": "x", "Scope": 1 }),
            400,
            "BadRequest",
        ),
        (&person, "POST", "/mde/api/machines/web-1/isolate", json!({ "Comment": "x" }), 403, "Forbidden"),
        (
            &tool,
            "GET",
            "/mde/api/machineactions?$filter=requestor%20eq%20%27a%27",
            Value::Null,
            400,
            "BadRequest",
        ),
        (&tool, "GET", unknown.as_str(), Value::Null, 404, "ResourceNotFound"),
        (&tool, "GET", "/mde/api/alerts", Value::Null, 404, "ResourceNotFound"),
        (&"cst_none".to_owned(), "GET", ACTIONS, Value::Null, 401, "Unauthorized"),
    ] {
        let (answered, failure) = send(&app, token, method, path, body).await;
        assert_eq!((answered, &failure["error"]["code"]), (status, &json!(code)), "{path}: {failure}");
        assert!(failure["error"]["message"].as_str().is_some_and(|text| text.len() > 5), "{failure}");
    }
    // What others proposed is not there.
    let other = app.token_named("another", None, &[Scope::Propose]).await;
    let path = format!("{ACTIONS}/{}", made["id"].as_str().unwrap());
    assert_eq!(send(&app, &other, "GET", &path, Value::Null).await.0, 404);
    assert_eq!(listed(&app, &other, "").await.len(), 0);
}
