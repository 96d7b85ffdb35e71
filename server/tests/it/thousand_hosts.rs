//! A thousand hosts that one process plays by the real protocol, each with its key and a journal: orders come at a steady
//! rate, a hundred hosts are killed on the way and connect again, and from approval to report it takes little. It loads the
//! machine for minutes, and is run by itself; `COUNTERSIGN_LOAD_SECONDS` makes it shorter:
//!
//! `cargo nextest run -p server --run-ignored only -E 'test(a_thousand_hosts)' --no-capture`

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use openc2::identity::{Identity, Purpose};
use openc2::{Outcome, Report, Response, Status};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::database::Kind;
use crate::enrolled::Dialling;
use crate::harness::{Estate, countersign};

const HOSTS: usize = 1_000;
const ORDERS_A_SECOND: u64 = 20;
const SECONDS: u64 = 300;
/// Hosts that are killed half-way.
const KILLED: usize = 100;
/// How long the last reports may take.
const REPORTS_TIMEOUT: Duration = Duration::from_mins(1);

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
    /// By the path of the file.
    took: Mutex<HashMap<String, Duration>>,
    /// Under which command ids each was carried out.
    carried_out: Mutex<HashMap<String, Vec<String>>>,
    /// Rung by each report.
    reported: Notify,
}

/// A host that is played.
#[derive(Clone)]
struct Played {
    client: reqwest::Client,
    url: String,
    name: String,
    identity: Arc<Identity>,
    instance: String,
    /// What it did: it outlives the process, as a journal does.
    journal: Arc<Mutex<HashSet<String>>>,
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

    /// The same host after a new start.
    fn again(&self) -> Self {
        Self { instance: uuid::Uuid::new_v4().to_string(), ..self.clone() }
    }

    async fn play(self, times: Arc<Times>) {
        let pairs = json!({ "contain": ["file"], "allow": ["file"] });
        loop {
            let poll = json!({ "instance": self.instance, "version": "1", "pairs": pairs, "in_hand": [], "wait": 25 });
            let Some((200, answer)) = self.send("/api/v1/responder/polls", &poll).await else {
                // As a responder does.
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            for order in answer["orders"].as_array().into_iter().flatten() {
                self.carry_out(order, &times).await;
            }
        }
    }

    async fn carry_out(&self, order: &Value, times: &Times) {
        let id = order["command_id"].as_str().unwrap().to_owned();
        let command: Value = serde_json::from_str(order["command"].as_str().unwrap()).unwrap();
        let path = command["target"]["file"]["path"].as_str().unwrap().to_owned();
        if self.journal.lock().unwrap().insert(id.clone()) {
            times.carried_out.lock().unwrap().entry(path.clone()).or_default().push(id.clone());
        }
        let done = Response::reporting(Status::OK, Report::new(Outcome::Completed, "played"));
        let response = serde_json::to_string(&done).unwrap();
        let parts = [self.name.as_bytes(), id.as_bytes(), response.as_bytes()];
        let signature = self.identity.sign(Purpose::Report, &parts);
        let report = json!({ "command_id": id, "response": response, "signature": signature });
        if let Some((204, _)) = self.send("/api/v1/responder/reports", &report).await {
            let began = times.approved.lock().unwrap().get(&path).copied();
            let took = began.map(|at| at.elapsed()).unwrap_or_default();
            times.took.lock().unwrap().entry(path).or_insert(took);
            times.reported.notify_one();
        }
    }
}

/// How long orders come.
fn seconds() -> u64 {
    std::env::var("COUNTERSIGN_LOAD_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS)
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
    let mut hosts: Vec<(Played, JoinHandle<()>)> = Vec::with_capacity(HOSTS);
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
        let (identity, journal) = (Arc::new(identity), Arc::default());
        let played = Played { client, url: url.clone(), name, identity, instance, journal };
        hosts.push((played.clone(), tokio::spawn(played.play(times.clone()))));
    }
    eprintln!("{HOSTS} hosts are enrolled; the server has {} MiB", anonymous_memory(estate.server.id()));

    let began = Instant::now();
    let length = Duration::from_secs(seconds());
    let mut most = 0;
    let mut sent = 0_u64;
    let mut refused = 0_u64;
    let mut killed = false;
    let mut beat = tokio::time::interval(Duration::from_millis(1_000 / ORDERS_A_SECOND));
    while began.elapsed() < length {
        beat.tick().await;
        if !killed && began.elapsed() > length / 2 {
            killed = true;
            for (played, process) in hosts.iter_mut().step_by(HOSTS / KILLED) {
                process.abort();
                *played = played.again();
                *process = tokio::spawn(played.clone().play(times.clone()));
            }
        }
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
    let all = usize::try_from(sent - refused).unwrap();
    let reported = async {
        while times.took.lock().unwrap().len() < all {
            times.reported.notified().await;
        }
    };
    let _ = tokio::time::timeout(REPORTS_TIMEOUT, reported).await;
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
    assert_eq!(ends.len(), all, "none is lost");
    let carried_out = times.carried_out.lock().unwrap();
    let doubled: Vec<_> = carried_out.iter().filter(|(_, ids)| ids.len() != 1).collect();
    assert!(doubled.is_empty(), "none is done twice: {doubled:?}");
    assert_eq!(refused, 0, "none is refused");
    assert!(at(95) < Duration::from_secs(1), "p95");
    assert!(most < 300, "{most} MiB");
}
