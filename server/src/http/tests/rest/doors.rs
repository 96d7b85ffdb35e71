//! What people and tools ask of an action: each has a path of its own, and there is no path without a transition.

use std::collections::BTreeSet;

use domain::{Role, Scope, Transition};
use serde_json::{Value, json};

use super::{ACTIONS, app, proposed, seen};

#[tokio::test]
async fn every_transition_that_is_asked_for_has_its_route() {
    let (app, ..) = app().await;
    let document: Value = app.get("/api/v1/openapi.json", &[]).await.json();
    let paths = document["paths"].as_object().unwrap();
    let of_one = paths.iter().filter(|(_, item)| item.get("post").is_some());
    let routes: BTreeSet<_> = of_one
        .filter_map(|(path, _)| path.strip_prefix(&format!("{ACTIONS}/{{id}}/")).map(str::to_owned))
        .collect();
    // An approval by one person alone has a door of its own, and so has what others say of it.
    let alone = ["break-glass", "break-glass/review"];
    let doors: BTreeSet<_> =
        Transition::all().into_iter().filter_map(Transition::door).chain(alone).map(str::to_owned).collect();
    assert_eq!(routes, doors);
}

#[tokio::test]
async fn a_proposal_is_withdrawn_by_its_tool_and_an_approved_one_called_off() {
    let (app, tool, person) = app().await;
    let made = proposed(&app, &tool, "x-1").await;
    let path = |verb: &str| format!("{ACTIONS}/{}/{verb}", made["id"].as_str().unwrap());
    let answer = app.api(&person, "POST", &path("withdraw"), Some(&seen(&made, json!({})))).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    let stale = json!({ "expected_version": 9, "digest": made["digest"] });
    assert_eq!(app.api(&tool, "POST", &path("withdraw"), Some(&stale)).await.status, 409);
    let body = seen(&made, json!({ "reason": "false alarm" }));
    let answer = app.api(&tool, "POST", &path("withdraw"), Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        (&answer.json()["decision"], &answer.json()["reason"]),
        (&json!("Withdrawn"), &json!("false alarm"))
    );

    let made = proposed(&app, &tool, "x-2").await;
    let path = |verb: &str| format!("{ACTIONS}/{}/{verb}", made["id"].as_str().unwrap());
    let approved = app.api(&person, "POST", &path("approve"), Some(&seen(&made, json!({})))).await.json();
    let settle = seen(&approved, json!({ "happened": true, "evidence": " " }));
    let answer = app.api(&person, "POST", &path("settle"), Some(&settle)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (422, &json!("/evidence")));
    let settle = seen(&approved, json!({ "happened": true, "evidence": "seen" }));
    assert_eq!(
        app.api(&person, "POST", &path("settle"), Some(&settle)).await.status,
        409,
        "nothing is unknown"
    );
    // The form of a page, by a session.
    app.user("otto", &[Role::SecurityOperator]).await;
    let cookie = app.cookie("otto").await;
    let form = format!(
        "id={}&expected_version={}&digest={}&verb=cancel&reason=",
        approved["id"].as_str().unwrap(),
        approved["version"],
        approved["digest"].as_str().unwrap()
    );
    let answer = app.form("/api/follow_up_action", Some(&cookie), &form).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["status"]),
        (200, &json!("Cancelled")),
        "{}",
        answer.text()
    );
    let reader = app.token(Some("ana"), &[Scope::Read]).await;
    let body = seen(&answer.json(), json!({}));
    assert_eq!(app.api(&reader, "POST", &path("retry"), Some(&body)).await.status, 403);
}
