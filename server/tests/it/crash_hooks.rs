//! The server is killed while what it handed over is handed over, reported and brought to its end: no command id is carried
//! out twice, and nothing is said to be done that was not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use openc2::signature::Key;
use serde_json::{Value, json};

use crate::database::{Kind, on_both};
use crate::harness::{Estate, countersign, until};

on_both!(
    a_server_killed_while_it_hands_over_or_takes_a_report_does_each_once,
    a_server_killed_while_an_end_is_kept_ends_it_once,
);

#[expect(clippy::disallowed_methods, reason = "a test plays another machine, with a clock of its own")]
fn present() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// An endpoint of ours: it keeps what it was told, and answers at once, or has its report sent later.
#[derive(Clone, Default)]
struct Endpoint {
    /// Types of events by the ids of their commands, with how often each was sent.
    told: Arc<Mutex<BTreeMap<String, (String, u32)>>>,
    /// Whether its reports come later.
    later: bool,
}

impl Endpoint {
    async fn start(later: bool) -> (Self, String) {
        let endpoint = Self { later, ..Self::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(take)).with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (endpoint, url)
    }

    /// The commands that it was told of a type.
    fn commands(&self, of: &str) -> Vec<String> {
        let told = self.told.lock().unwrap();
        told.iter().filter(|(_, (action, _))| action == of).map(|(id, _)| id.clone()).collect()
    }
}

async fn take(State(endpoint): State<Endpoint>, body: Bytes) -> (axum::http::StatusCode, String) {
    let event: Value = serde_json::from_slice(&body).unwrap();
    if event["type"] == "countersign.command.v1" {
        let text = |of: &Value| of.as_str().unwrap().to_owned();
        let mut told = endpoint.told.lock().unwrap();
        let of = told
            .entry(text(&event["data"]["command_id"]))
            .or_insert_with(|| (text(&event["data"]["type"]), 0));
        of.1 += 1;
    }
    if endpoint.later {
        (axum::http::StatusCode::ACCEPTED, String::new())
    } else {
        (axum::http::StatusCode::OK, json!({ "status": "completed", "detail": "done" }).to_string())
    }
}

struct Setting {
    estate: Estate,
    endpoint: Endpoint,
    key: Key,
    secrets: String,
}

impl Setting {
    async fn start(kind: Kind, later: bool) -> Self {
        let mut estate = Estate::start(kind).await;
        let secrets = estate.at("secrets.key").to_str().unwrap().to_owned();
        estate.serve_with(&["--secrets-key", &secrets]);
        let (endpoint, url) = Endpoint::start(later).await;
        let text = Key::generate().unwrap();
        let secret = estate.secret("hook", &text);
        let args = [
            "executor",
            "add",
            "hook",
            "--kind",
            "webhook",
            "--url",
            &url,
            "--internal",
            "--serves",
            "name=gw-*",
            "--secret",
            secret.to_str().unwrap(),
            "--database-url",
            &estate.database.url,
            "--secrets-key",
            &secrets,
        ];
        let output = countersign(&args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        estate.serve_with(&["--secrets-key", &secrets]);
        Self { estate, endpoint, key: Key::parse(&text).unwrap(), secrets }
    }

    fn serve(&mut self, crash_at: Option<&str>) {
        self.estate.serve_crashing(&["--secrets-key", &self.secrets], crash_at);
    }

    /// Approved; the answer may be lost with the server.
    async fn block(&self, number: usize, parameters: Value) -> String {
        let proposal = json!({
            "external_id": format!("block {number}"), "type": "block_ip_address", "severity": "high",
            "source": "automated_device_action", "comment": "x", "parameters": parameters,
            "entity": { "kind": "ip_address", "address": format!("203.0.113.{number}") },
            "asset": { "kind": "device", "name": format!("gw-{number}") },
        });
        let body = json!({ "actions": [proposal] });
        let propose = async || self.estate.post("/api/v1/actions", &self.estate.scanner, &body).await;
        let (status, answer) = until("it is proposed", propose).await;
        assert_eq!(status, 201, "{answer}");
        let action = answer["actions"][0].clone();
        let id = action["id"].as_str().unwrap().to_owned();
        // The server may be killed before it answers.
        if let Some((status, answer)) = self.estate.decide("approve", &action, &self.estate.people[0]).await {
            assert_eq!(status, 200, "{answer}");
        }
        id
    }

    async fn report(&self, command: &str) -> Option<(u16, Value)> {
        let body =
            json!({ "command_id": command, "status": "completed", "detail": "done later" }).to_string();
        let id = uuid::Uuid::new_v4().to_string();
        let mut headers = HeaderMap::new();
        let now = present();
        for (header, value) in self.key.sign(&id, now, body.as_bytes()).pairs() {
            headers.insert(header, value.parse().unwrap());
        }
        let request = self.estate.client.post(self.estate.url("/api/v1/reports")).headers(headers).body(body);
        let answer = request.header("content-type", "application/json").send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }
}

async fn a_server_killed_while_it_hands_over_or_takes_a_report_does_each_once(kind: Kind) {
    let mut setting = Setting::start(kind, true).await;
    let points = [
        "hand_over.before_commit",
        "hand_over.after_commit",
        "signed_report.before_commit",
        "signed_report.after_commit",
    ];
    for (number, point) in points.into_iter().enumerate() {
        let is_report = point.starts_with("signed_report");
        if !is_report {
            setting.serve(Some(point));
        }
        let id = setting.block(number, json!({})).await;
        if !is_report {
            setting.estate.server.crashed().await;
            setting.serve(None);
        }
        let command = until("the endpoint is told", async || {
            let handed = setting.estate.action(&id).await;
            let commands = setting.endpoint.commands("block_ip_address");
            (handed["status"] == "InProgress" && commands.len() == number + 1).then_some(())?;
            let path = format!("/api/v1/actions/{id}/targets");
            let (_, of) = setting.estate.get(&path, &setting.estate.people[0]).await;
            of["targets"][0]["command_id"].as_str().map(str::to_owned)
        })
        .await;
        // Nothing says that it is done: the endpoint has said nothing.
        assert_eq!(setting.estate.action(&id).await["status"], "InProgress", "{point}");
        if is_report {
            setting.serve(Some(point));
            let port = setting.estate.url("").rsplit(':').next().unwrap().parse::<u16>().unwrap();
            // A connection of before the server's new start breaks once: that alone says nothing.
            let report = async || {
                let is_lost = setting.report(&command).await.is_none();
                let is_gone = std::net::TcpStream::connect(("127.0.0.1", port)).is_err();
                (is_lost && is_gone).then_some(())
            };
            until("the report is lost with the server", report).await;
            setting.estate.server.crashed().await;
            setting.serve(None);
        }
        until("the report is taken", async || {
            let (status, _) = setting.report(&command).await?;
            (status == 200).then_some(())
        })
        .await;
        assert_eq!(setting.estate.settled(&id).await["status"], "Completed", "{point}");
        assert_eq!(
            setting.endpoint.commands("block_ip_address").len(),
            number + 1,
            "{point}: one command id each"
        );
    }
    setting.estate.verify_audit();
}

async fn a_server_killed_while_an_end_is_kept_ends_it_once(kind: Kind) {
    let mut setting = Setting::start(kind, false).await;
    for (number, point) in ["end.before_commit", "end.after_commit"].into_iter().enumerate() {
        setting.serve(Some(point));
        let end = present() + jiff::SignedDuration::from_secs(4);
        let id = setting.block(number, json!({ "expiry": end.to_string() })).await;
        setting.estate.server.crashed().await;
        assert_eq!(setting.endpoint.commands("unblock_ip_address").len(), number, "{point}: not ended yet");
        setting.serve(None);
        until("its end is kept", async || {
            let action = setting.estate.action(&id).await;
            (action["undo"] == "Undone").then_some(())
        })
        .await;
        assert_eq!(setting.endpoint.commands("block_ip_address").len(), number + 1, "{point}");
        assert_eq!(setting.endpoint.commands("unblock_ip_address").len(), number + 1, "{point}: ended once");
    }
    setting.estate.verify_audit();
}
