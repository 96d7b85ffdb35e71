//! The server is killed at each point that a command of a kind passes, with the real server of that kind on the other side:
//! a directory, a mail system, `CrowdSec`, a consumer of `OpenC2` that answers 102 first, and people. What is done there is
//! done once, and nothing is said to be done that was not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::database::{Kind, on_both};
use crate::harness::{Estate, countersign, run, until};
use crate::servers::dovecot::Dovecot;
use crate::servers::lapi::Lapi;
use crate::servers::slapd::{POLICY, Slapd, WE};

on_both!(
    a_server_killed_while_a_directory_works_does_it_once,
    a_server_killed_while_a_mail_system_works_does_it_once,
    a_server_killed_while_crowdsec_works_does_it_once,
    a_server_killed_while_a_consumer_is_at_it_asks_again,
    a_server_killed_while_people_say_that_it_is_done_knows_it_once,
);

/// Points that a command passes whose executor answers at once.
const POINTS: [&str; 3] = ["dispatch.after_lease", "dispatch.after_send", "report.after_commit"];

struct Setting {
    estate: Estate,
    /// Decides on everything.
    decider: String,
    secrets: String,
}

impl Setting {
    /// With one executor, as the command line adds it.
    async fn start(
        kind: Kind,
        executor: &str,
        options: Option<Value>,
        secret: Option<&str>,
        more: &[&str],
    ) -> Self {
        let mut estate = Estate::start(kind).await;
        let database = ["--database-url", estate.database.url.as_str()];
        let chief = ["user", "add", "chief", "--role", "global_administrator"];
        run(&[&chief[..], &database].concat(), "correct horse battery\n");
        let decider = estate.token("decider", Some("chief"), &["actions:decide", "actions:read"]);
        let secrets = estate.at("secrets.key").to_str().unwrap().to_owned();
        estate.serve_with(&["--secrets-key", &secrets]);
        let mut args: Vec<String> = ["executor", "add", "it", "--kind", executor].map(str::to_owned).into();
        args.extend(more.iter().map(|&text| text.to_owned()));
        if let Some(options) = options {
            let path = estate.at("options");
            std::fs::write(&path, options.to_string()).unwrap();
            args.extend(["--options".to_owned(), path.to_str().unwrap().to_owned()]);
        }
        if let Some(secret) = secret {
            let path = estate.secret("secret", secret);
            args.extend(["--secret".to_owned(), path.to_str().unwrap().to_owned()]);
        }
        let database = ["--database-url", &estate.database.url, "--secrets-key", &secrets];
        let args: Vec<_> = args.iter().map(String::as_str).chain(database).collect();
        let output = countersign(&args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut setting = Self { estate, decider, secrets };
        setting.serve(None);
        setting
    }

    fn serve(&mut self, crash_at: Option<&str>) {
        self.estate.serve_crashing(&["--secrets-key", &self.secrets], crash_at);
    }

    async fn propose(&self, name: &str, action_type: &str, entity: &Value, asset: &Value) -> Value {
        let proposal = json!({
            "external_id": name, "type": action_type, "severity": "high", "source": "automated_device_action",
            "comment": "x", "entity": entity, "asset": asset,
        });
        let body = json!({ "actions": [proposal] });
        // A connection of before the server's new start breaks once.
        let propose = async || self.estate.post("/api/v1/actions", &self.estate.scanner, &body).await;
        let (status, answer) = until("it is proposed", propose).await;
        assert_eq!(status, 201, "{answer}");
        answer["actions"][0].clone()
    }

    /// What was asked of an action; the answer may be lost with the server.
    async fn ask(&self, verb: &str, action: &Value) -> Option<u16> {
        let id = action["id"].as_str().unwrap();
        let mut body = json!({ "expected_version": action["version"], "digest": action["digest"] });
        match verb {
            "approve" => {}
            "report" => (body["done"], body["comment"]) = (json!(true), json!("because of a test")),
            _ => body["reason"] = json!("because of a test"),
        }
        let (status, answer) =
            self.estate.post(&format!("/api/v1/actions/{id}/{verb}"), &self.decider, &body).await?;
        if answer["type"] == "/problems/no_executor" {
            // What it can do is known once it was asked.
            return None;
        }
        assert!(status == 200 || status == 409, "{verb}: {answer}");
        Some(status)
    }

    async fn now(&self, id: &str) -> Value {
        let (status, action) = self.estate.get(&format!("/api/v1/actions/{id}"), &self.decider).await;
        assert_eq!(status, 200, "{action}");
        action
    }

    async fn until(&self, id: &str, field: &str, is: &str) -> Value {
        until(&format!("{field} is {is}"), async || {
            let now = self.now(id).await;
            (now[field] == is).then_some(now)
        })
        .await
    }

    /// Kills the server at each point of an approval and of an undo. `count` tells how often it is done outside.
    async fn through_all_points(
        &mut self,
        action_type: &str,
        target: impl Fn(usize) -> (Value, Value),
        count: impl Fn(usize) -> usize,
    ) {
        for (number, point) in POINTS.into_iter().enumerate() {
            let (entity, asset) = target(number);
            let action = self.propose(point, action_type, &entity, &asset).await;
            let id = action["id"].as_str().unwrap().to_owned();
            assert_eq!(count(number), 0, "{point}: before");
            for (verb, field, end, is_there) in
                [("approve", "status", "Completed", 1), ("undo", "undo", "Undone", 0)]
            {
                let now = self.now(&id).await;
                self.serve(Some(point));
                until("it is asked", async || {
                    if std::net::TcpStream::connect(self.address()).is_err() {
                        return Some(());
                    }
                    self.ask(verb, &now).await.map(drop)
                })
                .await;
                self.estate.server.crashed().await;
                let sent = point != "dispatch.after_lease";
                let expected = if sent { is_there } else { 1 - is_there };
                assert_eq!(count(number), expected, "{verb} at {point}: when it was killed");
                self.estate.end_leases().await;
                self.serve(None);
                // A connection of before the server's new start breaks once.
                let _ = self.ask(verb, &now).await;
                let done = self.until(&id, field, end).await;
                assert_eq!(count(number), is_there, "{verb} at {point}: {done}");
            }
        }
        self.estate.verify_audit();
    }

    fn address(&self) -> String {
        self.estate.url("").rsplit("//").next().unwrap().trim_end_matches('/').to_owned()
    }
}

async fn a_server_killed_while_a_directory_works_does_it_once(kind: Kind) {
    let Some(slapd) = Slapd::start() else { return };
    let options = json!({
        "url": format!("ldap://127.0.0.1:{}", slapd.port), "bind_dn": WE, "base_dn": "dc=corp,dc=example",
        "policy": POLICY,
    });
    let mut setting = Setting::start(kind, "ldap", Some(options), Some("secret"), &[]).await;
    let on =
        |_: usize| (json!({ "kind": "user", "name": "kim" }), json!({ "kind": "account", "name": "kim" }));
    let locked = |_: usize| usize::from(!slapd.lets_in("kim", "old-kim"));
    setting.through_all_points("disable_user", on, locked).await;
}

async fn a_server_killed_while_a_mail_system_works_does_it_once(kind: Kind) {
    let Some(dovecot) = Dovecot::start() else { return };
    let options = json!({
        "url": format!("http://127.0.0.1:{}", dovecot.port), "quarantine": "quarantine@corp.example",
    });
    let mut setting = Setting::start(kind, "mail", Some(options), Some("the key"), &[]).await;
    let id = |number: usize| format!("<evil-{number}@x.example>");
    for number in 0..POINTS.len() {
        for user in ["kim", "lee"] {
            dovecot.deliver(user, &id(number));
        }
    }
    // In all mailboxes at once: several steps outside.
    let on = |number: usize| {
        let entity =
            json!({ "kind": "email_cluster", "cluster_id": id(number), "subject": "Hello", "messages": 2 });
        (entity, json!({ "kind": "mailbox", "name": "all" }))
    };
    let taken = |number: usize| {
        let held = dovecot.folders("quarantine", &id(number)).len();
        let there = ["kim", "lee"].map(|user| dovecot.folders(user, &id(number)).len());
        assert_eq!(held + there[0] + there[1], 2, "each message is there once");
        held / 2
    };
    setting.through_all_points("quarantine_email", on, taken).await;
}

async fn a_server_killed_while_crowdsec_works_does_it_once(kind: Kind) {
    let Some(lapi) = Lapi::start() else { return };
    let options = json!({ "url": format!("http://127.0.0.1:{}", lapi.port), "machine": "countersign" });
    let mut setting = Setting::start(kind, "crowdsec", Some(options), Some("password bouncerkey"), &[]).await;
    let address = |number: usize| format!("203.0.113.{number}");
    let on = |number: usize| {
        let entity = json!({ "kind": "ip_address", "address": address(number) });
        (entity, json!({ "kind": "device", "name": "edge-1" }))
    };
    let banned = |number: usize| lapi.banned().iter().filter(|found| **found == address(number)).count();
    setting.through_all_points("block_ip_address", on, banned).await;
}

/// A consumer that is at it when it is asked first, and done when it is asked again.
#[derive(Clone, Default)]
struct Consumer {
    /// By command id, how often it was asked.
    asked: Arc<Mutex<BTreeMap<String, u32>>>,
}

async fn consume(
    State(consumer): State<Consumer>,
    headers: HeaderMap,
    body: Bytes,
) -> (HeaderMap, Json<Value>) {
    let message: Value = serde_json::from_slice(&body).unwrap();
    let command = if message["body"].is_object() { &message["body"]["openc2"]["request"] } else { &message };
    let response = if command["action"] == "query" {
        let pairs = json!({ "query": ["features"], "deny": ["ipv4_net"], "allow": ["ipv4_net"] });
        json!({ "status": 200, "results": { "versions": ["1.0"], "profiles": ["slpf"], "pairs": pairs } })
    } else {
        let id = command["command_id"].as_str().unwrap().to_owned();
        let mut asked = consumer.asked.lock().unwrap();
        let times = asked.entry(id).or_default();
        *times += 1;
        if *times == 1 {
            json!({ "status": 102, "status_text": "the firewall is asked" })
        } else {
            json!({ "status": 200, "status_text": "denied" })
        }
    };
    let mut answer = HeaderMap::new();
    answer.insert("content-type", "application/openc2+json;version=1.0".parse().unwrap());
    if let Some(id) = headers.get("x-request-id") {
        answer.insert("x-request-id", id.clone());
    }
    let response = if message["body"].is_object() {
        json!({ "headers": message["headers"], "body": { "openc2": { "response": response } } })
    } else {
        response
    };
    (answer, Json(response))
}

async fn a_server_killed_while_a_consumer_is_at_it_asks_again(kind: Kind) {
    let consumer = Consumer::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(consume).with_state(consumer.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let more = ["--url", url.as_str(), "--internal", "--profile", "slpf"];
    let token = "0123456789abcdef01234567";
    let mut setting = Setting::start(kind, "openc2", None, Some(token), &more).await;
    for (number, point) in ["dispatch.after_send", "report.before_commit"].into_iter().enumerate() {
        let entity = json!({ "kind": "ip_address", "address": format!("203.0.113.{number}") });
        let asset = json!({ "kind": "device", "name": "edge-1" });
        let action = setting.propose(point, "block_ip_address", &entity, &asset).await;
        let id = action["id"].as_str().unwrap().to_owned();
        setting.serve(Some(point));
        until("it is approved", async || {
            if std::net::TcpStream::connect(setting.address()).is_err() {
                return Some(());
            }
            setting.ask("approve", &action).await.filter(|status| *status == 200).map(drop)
        })
        .await;
        setting.estate.server.crashed().await;
        setting.serve(None);
        let done = setting.until(&id, "status", "Completed").await;
        assert_eq!(done["status_detail"], "denied", "{point}");
        assert_eq!(consumer.asked.lock().unwrap().len(), number + 1, "{point}: one command id each");
    }
    setting.estate.verify_audit();
}

async fn a_server_killed_while_people_say_that_it_is_done_knows_it_once(kind: Kind) {
    let mut setting = Setting::start(kind, "manual", None, None, &[]).await;
    for point in ["follow_up.before_commit", "follow_up.after_commit"] {
        let device = json!({ "kind": "device", "name": point });
        let action = setting.propose(point, "isolate_device", &device, &device).await;
        let id = action["id"].as_str().unwrap().to_owned();
        assert_eq!(until("it is approved", async || setting.ask("approve", &action).await).await, 200);
        until("it is in somebody's hands", async || {
            let (_, tasks) = setting.estate.get("/api/v1/tasks", &setting.decider).await;
            tasks.to_string().contains(&id).then_some(())
        })
        .await;
        let by_hand = setting.now(&id).await;
        setting.serve(Some(point));
        until("it is said to be done", async || {
            if std::net::TcpStream::connect(setting.address()).is_err() {
                return Some(());
            }
            setting.ask("report", &by_hand).await.map(drop)
        })
        .await;
        setting.estate.server.crashed().await;
        setting.serve(None);
        let after = until("it is read", async || Some(setting.now(&id).await)).await;
        let is_known = point == "follow_up.after_commit";
        assert_eq!(after["status"] == "Completed", is_known, "{point}: {after}");
        // Said once more: it counts, unless it is known already.
        let again = until("it is said again", async || setting.ask("report", &by_hand).await).await;
        assert_eq!(again, if is_known { 409 } else { 200 }, "{point}");
        assert_eq!(setting.until(&id, "status", "Completed").await["undo"], "None");
    }
    let text = setting.estate.verify_audit();
    assert!(!text.is_empty());
}
