//! What a host has and has not begun is called off on a person's word, and never carried out; what it has begun is not.

use serde_json::{Value, json};

use crate::database::{Kind, on_both};
use crate::enrolled::Dialling;
use crate::harness::{Estate, until};

on_both!(an_enrolled_host_calls_off_what_waits_for_its_turn,);

/// A list of commands with one that takes a while and leaves a mark.
fn commands(estate: &Estate) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let (nap, list) = (estate.at("nap"), estate.at("commands"));
    std::fs::write(&nap, "#!/bin/sh\necho \"$1\" >> \"${0%/*}/naps\"\nsleep 5\n").unwrap();
    std::fs::set_permissions(&nap, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(&list, format!("nap = {} *\n", nap.display())).unwrap();
    vec![
        "--only".to_owned(),
        "commands".to_owned(),
        "--commands".to_owned(),
        list.to_str().unwrap().to_owned(),
    ]
}

fn naps(estate: &Estate) -> String {
    std::fs::read_to_string(estate.at("naps")).unwrap_or_default()
}

/// An approved nap.
async fn nap(estate: &Estate, asset: &str, name: &str) -> String {
    let proposal = json!({
        "external_id": name, "type": "live_response_command", "severity": "high",
        "source": "automated_device_action", "entity": { "kind": "device", "name": asset },
        "asset": { "kind": "device", "name": asset }, "parameters": { "command_line": format!("nap {name}") },
    });
    let (status, answer) =
        estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": [proposal] })).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let action = answer["actions"][0].clone();
    until("it can be approved", async || {
        let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await?;
        assert!(status == 200 || answer["type"] == "/problems/no_executor", "{answer}");
        (status == 200).then_some(())
    })
    .await;
    action["id"].as_str().unwrap().to_owned()
}

/// Asks to cancel it, as it is now, until that is not refused as stale.
async fn cancel(estate: &Estate, id: &str) -> (u16, Value) {
    until("it is asked", async || {
        let action = estate.action(id).await;
        let (status, answer) = estate.decide("cancel", &action, &estate.people[0]).await?;
        let stale = status == 409 && answer["detail"].as_str()?.contains("changed since");
        (!stale).then_some((status, answer))
    })
    .await
}

async fn is_in_progress(estate: &Estate, id: &str) {
    until("it is sent", async || (estate.action(id).await["status"] == "InProgress").then_some(())).await;
}

async fn carry_through(estate: &Estate, asset: &str) {
    let first = nap(estate, asset, "first").await;
    until("the first has begun", async || naps(estate).contains("first").then_some(())).await;
    let second = nap(estate, asset, "second").await;
    is_in_progress(estate, &second).await;
    let (status, answer) = cancel(estate, &second).await;
    // Its host may say so before the request that asked for it is written down.
    assert!(status == 200 || answer["current"]["status"] == "Cancelled", "{status} {answer}");
    let cancelled = estate.settled(&second).await;
    assert_eq!(cancelled["status"], "Cancelled", "{cancelled}");
    // What has begun goes on.
    let (status, answer) = cancel(estate, &first).await;
    let says = answer["detail"].as_str().or(answer["status_detail"].as_str()).unwrap_or_default().to_owned();
    assert!(status == 409 || says.contains("awaited"), "{status} {answer}");
    assert_eq!(estate.settled(&first).await["status"], "Completed");
    // A third gets its turn after the second would have: that never came.
    let third = nap(estate, asset, "third").await;
    assert_eq!(estate.settled(&third).await["status"], "Completed");
    assert_eq!(naps(estate), "first\nthird\n");
    estate.verify_audit();
}

async fn an_enrolled_host_calls_off_what_waits_for_its_turn(kind: Kind) {
    let estate = Dialling::estate(kind).await;
    let _host = Dialling::enrolled(&estate, "web-1", &commands(&estate), None);
    carry_through(&estate, "web-1").await;
}

#[tokio::test]
async fn a_listening_host_calls_off_what_waits_for_its_turn() {
    let mut estate = Estate::start(Kind::Sqlite).await;
    let options = commands(&estate);
    estate.respond_with(&options.iter().map(String::as_str).collect::<Vec<_>>());
    estate.serve_with(&[]);
    carry_through(&estate, "test host").await;
}
