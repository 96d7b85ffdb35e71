//! How long a colleague's decision takes while others misbehave: 300 clients that hang up, 300 streams that nobody reads
//! from, and a tool that floods. Measured beside how long it takes when all is quiet, in one run; too long for each run of
//! the tests: `cargo xtask postgres cargo nextest run -p server --run-ignored only --no-capture -E 'test(p99::)'`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use crate::database::Kind;
use crate::harness::{Estate, until};

/// Decisions of each kind.
const DECISIONS: usize = 1_000;
/// Clients that hang up, and streams.
const CLIENTS: usize = 300;
/// Streams of one token, which may have twenty.
const STREAMS_EACH: usize = 19;
/// Requests of the flood side by side; four of a token are let in at a time.
const FLOOD: usize = 16;
/// How much longer the hundredth part of the decisions may take.
const MOST: u32 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "measures for a minute"]
async fn others_do_not_slow_a_colleague_on_sqlite() {
    measure(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "measures for a minute"]
async fn others_do_not_slow_a_colleague_on_postgres() {
    measure(Kind::Postgres).await;
}

/// From an address of its own, so that nobody has another's limits.
fn client(last: u8) -> Client {
    Client::builder().local_address(IpAddr::from([127, 0, 0, last])).build().unwrap()
}

fn item(name: &str) -> Value {
    json!({
        "external_id": name, "type": "quarantine_file", "severity": "low", "source": "antivirus_action",
        "entity": { "kind": "file", "path": format!("/srv/{name}"), "sha256": "ab".repeat(32) },
        "asset": { "kind": "device", "name": "test host" },
    })
}

/// Proposes as many as are decided on.
async fn propose(estate: &Estate, name: &str, count: usize) -> Vec<Value> {
    let token = estate.token(name, None, &["actions:propose"]);
    let mut actions = Vec::new();
    for from in (0..count).step_by(250) {
        let items: Vec<_> = (from..from + 250).map(|n| item(&format!("{name}-{n}"))).collect();
        let (status, answer) =
            estate.post("/api/v1/actions", &token, &json!({ "actions": items })).await.unwrap();
        assert_eq!(status, 201, "{answer}");
        actions.extend(answer["actions"].as_array().unwrap().clone());
    }
    actions
}

/// Decides on one after the other; how long each took.
async fn decide(estate: &Estate, actions: &[Value]) -> Vec<Duration> {
    let mut took = Vec::new();
    for action in actions {
        let began = Instant::now();
        let (status, answer) = estate.decide("reject", action, &estate.people[0]).await.unwrap();
        took.push(began.elapsed());
        assert_eq!(status, 200, "{answer}");
    }
    took
}

fn percentile(took: &mut [Duration], of: usize) -> Duration {
    took.sort_unstable();
    took[(took.len() * of / 100).min(took.len() - 1)]
}

/// What others do meanwhile.
struct Others {
    over: Arc<AtomicBool>,
    hung_up: Arc<AtomicU64>,
    flooded: Arc<AtomicU64>,
    tasks: JoinSet<()>,
    streams: Vec<reqwest::Response>,
}

impl Others {
    async fn start(estate: &Estate, known: &Value) -> Self {
        let mut others = Self {
            over: Arc::default(),
            hung_up: Arc::default(),
            flooded: Arc::default(),
            tasks: JoinSet::new(),
            streams: Vec::new(),
        };
        let url = estate.server.url.replace("localhost", "127.0.0.1");
        let address: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
        for number in 0..CLIENTS.div_ceil(STREAMS_EACH) {
            let token = estate.token(&format!("stream-{number}"), Some("operator-1"), &["actions:read"]);
            let own = client(20 + u8::try_from(number % 4).unwrap());
            for _ in 0..STREAMS_EACH.min(CLIENTS - others.streams.len()) {
                let answer =
                    own.get(format!("{url}/api/v1/events")).bearer_auth(&token).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                others.streams.push(answer);
            }
        }
        let body = json!({ "expected_version": 9, "digest": known["digest"], "reason": "no" }).to_string();
        let request = format!(
            "POST /api/v1/actions/{}/reject HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            known["id"].as_str().unwrap(),
            estate.people[1],
            body.len()
        );
        let request: Arc<str> = request.into();
        for number in 0..CLIENTS {
            let (over, hung_up, request) = (others.over.clone(), others.hung_up.clone(), request.clone());
            others.tasks.spawn(hang_up(address, number as u64, request, over, hung_up));
        }
        let flooder = estate.token("flooder", None, &["actions:propose"]);
        for number in 0..FLOOD {
            let (over, answered, token) = (others.over.clone(), others.flooded.clone(), flooder.clone());
            let url = format!("{url}/api/v1/actions");
            others.tasks.spawn(async move {
                let own = client(60);
                let mut count = 0_u64;
                while !over.load(Ordering::Relaxed) {
                    count += 1;
                    let body = json!({ "actions": [item(&format!("flood-{number}-{count}"))] });
                    if own.post(&url).bearer_auth(&token).json(&body).send().await.is_ok() {
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let hung_up = others.hung_up.clone();
        until("they hang up", async || (hung_up.load(Ordering::Relaxed) > 100).then_some(())).await;
        others
    }

    async fn end(mut self) -> (u64, u64) {
        self.over.store(true, Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
        (self.hung_up.load(Ordering::Relaxed), self.flooded.load(Ordering::Relaxed))
    }
}

/// Asks and hangs up again and again: at once, or a little later.
async fn hang_up(
    address: SocketAddr,
    number: u64,
    request: Arc<str>,
    over: Arc<AtomicBool>,
    hung_up: Arc<AtomicU64>,
) {
    let local = SocketAddr::from(([127, 0, 0, 40 + u8::try_from(number % 10).unwrap()], 0));
    let mut round = number;
    while !over.load(Ordering::Relaxed) {
        round += 1;
        // Others come and go in no order.
        tokio::time::sleep(Duration::from_millis(500 + (round * 7_919) % 2_000)).await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(local).unwrap();
        let Ok(mut stream) = socket.connect(address).await else { continue };
        if stream.write_all(request.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(round % 20)).await;
            hung_up.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn measure(kind: Kind) {
    let estate = Estate::start(kind).await;
    let actions = propose(&estate, "waiting", DECISIONS * 2 + 250).await;
    let (first, rest) = actions.split_at(DECISIONS / 2);
    let (loud, rest) = rest.split_at(DECISIONS);
    let (last, known) = rest.split_at(DECISIONS / 2);
    // What is new to all is no part of it.
    decide(&estate, &known[1..50]).await;
    let mut quiet = decide(&estate, first).await;
    let others = Others::start(&estate, &known[0]).await;
    let began = Instant::now();
    let mut disturbed = decide(&estate, loud).await;
    let lasted = began.elapsed();
    let streams = others.streams.len();
    let (hung_up, flooded) = others.end().await;
    quiet.extend(decide(&estate, last).await);
    let of = |took: &mut [Duration]| [50, 99].map(|part| percentile(took, part));
    let ([quiet_half, quiet_most], [half, most]) = (of(&mut quiet), of(&mut disturbed));
    println!(
        "{kind:?}: {DECISIONS} decisions each; quiet p50 {quiet_half:.1?}, p99 {quiet_most:.1?}; while {hung_up} \
         requests were hung up on, {streams} streams idled and one token sent {flooded} in {lasted:.1?}: \
         p50 {half:.1?}, p99 {most:.1?}, {:.2} times the quiet one",
        most.as_secs_f64() / quiet_most.as_secs_f64()
    );
    assert!(hung_up >= CLIENTS as u64, "only {hung_up} hung up");
    assert!(flooded >= 100, "only {flooded} flooded");
    assert!(most <= quiet_most * MOST, "p99 {most:?}, quiet {quiet_most:?}");
    estate.verify_audit();
}
