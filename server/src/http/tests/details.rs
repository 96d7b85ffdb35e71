//! What the details of an action say beside the action: what it hits, and who may decide in place of whom.

use domain::{Role, Scope};
use serde_json::{Value, json};

use crate::http::testing::{App, proposal};

async fn details(app: &App, cookie: &str, id: &str) -> Value {
    let answer = app.form("/api/load_action", Some(cookie), &format!("id={id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn propose(app: &App, token: &str, action: Value) -> String {
    let answer = app.api(token, "POST", "/api/v1/actions", Some(&json!({ "actions": [action] }))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["actions"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_may_not_decide_reads_who_may() {
    let app = App::start().await;
    app.user("reader", &[Role::SecurityReader]).await;
    let reader = app.cookie("reader").await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let id = propose(&app, &tool, proposal("1")).await;
    let alone = details(&app, &reader, &id).await;
    assert_eq!(alone["deciders"], "Nobody in this system may decide this yet.");
    assert_eq!((&alone["impact"], &alone["hunt"]), (&json!("Hits 1 file on web-1."), &Value::Null));

    app.user("operator", &[Role::SecurityOperator]).await;
    app.user("second", &[Role::GlobalAdministrator]).await;
    assert_eq!(details(&app, &reader, &id).await["deciders"], "Ana Sousa and Ana Sousa may decide this.");
    let operator = app.cookie("operator").await;
    assert_eq!(details(&app, &operator, &id).await["deciders"], Value::Null, "who may decide needs nobody");

    // A proposer may not, and does not stand among those who may.
    let own = app.token(Some("operator"), &[Scope::Propose]).await;
    let mut other = proposal("2");
    other["asset"]["name"] = json!("web-2");
    let id = propose(&app, &own, other).await;
    let proposed = details(&app, &operator, &id).await;
    assert_eq!(proposed["deciders"], "Ana Sousa may decide this.");
    assert_eq!(proposed["impact"], "Hits 1 file on web-2. The same file waits on 1 other device.");

    // Who may see nothing learns nothing.
    app.user("nobody", &[Role::SearchAndPurge]).await;
    let nobody = app.cookie("nobody").await;
    let answer = app.form("/api/load_action", Some(&nobody), &format!("id={id}")).await;
    assert_eq!(answer.status, 403);
    assert!(!answer.text().contains("Ana Sousa may"), "{}", answer.text());

    // What is decided needs nobody.
    let second = app.cookie("second").await;
    let (version, digest) = (&proposed["action"]["version"], proposed["action"]["digest"].as_str().unwrap());
    let form = format!("id={id}&expected_version={version}&digest={digest}&reason=no");
    assert_eq!(app.form("/api/reject_action", Some(&second), &form).await.status, 200);
    assert_eq!(details(&app, &reader, &id).await["deciders"], Value::Null);
}
