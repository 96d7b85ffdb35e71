//! What is recorded of a change of what is administered: how it was before, and how it is after.

use domain::{AuditKind, Role, Scope};
use serde_json::{Value, json};

use crate::http::testing::App;

#[tokio::test]
async fn each_change_is_recorded_with_what_was_before_and_after() {
    let app = App::start().await;
    app.user("root", &[Role::GlobalAdministrator]).await;
    let root = app.token(Some("root"), Scope::ALL).await;
    let send = async |method: &str, path: &str, body: Value| {
        let answer = app.api(&root, method, &format!("/api/v1{path}"), Some(&body)).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text());
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    };
    let manual = |name: &str, pattern: &str| json!({ "setup": { "name": name, "kind": "manual", "serves": [{ "name": pattern }] } });
    send("POST", "/executors", manual("people", "web-*")).await;
    send("POST", "/executors", manual("others", "db-*")).await;
    send("PUT", "/executors/people", manual("people", "srv-*")).await;
    send("POST", "/executors/others/move", json!({ "place": 1 })).await;
    send("DELETE", "/executors/people", json!({})).await;
    let rule = json!({ "name": "soc", "on": ["waits"], "channel": "email", "to": ["soc@corp.example"] });
    send("POST", "/notification-rules", rule).await;
    send("DELETE", "/notification-rules/soc", json!({})).await;
    let notices = async |form: &str| {
        let cookie = app.cookie("root").await;
        assert_eq!(app.form("/api/save_own_notices", Some(&cookie), form).await.status, 200);
    };
    notices("address=old%40corp.example").await;
    notices("address=new%40corp.example").await;
    let incident = send("POST", "/incidents", json!({ "id": "INC-1", "title": "Beacon" })).await;
    let version = incident["version"].clone();
    let change = json!({ "expected_version": version, "status": "resolved", "assigned_to": "Ana" });
    send("PATCH", "/incidents/INC-1", change).await;

    let log = app.store.audit_after(0, 1_000).await.unwrap();
    let facts = |kind: AuditKind| {
        log.iter().filter(|record| record.kind == kind).map(|record| record.body.clone()).collect::<Vec<_>>()
    };
    let served = |setup: &Value| setup["serves"][0]["name"].clone();
    let added = facts(AuditKind::ExecutorAdded);
    assert_eq!((&added[0]["before"], served(&added[0]["after"])), (&Value::Null, json!("web-*")));
    let [changed, moved] = &facts(AuditKind::ExecutorChanged)[..] else { panic!("{log:?}") };
    assert_eq!(
        (served(&changed["before"]), served(&changed["after"])),
        (json!("web-*"), json!("srv-*")),
        "{changed}"
    );
    assert_eq!((&moved["before"]["place"], &moved["after"]["place"]), (&json!(2), &json!(1)), "{moved}");
    let removed = facts(AuditKind::ExecutorRemoved);
    assert_eq!((served(&removed[0]["before"]), &removed[0]["after"]), (json!("srv-*"), &Value::Null));
    let to = |rule: &Value| rule["to"].clone();
    let [rule_added, rule_removed, .., notices_changed] = &facts(AuditKind::SettingChanged)[..] else {
        panic!("{log:?}")
    };
    assert_eq!(
        (&rule_added["before"], to(&rule_added["after"])),
        (&Value::Null, json!(["soc@corp.example"]))
    );
    assert_eq!(
        (to(&rule_removed["before"]), &rule_removed["after"]),
        (json!(["soc@corp.example"]), &Value::Null)
    );
    assert_eq!(
        (to(&notices_changed["before"]), to(&notices_changed["after"])),
        (json!(["old@corp.example"]), json!(["new@corp.example"]))
    );
    let [incident] = &facts(AuditKind::IncidentChanged)[..] else { panic!("{log:?}") };
    assert_eq!(
        (&incident["before"]["status"], &incident["after"]["status"], &incident["after"]["assigned_to"]),
        (&json!("active"), &json!("resolved"), &json!("Ana"))
    );
}
