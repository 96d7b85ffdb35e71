//! What enrolled hosts collect, downloaded from the server: whole, as its host signed it, by who may respond there, which is
//! recorded; also if host or server are killed while it is handed over.

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::database::{Kind, on_both};
use crate::enrolled::Dialling;
use crate::harness::{Estate, run, until};

on_both!(
    a_package_is_downloaded_by_who_may_respond,
    a_package_is_whole_whoever_is_killed_while_it_is_handed_over,
);

/// More than one part, and no text that could be packed.
fn content() -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < 2_500_000 {
        bytes.extend(Sha256::digest(bytes.len().to_le_bytes()));
    }
    bytes
}

async fn proposed(estate: &Estate, action_type: &str, entity: Value) -> Value {
    let proposal = json!({
        "external_id": format!("{action_type} {}", uuid::Uuid::new_v4()), "type": action_type, "severity": "high",
        "source": "automated_device_action", "comment": "to be looked at", "entity": entity,
        "asset": { "kind": "device", "name": "web-1" },
    });
    let body = json!({ "actions": [proposal] });
    // A connection of before the server's new start breaks once.
    let propose = async || estate.post("/api/v1/actions", &estate.scanner, &body).await;
    let (status, answer) = until("it is proposed", propose).await;
    assert_eq!(status, 201, "{answer}");
    answer["actions"][0].clone()
}

async fn approved(estate: &Estate, action: &Value) {
    until("it can be approved", async || {
        let (status, answer) = estate.decide("approve", action, &estate.people[0]).await?;
        assert!(status == 200 || answer["type"] == "/problems/no_executor", "{answer}");
        (status == 200).then_some(())
    })
    .await;
}

async fn download(estate: &Estate, id: &str, token: &str) -> reqwest::Response {
    let request = estate.client.get(estate.url(&format!("/api/v1/actions/{id}/package")));
    request.bearer_auth(token).send().await.unwrap()
}

async fn a_package_is_downloaded_by_who_may_respond(kind: Kind) {
    let estate = Dialling::estate(kind).await;
    let host = Dialling::enrolled(&estate, "web-1", &[], None);
    let file = host.root.join("evil");
    std::fs::write(&file, content()).unwrap();
    let reader = ["user", "add", "rita", "--role", "security_reader", "--database-url", &estate.database.url];
    run(&reader, "correct horse battery\n");
    let reader = estate.token("rita", Some("rita"), &["actions:read", "actions:decide"]);

    for (action_type, entity, suffix) in [
        ("collect_investigation_package", json!({ "kind": "device", "name": "web-1" }), ".tar.gz"),
        ("request_sample", json!({ "kind": "file", "path": file }), ".zip"),
    ] {
        let action = proposed(&estate, action_type, entity).await;
        let id = action["id"].as_str().unwrap();
        assert_eq!(download(&estate, id, &estate.people[0]).await.status(), 404, "there is none yet");
        approved(&estate, &action).await;
        assert_eq!(estate.settled(id).await["status"], "Completed");
        let answer = download(&estate, id, &estate.people[0]).await;
        assert_eq!(answer.status(), 200);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let (digest, disposition) = (header("content-digest"), header("content-disposition"));
        assert!(disposition.starts_with("attachment") && disposition.contains(suffix), "{disposition}");
        let bytes = answer.bytes().await.unwrap();
        let name = disposition.split('"').nth(1).unwrap();
        let kept = std::fs::read(host.vault.join("kept").join(name)).unwrap();
        assert!(bytes == kept, "it is what the host kept");
        let sha256 = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&bytes));
        assert_eq!(digest, format!("sha-256=:{sha256}:"));

        // Who may only look may not have it, and neither may a tool.
        assert_eq!(download(&estate, id, &reader).await.status(), 403);
        assert_eq!(download(&estate, id, &estate.scanner).await.status(), 403);
    }
    let who = async |body: &str| {
        let sql = format!("SELECT actor FROM audit WHERE body LIKE '%{body}%' ORDER BY seq");
        estate.database.column(&sql).await
    };
    let downloaded = [who("\"name\":\"package-").await, who("\"name\":\"sample-").await];
    for records in &downloaded {
        assert!(records.len() == 1 && records[0].contains("operator-0"), "{records:?}");
    }
    let refused = who("\"command\":\"download\"").await;
    assert!(refused.len() == 4 && refused[0].contains("rita"), "{refused:?}");
    estate.verify_audit();
}

async fn a_package_is_whole_whoever_is_killed_while_it_is_handed_over(kind: Kind) {
    let mut estate = Dialling::estate(kind).await;
    let secrets = estate.at("secrets.key").to_str().unwrap().to_owned();
    let serve = ["--secrets-key", secrets.as_str()];
    let mut host = Dialling::enrolled(&estate, "web-1", &[], None);
    for point in [
        "package.before_part",
        "package.after_parts",
        "order_report.before_commit",
        "order_report.after_commit",
    ] {
        let file = host.root.join(point);
        std::fs::write(&file, content()).unwrap();
        let is_server = point.starts_with("order_report");
        if is_server {
            estate.serve_crashing(&serve, Some(point));
        } else {
            host.restart(&estate, "web-1", Some(point));
        }
        let action = proposed(&estate, "request_sample", json!({ "kind": "file", "path": file })).await;
        approved(&estate, &action).await;
        if is_server {
            estate.server.crashed().await;
            estate.serve_crashing(&serve, None);
        } else {
            host.crashed().await;
            host.restart(&estate, "web-1", None);
        }
        let id = action["id"].as_str().unwrap();
        // A connection of before the server's new start breaks once.
        let _ = estate.post("/api/v1/actions", &estate.people[0], &json!({})).await;
        assert_eq!(estate.settled(id).await["status"], "Completed", "{point}");
        let answer = download(&estate, id, &estate.people[0]).await;
        assert_eq!(answer.status(), 200, "{point}");
        let name = format!("sample-{}", &answer.headers()["content-disposition"].to_str().unwrap()[29..65]);
        let kept = std::fs::read(host.vault.join("kept").join(format!("{name}.zip"))).unwrap();
        assert!(answer.bytes().await.unwrap() == kept, "{point}");
    }
    estate.verify_audit();
}
