//! An estate for a test: a database, a responder over a sandbox folder, a server, and tokens to talk to it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::{Database, Kind};
pub(crate) use crate::evil_file::EvilFile;
pub(crate) use crate::process::{Process, countersign};

/// How long anything may take before the test says that it never happens.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Estate {
    dir: TempDir,
    pub(crate) database: Database,
    pub(crate) server: Process,
    pub(crate) responder: Process,
    pub(crate) client: reqwest::Client,
    /// May propose.
    pub(crate) scanner: String,
    /// May decide, as people with the role Security Operator.
    pub(crate) people: Vec<String>,
}

pub(crate) fn run(args: &[&str], input: &str) -> String {
    let mut command = countersign(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Asks again and again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl Estate {
    pub(crate) async fn start(kind: Kind) -> Self {
        Self::with_people(kind, 2).await
    }

    pub(crate) async fn with_people(kind: Kind, count: usize) -> Self {
        Self::on(Database::migrated(kind).await, count)
    }

    pub(crate) fn on(database: Database, count: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        std::fs::create_dir(at("sandbox")).unwrap();
        std::fs::create_dir(at("site")).unwrap();
        let bundle = json!({ "js": "/pkg/a.js", "wasm": "/pkg/a.wasm" });
        let manifest = json!({ "app": bundle, "css": "/pkg/a.css" });
        std::fs::write(at("site") + "/manifest.json", manifest.to_string()).unwrap();

        let options = ["--database-url", database.url.as_str()];
        let people = (0..count)
            .map(|index| {
                let name = format!("operator-{index}");
                let role = ["user", "add", &name, "--role", "security_operator"];
                run(&[&role[..], &options].concat(), "correct horse battery\n");
                let token = [
                    "token",
                    "create",
                    &name,
                    "--owner",
                    &name,
                    "--scope",
                    "actions:decide",
                    "--scope",
                    "actions:read",
                ];
                run(&[&token[..], &options].concat(), "")
            })
            .collect();
        let token = ["token", "create", "scanner", "--scope", "actions:propose"];
        let scanner = run(&[&token[..], &options].concat(), "");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let responder = start_responder(dir.path(), "127.0.0.1:0", None);
        let server = start_server(dir.path(), &database.url, "127.0.0.1:0", &responder.url, None);
        Self { dir, database, server, responder, client, scanner, people }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts the server again on the same address, to end itself at a crash point if one is named.
    pub(crate) fn restart_server(&mut self, crash_at: Option<&str>) {
        let listen = address(&self.server.url);
        drop(std::mem::replace(&mut self.server, Process::none("")));
        self.server =
            start_server(self.dir.path(), &self.database.url, &listen, &self.responder.url, crash_at);
    }

    /// A file that only we may read, with this in it.
    pub(crate) fn secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    /// Starts the server again with these options beside the usual ones.
    pub(crate) fn serve_with(&mut self, options: &[&str]) {
        self.serve_crashing(options, None);
    }

    /// Likewise, to end itself at a crash point if one is named.
    pub(crate) fn serve_crashing(&mut self, options: &[&str], crash_at: Option<&str>) {
        let listen = address(&self.server.url);
        drop(std::mem::replace(&mut self.server, Process::none("")));
        let args = server_args(self.dir.path(), &self.database.url, &listen, &self.responder.url);
        let args: Vec<_> = args.iter().map(String::as_str).chain(options.iter().copied()).collect();
        self.server = Process::start(&args, crash_at);
    }

    /// Starts the server again with more options, and with all that it logs in a file.
    pub(crate) fn serve_logging(&mut self, options: &[&str], log: &Path) {
        let listen = address(&self.server.url);
        drop(std::mem::replace(&mut self.server, Process::none("")));
        let mut args = server_args(self.dir.path(), &self.database.url, &listen, &self.responder.url);
        args.extend(options.iter().map(|option| (*option).to_owned()));
        self.server = Process::start_logging(&args, log);
    }

    /// Starts the server again without what runs to its end also after its client is gone.
    pub(crate) fn serve_ending_with_clients(&mut self) {
        let listen = address(&self.server.url);
        drop(std::mem::replace(&mut self.server, Process::none("")));
        let args = server_args(self.dir.path(), &self.database.url, &listen, &self.responder.url);
        self.server = Process::start_ending_with_clients(&args);
    }

    /// Starts the server again on another database.
    pub(crate) fn serve_database(&mut self, url: &str) {
        let listen = address(&self.server.url);
        drop(std::mem::replace(&mut self.server, Process::none("")));
        self.server = start_server(self.dir.path(), url, &listen, &self.responder.url, None);
    }

    /// Stops the server in order. Its address is kept for the next.
    pub(crate) async fn stop_server(&mut self) {
        let url = self.server.url.clone();
        let server = std::mem::replace(&mut self.server, Process::none(&url));
        assert!(server.stop().await.success());
    }

    /// Ends the leases of a server that was killed, as their time does. Commands then wait for no more than a server.
    pub(crate) async fn end_leases(&self) {
        self.database
            .execute("UPDATE commands SET leased_until = ready_at WHERE state = 'open'")
            .await
            .unwrap();
    }

    /// Ends the responder. Its address is kept for the next.
    pub(crate) fn stop_responder(&mut self) {
        let url = self.responder.url.clone();
        self.responder = Process::none(&url);
    }

    /// Puts something between servers that are started from here on and the responder, which is returned.
    pub(crate) fn put_between(&mut self, url: &str) -> Process {
        std::mem::replace(&mut self.responder, Process::none(url))
    }

    /// Kills a server and starts it again on the same address.
    pub(crate) fn restart_process(&self, server: &mut Process) {
        let (listen, clock) = (address(&server.url), server.clock());
        drop(std::mem::replace(server, Process::none(&server.url)));
        let args = server_args(self.dir.path(), &self.database.url, &listen, &self.responder.url);
        *server = Process::start_with(&args, None, clock);
    }

    /// Likewise a responder.
    pub(crate) fn restart_responder_process(&self, responder: &mut Process) {
        let listen = address(&responder.url);
        drop(std::mem::replace(responder, Process::none(&responder.url)));
        *responder = start_responder(self.dir.path(), &listen, None);
    }

    /// How many files with this content lie in the vault.
    pub(crate) fn in_vault(&self, bytes: &[u8]) -> usize {
        let mut found = 0;
        let mut folders = vec![self.at("vault")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found += usize::from(std::fs::read(path).unwrap() == bytes);
                }
            }
        }
        found
    }

    /// Adds a person with a role.
    pub(crate) fn person(&self, name: &str, role: &str) {
        let args = ["user", "add", name, "--role", role, "--database-url", self.database.url.as_str()];
        run(&args, "correct horse battery\n");
    }

    /// A token of a new person who administers.
    pub(crate) fn administrator(&self) -> String {
        let options = ["--database-url", self.database.url.as_str()];
        self.person("admin", "security_administrator");
        let token = ["token", "create", "admin", "--owner", "admin", "--scope", "actions:decide", "--scope"];
        run(&[&token[..], &["actions:read"], &options].concat(), "")
    }

    /// A token with these scopes, of a person or of a tool.
    pub(crate) fn token(&self, name: &str, owner: Option<&str>, scopes: &[&str]) -> String {
        let mut args = vec!["token", "create", name, "--database-url", self.database.url.as_str()];
        args.extend(owner.iter().flat_map(|owner| ["--owner", *owner]));
        args.extend(scopes.iter().flat_map(|scope| ["--scope", *scope]));
        run(&args, "")
    }

    /// Likewise the responder.
    pub(crate) fn respond_with(&mut self, options: &[&str]) {
        let listen = address(&self.responder.url);
        drop(std::mem::replace(&mut self.responder, Process::none("")));
        let args = responder_args(self.dir.path(), &listen);
        let args: Vec<_> = args.iter().map(String::as_str).chain(options.iter().copied()).collect();
        self.responder = Process::start(&args, None);
    }

    /// Another server on the same database.
    pub(crate) fn another_server(&self) -> Process {
        start_server(self.dir.path(), &self.database.url, "127.0.0.1:0", &self.responder.url, None)
    }

    /// The same with these options beside the usual ones.
    pub(crate) fn another_server_with(&self, options: &[&str]) -> Process {
        let args = server_args(self.dir.path(), &self.database.url, "127.0.0.1:0", &self.responder.url);
        let args: Vec<_> = args.iter().map(String::as_str).chain(options.iter().copied()).collect();
        Process::start(&args, None)
    }

    /// Another server, whose machine's clock can be set by what stands in the file.
    pub(crate) fn another_server_by(&self, clock: &str) -> Process {
        let args = server_args(self.dir.path(), &self.database.url, "127.0.0.1:0", &self.responder.url);
        Process::start_with(&args, None, Some(self.at(clock)))
    }

    /// A server on another database, which reaches the responder by another way.
    pub(crate) fn server_of(&self, database: &str, responder: &str) -> Process {
        start_server(self.dir.path(), database, "127.0.0.1:0", responder, None)
    }

    /// The URL of the database.
    pub(crate) fn database_url(&self) -> String {
        self.database.url.clone()
    }

    /// Likewise the responder.
    pub(crate) fn restart_responder(&mut self, crash_at: Option<&str>) {
        let listen = address(&self.responder.url);
        drop(std::mem::replace(&mut self.responder, Process::none("")));
        self.responder = start_responder(self.dir.path(), &listen, crash_at);
    }

    /// Signs a person in; returns the cookie of the session.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let form = format!("name={name}&password=correct+horse+battery&next=%2Faction-center%2Fhistory");
        let request = self
            .client
            .post(self.url("/sign-in"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        let answer = request.body(form).send().await.unwrap();
        let next = HeaderValue::from_static("/action-center/history");
        assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (303, &next));
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        for flag in ["__Host-session=", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        let get = async || self.client.get(self.url(path)).bearer_auth(token).send().await;
        // A connection that was kept from before a new start breaks once.
        let answer = match get().await {
            Ok(answer) => answer,
            Err(_) => get().await.unwrap(),
        };
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// `None` if the connection broke.
    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Option<(u16, Value)> {
        let answer = self.client.post(self.url(path)).bearer_auth(token).json(body).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    /// Proposes to quarantine a file; returns the action.
    pub(crate) async fn propose(&self, file: &EvilFile) -> Value {
        let body = json!({ "actions": [proposal(&file.name, &file.path, &file.sha256)] });
        let (status, answer) = self.post("/api/v1/actions", &self.scanner, &body).await.unwrap();
        assert_eq!(status, 201, "{answer}");
        answer["actions"][0].clone()
    }

    pub(crate) async fn decide(&self, verb: &str, action: &Value, person: &str) -> Option<(u16, Value)> {
        let id = action["id"].as_str().unwrap();
        let mut body = json!({ "expected_version": action["version"], "digest": action["digest"] });
        if verb != "approve" {
            body["reason"] = json!("because of a test");
        }
        self.post(&format!("/api/v1/actions/{id}/{verb}"), person, &body).await
    }

    pub(crate) async fn action(&self, id: &str) -> Value {
        let (status, action) = self.get(&format!("/api/v1/actions/{id}"), &self.people[0]).await;
        assert_eq!(status, 200, "{action}");
        action
    }

    /// Waits until the action leaves Queued and `InProgress`, and its undo, if any, is over.
    pub(crate) async fn settled(&self, id: &str) -> Value {
        until("the action is settled", async || {
            let action = self.action(id).await;
            let moving = ["Queued", "InProgress"].contains(&action["status"].as_str().unwrap())
                || action["undo"] == "UndoRequested";
            (!moving).then_some(action)
        })
        .await
    }

    /// Command ids that reached the responder.
    pub(crate) fn journal(&self) -> usize {
        match std::fs::read_dir(self.at("vault/journal")) {
            Ok(entries) => {
                let is_record =
                    |name: &std::ffi::OsStr| Path::new(name).extension().is_some_and(|of| of == "json");
                entries.filter(|entry| is_record(&entry.as_ref().unwrap().file_name())).count()
            }
            Err(_) => 0,
        }
    }

    pub(crate) fn verify_audit(&self) -> String {
        run(&["audit", "verify", "--database-url", &self.database.url], "")
    }
}

pub(crate) fn proposal(name: &str, path: &Path, sha256: &str) -> Value {
    json!({
        "external_id": name, "type": "quarantine_file", "severity": "high", "source": "antivirus_action",
        "entity": { "kind": "file", "path": path, "sha256": sha256 },
        "asset": { "kind": "device", "name": "test host" },
    })
}

fn address(url: &str) -> String {
    url.trim_start_matches("http://").trim_start_matches("https://").replace("localhost", "127.0.0.1")
}

fn start_responder(dir: &Path, listen: &str, crash_at: Option<&str>) -> Process {
    let args = responder_args(dir, listen);
    Process::start(&args.iter().map(String::as_str).collect::<Vec<_>>(), crash_at)
}

fn responder_args(dir: &Path, listen: &str) -> Vec<String> {
    let at = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let (root, vault, key) = (at("sandbox"), at("vault"), at("responder.key"));
    ["responder", "--listen", listen, "--root", &root, "--vault", &vault, "--key", &key]
        .map(str::to_owned)
        .to_vec()
}

fn start_server(
    dir: &Path,
    database: &str,
    listen: &str,
    responder: &str,
    crash_at: Option<&str>,
) -> Process {
    let args = server_args(dir, database, listen, responder);
    Process::start(&args.iter().map(String::as_str).collect::<Vec<_>>(), crash_at)
}

fn server_args(dir: &Path, database: &str, listen: &str, responder: &str) -> Vec<String> {
    let at = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let (site, key) = (at("site"), at("responder.key"));
    let responder = format!("test host={responder}");
    let args = ["serve", "--listen", listen, "--site", &site, "--database-url", database];
    let more = ["--responder", &responder, "--responder-key", &key];
    args.iter().chain(&more).map(|arg| (*arg).to_owned()).collect()
}
