//! A webhook with an endpoint that is not ours: it verifies what it is told with `standardwebhooks` 1.1.0, pinned, from
//! `PyPI`, and signs its reports with it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::database::Kind;
use crate::harness::{Estate, countersign, until};
use crate::python::{Stranger, python};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMDEyMzQ1Njc=";

fn notes(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn approved(estate: &Estate, asset: &str) -> String {
    let proposal = json!({
        "external_id": asset, "type": "isolate_device", "severity": "high", "source": "automated_device_action",
        "entity": { "kind": "device", "name": asset }, "asset": { "kind": "device", "name": asset }, "comment": "x",
    });
    let (status, answer) =
        estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": [proposal] })).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let action = answer["actions"][0].clone();
    let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    action["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_endpoint_of_others_verifies_what_it_is_told_and_is_believed_when_it_reports() {
    let Some(python) = python("standardwebhooks", "standardwebhooks==1.1.0") else { return };
    let mut estate = Estate::start(Kind::Sqlite).await;
    let (secrets, told, log) = (estate.at("secrets.key"), estate.at("told"), estate.at("log"));
    estate.serve_logging(&["--secrets-key", secrets.to_str().unwrap()], &log);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/webhook/endpoint.py");
    let mut endpoint = Command::new(python);
    endpoint.arg(script).args([SECRET, &estate.server.url]).arg(&told);
    let mut endpoint = Stranger(endpoint.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    let mut written = BufReader::new(endpoint.0.stdout.take().unwrap());
    written.read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();

    let secret = estate.secret("hook", SECRET);
    let add = |more: &[&str]| {
        let mut args = vec!["executor", "add", "hook", "--kind", "webhook", "--url", &url];
        args.extend(["--serves", "kind=device", "--secret", secret.to_str().unwrap()]);
        args.extend(["--database-url", &estate.database.url, "--secrets-key", secrets.to_str().unwrap()]);
        args.extend(more);
        let output = countersign(&args).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let (added, text) = add(&[]);
    assert!(!added && text.contains("lies inside"), "an address inside is named, or refused: {text}");
    let (added, text) = add(&["--internal"]);
    assert!(added && !text.contains("whsec_"), "{text}");
    let run = |verb: &str| {
        let named: &[&str] = if verb == "list" { &[] } else { &["hook"] };
        let kept = ["--database-url", &estate.database.url, "--secrets-key", secrets.to_str().unwrap()];
        let output = countersign(&[&["executor", verb][..], named, &kept].concat()).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let tested = run("test");
    assert!(tested.contains("200"), "{tested}");
    // The server follows what the command line set up.
    until("the server has the executor", async || {
        let proposal = json!({ "actions": [{
            "external_id": "probe", "type": "isolate_device", "severity": "high", "source": "automated_device_action",
            "entity": { "kind": "device", "name": "probe" }, "asset": { "kind": "device", "name": "probe" }, "comment": "x",
        }]});
        let (_, answer) = estate.post("/api/v1/actions", &estate.scanner, &proposal).await?;
        let (status, _) = estate.decide("approve", &answer["actions"][0], &estate.people[0]).await?;
        (status != 422).then_some(())
    })
    .await;

    let id = approved(&estate, "at-once").await;
    let settled = estate.settled(&id).await;
    assert_eq!(
        (&settled["status"], &settled["status_detail"]),
        (&json!("Completed"), &json!("done at once"))
    );
    let event = notes(&told).into_iter().find(|note| note["event"]["subject"] == json!(id)).unwrap();
    assert_eq!(event["content_type"], "application/cloudevents+json");
    assert_eq!(event["id"], event["event"]["data"]["command_id"], "a repeat would have the same id");
    assert_eq!(
        (&event["event"]["specversion"], &event["event"]["type"]),
        (&json!("1.0"), &json!("countersign.command.v1"))
    );

    let id = approved(&estate, "later").await;
    let settled = estate.settled(&id).await;
    assert_eq!(
        (&settled["status"], &settled["status_detail"]),
        (&json!("Completed"), &json!("done by the endpoint"))
    );
    let reported = until("the endpoint hears that", async || {
        notes(&told).into_iter().find_map(|note| note.get("reported").cloned())
    })
    .await;
    assert_eq!((&reported["status"], &reported["changed"]), (&json!("Completed"), &json!(true)));

    let id = approved(&estate, "gone").await;
    let settled = estate.settled(&id).await;
    assert_eq!(settled["status"], "Failed");
    assert!(settled["status_detail"].as_str().unwrap().contains("410"));
    until("what is gone is paused", async || run("list").contains("Paused").then_some(())).await;
    assert!(notes(&told).iter().all(|note| note.get("refused").is_none()), "all of it verified");
    // No file of the database has the secret, and all else is there.
    let file = estate.database.url.strip_prefix("sqlite://").unwrap();
    let mut bytes = std::fs::read(file).unwrap();
    bytes.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("done by the endpoint") && !has(&SECRET[6..30]));
    // Nor has the log, and none of the tokens.
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains(&id), "{log}");
    for secret in [&SECRET[6..30], &estate.scanner, &estate.people[0]] {
        assert!(!log.contains(secret), "a secret is in the log");
    }
}
