//! Speaking `OpenC2` with a consumer and a producer that are not ours: otupy 1.1.46, pinned, from `PyPI`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::database::Kind;
use crate::harness::{Estate, EvilFile, until};
use crate::python::{Stranger, python};

const TOKEN: &str = "0123456789abcdef01234567";

/// The one version of each package, its dependencies by name since one of them would need a C library.
const PACKAGES: &str = include_str!("otupy/requirements.txt");

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/otupy").join(name)
}

#[tokio::test]
async fn a_consumer_of_others_carries_out_a_command_of_ours() {
    let Some(python) = python("otupy", PACKAGES) else { return };
    let mut estate = Estate::start(Kind::Sqlite).await;
    let carried_out = estate.at("carried out");
    let mut consumer = Command::new(python);
    consumer.arg(script("consumer.py")).arg(&carried_out).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut consumer = Stranger(consumer.spawn().unwrap());
    let mut line = String::new();
    // Stays open: the framework writes more, and would end at a closed pipe.
    let mut written = BufReader::new(consumer.0.stdout.take().unwrap());
    written.read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    let address = url.strip_prefix("http://").unwrap().to_owned();
    until("otupy listens", async || std::net::TcpStream::connect(&address).ok()).await;

    let token = estate.secret("token", TOKEN);
    let responder = format!("stranger={url},profile=x-dumb,token={}", token.display());
    estate.serve_with(&["--responder", &responder]);
    let path = "/srv/Zoë/请求.exe";
    let proposal = json!({
        "external_id": "stranger-1", "type": "quarantine_file", "severity": "high", "source": "antivirus_action",
        "entity": { "kind": "file", "path": path, "sha256": "ab".repeat(32) },
        "asset": { "kind": "device", "name": "STRANGER" },
    });
    let body = json!({ "actions": [proposal] });
    let (_, answer) = estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap();
    let action = answer["actions"][0].clone();
    let (status, _) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
    assert_eq!(status, 200);
    let settled = estate.settled(action["id"].as_str().unwrap()).await;
    assert_eq!(
        (&settled["status"], &settled["status_detail"]),
        (&json!("Completed"), &json!("done by otupy"))
    );
    let text = std::fs::read_to_string(carried_out).unwrap();
    let notes: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(notes.len(), 1, "{text}");
    assert_eq!((&notes[0]["action"], &notes[0]["path"]), (&json!("contain"), &json!(path)));
}

#[tokio::test]
async fn a_producer_of_others_quarantines_and_releases_a_file_through_our_responder() {
    let Some(python) = python("otupy", PACKAGES) else { return };
    let mut estate = Estate::start(Kind::Sqlite).await;
    let token = estate.secret("token", TOKEN);
    estate.respond_with(&["--token", token.to_str().unwrap()]);
    let file = EvilFile::new(&estate, "strange.exe");
    let port = estate.responder.url.rsplit(':').next().unwrap().to_owned();
    let say = |verb: &str, token: &str| -> Value {
        let mut producer = Command::new(&python);
        producer.arg(script("producer.py")).args([&port, token, verb]).arg(&file.path).arg(&file.sha256);
        let output = producer.output().unwrap();
        assert!(output.status.success(), "{verb}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let features = say("query", TOKEN);
    assert_eq!(features["status"], 200);
    assert!(features["results"].as_str().unwrap().contains("contain"), "{features}");
    let refused = say("contain", "not the token that they share");
    assert_eq!(refused["status"], 401, "otupy reads the refusal: {refused}");
    file.assert_exists_once(&estate, false);
    let contained = say("contain", TOKEN);
    assert_eq!((&contained["status"], &contained["text"]), (&json!(200), &json!("1 file quarantined")));
    file.assert_exists_once(&estate, true);
    let released = say("allow", TOKEN);
    assert_eq!((&released["status"], &released["text"]), (&json!(200), &json!("1 file released")));
    file.assert_exists_once(&estate, false);
}
