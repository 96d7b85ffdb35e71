//! The home page as the server renders it.

use domain::{Role, Scope};
use serde_json::json;

use crate::http::testing::{App, proposal};

const HTML: (&str, &str) = ("accept", "text/html");

async fn page(app: &App, cookie: &str) -> String {
    let answer = app.get("/", &[HTML, ("cookie", cookie)]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

#[tokio::test]
async fn home_says_what_waits_and_where() {
    let app = App::start().await;
    assert_eq!(app.get("/", &[HTML]).await.header("location"), "/sign-in?next=/");
    assert_eq!(app.form("/api/load_home", None, "").await.status, 401);
    app.user("ana", &[Role::SecurityReader]).await;
    let cookie = app.cookie("ana").await;
    let empty = page(&app, &cookie).await;
    assert!(empty.contains("Nothing waits for a decision."), "{empty}");
    assert!(!empty.contains("Approve in Action Center"));

    let tool = app.token(None, &[Scope::Propose]).await;
    let mut actions: Vec<_> = (0..7).map(|n| proposal(&format!("p{n}"))).collect();
    actions[6]["severity"] = json!("critical");
    actions[6]["asset"]["name"] = json!("web-2");
    let sent = app.api(&tool, "POST", "/api/v1/actions", Some(&json!({ "actions": actions }))).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let html = page(&app, &cookie).await;
    for part in [
        "7 actions wait for a decision",
        "href=\"/action-center/pending?severity=high\"",
        "href=\"/action-center/pending?severity=critical\"",
        "href=\"/action-center/in-progress?status=Unknown\"",
        "href=\"/action-center/history?status=Failed&amp;status=TimedOut&amp;period=24h\"",
        "2 devices",
        "Approve in Action Center",
        "<title>Home · Countersign</title>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("?severity=low"), "of what there is nothing, nothing is said");
    assert!(!html.contains("style=\""), "the policy forbids it");

    let answer = app.form("/api/load_home", Some(&cookie), "").await.json();
    assert_eq!(
        answer["waiting"][0],
        json!(["critical", { "count": 1, "more": false, "lane": "pending", "shows": "severity=critical" }])
    );
    assert_eq!(answer["waiting"][1][1]["count"], 6);
    assert_eq!(answer["days"].as_array().unwrap().len(), 30);
    // Who may see nothing is told so.
    app.user("ben", &[Role::SearchAndPurge]).await;
    let ben = app.cookie("ben").await;
    assert_eq!(app.form("/api/load_home", Some(&ben), "").await.status, 403);
    let refused = app.get("/", &[HTML, ("cookie", &ben)]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("The home page could not be loaded"), "{}", refused.text());
}
