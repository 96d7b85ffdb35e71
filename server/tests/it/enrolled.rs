//! Hosts that were enrolled and dial out: by a code that does so once, signed both ways, revoked, cloned, and killed on
//! both sides without anything lost or done twice.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::database::{Kind, on_both};
use crate::harness::{Estate, countersign, until};

on_both!(
    a_code_takes_in_one_host_once,
    a_revoked_host_gets_nothing,
    two_hosts_with_one_key_are_noticed,
    killed_hosts_and_servers_lose_and_double_nothing,
);

/// A responder that dials out.
pub(crate) struct Dialling {
    child: Child,
    pub(crate) root: PathBuf,
    pub(crate) vault: PathBuf,
}

impl Drop for Dialling {
    fn drop(&mut self) {
        // Only what this test started; it may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A code for a device.
fn code(estate: &Estate, device: &str) -> String {
    let args = ["responder-code", device, "--database-url", &estate.database.url];
    let output = countersign(&args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Dialling {
    /// A server that keeps its secrets in the estate.
    pub(crate) async fn estate(kind: Kind) -> Estate {
        let mut estate = Estate::start(kind).await;
        let key = estate.at("secrets.key");
        estate.serve_with(&["--secrets-key", key.to_str().unwrap()]);
        estate
    }

    /// A host of this name that is taken in.
    pub(crate) fn enrolled(estate: &Estate, name: &str, options: &[String], crash_at: Option<&str>) -> Self {
        let code = code(estate, name);
        let mut more = vec!["--enrol".to_owned(), code];
        more.extend_from_slice(options);
        let (line, dialling) = Self::start(estate, name, &more, crash_at);
        assert!(line.contains("dialling"), "{line}");
        dialling
    }

    /// Starts one; answers with what it says first, which is nothing if it ends.
    fn start(estate: &Estate, name: &str, options: &[String], crash_at: Option<&str>) -> (String, Self) {
        let (root, vault) = (estate.at(&format!("{name} files")), estate.at(&format!("{name} vault")));
        std::fs::create_dir_all(&root).unwrap();
        let url = estate.url("").replace("localhost", "127.0.0.1");
        let args = [
            "responder",
            "--server",
            &url,
            "--root",
            root.to_str().unwrap(),
            "--vault",
            vault.to_str().unwrap(),
        ];
        let args: Vec<_> = args.into_iter().chain(options.iter().map(String::as_str)).collect();
        let mut command = countersign(&args);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some(point) = crash_at {
            command.env("COUNTERSIGN_CRASH_POINT", point);
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (line, Self { child, root: root.canonicalize().unwrap(), vault })
    }

    /// Ends it and starts it again, to end itself at a crash point if one is named.
    pub(crate) fn restart(&mut self, estate: &Estate, name: &str, crash_at: Option<&str>) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let (line, again) = Self::start(estate, name, &[], crash_at);
        assert!(line.contains("dialling"), "{line}");
        *self = again;
    }

    pub(crate) async fn crashed(&mut self) {
        let status = until("the crash point is reached", async || self.child.try_wait().unwrap()).await;
        assert_eq!(status.signal(), Some(9), "ended by {status}");
    }

    fn put(&self, name: &str) -> PathBuf {
        let path = self.root.join(name);
        std::fs::write(&path, name).unwrap();
        path
    }

    /// Command ids that reached the host.
    pub(crate) fn journal(&self) -> usize {
        std::fs::read_dir(self.vault.join("journal")).unwrap().count()
    }
}

async fn propose(estate: &Estate, asset: &str, path: &std::path::Path) -> Value {
    propose_on(estate, asset, json!({ "kind": "file", "path": path })).await
}

async fn propose_on(estate: &Estate, asset: &str, file: Value) -> Value {
    let proposal = json!({
        "external_id": uuid::Uuid::new_v4(), "type": "quarantine_file", "severity": "high",
        "source": "antivirus_action", "entity": file, "asset": { "kind": "device", "name": asset },
    });
    let body = json!({ "actions": [proposal] });
    // A connection of before the server's new start breaks once.
    let propose = async || estate.post("/api/v1/actions", &estate.scanner, &body).await;
    let (status, answer) = until("it is proposed", propose).await;
    assert_eq!(status, 201, "{answer}");
    answer["actions"][0].clone()
}

async fn approve(estate: &Estate, action: &Value) {
    until("it can be approved", async || {
        let (status, answer) = estate.decide("approve", action, &estate.people[0]).await?;
        assert!(status == 200 || answer["type"] == "/problems/no_executor", "{answer}");
        (status == 200).then_some(())
    })
    .await;
}

async fn a_code_takes_in_one_host_once(kind: Kind) {
    let estate = Dialling::estate(kind).await;
    let code = code(&estate, "web-1");
    let enrol = vec!["--enrol".to_owned(), code.clone()];
    let (line, first) = Dialling::start(&estate, "web-1", &enrol, None);
    assert!(line.starts_with("responder of web-1 dialling"), "{line}");
    let identity = std::fs::read_to_string(first.vault.join("identity")).unwrap();
    // Another host with the same code is not taken in; nor is one with a code that was never made.
    assert_eq!(Dialling::start(&estate, "other", &enrol, None).0, "");
    let wrong = vec!["--enrol".to_owned(), "csrc_00".to_owned()];
    assert_eq!(Dialling::start(&estate, "other", &wrong, None).0, "");
    // It starts again with the same command line, and without the code.
    for options in [&enrol[..], &[]] {
        assert_eq!(first.journal(), 0);
        let (line, again) = {
            let (root, vault) = (first.root.clone(), first.vault.clone());
            assert!(root.exists() && vault.exists());
            Dialling::start(&estate, "web-1", options, None)
        };
        // The vault is the first one's while that runs.
        assert_eq!(line, "");
        drop(again);
    }
    drop(first);
    for options in [&enrol[..], &[]] {
        let (line, again) = Dialling::start(&estate, "web-1", options, None);
        assert!(line.contains("dialling"), "{line}");
        assert_eq!(std::fs::read_to_string(again.vault.join("identity")).unwrap(), identity);
    }
    // Only the public key is known to the server, and the code is not kept.
    for table in ["SELECT public_key FROM responders", "SELECT code_hash FROM responder_codes"] {
        for text in estate.database.column(table).await {
            assert!(!text.contains(&code) && !identity.contains(&text), "{text}");
        }
    }
    // What nobody signed is not believed.
    let body = json!({ "instance": "x", "version": "1", "pairs": {}, "wait": 0 });
    let request = estate.client.post(estate.url("/api/v1/responder/polls")).json(&body);
    let request =
        request.header("countersign-responder", "responder-web-1").header("countersign-timestamp", "0");
    let answer = request.header("countersign-signature", "AAAA").send().await.unwrap();
    assert_eq!(answer.status(), 401);

    // Enrolled anew, it has another key.
    let again = Dialling::enrolled(&estate, "web-1", &[], None);
    assert_ne!(std::fs::read_to_string(again.vault.join("identity")).unwrap(), identity);
    let path = again.put("evil");
    let action = propose(&estate, "web-1", &path).await;
    approve(&estate, &action).await;
    assert_eq!(estate.settled(action["id"].as_str().unwrap()).await["status"], "Completed");
    assert!(!path.exists());
    // The command line, a process of its own, knows what the server has heard of the host, too.
    let key = estate.at("secrets.key");
    for args in [&["executor", "list"][..], &["executor", "test", "responder-web-1"]] {
        let kept = ["--database-url", &estate.database.url, "--secrets-key", key.to_str().unwrap()];
        let output = countersign(&[args, &kept[..]].concat()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && said.contains("The host is connected, version "),
            "{args:?}: {said}"
        );
    }
    // So does its page, without a test, and what is set up of it can be changed, but not to another device.
    estate.person("root", "global_administrator");
    let root = estate.token("root", Some("root"), &["executors:manage"]);
    let (status, page) = estate.get("/api/v1/executors/responder-web-1", &root).await;
    assert_eq!((status, &page["health"]), (200, &json!("up")), "{page}");
    assert!(page["says"].as_str().unwrap().starts_with("The host is connected, version "), "{page}");
    let change = async |name: &str| {
        let mut setup = page["setup"].clone();
        setup["concurrency"] = json!(2);
        setup["serves"][0]["name"] = json!(name);
        let url = estate.url("/api/v1/executors/responder-web-1");
        let request = estate.client.put(url).bearer_auth(&root).json(&json!({ "setup": setup }));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, changed) = change("web-1").await;
    assert_eq!((status, &changed["setup"]["concurrency"]), (200, &json!(2)), "{changed}");
    let (status, refused) = change("web-*").await;
    assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/serves/0")), "{refused}");
    // A file that it does not serve is not offered, in words.
    let action = propose(&estate, "web-1", std::path::Path::new("/elsewhere/evil")).await;
    let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
    assert_eq!((status, &answer["type"]), (422, &json!("/problems/no_executor")), "{answer}");
    let why = answer["detail"].as_str().unwrap();
    assert!(why.contains("responder-web-1 can't: /elsewhere/evil is outside of "), "{why}");
    estate.verify_audit();
}

async fn a_revoked_host_gets_nothing(kind: Kind) {
    let mut estate = Dialling::estate(kind).await;
    let host = Dialling::enrolled(&estate, "web-1", &[], None);
    let path = host.put("evil");
    let action = propose(&estate, "web-1", &path).await;
    let revoke = ["responder-revoke", "web-1", "--database-url", &estate.database.url];
    assert!(countersign(&revoke).output().unwrap().status.success());
    let key = estate.at("secrets.key");
    estate.serve_with(&["--secrets-key", key.to_str().unwrap()]);
    let approve = async || estate.decide("approve", &action, &estate.people[0]).await;
    let (status, answer) = until("it is answered", approve).await;
    assert_eq!((status, &answer["type"]), (422, &json!("/problems/no_executor")), "{answer}");
    assert!(path.exists());
    let list = ["responder-list", "--database-url", &estate.database.url];
    let text = String::from_utf8(countersign(&list).output().unwrap().stdout).unwrap();
    assert!(text.contains("web-1") && text.contains("revoked"), "{text}");
    // An administrator revokes a key over the API, at once.
    let host = Dialling::enrolled(&estate, "web-2", &[], None);
    let path = host.put("evil");
    let action = propose(&estate, "web-2", &path).await;
    estate.person("root", "global_administrator");
    let root = estate.token("root", Some("root"), &["executors:manage"]);
    for (name, status) in [("responder-web-9", 404), ("responder-web-2", 200)] {
        let url = estate.url(&format!("/api/v1/executors/{name}/revoke"));
        let answer = estate.client.post(url).bearer_auth(&root).send().await.unwrap();
        assert_eq!(answer.status(), status, "{name}");
        let answer: Value = answer.json().await.unwrap();
        let says = answer["says"].as_str().unwrap_or_default();
        assert_eq!(says.contains("its key was revoked at"), status == 200, "{answer}");
    }
    let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
    assert_eq!((status, &answer["type"]), (422, &json!("/problems/no_executor")), "{answer}");
    assert!(path.exists());
    estate.verify_audit();
}

/// The files of a host are copied to another: both ask in turns, and none of them gets an order from then on.
async fn two_hosts_with_one_key_are_noticed(kind: Kind) {
    let estate = Dialling::estate(kind).await;
    let first = Dialling::enrolled(&estate, "web-1", &[], None);
    let copy = estate.at("copied identity");
    std::fs::copy(first.vault.join("identity"), &copy).unwrap();
    std::fs::copy(first.vault.join("identity.server"), estate.at("copied identity.server")).unwrap();
    let options = ["--identity".to_owned(), copy.to_str().unwrap().to_owned()];
    let (line, _second) = Dialling::start(&estate, "clone", &options, None);
    assert!(line.contains("dialling"), "{line}");
    // An order for whoever asks first makes the other ask again. Each of them serves a folder of its own.
    let by_content = json!({ "kind": "file", "sha256": "ab".repeat(32) });
    let action = propose_on(&estate, "web-1", by_content).await;
    approve(&estate, &action).await;
    until("the clone is noticed", async || {
        let found = estate.database.column("SELECT name FROM responders WHERE cloned_at IS NOT NULL").await;
        (found == ["responder-web-1"]).then_some(())
    })
    .await;
    let action = propose(&estate, "web-1", &first.put("another")).await;
    let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
    assert_eq!((status, &answer["type"]), (422, &json!("/problems/no_executor")), "{answer}");
}

async fn killed_hosts_and_servers_lose_and_double_nothing(kind: Kind) {
    let mut estate = Dialling::estate(kind).await;
    let secrets = estate.at("secrets.key").to_str().unwrap().to_owned();
    let serve = ["--secrets-key", secrets.as_str()];
    let mut host = Some(Dialling::enrolled(&estate, "web-1", &[], None));
    let mut orders = 0;
    for (is_server, point) in [
        (false, "quarantine.after_intent"),
        (false, "quarantine.after_result"),
        (true, "dispatch.after_send"),
        (true, "order_report.before_commit"),
        (true, "order_report.after_commit"),
    ] {
        if is_server {
            estate.serve_crashing(&serve, Some(point));
        } else {
            drop(host.take());
            let (line, victim) = Dialling::start(&estate, "web-1", &[], Some(point));
            assert!(line.contains("dialling"), "{line}");
            host = Some(victim);
        }
        let path = host.as_ref().unwrap().put(&format!("evil at {point}"));
        let action = propose(&estate, "web-1", &path).await;
        approve(&estate, &action).await;
        orders += 1;
        if is_server {
            estate.server.crashed().await;
            estate.serve_crashing(&serve, None);
        } else {
            host.as_mut().unwrap().crashed().await;
            drop(host.take());
            host = Some(Dialling::start(&estate, "web-1", &[], None).1);
        }
        let done = estate.settled(action["id"].as_str().unwrap()).await;
        assert_eq!(done["status"], "Completed", "{point}: {done}");
        assert!(!path.exists(), "{point}");
        let host = host.as_ref().unwrap();
        assert_eq!(host.journal(), orders, "{point}: an order has one command id");
        let undo = estate.decide("undo", &done, &estate.people[0]).await.unwrap();
        assert_eq!(undo.0, 200, "{}", undo.1);
        orders += 1;
        assert_eq!(estate.settled(done["id"].as_str().unwrap()).await["undo"], "Undone", "{point}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("evil at {point}"));
    }
    estate.verify_audit();
}
