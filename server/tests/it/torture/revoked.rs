//! Somebody whose rights end while they decide: their account, their role, or their token is taken away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{PATIENCE, Seen};
use super::{Random, Run};
use crate::harness::{Estate, EvilFile, proposal};

/// How much they have to decide, which nobody else touches.
const ACTIONS: usize = 60;
/// How often a request is sent that has no answer.
const TRIES: u32 = 100;

/// What there is to check in the log afterwards.
pub(super) struct Revocation {
    /// The id of the token by which they decided.
    token: String,
    /// What the record of its end is about: the person, or the token.
    subject: String,
    /// The last record before.
    before: i64,
}

/// Who takes away, from whom.
pub(super) struct Cast {
    administrator: String,
    person: String,
}

impl Cast {
    /// Adds both.
    pub(super) fn new(estate: &Estate) -> Self {
        estate.person("leaver", "security_operator");
        estate.person("taker", "global_administrator");
        let administrator = estate.token("taker", Some("taker"), &["access:administer", "actions:read"]);
        Self { administrator, person: String::new() }
    }

    /// With the id of whose rights end.
    pub(super) async fn known(self, estate: &Estate) -> Self {
        let person = estate.database.column("SELECT id FROM users WHERE name = 'leaver'").await.remove(0);
        Self { person, ..self }
    }
}

async fn head(run: &Run) -> i64 {
    let head = run.estate.database.column("SELECT CAST(MAX(seq) AS TEXT) FROM audit").await;
    head[0].parse().unwrap()
}

/// Administers, as often as it takes.
async fn administer(run: &Run, random: &mut Random, method: Method, path: &str, body: &Value) {
    for _ in 0..TRIES {
        let url = format!("{}/api/v1{path}", run.url(random));
        let request = run.estate.client.request(method.clone(), url).bearer_auth(&run.cast.administrator);
        let answer = request.json(body).timeout(PATIENCE).send().await.map(|answer| answer.status().as_u16());
        match answer {
            Ok(200 | 204) => return,
            // It was done by the request before, whose answer was lost.
            Ok(404) if method == Method::DELETE => return,
            Ok(status) if status < 500 && status != 429 => panic!("{method} {path}: {status}"),
            _ => tokio::time::sleep(random.millis(20, 80)).await,
        }
    }
    panic!("{method} {path} is never answered");
}

/// Proposes what they decide.
async fn actions(run: &Run, random: &mut Random, number: u64) -> Vec<Value> {
    let files: Vec<_> =
        (0..ACTIONS).map(|n| EvilFile::new(&run.estate, &format!("left-{number}-{n}.bin"))).collect();
    let items: Vec<_> = files.iter().map(|file| proposal(&file.name, &file.path, &file.sha256)).collect();
    let body = json!({ "actions": items });
    for _ in 0..TRIES {
        let url = format!("{}/api/v1/actions", run.url(random));
        let request = run.estate.client.post(url).bearer_auth(&run.estate.scanner).timeout(PATIENCE);
        if let Ok(answer) = request.json(&body).send().await
            && answer.status().is_success()
            && let Ok(body) = answer.json::<Value>().await
        {
            return body["actions"].as_array().unwrap().clone();
        }
        tokio::time::sleep(random.millis(20, 80)).await;
    }
    panic!("nothing could be proposed");
}

/// Decides one after the other, until all are, or some were refused after the end. Returns how many went through, and
/// how many did not since.
async fn decide(
    run: &Run,
    token: &str,
    actions: &[Value],
    ended: &AtomicBool,
    random: &mut Random,
) -> (usize, usize) {
    let (mut decided, mut refused) = (0, 0);
    for action in actions {
        let id = action["id"].as_str().unwrap();
        let body = json!({
            "expected_version": action["version"], "digest": action["digest"], "reason": "because of a test",
        });
        let url = format!("{}/api/v1/actions/{id}/reject", run.url(random));
        let was_over = ended.load(Ordering::SeqCst);
        let request = run.estate.client.post(url).bearer_auth(token).json(&body).timeout(PATIENCE);
        let Ok(answer) = request.send().await else { continue };
        let status = answer.status().as_u16();
        let body = answer.json().await.unwrap_or_default();
        assert!(!was_over || status != 200, "{id} was decided after the right to: {body}");
        match status {
            200 => decided += 1,
            401 | 403 if was_over => refused += 1,
            _ => {}
        }
        // Nobody else decides on these.
        let client = 1_000;
        let seen = Seen { client, action: id.to_owned(), verb: "reject", status: Some(status), body };
        if status == 200 {
            run.seen.lock().unwrap().push(seen);
        }
        if refused == 3 {
            break;
        }
    }
    (decided, refused)
}

/// One end of rights. Whether it came while they decided, which is what is to be tried.
pub(super) async fn strike(run: &Arc<Run>, random: &mut Random) -> bool {
    let number = random.next();
    let name = format!("leaver-{number}");
    let estate = &run.estate;
    let secret = tokio::task::block_in_place(|| {
        estate.token(&name, Some("leaver"), &["actions:decide", "actions:read"])
    });
    let select = format!("SELECT id FROM credentials WHERE name = '{name}'");
    let token = estate.database.column(&select).await.remove(0);
    let actions = actions(run, random, number).await;
    let person = format!("/people/{}", run.cast.person);
    let operator = json!({ "assignments": { "roles": [{ "role": "security_operator" }] } });
    let reader = json!({ "assignments": { "roles": [{ "role": "security_reader" }] } });
    let (subject, method, path, body, again) = match random.below(3) {
        0 => (&run.cast.person, Method::PATCH, person.clone(), reader, Some(operator)),
        1 => (
            &run.cast.person,
            Method::PATCH,
            person.clone(),
            json!({ "enabled": false }),
            Some(json!({ "enabled": true })),
        ),
        _ => (&token, Method::DELETE, format!("/tokens/{token}"), Value::Null, None),
    };
    let (subject, before) = (subject.clone(), head(run).await);
    run.revocations.lock().unwrap().push(Revocation { token: token.clone(), subject, before });
    let ended = AtomicBool::new(false);
    let (mut own, mut other) = (random.clone(), Random(random.next()));
    let pause = random.millis(10, 120);
    let began = Instant::now();
    let ends = async {
        tokio::time::sleep(pause).await;
        administer(run, &mut other, method, &path, &body).await;
        ended.store(true, Ordering::SeqCst);
    };
    let ((decided, refused), ()) = tokio::join!(decide(run, &secret, &actions, &ended, &mut own), ends);
    if let Some(again) = again {
        administer(run, random, Method::PATCH, &person, &again).await;
    }
    assert!(began.elapsed() < Duration::from_mins(5), "an end of rights takes for ever");
    decided > 0 && refused > 0
}

/// No decision by a token stands after the record of the end of its rights.
pub(super) async fn check(estate: &Estate, revocations: &[Revocation]) {
    for Revocation { token, subject, before } in revocations {
        let one = async |sql: String| estate.database.column(&sql).await.remove(0).parse::<i64>().unwrap();
        let end = one(format!(
            "SELECT CAST(COALESCE(MIN(seq), 0) AS TEXT) FROM audit WHERE seq > {before} AND subject_id = '{subject}'"
        ))
        .await;
        assert!(end > *before, "the end of the rights of {subject} is not recorded");
        let last = one(format!(
            "SELECT CAST(COALESCE(MAX(seq), 0) AS TEXT) FROM audit
             WHERE actor LIKE '%{token}%' AND body LIKE '%\"approval_id\":%'"
        ))
        .await;
        assert!(last < end, "record {last} is a decision by {token}, whose rights ended with record {end}");
    }
}
