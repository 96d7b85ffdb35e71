//! A server process under load: pages, lists, exports, ingest, decisions, and what memory it took.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::report::{Report, Times, rate};
use crate::{Kind, Options};

const CONNECTIONS: usize = 8;
const LASTS: Duration = Duration::from_secs(10);
const BATCHES: usize = 6;
const BATCH: usize = 500;
/// The columns that the raw driver reads, too.
const LISTED: &str =
    "updated,investigation,approval,type,entity_type,entity,asset,decision,decided_by,source,status";

struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(options: &Options, args: &[&str], input: &str) -> String {
    let mut command = Command::new(&options.server);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", options.server.display()));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?} failed");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Server {
    fn start(url: &str, options: &Options) -> Self {
        let mut command = Command::new(&options.server);
        let site = options.site.to_str().unwrap();
        command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--site", site, "--database-url", url]);
        // One client asks for all.
        command.args(["--token-rate", "off", "--address-rate", "off"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = lines
            .find_map(|line| line.split_once("listening on ").map(|(_, url)| url.trim().to_owned()))
            .unwrap_or_else(|| panic!("the server never listened"));
        // Whoever writes to a closed pipe ends.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: url.replace("localhost", "127.0.0.1") }
    }

    /// Memory that is not backed by files, in MiB.
    fn anonymous(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

pub(crate) async fn measure(kind: Kind, url: &str, options: &Options, report: &mut Report) {
    let database = ["--database-url", url];
    let token = |name: &str, more: &[&str]| {
        command(options, &[&["token", "create", name][..], more, &database].concat(), "")
    };
    let user = ["user", "add", "bench", "--role", "security_operator"];
    command(options, &[&user[..], &database].concat(), "correct horse battery\n");
    let decide = ["--owner", "bench", "--scope", "actions:decide", "--scope", "actions:read"];
    let (tool, person) =
        (token("bench-tool", &["--scope", "actions:propose"]), token("bench-person", &decide));

    let server = Server::start(url, options);
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let cookie = sign_in(&client, &server).await;
    let page = format!("{}/action-center/history?limit=100", server.url);
    load(&client, &page, ("cookie", &cookie), "rendered History page of 100, 8 connections", report).await;
    let list = format!("{}/api/v1/actions?lane=history&limit=100", server.url);
    let bearer = format!("Bearer {person}");
    load(&client, &list, ("authorization", &bearer), "JSON list of 100, 8 connections", report).await;

    let before = server.anonymous();
    let begin = Instant::now();
    let answer = client.get(format!("{}/api/v1/actions.csv?lane=history&cols={LISTED}", server.url));
    let answer = answer.header("authorization", &bearer).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.bytes().await.unwrap();
    let rows = text.split(|byte| *byte == b'\n').count() - 2;
    report.rate("export of History as CSV", rows, begin.elapsed());
    report.memory("growth of memory by the export", server.anonymous() - before);
    drop(text);

    ingest(&client, &server, &tool, report).await;
    approve(&client, &server, &bearer, report).await;
    together(&client, &server, &bearer, report).await;
    report.memory("anonymous memory after all of it", server.anonymous());
    drop(server);
    if kind == Kind::Sqlite {
        // What the server left in the log belongs to the file.
        crate::raw::sqlite::execute(url, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    }
}

async fn sign_in(client: &Client, server: &Server) -> String {
    let request = client
        .post(format!("{}/sign-in", server.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    let answer = request.body("name=bench&password=correct+horse+battery&next=%2F").send().await.unwrap();
    assert_eq!(answer.status(), 303);
    answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn load(client: &Client, url: &str, header: (&'static str, &str), what: &str, report: &mut Report) {
    let (url, value): (Arc<str>, Arc<str>) = (url.into(), header.1.into());
    let mut tasks = JoinSet::new();
    let begin = Instant::now();
    for _ in 0..CONNECTIONS {
        let (client, url, value, name) = (client.clone(), url.clone(), value.clone(), header.0);
        tasks.spawn(async move {
            let mut times = Times::default();
            while begin.elapsed() < LASTS {
                let asked = Instant::now();
                let request = client.get(&*url).header(name, &*value).header("accept-encoding", "gzip");
                let answer = request.header("accept", "text/html, application/json").send().await.unwrap();
                assert_eq!(answer.status(), 200);
                answer.bytes().await.unwrap();
                times.add(asked.elapsed());
            }
            times
        });
    }
    let mut all = Times::default();
    while let Some(times) = tasks.join_next().await {
        all.extend(&times.unwrap());
    }
    report.load(what, &all, begin.elapsed());
}

fn proposals(batch: usize) -> Value {
    let one = |at: usize| {
        let n = batch * BATCH + at;
        json!({
            "external_id": format!("bench-{n}"), "type": "quarantine_file", "severity": "high",
            "source": "automated_device_action", "comment": "Found by the scheduled scan.", "verdict": "malicious",
            "entity": { "kind": "file", "path": format!("C:\\Users\\Public\\Downloads\\update-{n}.exe"),
                "sha256": format!("{n:064x}") },
            "asset": { "kind": "device", "name": format!("LT-{:05}", n * 7919 % 4_000), "criticality": "medium",
                "device_group": "Workstations" },
            "evidence": [{ "title": "Beacon", "detail": "every 60 s to 198.51.100.7", "verdict": "suspicious",
                "technique": "T1071.001" }],
            "alert": { "id": format!("a{n}"), "title": "Suspicious download", "url": "https://siem.example/a" },
            "investigation_id": format!("INV-{}", n / 20), "incident_id": format!("INC-{}", n / 50),
        })
    };
    json!({ "actions": (0..BATCH).map(one).collect::<Vec<_>>() })
}

async fn ingest(client: &Client, server: &Server, tool: &str, report: &mut Report) {
    let bodies: Vec<_> = (0..BATCHES).map(proposals).collect();
    let begin = Instant::now();
    for body in &bodies {
        let request = client.post(format!("{}/api/v1/actions", server.url)).bearer_auth(tool).json(body);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 201, "{}", &text[..text.len().min(500)]);
    }
    report.rates("ingest, 500 a request", rate(BATCHES * BATCH, begin.elapsed()), None);
}

async fn approve(client: &Client, server: &Server, bearer: &str, report: &mut Report) {
    let list = format!("{}/api/v1/actions?lane=pending&limit=200&q=update-", server.url);
    let answer = client.get(list).header("authorization", bearer).send().await.unwrap();
    let page: Value = answer.json().await.unwrap();
    let mut times = Times::default();
    for action in page["items"].as_array().unwrap() {
        let url = format!("{}/api/v1/actions/{}/approve", server.url, action["id"].as_str().unwrap());
        let body = json!({ "expected_version": action["version"], "digest": action["digest"] });
        let begin = Instant::now();
        let answer = client.post(url).header("authorization", bearer).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        times.add(begin.elapsed());
    }
    assert!(times.len() > 100, "only {} actions to approve", times.len());
    report.times("approve, while what was approved runs", &times, None);
}

/// Actions that are decided together.
const TOGETHER: usize = 1_000;

/// A thousand of several types in one job, and single requests while it runs.
async fn together(client: &Client, server: &Server, bearer: &str, report: &mut Report) {
    let get = async |path: &str| {
        let request = client.get(format!("{}/api/v1/{path}", server.url)).header("authorization", bearer);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let post = async |path: &str, body: &Value| {
        let request = client.post(format!("{}/api/v1/{path}", server.url)).header("authorization", bearer);
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    // What was proposed just now, and what the seed left of other types that this person may decide.
    let mut found: Vec<Value> = Vec::new();
    for (list, most) in [
        ("entity_type=device&entity_type=process&entity_type=user&entity_type=service", TOGETHER / 2),
        ("q=update-", TOGETHER + 200),
    ] {
        let mut cursor = String::new();
        while found.len() < most {
            let page = get(&format!("actions?lane=pending&limit=200&{list}{cursor}")).await;
            found.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
    }
    assert!(found.len() >= TOGETHER + 200, "only {} actions are pending", found.len());
    let singles = found.split_off(found.len() - 200);
    let ids: Vec<_> = found.iter().rev().take(TOGETHER).map(|action| &action["id"]).collect();
    let begin = Instant::now();
    let (status, plan) = post("bulk-plans", &json!({ "verb": "approve", "ids": ids })).await;
    assert_eq!(status, 201, "{plan}");
    let mut planned = Times::default();
    planned.add(begin.elapsed());
    report.times("preview of 1,000", &planned, None);

    let id = plan["id"].as_str().unwrap();
    let decidable = usize::try_from(plan["preview"]["decidable"].as_u64().unwrap()).unwrap();
    let begin = Instant::now();
    let (status, job) = post(&format!("bulk-plans/{id}/start"), &json!({})).await;
    assert_eq!(status, 202, "{job}");
    let (mut decisions, mut lists, mut lasted) = (Times::default(), Times::default(), Duration::ZERO);
    for action in singles {
        let asked = Instant::now();
        let body = json!({ "expected_version": action["version"], "digest": action["digest"] });
        let path = format!("actions/{}/approve", action["id"].as_str().unwrap());
        assert_eq!(post(&path, &body).await.0, 200);
        decisions.add(asked.elapsed());
        let asked = Instant::now();
        get("actions?lane=pending&limit=100").await;
        lists.add(asked.elapsed());
        let job = get(&format!("bulk-jobs/{id}")).await;
        if job["ended_at"].is_string() {
            lasted = begin.elapsed();
            assert_eq!(job["progress"]["decided"], decidable, "{}", job["progress"]);
            break;
        }
    }
    assert!(lasted > Duration::ZERO, "the job did not end while single actions were left");
    let types = plan["preview"]["groups"].as_array().unwrap().len();
    report.rate(&format!("{decidable} of {types} types decided together"), decidable, lasted);
    report.load("single decisions meanwhile", &decisions, lasted);
    report.load("lists meanwhile", &lists, lasted);
}
