//! Clients, and what they write down of each answer.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Random, Run};
use crate::harness::{EvilFile, proposal};

/// One answer that a client got.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The client, whose answers stand in their order.
    pub(super) client: usize,
    pub(super) action: String,
    /// What was asked for: `approve`, `reject`, `undo`, or `read`.
    pub(super) verb: &'static str,
    /// The status; none if no answer came.
    pub(super) status: Option<u16>,
    /// The action as the answer has it.
    pub(super) body: Value,
}

/// Time for one request; what is frozen or dead meanwhile gives none.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// Proposes, decides, undoes and reads, until the run is over.
pub(super) async fn work(run: Arc<Run>, index: usize, mut random: Random) {
    let mut number = 0;
    while !run.is_over() {
        number += 1;
        let file = EvilFile::new(&run.estate, &format!("{index}-{number}.bin"));
        let Some(action) = propose(&run, &file, &mut random).await else { continue };
        let verb = if random.below(4) == 0 { "reject" } else { "approve" };
        let other = if random.below(4) == 0 { "approve" } else { "reject" };
        // Two people at the same time, as often as not; and a repeat under the same key.
        let key = format!("{index}-{number}");
        let (person, second) = (random.clone().below(2), random.below(3) == 0);
        let other_key = format!("{key}-other");
        let (mut one, mut two) = (random.clone(), Random(random.next()));
        if second {
            tokio::join!(
                decide(&run, index, &action, verb, person, &key, &mut one),
                decide(&run, index + 100, &action, other, 1 - person, &other_key, &mut two)
            );
        } else {
            decide(&run, index, &action, verb, person, &key, &mut one).await;
        }
        let id = action["id"].as_str().unwrap();
        let mut last = Value::Null;
        for _ in 0..random.below(6) {
            tokio::time::sleep(random.millis(20, 200)).await;
            if let Some(action) = read(&run, index, id, &mut random).await {
                last = action;
            }
        }
        if last["status"] == "Completed" && random.below(2) == 0 {
            decide(&run, index, &last, "undo", person, &format!("{key}-undo"), &mut random).await;
        }
    }
}

/// As a tool does: again until it is taken, which makes one action of it.
async fn propose(run: &Run, file: &EvilFile, random: &mut Random) -> Option<Value> {
    let body = json!({ "actions": [proposal(&file.name, &file.path, &file.sha256)] });
    for _ in 0..200 {
        let url = format!("{}/api/v1/actions", run.url(random));
        let request = run.estate.client.post(url).bearer_auth(&run.estate.scanner).timeout(PATIENCE);
        if let Ok(answer) = request.json(&body).send().await
            && answer.status().is_success()
            && let Ok(body) = answer.json::<Value>().await
        {
            return Some(body["actions"][0].clone());
        }
        tokio::time::sleep(random.millis(50, 150)).await;
    }
    None
}

/// Decides, and asks again under the same key until there is an answer; now and then also after it.
async fn decide(
    run: &Run,
    client: usize,
    action: &Value,
    verb: &'static str,
    person: u64,
    key: &str,
    random: &mut Random,
) {
    let id = action["id"].as_str().unwrap().to_owned();
    let mut body = json!({ "expected_version": action["version"], "digest": action["digest"] });
    if verb != "approve" {
        body["reason"] = json!("because of a test");
    }
    let token = &run.estate.people[usize::try_from(person).unwrap()];
    let mut answered = false;
    for _ in 0..200 {
        let url = format!("{}/api/v1/actions/{id}/{verb}", run.url(random));
        let request =
            run.estate.client.post(url).bearer_auth(token).header("idempotency-key", key).json(&body);
        let hangs_up = random.below(8) == 0;
        let request = request.timeout(if hangs_up { random.millis(1, 20) } else { PATIENCE });
        let seen = match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                Seen {
                    client,
                    action: id.clone(),
                    verb,
                    status: Some(status),
                    body: answer.json().await.unwrap_or_default(),
                }
            }
            Err(_) => Seen { client, action: id.clone(), verb, status: None, body: Value::Null },
        };
        if hangs_up && seen.status.is_none() {
            run.hit("client hangs up");
        }
        let again = seen.status.is_none_or(|status| status >= 500 || status == 429)
            || seen.body["type"] == "/problems/idempotency_in_flight";
        run.seen.lock().unwrap().push(seen);
        if !again {
            if answered || random.below(5) > 0 {
                return;
            }
            answered = true;
            run.hit("request doubled");
        }
        tokio::time::sleep(random.millis(30, 150)).await;
    }
}

async fn read(run: &Run, client: usize, id: &str, random: &mut Random) -> Option<Value> {
    let url = format!("{}/api/v1/actions/{id}", run.url(random));
    let request = run.estate.client.get(url).bearer_auth(&run.estate.people[0]).timeout(PATIENCE);
    let answer = request.send().await.ok().filter(|answer| answer.status() == 200)?;
    let body: Value = answer.json().await.ok()?;
    let seen = Seen { client, action: id.to_owned(), verb: "read", status: Some(200), body: body.clone() };
    run.seen.lock().unwrap().push(seen);
    Some(body)
}

/// Holds connections on which a request never ends.
pub(super) async fn hang(run: Arc<Run>, mut random: Random) {
    let mut held = Vec::new();
    while !run.is_over() {
        let url = run.url(&mut random);
        let address = url.trim_start_matches("http://").replace("localhost", "127.0.0.1");
        if let Ok(mut stream) = TcpStream::connect(address)
            && stream.write_all(b"POST /api/v1/actions HTTP/1.1\r\nHost: localhost\r\nContent-Le").is_ok()
        {
            run.hit("client hangs");
            held.push(stream);
        }
        if held.len() > 50 {
            held.clear();
        }
        tokio::time::sleep(random.millis(50, 300)).await;
    }
}
