//! What was done elsewhere is recorded and never carried out; what a person takes is carried out at once.

use axum::http::StatusCode;
use domain::{Role, Scope};
use serde_json::{Value, json};

use super::{ACTIONS, app};
use crate::http::testing::{App, proposal, request};

fn record(id: &str, more: &Value) -> Value {
    let mut of = proposal(id);
    let said =
        json!({ "decision": "NotRequired", "status": "Completed", "occurred_at": "2026-02-27T10:00:00Z" });
    for fields in [&said, more] {
        of.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    }
    of
}

async fn sent(app: &App, token: &str, item: &Value) -> (u16, Value) {
    let answer = app.api(token, "POST", ACTIONS, Some(&json!({ "actions": [item] }))).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn what_was_done_elsewhere_is_history_and_its_end_can_be_corrected() {
    let (app, tool, person) = app().await;
    let recorder = app.token_named("scanner", None, &[Scope::Record]).await;
    let live = json!({
        "external_id": "live-1", "type": "live_response_command", "severity": "low",
        "source": "manual_live_response_action", "entity": { "kind": "device", "name": "web-1" },
        "asset": { "kind": "device", "name": "web-1" }, "parameters": { "command_line": "ps aux" },
        "decision": "NotRequired", "status": "PartiallyCompleted", "occurred_at": "2026-02-28T23:00:00+01:00",
        "result": "PID 1 init",
    });
    let (status, made) = sent(&app, &recorder, &live).await;
    assert_eq!(status, 201, "{made}");
    let made = &made["actions"][0];
    assert_eq!((&made["decision"], &made["status"]), (&json!("NotRequired"), &json!("PartiallyCompleted")));
    let id = made["id"].as_str().unwrap();
    let read = async || app.api(&person, "GET", &format!("{ACTIONS}/{id}"), None).await.json();
    let action = read().await;
    assert_eq!(action["updated_at"], "2026-02-28T22:00:00.000000Z");
    assert_eq!(action["status_detail"], "PID 1 init");
    let history = app.api(&person, "GET", &format!("{ACTIONS}?lane=history"), None).await.json();
    assert_eq!(history["items"][0]["id"], id);
    assert!(app.store.command_of(id.parse().unwrap()).await.unwrap().is_none(), "nothing carries it out");
    // A repeat changes nothing, and a later one says how it ended after all.
    assert_eq!(sent(&app, &recorder, &live).await.1["actions"][0]["version"], 1);
    let mut later = live.clone();
    (later["status"], later["result"], later["occurred_at"]) =
        (json!("Completed"), json!("PID 1 init\nPID 2 sh"), json!("2026-02-28T22:05:00Z"));
    let (status, again) = sent(&app, &recorder, &later).await;
    assert_eq!(status, 201, "{again}");
    assert_eq!(again["actions"][0]["changed"], json!(["status", "result"]));
    let action = read().await;
    assert_eq!((&action["status"], &action["version"]), (&json!("Completed"), &json!(2)));
    // For a SIEM it is one event; what was never let happen is none.
    let waits = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": [proposal("w-1")] }))).await;
    assert_eq!(waits.status, StatusCode::CREATED);
    let events = async |lane: &str| {
        app.api(&person, "GET", &format!("{ACTIONS}.ocsf.jsonl?lane={lane}"), None).await.text()
    };
    assert_eq!(events("pending").await, "");
    let event = events("history").await;
    assert_eq!(event.lines().count(), 1, "{event}");
    let event: Value = serde_json::from_str(&event).unwrap();
    assert_eq!(
        (&event["type_uid"], &event["command_uid"], &event["status"]),
        (&json!(700_199), &json!(id), &json!("Success"))
    );
    assert_eq!(event["unmapped"]["action"]["parameters"]["command_line"], "ps aux");
    // Neither a proposal nor another tool may say so.
    let (status, refused) = sent(&app, &tool, &record("r-1", &json!({}))).await;
    assert_eq!((status, refused["detail"].as_str().unwrap().contains("actions:record")), (403, true));
    let (status, _) = sent(&app, &recorder, &proposal("r-2")).await;
    assert_eq!(status, 403, "who records alone proposes nothing");
    for (more, pointer) in [
        (json!({ "status": "Queued" }), "/actions/0/status"),
        (json!({ "status": null }), "/actions/0/status"),
        (json!({ "decision": "Approved" }), "/actions/0/decision"),
        (json!({ "occurred_at": "2027-01-01T00:00:00Z" }), "/actions/0/occurred_at"),
        (json!({ "result": "a\u{0}b" }), "/actions/0/result"),
    ] {
        let (status, refused) = sent(&app, &recorder, &record("r-3", &more)).await;
        assert_eq!((status, refused["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{refused}");
    }
    store::verify(&*app.store).await.unwrap();
}

#[tokio::test]
async fn a_record_is_none_of_what_was_proposed() {
    let (app, _, _) = app().await;
    let both = app.token_named("both", None, &[Scope::Propose, Scope::Record]).await;
    assert_eq!(sent(&app, &both, &proposal("x-1")).await.0, 201);
    let (status, refused) = sent(&app, &both, &record("x-1", &json!({}))).await;
    assert_eq!(status, 409, "{refused}");
    let items = [record("x-2", &json!({})), record("x-2", &json!({ "status": "Failed" })), proposal("x-3")];
    let answer = app.api(&both, "POST", ACTIONS, Some(&json!({ "actions": items }))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let of = |n: usize| answer.json()["actions"][n]["status"].clone();
    assert_eq!((of(0), of(1), of(2)), (json!("Completed"), json!("Failed"), json!("None")));
}

#[tokio::test]
async fn a_person_takes_an_action_by_their_token() {
    let (app, tool, person) = app().await;
    app.user("reader", &[Role::SecurityReader]).await;
    let reader = app.token(Some("reader"), &[Scope::Decide]).await;
    let mut known = proposal("known");
    known["asset"] =
        json!({ "kind": "device", "name": "web-1", "criticality": "high", "device_group": "Servers" });
    assert_eq!(sent(&app, &tool, &known).await.0, 201);
    let new = json!({
        "type": "isolate_device", "entity": { "kind": "device", "name": "web-1" },
        "asset": { "kind": "device", "name": "WEB-1" }, "comment": "beacons",
    });
    let take = async |token: &str, new: &Value| {
        let answer = app.api(token, "POST", &format!("{ACTIONS}/take"), Some(new)).await;
        (answer.status.as_u16(), answer.json())
    };
    let (status, taken) = take(&person, &new).await;
    assert_eq!(status, 201, "{taken}");
    assert_eq!((&taken["decision"], &taken["status"]), (&json!("NotRequired"), &json!("Queued")));
    assert_eq!(
        (&taken["source"], &taken["asset"]["criticality"]),
        (&json!("manual_device_action"), &json!("high"))
    );
    let id = taken["id"].as_str().unwrap().parse().unwrap();
    assert!(app.store.command_of(id).await.unwrap().is_some(), "an executor is to carry it out");
    assert!(app.store.proposer(id).await.unwrap().is_some());
    assert_eq!(take(&tool, &new).await.0, 403);
    let (status, refused) = take(&reader, &new).await;
    assert_eq!((status, refused["detail"].as_str().unwrap().contains("Security Operator")), (403, true));
    for (field, value, pointer) in [
        ("comment", Value::Null, "/comment"),
        ("entity", json!({ "kind": "user", "name": "ana" }), "/entity"),
        ("entity", json!({ "kind": "device" }), "/entity/name"),
        ("colour", json!("red"), "/colour"),
    ] {
        let mut wrong = new.clone();
        wrong[field] = value;
        let (status, refused) = take(&person, &wrong).await;
        assert_eq!((status, refused["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{refused}");
    }
}

#[tokio::test]
async fn the_form_previews_and_takes_without_scripts() {
    let (app, tool, _) = app().await;
    assert_eq!(sent(&app, &tool, &proposal("known")).await.0, 201);
    let cookie = app.cookie("ana").await;
    let page = async |query: &str| {
        let headers = [("cookie", cookie.as_str()), ("accept", "text/html")];
        app.get(&format!("/action-center/take{query}"), &headers).await.text()
    };
    assert!(page("").await.contains("Choose what to do"));
    let form = page("?type=isolate_device").await;
    assert!(form.contains("entity.name") && form.contains("<option value=\"web-1\""), "{form}");
    let wrong = page("?type=isolate_device&entity.name=web-1&preview=1").await;
    assert!(wrong.contains("requires a comment"), "{wrong}");
    let fields = "type=isolate_device&entity.name=web-1&comment=beacons&parameter.scope=Full";
    let preview = page(&format!("?{fields}&preview=1")).await;
    assert!(preview.contains("Hits 1 device") && preview.contains("Can be undone"), "{preview}");
    let sent = format!("fields={}", fields.replace('&', "%26").replace('=', "%3D"));
    let headers = [
        ("cookie", cookie.as_str()),
        ("accept", "text/html"),
        ("origin", "http://localhost:8080"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = app.send(request("POST", "/api/take_action", &headers).body(sent.into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text());
    assert!(answer.header("location").starts_with("/action-center/in-progress?open="));
}

#[tokio::test]
async fn what_nobody_else_decided_names_who_took_it_when_and_why() {
    let (app, _, person) = app().await;
    let recorder = app.token_named("scanner", None, &[Scope::Record]).await;
    let device = json!({ "kind": "device", "name": "web-1" });
    let isolated = json!({ "type": "isolate_device", "entity": device, "comment": "beacon" });
    let (status, made) = sent(&app, &recorder, &record("r-1", &isolated)).await;
    assert_eq!(status, 201, "{made}");
    let made = made["actions"][0].clone();
    let path = format!("{ACTIONS}/{}", made["id"].as_str().unwrap());
    let undo =
        json!({ "expected_version": made["version"], "digest": made["digest"], "reason": "clean again" });
    let undone = app.api(&person, "POST", &format!("{path}/undo"), Some(&undo)).await;
    assert_eq!(undone.status, StatusCode::OK, "{}", undone.text());
    let undone = undone.json();
    assert_eq!(
        (&undone["decided_by"]["name"], &undone["decided_at"], &undone["reason"]),
        (&json!("scanner"), &json!("2026-02-27T10:00:00.000000Z"), &json!("beacon"))
    );
    let id = undone["undone_by"].as_str().unwrap();
    let reverse = app.api(&person, "GET", &format!("{ACTIONS}/{id}"), None).await.json();
    let now = "2026-03-01T08:00:00.000000Z";
    assert_eq!((&reverse["decision"], &reverse["reason"]), (&json!("NotRequired"), &json!("clean again")));
    assert_eq!(
        (&reverse["decided_at"], &reverse["decided_by"]["person"]["name"]),
        (&json!(now), &json!("Ana Sousa"))
    );
    let of_lists = async |lane: &str| {
        let list = app.api(&person, "GET", &format!("{ACTIONS}?lane={lane}"), None).await.json();
        let items = list["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["id"] == id).unwrap()
    };
    assert_eq!(of_lists("in_progress").await["decided_by"], reverse["decided_by"]);
    let columns = "decided_by_person,decided_by_token,decided,reason";
    let csv = async |lane: &str| {
        let path = format!("{ACTIONS}.csv?lane={lane}&cols={columns}");
        app.api(&person, "GET", &path, None).await.text()
    };
    let row = csv("in_progress").await;
    let cells: Vec<_> = row.lines().nth(1).unwrap().split(',').collect();
    assert!(cells[0].starts_with("Ana Sousa (") && cells[1].starts_with("tool ("), "{row}");
    assert_eq!(cells[2..], [now, "clean again"]);
    let row = csv("history").await;
    let cells: Vec<_> = row.lines().nth(1).unwrap().split(',').collect();
    assert!(cells[0].is_empty() && cells[1].starts_with("scanner ("), "{row}");
    assert_eq!(cells[2..], ["2026-02-27T10:00:00.000000Z", "beacon"]);
}
