//! Notifications of the real server: email to a mail server that is not ours (aiosmtpd 1.4.6, pinned, from `PyPI`), and
//! webhooks to a listener.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::database::{Kind, on_both};
use crate::harness::{Estate, countersign, until};
use crate::python::python;

/// The one version of each package.
const PACKAGES: &str = include_str!("notifications/requirements.txt");

on_both!(
    a_bucket_is_told_once_and_settled_when_decided,
    what_expires_is_told_however_much_else_does,
    what_became_worse_is_told_once,
    who_does_not_answer_keeps_no_other_waiting,
    rules_are_kept_on_their_page_without_scripts,
);

/// A mail server, whose mail is in a file.
struct MailServer {
    child: Child,
    port: u16,
    mail: PathBuf,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl MailServer {
    fn start(estate: &Estate) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/notifications/server.py");
        let mail = estate.at("mail");
        let mut command = Command::new(python("aiosmtpd", PACKAGES)?);
        command.arg(script).arg(&mail).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self { child, port: line.trim().parse().unwrap(), mail })
    }

    fn mail(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.mail).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A listener for webhooks.
#[derive(Clone, Default)]
struct Hook(Arc<Mutex<Vec<(String, Value)>>>);

impl Hook {
    fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let hook = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                hook.take(stream.unwrap());
            }
        });
        port
    }

    fn take(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut path = String::new();
        reader.read_line(&mut path).unwrap();
        let path = path.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        self.0.lock().unwrap().push((path, serde_json::from_slice(&body).unwrap()));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    }

    fn on(&self, path: &str) -> Vec<Value> {
        let taken = self.0.lock().unwrap();
        taken.iter().filter(|(at, _)| at == path).map(|(_, body)| body.clone()).collect()
    }
}

fn isolate(number: usize, campaign: &str) -> Value {
    json!({
        "external_id": format!("n-{campaign}-{number}"), "type": "quarantine_file", "severity": "high",
        "source": "antivirus_action", "campaign": campaign, "comment": "seen by a test",
        "entity": { "kind": "file", "path": format!("/srv/<{number}>"), "sha256": "ab".repeat(32) },
        "asset": { "kind": "device", "name": format!("web-{number}") },
    })
}

async fn a_bucket_is_told_once_and_settled_when_decided(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let Some(server) = MailServer::start(&estate) else { return };
    let hook = Hook::default();
    let port = hook.start();
    let database = estate.database_url();
    let key = estate.at("secrets").display().to_string();
    let add = |name: &str, more: &[&str]| {
        let mut arguments =
            vec!["notification", "add", name, "--database-url", &database, "--secrets-key", &key];
        arguments.extend_from_slice(more);
        let output = countersign(&arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    add("mail", &["--on", "waits", "--on", "decided", "--channel", "email", "--to", "soc@corp.example"]);
    add("json", &["--on", "waits", "--channel", "webhook", "--to", &url("/json")]);
    add("slack", &["--on", "waits", "--channel", "slack", "--to", &url("/slack")]);
    add("teams", &["--on", "waits", "--channel", "teams", "--to", &url("/teams")]);
    add(
        "other",
        &["--on", "waits", "--channel", "webhook", "--to", &url("/other"), "--asset-kind", "mailbox"],
    );
    let smtp = format!("smtp://127.0.0.1:{}", server.port);
    let options = ["--smtp-url", &smtp, "--mail-from", "countersign@corp.example", "--secrets-key", &key];
    estate.serve_with(&options);
    // A second one on the same database: what one has sent the other does not send.
    let _other = estate.another_server_with(&options);

    let actions: Vec<Value> = (0..3).map(|number| isolate(number, "storm")).collect();
    let (status, answer) =
        estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": actions })).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    for path in ["/json", "/slack", "/teams"] {
        until(path, async || (!hook.on(path).is_empty()).then_some(())).await;
        assert_eq!(hook.on(path).len(), 1, "one message tells of the bucket");
    }
    let told = hook.on("/json").remove(0)["data"].clone();
    assert_eq!(
        (&told["occasion"], &told["title"]),
        (&json!("waits"), &json!("Waits for a decision: 3 times Quarantine file"))
    );
    assert_eq!(told["actions"].as_array().unwrap().len(), 3);
    let slack = hook.on("/slack").remove(0)["text"].as_str().unwrap().to_owned();
    assert!(
        slack.contains("/srv/&lt;0&gt; on web-0") && slack.contains("|Open the Action center>"),
        "{slack}"
    );
    let teams = hook.on("/teams").remove(0);
    assert_eq!(teams["attachments"][0]["content"]["body"].as_array().unwrap().len(), 4, "{teams}");
    until("the mail", async || (!server.mail().is_empty()).then_some(())).await;
    let first = server.mail().remove(0);
    assert_eq!(first["to"], json!(["soc@corp.example"]));
    assert_eq!(first["subject"], "Waits for a decision: 3 times Quarantine file");
    let text = first["text"].as_str().unwrap();
    assert!(text.contains("/action-center/pending?open=") && !text.contains("approve"), "{text}");

    for action in answer["actions"].as_array().unwrap() {
        let (status, _) = estate.decide("reject", action, &estate.people[0]).await.unwrap();
        assert_eq!(status, 200);
    }
    until("the end of the bucket", async || (hook.on("/json").len() > 1).then_some(())).await;
    let over = hook.on("/json").remove(1)["data"].clone();
    assert_eq!((&over["occasion"], &over["about"]), (&json!("settled"), &told["id"]));
    until("the thread", async || {
        let mail = server.mail();
        let has =
            |subject: &str| mail.iter().any(|one| one["subject"].as_str().unwrap().starts_with(subject));
        (has("Waits no more") && has("Decided")).then_some(())
    })
    .await;
    let thread =
        server.mail().into_iter().find(|one| one["subject"].as_str().unwrap().starts_with("Waits no more"));
    assert_eq!(thread.unwrap()["in_reply_to"], first["message_id"]);
    assert_eq!(hook.on("/slack").len(), 1, "what can't be withdrawn there is not told again");
    assert_eq!(hook.on("/other"), Vec::<Value>::new());
    let listed = countersign(&["notification", "list", "--database-url", &database]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.contains("json: waits by webhook to http://127.0.0.1") && !listed.contains("/json;"),
        "{listed}"
    );
    assert!(listed.contains("0 waiting, 2 sent, 0 failed"), "{listed}");
    estate.verify_audit();
}

/// Adds a rule that tells a listener.
fn add_rule(estate: &Estate, port: u16, name: &str, on: &str, least: &str) {
    let (database, key) = (estate.database_url(), estate.at("secrets").display().to_string());
    let url = format!("http://127.0.0.1:{port}/{name}");
    let kept = ["--database-url", &database, "--secrets-key", &key];
    let about = ["--on", on, "--min-severity", least, "--channel", "webhook", "--to", &url];
    let output = countersign(&[&["notification", "add", name][..], &kept, &about].concat()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[expect(clippy::disallowed_methods, reason = "the server that is told it goes by this machine's clock")]
fn in_hours(hours: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours)).to_string()
}

async fn what_expires_is_told_however_much_else_does(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let hook = Hook::default();
    add_rule(&estate, hook.start(), "late", "expiring", "high");
    let mut items: Vec<Value> = (0..201).map(|number| isolate(number, &format!("other {number}"))).collect();
    for item in &mut items {
        item["severity"] = json!("low");
        item["expires_at"] = json!(in_hours(1));
    }
    let mut last = isolate(500, "last");
    last["expires_at"] = json!(in_hours(2));
    items.push(last);
    let (status, answer) =
        estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": items })).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let key = estate.at("secrets").display().to_string();
    estate.serve_with(&["--secrets-key", &key]);
    until("the last is told", async || (!hook.on("/late").is_empty()).then_some(())).await;
    let told = hook.on("/late").remove(0)["data"].clone();
    assert_eq!((&told["occasion"], told["actions"].as_array().unwrap().len()), (&json!("expiring"), 1));
    assert!(told["actions"][0]["text"].as_str().unwrap().contains("web-500"), "{told}");
}

async fn who_does_not_answer_keeps_no_other_waiting(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hook = Hook::default();
    add_rule(&estate, silent.local_addr().unwrap().port(), "dead", "waits", "high");
    add_rule(&estate, hook.start(), "live", "waits", "high");
    // It takes every connection, and never says a word.
    std::thread::spawn(move || silent.incoming().collect::<Vec<_>>());
    let key = estate.at("secrets").display().to_string();
    estate.serve_with(&["--secrets-key", &key]);
    let items: Vec<_> = (0..30).map(|number| isolate(number, &format!("of {number}"))).collect();
    let body = json!({ "actions": items });
    let propose = async || estate.post("/api/v1/actions", &estate.scanner, &body).await;
    assert_eq!(until("they are taken", propose).await.0, 201);
    until("all is told to who answers", async || (hook.on("/live").len() >= 30).then_some(())).await;
}

async fn what_became_worse_is_told_once(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let hook = Hook::default();
    add_rule(&estate, hook.start(), "worse", "waits", "high");
    let key = estate.at("secrets").display().to_string();
    estate.serve_with(&["--secrets-key", &key]);
    let propose = async |severity: &str| {
        let mut item = isolate(1, "rising");
        item["severity"] = json!(severity);
        let body = json!({ "actions": [item] });
        let propose = async || estate.post("/api/v1/actions", &estate.scanner, &body).await;
        let (status, answer) = until("it is taken", propose).await;
        assert!([200, 201].contains(&status), "{answer}");
        answer["actions"][0].clone()
    };
    propose("low").await;
    for severity in ["high", "critical"] {
        let action = propose(severity).await;
        assert_eq!(action["changed"], json!(["severity"]), "{action}");
        until("it is told", async || (!hook.on("/worse").is_empty()).then_some(())).await;
    }
    let action = propose("critical").await;
    assert_eq!(estate.decide("reject", &action, &estate.people[0]).await.unwrap().0, 200);
    until("it is over", async || {
        hook.on("/worse").iter().any(|told| told["data"]["occasion"] == "settled").then_some(())
    })
    .await;
    let occasions: Vec<_> = hook.on("/worse").iter().map(|told| told["data"]["occasion"].clone()).collect();
    assert_eq!(occasions, ["waits", "settled"]);
}

async fn rules_are_kept_on_their_page_without_scripts(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let key = estate.at("secrets").display().to_string();
    estate.serve_with(&["--secrets-key", &key]);
    let hook = Hook::default();
    let port = hook.start();
    let database = estate.database_url();
    let arguments = ["user", "add", "admin", "--role", "global_administrator", "--database-url", &database];
    let mut added = countersign(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    added.stdin.take().unwrap().write_all(b"correct horse battery\n").unwrap();
    assert!(added.wait().unwrap().success());
    let cookie = estate.sign_in("admin").await;
    let page = async || {
        let request = estate.client.get(estate.url("/settings/notifications")).header("cookie", &cookie);
        request.send().await.unwrap().text().await.unwrap()
    };
    let form = async |function: &str, body: String| {
        let request = estate.client.post(estate.url(&format!("/api/{function}"))).header("cookie", &cookie);
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin");
        let answer = request.body(body).send().await.unwrap();
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location.unwrap_or_default())
    };
    let empty = page().await;
    assert!(empty.contains("There is no rule yet") && empty.contains("Add a rule"), "{empty}");
    let to = format!("http%3A%2F%2F127.0.0.1%3A{port}%2Fsecret-path");
    let fields = "asset_kind=&device_group=&min_severity=&proposed_by=&expiring_hours=&digest_hours=";
    let body = format!(
        "back=%2Fsettings%2Fnotifications&name=soc&on[0]=waits&on[3]=failed&channel=webhook&to={to}&{fields}"
    );
    let (status, location) = form("add_notification_rule", body).await;
    assert!((300..400).contains(&status) && location == "/settings/notifications", "{status} {location}");
    let shown = page().await;
    assert!(shown.contains(">soc<") && shown.contains("Waits for a decision, "), "{shown}");
    assert!(!shown.contains("secret-path"), "the address is not shown again");
    let (_, location) =
        form("test_notification_rule", "back=%2Fsettings%2Fnotifications&name=soc".to_owned()).await;
    assert_eq!(location, "/settings/notifications?tested=true");
    assert_eq!(hook.on("/secret-path").len(), 1);
    let (_, location) =
        form("remove_notification_rule", "back=%2Fsettings%2Fnotifications&name=soc".to_owned()).await;
    assert_eq!(location, "/settings/notifications");
    assert!(page().await.contains("There is no rule yet"));
}
