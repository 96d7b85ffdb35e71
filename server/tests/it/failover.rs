//! A `PostgreSQL` primary is killed while people decide, its replica is promoted, and the servers follow by the URL that
//! names both: what was answered before is there afterwards.

use std::collections::BTreeSet;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use crate::database::Database;
use crate::harness::{Estate, proposal, until};

#[tokio::test]
async fn what_was_acknowledged_survives_its_primary() {
    fail_over(1).await;
}

/// Takes minutes: `cargo xtask postgres cargo nextest run -p server --run-ignored only failover`.
#[tokio::test]
#[ignore = "takes minutes"]
async fn what_was_acknowledged_survives_twenty_primaries() {
    fail_over(20).await;
}

/// How many are proposed, and half of them approved, before and while a primary dies.
const ACTIONS: usize = 30;

async fn fail_over(times: usize) {
    let mut pair = Pair::start().await;
    let estate = Estate::on(Database::of(pair.url()), 2);
    let second = estate.another_server();
    let mut acknowledged = BTreeSet::new();
    for time in 0..times {
        let load = async {
            let mut before = BTreeSet::new();
            for number in 0..ACTIONS {
                // Alternately at both servers; what is not answered counts for nothing.
                let url = if number % 2 == 0 { &estate.server.url } else { &second.url };
                before.extend(propose_and_decide(&estate, url, &format!("{time}-{number}")).await);
            }
            before
        };
        let known = pair.decisions().await;
        let fall = async {
            until("some of it was written", async || (pair.decisions().await > known + 2).then_some(()))
                .await;
            pair.kill_primary();
            pair.promote().await;
        };
        let (answered, ()) = tokio::join!(load, fall);
        acknowledged.extend(answered);
        // Both servers write again without a restart.
        for url in [&estate.server.url, &second.url] {
            let name = format!("after-{time}-{url}");
            let again = async || propose_and_decide(&estate, url, &name).await;
            acknowledged.insert(until("it is written again", again).await);
        }
        pair.replace_replica().await;
    }
    for (id, decision) in &acknowledged {
        let action = estate.action(id).await;
        assert!(decision == "Pending" || action["decision"] == decision.as_str(), "{action}");
    }
    println!("{} answers, all of them kept", acknowledged.len());
    assert!(acknowledged.len() > 2 * times);
    estate.verify_audit();
}

/// The id and the decision of an action as the server answered them; none if it did not.
async fn propose_and_decide(estate: &Estate, server: &str, name: &str) -> Option<(String, String)> {
    let body = json!({ "actions": [proposal(name, Path::new("/srv/none"), &"ab".repeat(32))] });
    let ask = async |path: String, token: &str, body: &Value| {
        let request = estate.client.post(format!("{server}{path}")).bearer_auth(token).json(body);
        let answer = request.send().await.ok()?.error_for_status().ok()?;
        answer.json::<Value>().await.ok()
    };
    let proposed = ask("/api/v1/actions".to_owned(), &estate.scanner, &body).await?;
    let action = &proposed["actions"][0];
    let id = action["id"].as_str()?.to_owned();
    let seen = json!({ "expected_version": action["version"], "digest": action["digest"], "reason": "no" });
    let rejected = ask(format!("/api/v1/actions/{id}/reject"), &estate.people[0], &seen).await;
    let decision = if rejected.is_some() { "Rejected" } else { "Pending" };
    Some((id, decision.to_owned()))
}

/// Two servers of `PostgreSQL`, one of which follows the other and is waited for.
struct Pair {
    folder: TempDir,
    programs: PathBuf,
    ports: [u16; 2],
    running: [Option<Child>; 2],
    primary: usize,
}

impl Pair {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some((uid, gid)) = user() {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let mut pair = Self {
            folder,
            programs: programs(),
            ports: [free_port(), free_port()],
            running: [None, None],
            primary: 0,
        };
        let data = pair.data(0);
        let mut initdb = pair.program("initdb");
        initdb.args(["--username", "countersign", "--auth", "trust", "--encoding", "UTF8", "--no-sync"]);
        run(initdb.arg("--pgdata").arg(data));
        pair.run(0).await;
        pair.replace_replica().await;
        pair
    }

    fn url(&self) -> String {
        let [one, two] = self.ports;
        format!("postgres://countersign@127.0.0.1:{one},127.0.0.1:{two}/postgres")
    }

    fn data(&self, server: usize) -> PathBuf {
        self.folder.path().join(format!("data{server}"))
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((uid, gid)) = user() {
            command.uid(uid).gid(gid);
        }
        command
    }

    async fn run(&mut self, server: usize) {
        let port = self.ports[server];
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data(server)).arg("-k").arg(self.folder.path());
        postgres.args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=100",
        ]);
        self.running[server] = Some(postgres.spawn().unwrap());
        until("the database server answers", async || self.connect(server).await.ok()).await;
    }

    async fn connect(&self, server: usize) -> Result<PgConnection, sqlx::Error> {
        let port = self.ports[server];
        PgConnection::connect(&format!("postgres://countersign@127.0.0.1:{port}/postgres")).await
    }

    /// Has the other server follow the primary from now on, which waits for it with each commit.
    async fn replace_replica(&mut self) {
        let (primary, replica) = (self.primary, 1 - self.primary);
        let data = self.data(replica);
        let _ = std::fs::remove_dir_all(&data);
        let mut copy = self.program("pg_basebackup");
        copy.args([
            "--host",
            "127.0.0.1",
            "--port",
            &self.ports[primary].to_string(),
            "--username",
            "countersign",
        ]);
        run(copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]).arg("--pgdata").arg(data));
        self.run(replica).await;
        let mut admin = self.connect(primary).await.unwrap();
        for set in [
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
            "ALTER SYSTEM SET synchronous_commit = 'remote_apply'",
            "SELECT pg_reload_conf()",
        ] {
            sqlx::query(set).execute(&mut admin).await.unwrap();
        }
        let state = "SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        until("the replica is in step", async || {
            (sqlx::query_scalar::<_, i64>(state).fetch_one(&mut admin).await.unwrap() == 1).then_some(())
        })
        .await;
    }

    /// How many actions the primary holds that were decided on.
    async fn decisions(&self) -> usize {
        let Ok(mut reader) = self.connect(self.primary).await else { return 0 };
        let count = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM actions WHERE decided_at IS NOT NULL");
        count.fetch_one(&mut reader).await.map_or(0, |count| usize::try_from(count).unwrap())
    }

    fn kill_primary(&mut self) {
        // By SIGKILL to the postmaster alone its children would linger, as after no real failure of a machine.
        let mut postmaster = self.running[self.primary].take().unwrap();
        let mut stop = self.program("pg_ctl");
        run(stop.args(["stop", "--mode=immediate", "--no-wait", "--pgdata"]).arg(self.data(self.primary)));
        postmaster.wait().unwrap();
    }

    async fn promote(&mut self) {
        self.primary = 1 - self.primary;
        run(self.program("pg_ctl").args(["promote", "--pgdata"]).arg(self.data(self.primary)));
        // Nobody follows it yet: its commits must not wait.
        let mut admin = self.connect(self.primary).await.unwrap();
        for set in ["ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()"] {
            sqlx::query(set).execute(&mut admin).await.unwrap();
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for server in 0..2 {
            if let Some(mut postmaster) = self.running[server].take() {
                let mut stop = self.program("pg_ctl");
                let _ = stop.args(["stop", "--mode=immediate", "--pgdata"]).arg(self.data(server)).status();
                let _ = postmaster.wait();
            }
        }
    }
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?} ended with {status}");
}

/// The folder of `PostgreSQL`'s programs; it is empty where the search path finds them.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let programs = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    programs.filter(|folder| folder.join("postgres").exists()).max().unwrap_or_default()
}

/// Whom it runs as, which refuses to run as root.
fn user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string(Path::new("/etc/passwd")).unwrap();
    let mut lines = users.lines().filter(|line| line.starts_with("postgres:") || line.starts_with("nobody:"));
    let mut fields = lines.next_back().or_else(|| lines.next())?.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
