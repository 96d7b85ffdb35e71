//! A thousand hosts that one process plays by the real protocol, each with its key: orders come at a steady rate, and from
//! approval to report it takes little. It loads the machine for minutes, and is run by itself:
//!
//! `cargo nextest run -p server --run-ignored only -E 'test(thousand_hosts)' --no-capture`

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use openc2::identity::{Identity, Purpose};
use openc2::{Outcome, Report, Response, Status};
use serde_json::{Value, json};

use crate::database::Kind;
use crate::enrolled::Dialling;
use crate::harness::{Estate, countersign};

const HOSTS: usize = 1_000;
const ORDERS_A_SECOND: u64 = 20;
const SECONDS: u64 = 60;
#[expect(clippy::disallowed_methods, reason = "a test plays another machine, with a clock of its own")]
fn present() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Hosts that share an address, of which each may have so many connections.
const HOSTS_OF_ADDRESS: usize = 50;

/// When what was approved was approved, and how long its report took.
#[derive(Default)]
struct Times {
    approved: Mutex<HashMap<String, Instant>>,
    /// By the path of the file; each once.
    took: Mutex<HashMap<String, Duration>>,
    doubled: Mutex<Vec<String>>,
}

/// A host that is played.
struct Played {
    client: reqwest::Client,
    url: String,
    name: String,
    identity: Identity,
    instance: String,
}

impl Played {
    async fn send(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let body = body.to_string();
        let timestamp = present().as_second().to_string();
        let parts = [self.name.as_bytes(), timestamp.as_bytes(), body.as_bytes()];
        let signature = self.identity.sign(Purpose::Request, &parts);
        let request =
            self.client.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        let request = request.header("countersign-responder", &self.name);
        let request =
            request.header("countersign-timestamp", timestamp).header("countersign-signature", signature);
        let answer = request.body(body).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.unwrap_or(Value::Null)))
    }

    async fn play(self, times: Arc<Times>) {
        let pairs = json!({ "contain": ["file"], "allow": ["file"] });
        loop {
            let poll = json!({ "instance": self.instance, "version": "1", "pairs": pairs, "in_hand": [], "wait": 25 });
            let Some((200, answer)) = self.send("/api/v1/responder/polls", &poll).await else {
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            };
            for order in answer["orders"].as_array().into_iter().flatten() {
                let id = order["command_id"].as_str().unwrap();
                let command: Value = serde_json::from_str(order["command"].as_str().unwrap()).unwrap();
                let path = command["target"]["file"]["path"].as_str().unwrap().to_owned();
                let done = Response::reporting(Status::OK, Report::new(Outcome::Completed, "played"));
                let response = serde_json::to_string(&done).unwrap();
                let parts = [self.name.as_bytes(), id.as_bytes(), response.as_bytes()];
                let signature = self.identity.sign(Purpose::Report, &parts);
                let report = json!({ "command_id": id, "response": response, "signature": signature });
                if let Some((204, _)) = self.send("/api/v1/responder/reports", &report).await {
                    let began = times.approved.lock().unwrap().get(&path).copied();
                    let took = began.map(|at| at.elapsed()).unwrap_or_default();
                    if times.took.lock().unwrap().insert(path.clone(), took).is_some() {
                        times.doubled.lock().unwrap().push(path);
                    }
                }
            }
        }
    }
}

fn administrator(estate: &Estate) -> String {
    let options = ["--database-url", estate.database.url.as_str()];
    let token = ["token", "create", "load", "--owner", "admin", "--scope", "executors:manage"];
    estate.administrator();
    let output = countersign(&[&token[..], &options].concat()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Anonymous memory of a process in MiB.
fn anonymous_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1_024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "loads the machine for minutes"]
async fn a_thousand_hosts_are_served_soon() {
    let estate = Dialling::estate(Kind::Sqlite).await;
    let token = administrator(&estate);
    let times = Arc::<Times>::default();
    let url = estate.url("").replace("localhost", "127.0.0.1");
    let mut client = None;
    for number in 0..HOSTS {
        if number % HOSTS_OF_ADDRESS == 0 {
            let address = Ipv4Addr::new(127, 0, 1, u8::try_from(number / HOSTS_OF_ADDRESS + 1).unwrap());
            let builder = reqwest::Client::builder().no_proxy().local_address(IpAddr::V4(address));
            client = Some(builder.build().unwrap());
        }
        let client = client.clone().unwrap();
        let asset = format!("host-{number}");
        let (status, made) =
            estate.post("/api/v1/responder-codes", &token, &json!({ "asset": asset })).await.unwrap();
        assert_eq!(status, 201, "{made}");
        let identity = Identity::generate().unwrap();
        let enrolment =
            json!({ "code": made["code"], "public_key": identity.public().to_string(), "version": "1" });
        let answer =
            client.post(format!("{url}/api/v1/responder/enrolments")).json(&enrolment).send().await.unwrap();
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{answer}");
        let name = answer["name"].as_str().unwrap().to_owned();
        let instance = uuid::Uuid::new_v4().to_string();
        let played = Played { client, url: url.clone(), name, identity, instance };
        tokio::spawn(played.play(times.clone()));
    }
    eprintln!("{HOSTS} hosts are enrolled; the server has {} MiB", anonymous_memory(estate.server.id()));

    let began = Instant::now();
    let mut most = 0;
    let mut sent = 0_u64;
    let mut refused = 0_u64;
    while began.elapsed() < Duration::from_secs(SECONDS) {
        let next = Duration::from_millis(1_000 / ORDERS_A_SECOND * sent);
        tokio::time::sleep(next.saturating_sub(began.elapsed())).await;
        let host = usize::try_from(sent).unwrap() * 7 % HOSTS;
        let path = format!("/load/{sent}");
        sent += 1;
        let proposal = json!({ "actions": [{
            "external_id": path, "type": "quarantine_file", "severity": "high", "source": "antivirus_action",
            "entity": { "kind": "file", "path": path }, "asset": { "kind": "device", "name": format!("host-{host}") },
        }]});
        let (status, answer) = estate.post("/api/v1/actions", &estate.scanner, &proposal).await.unwrap();
        assert_eq!(status, 201, "{answer}");
        times.approved.lock().unwrap().insert(path.clone(), Instant::now());
        let (status, answer) =
            estate.decide("approve", &answer["actions"][0], &estate.people[0]).await.unwrap();
        if status != 200 {
            eprintln!("refused: {answer}");
            times.approved.lock().unwrap().remove(&path);
            refused += 1;
        }
        most = most.max(anonymous_memory(estate.server.id()));
    }
    let took = began.elapsed();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut ends: Vec<_> = times.took.lock().unwrap().values().copied().collect();
    ends.sort();
    let at = |share: usize| ends[(ends.len() - 1) * share / 100];
    eprintln!(
        "{sent} orders in {took:?}, {refused} refused, {} reported; p50 {:?}, p95 {:?}, p99 {:?}; at most {most} MiB",
        ends.len(),
        at(50),
        at(95),
        at(99)
    );
    assert_eq!(
        ends.len() + usize::try_from(refused).unwrap(),
        usize::try_from(sent).unwrap(),
        "none is lost"
    );
    assert_eq!(*times.doubled.lock().unwrap(), Vec::<String>::new());
    assert!(at(95) < Duration::from_secs(1), "p95");
    assert!(most < 300, "{most} MiB");
}
