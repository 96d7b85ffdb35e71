//! One action on several hosts with real responders: each has its own command and its own end; what failed is tried again
//! alone, one host is undone, and what waits behind a host that is away can be called off.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::database::{Kind, on_both};
use crate::enrolled::Dialling;
use crate::harness::{Estate, until};

on_both!(one_file_on_three_hosts_is_one_action);

async fn ask(estate: &Estate, verb: &str, id: &str, more: Value) -> Value {
    let action = estate.action(id).await;
    let mut body = json!({ "expected_version": action["version"], "digest": action["digest"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let path = format!("/api/v1/actions/{id}/{verb}");
    let (status, answer) = estate.post(&path, &estate.people[0], &body).await.unwrap();
    assert_eq!(status, 200, "{verb}: {answer}");
    answer
}

/// Status and undo of each target, once all of them are over.
async fn states(estate: &Estate, id: &str) -> Vec<(String, String)> {
    let path = format!("/api/v1/actions/{id}/targets");
    let (status, answer) = estate.get(&path, &estate.people[0]).await;
    assert_eq!(status, 200, "{answer}");
    let text = |of: &Value| of.as_str().unwrap().to_owned();
    answer["targets"].as_array().unwrap().iter().map(|of| (text(&of["status"]), text(&of["undo"]))).collect()
}

async fn one_file_on_three_hosts_is_one_action(kind: Kind) {
    let estate = Dialling::estate(kind).await;
    let names = ["web-1", "web-2", "web-3"];
    let hosts: Vec<_> = names.iter().map(|name| Dialling::enrolled(&estate, name, &[], None)).collect();
    let content = "the same evil everywhere";
    let sha256 = hex::encode(Sha256::digest(content));
    let paths: Vec<_> = hosts.iter().map(|host| host.root.join("evil")).collect();
    for path in &paths[..2] {
        std::fs::write(path, content).unwrap();
    }
    let proposal = json!({
        "external_id": "campaign-1", "type": "quarantine_file", "severity": "high", "source": "antivirus_action",
        "entity": { "kind": "file", "sha256": sha256 }, "asset": { "kind": "device", "name": names[0] },
        "targets": [{ "kind": "device", "name": names[1] }, { "kind": "device", "name": names[2] }],
    });
    let body = json!({ "actions": [proposal] });
    let (status, answer) = estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let action = answer["actions"][0].clone();
    let id = action["id"].as_str().unwrap().to_owned();
    until("each host is there", async || {
        let (_, answer) = estate.get(&format!("/api/v1/actions/{id}/targets"), &estate.people[0]).await;
        answer["targets"].as_array()?.iter().all(|of| of["executor"].is_string()).then_some(())
    })
    .await;
    let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let partly = estate.settled(&id).await;
    assert_eq!(partly["status"], "PartiallyCompleted", "{partly}");
    assert_eq!(partly["target_count"], 3);
    let of = |status: &str, undo: &str| (status.to_owned(), undo.to_owned());
    let (done, failed) = (of("Completed", "None"), of("Failed", "None"));
    assert_eq!(states(&estate, &id).await, [done.clone(), done.clone(), failed]);
    assert!(!paths[0].exists() && !paths[1].exists());

    // It comes to the third host, too, and only that is asked again.
    std::fs::write(&paths[2], content).unwrap();
    ask(&estate, "retry", &id, json!({})).await;
    assert_eq!(estate.settled(&id).await["status"], "Completed");
    assert!(!paths[2].exists());
    assert_eq!(hosts.iter().map(Dialling::journal).collect::<Vec<_>>(), [1, 1, 2]);

    ask(&estate, "undo", &id, json!({ "reason": "web-2 needs it", "targets": ["web-2"] })).await;
    until("one is undone", async || {
        let now = states(&estate, &id).await;
        (now[1].1 == "Undone").then_some(())
    })
    .await;
    assert_eq!(std::fs::read_to_string(&paths[1]).unwrap(), content);
    assert!(!paths[0].exists() && !paths[2].exists());
    until("the original can be undone again", async || {
        (estate.action(&id).await["undo"] == "None").then_some(())
    })
    .await;
    ask(&estate, "undo", &id, json!({ "reason": "all a mistake" })).await;
    until("all is undone", async || (estate.action(&id).await["undo"] == "Undone").then_some(())).await;
    for path in &paths {
        assert_eq!(std::fs::read_to_string(path).unwrap(), content);
    }
    estate.verify_audit();
}
