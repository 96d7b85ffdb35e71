//! Times in answers have one form: six decimals and Z.

use std::collections::BTreeSet;

use domain::investigations::Tab;
use domain::{Role, Scope};
use serde_json::{Value, json};

use crate::http::testing::{App, proposal};

/// Which GETs end by themselves with nothing here: a stream, and what this estate has not.
const NOT_HERE: [&str; 3] = ["/events", "/actions/{id}/package", "/executors/{name}/deliveries"];

/// Where there are times, each by the last name before it.
const WANTED: [&str; 24] = [
    "proposed_at",
    "expires_at",
    "updated_at",
    "decided_at",
    "oldest",
    "newest",
    "created_at",
    "last_used_at",
    "last_sign_in_at",
    "started_at",
    "ended_at",
    "rendered_at",
    "at",
    "since",
    "received_at",
    "expiry",
    "delivered_at",
    "located_at",
    "actions.csv",
    "actions.jsonl",
    "alerts",
    "evidence",
    "log",
    "history",
];

/// The times that answers told, and those of another form.
#[derive(Default)]
struct Told {
    names: BTreeSet<String>,
    other: Vec<String>,
}

impl Told {
    fn text(&mut self, name: &str, text: &str) {
        let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let begins = [0, 3, 5, 6, 8, 9, 11, 12, 14, 15].into_iter().all(is_digit)
            && [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':')]
                .iter()
                .all(|(at, sign)| text.as_bytes()[*at] == *sign);
        if !begins {
            return;
        }
        self.names.insert(name.to_owned());
        let is_right = text.len() == "2026-03-01T08:00:00.000000Z".len()
            && text.as_bytes()[19] == b'.'
            && (20..26).all(is_digit)
            && text.ends_with('Z');
        if !is_right {
            self.other.push(format!("{name}: {text}"));
        }
    }

    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) => self.text(name, text),
            Value::Array(items) => items.iter().for_each(|item| self.value(name, item)),
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| self.value(name, value));
            }
            _ => {}
        }
    }

    /// An answer: a document, lines of them, or a table.
    fn answer(&mut self, path: &str, text: &str) {
        let name = path.rsplit('/').next().unwrap_or(path);
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            return self.value(name, &value);
        }
        for cell in text.split([',', '"', '\n', '\r']) {
            self.text(name, cell);
        }
    }
}

/// Somebody with a token for everything, and a tool's.
async fn callers(app: &App) -> (String, String) {
    app.user("root", &[Role::GlobalAdministrator]).await;
    app.user("ana", &[Role::SecurityOperator]).await;
    app.cookie("root").await;
    (app.token(Some("root"), Scope::ALL).await, app.token(None, &[Scope::Propose]).await)
}

/// An estate with something of all that has times.
async fn fill(app: &App, (root, tool): (&str, &str), told: &mut Told) -> Vec<(&'static str, String)> {
    let ana = app.token(Some("ana"), &[Scope::Decide]).await;
    let mut send = async |token: &str, path: &str, body: Value| {
        let answer = app.api(token, "POST", &format!("/api/v1{path}"), Some(&body)).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        told.answer(path, &answer.text());
        answer.json()
    };
    let incident = json!({ "id": "INC-1", "title": "Beacons", "severity": "high",
        "alerts": [{ "id": "A-9", "title": "Odd sign-in", "at": "2026-03-01T06:00:00Z" }] });
    send(tool, "/incidents", incident).await;
    let mail = json!({ "message_id": "<1@a>", "received_at": "2026-03-01T07:00:00Z", "copies": [
        { "mailbox": "kim@corp.example", "delivered_at": "2026-03-01T07:00:01Z", "located_at": "2026-03-01T07:00:02Z" }
    ] });
    let file =
        json!({ "kind": "process", "pid": 7, "image": "/bin/a", "started_at": "2026-03-01T07:00:00Z" });
    let mut suspicious = proposal("x-1");
    (suspicious["source"], suspicious["verdict"]) = (json!("automated_device_action"), json!("suspicious"));
    let mut second = suspicious.clone();
    second["external_id"] = json!("x-2");
    let report = json!({ "id": "INV-1", "incident_id": "INC-1", "actions": [suspicious, second],
        "alerts": [{ "id": "A-1", "title": "Beacon", "at": "2026-03-01T07:00:00Z" }],
        "evidence": [{ "id": "E-1", "entity": file, "first_seen": "2026-03-01T07:00:00Z" }],
        "log": [{ "id": "L-1", "action": "Looked", "created_at": "2026-03-01T07:10:00Z" }],
        "emails": [mail] });
    let made = send(tool, "/investigations", report).await;
    let ended = json!({ "id": "INV-2", "state": "benign", "ended_at": "2026-03-01T07:30:00Z" });
    send(tool, "/investigations", ended).await;
    let (mut block, mut delete) = (proposal("x-5"), proposal("x-6"));
    block["type"] = json!("block_ip_address");
    block["entity"] = json!({ "kind": "ip_address", "address": "203.0.113.7" });
    block["parameters"] = json!({ "expiry": "2026-03-20T08:00:00.5+01:00" });
    delete["type"] = json!("soft_delete_email");
    delete["entity"] =
        json!({ "kind": "email_message", "message_id": "<2@a>", "received_at": "2026-03-01T07:00:00Z" });
    (block["comment"], delete["comment"]) = (json!("why"), json!("why"));
    send(tool, "/actions", json!({ "actions": [proposal("x-3"), proposal("x-4"), block, delete] })).await;
    let id = made["actions"][0]["id"].as_str().unwrap().to_owned();
    let action = app.api(root, "GET", &format!("/api/v1/actions/{id}"), None).await.json();
    let seen = json!({ "expected_version": action["version"], "digest": action["digest"] });
    send(&ana, &format!("/actions/{id}/approve"), seen).await;
    send(&ana, "/incidents/INC-1/comments", json!({ "text": "Called." })).await;
    send(&ana, "/feedback", json!({ "action_id": id, "kind": "false_positive" })).await;
    let group = json!({ "name": "here", "level": "semi_all",
        "rule": [{ "field": "name", "comparison": "starts_with", "value": "web-" }] });
    let group = send(root, "/device-groups", group).await;
    let simulated = json!({ "device_group": group["id"], "level": "full", "days": 7 });
    send(root, "/automation/simulate", simulated).await;
    send(root, "/automation/stop", json!({ "reason": "a test" })).await;
    let token = json!({ "name": "t", "scopes": ["actions:read"], "days": 1 });
    send(root, "/tokens", token).await;
    let setup = json!({ "setup": { "name": "people", "kind": "manual", "serves": [{}] } });
    send(root, "/executors", setup).await;
    let waiting = made["actions"][1]["id"].clone();
    let plan = send(root, "/bulk-plans", json!({ "verb": "reject", "ids": [waiting] })).await;
    let plan = plan["id"].as_str().unwrap().to_owned();
    let job = json!({ "reason": "no" });
    let job = send(root, &format!("/bulk-plans/{plan}/start"), job).await;
    let people = app.api(root, "GET", "/api/v1/people", None).await.json();
    let person = people[0]["id"].as_str().unwrap().to_owned();
    vec![
        ("/actions/{id}", format!("/actions/{id}")),
        ("/incidents/{id}", "/incidents/INC-1".to_owned()),
        ("/investigations/{id}", "/investigations/INV-1".to_owned()),
        ("/emails/{id}", "/emails/%3C1%40a%3E".to_owned()),
        ("/people/{id}", format!("/people/{person}")),
        ("/executors/{name}", "/executors/people".to_owned()),
        ("/bulk-plans/{id}", format!("/bulk-plans/{plan}")),
        ("/bulk-jobs/{id}", format!("/bulk-jobs/{}", job["id"].as_str().unwrap())),
    ]
}

#[tokio::test]
async fn every_time_has_six_decimals() {
    let app = App::start().await;
    let (root, tool) = callers(&app).await;
    let mut told = Told::default();
    let known = fill(&app, (&root, &tool), &mut told).await;
    let document = app.get("/api/v1/openapi.json", &[]).await.json();
    let mut refused = Vec::new();
    let gets = document["paths"].as_object().unwrap().iter().filter(|(_, item)| item.get("get").is_some());
    for (path, _) in gets {
        let path = path.strip_prefix("/api/v1").unwrap();
        if NOT_HERE.contains(&path) {
            continue;
        }
        let filled =
            known.iter().find_map(|(begins, with)| Some(format!("{with}{}", path.strip_prefix(begins)?)));
        let filled = filled.unwrap_or_else(|| path.to_owned());
        let tabs = Tab::ALL.iter().filter(|tab| **tab != Tab::Graph);
        let paths: Vec<_> = match filled.strip_suffix("{tab}") {
            Some(before) => tabs.map(|tab| format!("{before}{tab}")).collect(),
            None => vec![filled],
        };
        for path in paths {
            for lane in ["pending", "in_progress", "history"] {
                let is_list = path.starts_with("/actions") && !path.starts_with("/actions/0");
                let query = if is_list { format!("?lane={lane}") } else { String::new() };
                let answer = app.api(&root, "GET", &format!("/api/v1{path}{query}"), None).await;
                let only_pending = path == "/actions/buckets" && lane != "pending";
                if !answer.status.is_success() && !only_pending {
                    refused.push(format!("{path}{query}: {}", answer.text()));
                }
                told.answer(&path, &answer.text());
                if !is_list {
                    break;
                }
            }
        }
    }
    assert_eq!(refused, Vec::<String>::new());
    assert_eq!(told.other, Vec::<String>::new());
    let missing: Vec<_> = WANTED.iter().filter(|name| !told.names.contains(**name)).collect();
    assert!(missing.is_empty(), "told of no {missing:?}, but of {:?}", told.names);
}
