//! What is seen from outside: metrics, traces, the support bundle.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use crate::database::{Kind, on_both};
use crate::harness::{Estate, EvilFile, countersign, until};

on_both!(
    metrics_tell_what_waits_and_what_happened,
    what_has_come_to_its_end_is_told_no_more,
    a_support_bundle_has_no_secrets,
);

/// A port that is free now.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

async fn metrics_tell_what_waits_and_what_happened(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let address = free_address();
    estate.serve_with(&["--metrics-addr", &address]);
    let (file, other) = (EvilFile::new(&estate, "one.bin"), EvilFile::new(&estate, "two.bin"));
    let action = estate.propose(&file).await;
    estate.propose(&other).await;
    assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
    assert_eq!(estate.decide("approve", &action, &estate.people[1]).await.unwrap().0, 409);
    estate.settled(action["id"].as_str().unwrap()).await;
    let url = format!("http://{address}/metrics");
    let text = until("the records are counted", async || {
        let answer = reqwest::Client::new().get(&url).send().await.ok()?;
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        let text = answer.text().await.ok()?;
        text.contains("kind=\"Reported\"").then_some(text)
    })
    .await;
    for line in [
        "countersign_actions{lane=\"pending\"} 1",
        "countersign_actions{lane=\"in_progress\"} 0",
        "countersign_records_total{kind=\"Approved\"} 1",
        "countersign_records_total{kind=\"Refused\"} 1",
        "countersign_dispatch_paused 0",
        "countersign_event_lag_records 0",
        "countersign_database_up 1",
        "countersign_streams 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
    // Each metric is described here and on its page.
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let page = std::fs::read_to_string(page).unwrap();
    let names: BTreeSet<_> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no description");
        assert!(page.contains(&format!("`{name}`")), "{name} is not on the page");
    }
    // The example dashboard asks for nothing else.
    let dashboard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/dashboard.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(dashboard).unwrap()).unwrap();
    let asked = dashboard.to_string();
    let asked: BTreeSet<_> = asked
        .split(|letter: char| !(letter.is_ascii_lowercase() || letter == '_'))
        .filter(|word| word.starts_with("countersign_"))
        .map(|word| word.trim_end_matches("_bucket").trim_end_matches("_count"))
        .collect();
    assert!(asked.len() >= 10, "{asked:?}");
    for name in asked {
        assert!(page.contains(&format!("`{name}`")), "the dashboard asks for {name}");
    }
    for what in ["one.bin", "operator-0", "scanner"] {
        assert!(!text.contains(what), "{what} is told");
    }
    // Nothing else is served there, and there nothing of it.
    let elsewhere = estate.client.get(estate.url("/metrics")).header("accept", "*/*").send().await;
    assert_eq!(elsewhere.unwrap().status(), 404);
    let pages = reqwest::Client::new().get(format!("http://{address}/api/v1/actions")).send().await.unwrap();
    assert_eq!(pages.status(), 404);
}

/// An alert on what waits for an executor ends when nothing does.
async fn what_has_come_to_its_end_is_told_no_more(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let address = free_address();
    estate.serve_with(&["--metrics-addr", &address]);
    let action = estate.propose(&EvilFile::new(&estate, "one.bin")).await;
    let url = format!("http://{address}/metrics");
    let values = async |name: &str| {
        let text = reqwest::Client::new().get(&url).send().await.ok()?.text().await.ok()?;
        let of_name = text.lines().filter(|line| line.starts_with(&format!("{name}{{executor=")));
        let values = of_name.filter_map(|line| line.rsplit(' ').next().map(str::to_owned));
        Some(values.collect::<Vec<_>>())
    };
    estate.responder.freeze(true);
    assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
    until("a command is open", async || (values("countersign_open_commands").await? == ["1"]).then_some(()))
        .await;
    estate.responder.freeze(false);
    estate.settled(action["id"].as_str().unwrap()).await;
    assert_eq!(values("countersign_open_commands").await.unwrap(), ["0"]);
    assert_eq!(values("countersign_oldest_command_seconds").await.unwrap(), ["0"]);
}

async fn a_support_bundle_has_no_secrets(kind: Kind) {
    let estate = Estate::start(kind).await;
    let file = EvilFile::new(&estate, "evil.bin");
    let action = estate.propose(&file).await;
    assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
    estate.settled(action["id"].as_str().unwrap()).await;
    let bundle = estate.at("bundle.json");
    let args = ["support-bundle", "--database-url", &estate.database.url, bundle.to_str().unwrap()];
    let output = countersign(&args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!countersign(&args).output().unwrap().status.success(), "nothing is overwritten");
    let text = std::fs::read_to_string(&bundle).unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["database"]["facts"]["rows"]["actions"], 1, "{told}");
    assert!(told["audit_log"]["records"].as_i64().unwrap() > 3, "{told}");
    assert_eq!(told["dispatch"]["open"], 0, "{told}");
    let kinds: Vec<_> = told["last_records"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert!(kinds.contains(&&Value::from("Reported")), "{kinds:?}");
    let secrets =
        [&estate.scanner, &estate.people[0], "argon2", "evil.bin", "operator-0", "test host", &file.sha256];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is told");
    }
}

/// A collector that takes what is sent to it.
#[tokio::test]
async fn traces_are_sent_to_a_collector() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/v1/traces", collector.local_addr().unwrap());
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in collector.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = Vec::new();
            let mut piece = vec![0; 65_536];
            // One request a connection, as far as it comes at once; what is looked for stands early.
            while let Ok(read) = stream.read(&mut piece) {
                request.extend_from_slice(&piece[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let head = head.to_ascii_lowercase();
                let length =
                    head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                let begins = request.len() - body.len().min(request.len());
                if read == 0
                    || length.is_none_or(|length: usize| request.len() >= begins.min(head.len() + 4) + length)
                {
                    break;
                }
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
            if sender.send(String::from_utf8_lossy(&request).into_owned()).is_err() {
                return;
            }
        }
    });
    let mut estate = Estate::start(Kind::Sqlite).await;
    estate.serve_with(&["--otlp-endpoint", &endpoint]);
    let action = estate.propose(&EvilFile::new(&estate, "evil.bin")).await;
    assert!(action["id"].is_string());
    // What is left is sent at the end.
    estate.stop_server().await;
    let sent: String = receiver.try_iter().collect();
    assert!(sent.to_lowercase().starts_with("post /v1/traces"), "{sent}");
    for part in ["application/x-protobuf", "countersign", "request", "/api/v1/actions"] {
        assert!(sent.contains(part), "{part} is missing");
    }
    assert!(!sent.contains(&estate.scanner) && !sent.contains("evil.bin"));
}
