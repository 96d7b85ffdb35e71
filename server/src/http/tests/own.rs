//! What people set for themselves on their own page: their name, how pages look, and what they are told.

use domain::{Role, Scope};
use serde_json::json;

use crate::http::testing::App;

#[tokio::test]
async fn people_rename_themselves_and_look_like_nobody_else() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    app.user("ben", &[Role::SecurityReader]).await;
    let ben = app.cookie("ben").await;
    let rename =
        async |name: &str| app.form("/api/rename_own", Some(&ben), &format!("display_name={name}")).await;
    for bad in ["", "Ana%20Sousa", "Ana%20S%D0%BEusa", "a%E2%80%AEb"] {
        let answer = rename(bad).await;
        assert_eq!(answer.status, 422, "{bad} {}", answer.text());
    }
    assert_eq!(rename("Ben%20Okafor").await.status, 200);
    assert_eq!(app.form("/api/session", Some(&ben), "").await.json()["name"], "Ben Okafor");
    let root = {
        app.user("root", &[Role::GlobalAdministrator]).await;
        app.token(Some("root"), Scope::ALL).await
    };
    let log = serde_json::to_string(&app.store.audit_after(0, 50).await.unwrap()).unwrap();
    assert!(log.contains(r#""after":{"display_name":"Ben Okafor"}"#), "{log}");
    // Administrators are held to the same rule.
    let people = app.api(&root, "GET", "/api/v1/people", None).await.json();
    let id = people.as_array().unwrap().iter().find(|of| of["name"] == "ana").unwrap()["id"].clone();
    let path = format!("/api/v1/people/{}", id.as_str().unwrap());
    let alike = json!({ "display_name": "BEN OKAFOR" });
    assert_eq!(app.api(&root, "PATCH", &path, Some(&alike)).await.status, 422);
}

#[tokio::test]
async fn pages_are_light_or_dark_as_is_set() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let ana = app.cookie("ana").await;
    let page = async || app.get("/settings", &[("cookie", &ana), ("accept", "text/html")]).await.text();
    assert!(page().await.contains(r#"data-scheme="system""#));
    let set = async |scheme: &str| {
        app.form("/api/save_color_scheme", Some(&ana), &format!("color_scheme={scheme}")).await
    };
    assert_eq!(set("pink").await.status, 422);
    assert_eq!(set("dark").await.status, 200);
    assert!(page().await.contains(r#"data-scheme="dark" data-theme="dark""#));
    let density = app.form("/api/save_density", Some(&ana), "density=comfortable").await;
    assert_eq!(density.status, 200, "{}", density.text());
    let set = app.form("/api/load_preferences", Some(&ana), "").await.json();
    for lane in ["pending", "in_progress", "history"] {
        assert_eq!(set[lane]["density"], "comfortable", "{lane}");
    }
}

#[tokio::test]
async fn somebody_is_told_of_what_they_proposed_as_they_chose() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    app.user("root", &[Role::GlobalAdministrator]).await;
    let (ana, root) = (app.cookie("ana").await, app.token(Some("root"), Scope::ALL).await);
    let save = async |form: &str| app.form("/api/save_own_notices", Some(&ana), form).await;
    let load = async || app.form("/api/load_own_notices", Some(&ana), "").await.json();
    assert_eq!(load().await, json!(null));
    for bad in [
        "address=nobody",
        "address=a%40b.example&digest_hours=1000",
        "address=a%40b.example&min_severity=pink",
    ] {
        assert_eq!(save(bad).await.status, 422, "{bad}");
    }
    for form in ["address=old%40corp.example", "address=ana%40corp.example&min_severity=high&digest_hours=8"]
    {
        let answer = save(form).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let want = json!({ "address": "ana@corp.example", "min_severity": "high", "digest_hours": 8 });
    assert_eq!(load().await, want);
    // It is a rule like others, which administrators see, and which nobody else makes.
    let rules = app.api(&root, "GET", "/api/v1/notification-rules", None).await.json();
    let rule = rules["rules"][0]["rule"].clone();
    assert_eq!((&rule["to"], &rule["on"][0]), (&json!(["ana@corp.example"]), &json!("decided")));
    let mut other = rule.clone();
    other["name"] = json!("own-of-others");
    assert_eq!(app.api(&root, "POST", "/api/v1/notification-rules", Some(&other)).await.status, 422);
    assert_eq!(save("address=").await.status, 200);
    assert_eq!(load().await, json!(null));
}
