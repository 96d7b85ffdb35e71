//! Executors through the API: set up by administrators, never with their secrets in an answer.

use axum::http::StatusCode;
use domain::{Role, Scope};
use serde_json::{Value, json};

use super::{ACTIONS, proposed, seen};
use crate::http::testing::App;
use executors::destinations::Destinations;
use web::edge::security::Edge;

const EXECUTORS: &str = "/api/v1/executors";

async fn app() -> (App, String) {
    let app = App::start().await;
    app.user("root", &[Role::GlobalAdministrator]).await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let root = app.token(Some("root"), Scope::ALL).await;
    (app, root)
}

fn manual(name: &str) -> Value {
    json!({ "setup": { "name": name, "kind": "manual", "serves": [{}] } })
}

#[tokio::test]
async fn what_the_server_does_not_allow_is_named_as_no_destination() {
    let allowed = ["hooks.example.com", "10.0.0.0/8"].map(|text| text.parse().unwrap());
    let edge = Edge::new(true, false, None);
    let app = App::with_destinations(false, edge, Destinations::new(allowed.to_vec())).await;
    app.user("root", &[Role::GlobalAdministrator]).await;
    let root = app.token(Some("root"), Scope::ALL).await;
    let executor = |name: &str, kind: &str, url: &str| {
        let settings = json!({ "url": url, "internal": true });
        json!({ "setup": { "name": name, "kind": kind, "serves": [{}], "settings": settings } })
    };
    let rule =
        |name: &str, url: &str| json!({ "name": name, "on": ["waits"], "channel": "slack", "to": [url] });
    let rules = "/api/v1/notification-rules";
    let refused = "192.0.2.7 is no destination that this server allows (--allow-destination): it allows \
                   hooks.example.com, 10.0.0.0/8";
    let (elsewhere, inside) = ("https://192.0.2.7/hook", "https://10.1.2.3/hook");
    for (path, body, pointer) in [
        (EXECUTORS, executor("a", "webhook", elsewhere), "/settings/url"),
        (EXECUTORS, executor("a", "openc2", elsewhere), "/settings/url"),
        (rules, rule("a", elsewhere), "/to"),
    ] {
        let answer = app.api(&root, "POST", path, Some(&body)).await;
        let error = &answer.json()["errors"][0];
        let told = (answer.status.as_u16(), error["pointer"].as_str(), error["detail"].as_str());
        assert_eq!(told, (422, Some(pointer), Some(refused)), "{path}");
    }
    for (path, body) in [
        (EXECUTORS, executor("b", "webhook", inside)),
        (EXECUTORS, executor("c", "webhook", "https://hooks.example.com/hook")),
        (rules, rule("b", inside)),
    ] {
        let answer = app.api(&root, "POST", path, Some(&body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }
    let changed = executor("b", "webhook", elsewhere);
    let answer = app.api(&root, "PUT", &format!("{EXECUTORS}/b"), Some(&changed)).await;
    assert_eq!(answer.status.as_u16(), 422, "{}", answer.text());
}

#[tokio::test]
async fn an_administrator_adds_changes_pauses_and_removes_executors() {
    let (app, root) = app().await;
    let answer = app.api(&root, "POST", EXECUTORS, Some(&manual("people"))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let taken = app.api(&root, "POST", EXECUTORS, Some(&manual("people"))).await;
    assert_eq!((taken.status.as_u16(), &taken.json()["errors"][0]["pointer"]), (422, &json!("/name")));
    let list = app.api(&root, "GET", EXECUTORS, None).await.json();
    let names: Vec<_> =
        list["executors"].as_array().unwrap().iter().map(|one| &one["setup"]["name"]).collect();
    assert_eq!(names, ["people", "simulated"], "what only pretends is last");

    let mut changed = manual("people");
    changed["setup"]["serves"] = json!([{ "name": "web-*", "types": ["isolate_device"] }]);
    let path = format!("{EXECUTORS}/people");
    let answer = app.api(&root, "PUT", &path, Some(&changed)).await;
    assert_eq!(answer.json()["setup"]["serves"], changed["setup"]["serves"], "{}", answer.text());
    let paused = app.api(&root, "POST", &format!("{path}/pause"), None).await;
    assert_eq!((&paused.json()["paused"], &paused.json()["health"]), (&json!(true), &json!("paused")));
    let resumed = app.api(&root, "POST", &format!("{path}/resume"), None).await;
    assert_eq!(resumed.json()["paused"], false);
    let tested = app.api(&root, "POST", &format!("{path}/test"), None).await;
    assert_eq!(tested.json()["works"], true);
    // What a test found is what is said of it from then on.
    let state = app.api(&root, "GET", &path, None).await.json();
    assert_eq!(state["health"], "up", "{state}");
    let built_in = app.api(&root, "POST", &format!("{EXECUTORS}/simulated/pause"), None).await;
    assert_eq!(built_in.status, StatusCode::CONFLICT, "{}", built_in.text());
    assert_eq!(app.api(&root, "DELETE", &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.api(&root, "GET", &path, None).await.status, StatusCode::NOT_FOUND);

    let ana = app.token(Some("ana"), Scope::ALL).await;
    for (method, path) in [("GET", EXECUTORS), ("POST", EXECUTORS), ("GET", "/api/v1/executors/simulated")] {
        let answer = app.api(&ana, method, path, Some(&manual("x"))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
}

#[tokio::test]
async fn a_secret_is_shown_once_and_a_bad_setting_says_where() {
    let (app, root) = app().await;
    let hook = |url: &str| json!({ "setup": { "name": "hook", "kind": "webhook", "serves": [{}], "settings": { "url": url } } });
    for (body, pointer) in [
        (hook("ftp://a"), "/settings/url"),
        (hook("http://127.0.0.1:9/x"), "/settings/url"),
        (hook("http://[::1]/x"), "/settings/url"),
        (hook("http://169.254.169.254/latest"), "/settings/url"),
        (
            json!({ "setup": { "name": "c", "kind": "openc2", "serves": [{}], "settings": { "url": "https://a.example" } } }),
            "/secret",
        ),
        (json!({ "setup": { "name": "c", "kind": "responder", "serves": [{}] } }), "/kind"),
        (json!({ "setup": { "name": "c", "kind": "manual", "serves": [] } }), "/serves"),
        (
            json!({ "setup": { "name": "c", "kind": "manual", "serves": [{ "types": ["explode"] }] } }),
            "/setup/serves/0/types/0",
        ),
    ] {
        let answer = app.api(&root, "POST", EXECUTORS, Some(&body)).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text());
    }
    let added = app.api(&root, "POST", EXECUTORS, Some(&hook("https://soar.example/x"))).await.json();
    let secret = added["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    let root_page = app.cookie("root").await;
    let pages = [
        app.api(&root, "GET", EXECUTORS, None).await.text(),
        app.api(&root, "GET", &format!("{EXECUTORS}/hook"), None).await.text(),
        app.get("/settings/executors", &[("cookie", &root_page)]).await.text(),
        app.get("/settings/executors/hook", &[("cookie", &root_page)]).await.text(),
    ];
    for page in &pages {
        assert!(page.contains("hook") && !page.contains(&secret[..20]), "{page}");
    }
    let records = app.store.audit_after(0, 1_000).await.unwrap();
    assert!(!serde_json::to_string(&records).unwrap().contains(&secret[6..]));
}

#[tokio::test]
async fn a_form_without_scripts_adds_an_executor_and_its_page_tests_and_pauses_it() {
    let (app, root) = app().await;
    let cookie = app.cookie("root").await;
    let page = app.get("/settings/executors/new?kind=manual", &[("cookie", &cookie)]).await;
    assert!(
        page.text().contains("Add executor") && page.text().contains("/api/add_executor"),
        "{}",
        page.text()
    );
    let form = "name=people&kind=manual&serves=kind%3Ddevice%0Aname%3Dmail-*&due_hours=8";
    let answer = app.form("/api/add_executor", Some(&cookie), form).await;
    assert!(answer.status.is_success() || answer.status.is_redirection(), "{}", answer.text());
    let state = app.api(&root, "GET", &format!("{EXECUTORS}/people"), None).await.json();
    assert_eq!(state["setup"]["serves"], json!([{ "asset_kind": "device" }, { "name": "mail-*" }]));
    let page = app.get("/settings/executors/people?test=1", &[("cookie", &cookie)]).await.text();
    assert!(
        page.contains("nothing to reach") && page.contains("Pause") && page.contains("Every type"),
        "{page}"
    );
    let answer = app.form("/api/pause_executor", Some(&cookie), "name=people&paused=true").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(app.get("/settings/executors", &[("cookie", &cookie)]).await.text().contains("Paused"));
    // What it has is said before anybody approves.
    let tool = app.token(None, &[Scope::Propose]).await;
    let made = proposed(&app, &tool, "x-1").await;
    let id = made["id"].as_str().unwrap();
    let detail = app.form("/api/load_action", Some(&cookie), &format!("id={id}")).await.json();
    assert_eq!(
        (&detail["executor"]["name"], &detail["executor"]["health"]),
        (&json!("people"), &json!("paused"))
    );
    assert_eq!(detail["executor"]["rule"], "rule 1: every device");
    let path = format!("{ACTIONS}/{id}/report");
    let answer = app.api(&root, "POST", &path, Some(&seen(&made, json!({ "done": true })))).await;
    assert_eq!(answer.status, 409, "it waits for a decision: {}", answer.text());
}

#[tokio::test]
async fn a_report_that_nobody_signed_is_refused_alike_whatever_it_names() {
    let (app, _) = app().await;
    let headers = [("webhook-id", "a"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,AAAA")];
    let report = |body: &'static str| {
        let headers = headers.to_vec();
        let app = &app;
        async move {
            let mut all = vec![("content-type", "application/json")];
            all.extend(headers);
            let request = crate::http::testing::request("POST", "/api/v1/reports", &all);
            app.send(request.body(axum::body::Body::from(body)).unwrap()).await
        }
    };
    let unknown =
        report(r#"{"command_id":"019ad000-0000-7000-8000-000000000000","status":"completed"}"#).await;
    let nonsense = report("{").await;
    assert_eq!((unknown.status.as_u16(), nonsense.status.as_u16()), (401, 401), "{}", unknown.text());
    let request =
        crate::http::testing::request("POST", "/api/v1/reports", &[("content-type", "application/json")]);
    let without = app.send(request.body(axum::body::Body::from("{}")).unwrap()).await;
    assert_eq!(without.status, 400, "{}", without.text());
}
