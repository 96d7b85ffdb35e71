//! Threats of the model (`docs/threats.md`) that no other area has tests for.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::COOKIE;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::database::{Kind, on_both};
use crate::harness::{Estate, EvilFile, until};

on_both!(
    t09_of_many_undos_at_once_one_is_done,
    t11_what_can_not_be_recorded_is_not_done,
    t33_clients_that_hang_up_poison_no_connection,
    t33_what_ends_with_its_client_is_noticed,
);

fn id(action: &Value) -> &str {
    action["id"].as_str().unwrap()
}

/// An action that was carried out.
async fn done(estate: &Estate, file: &EvilFile) -> Value {
    let action = estate.propose(file).await;
    assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
    estate.settled(id(&action)).await
}

async fn t09_of_many_undos_at_once_one_is_done(kind: Kind) {
    let estate = Estate::start(kind).await;
    let file = EvilFile::new(&estate, "evil.bin");
    let action = done(&estate, &file).await;
    let undos = (0..20).map(|n| estate.decide("undo", &action, &estate.people[n % 2]));
    let answers: Vec<_> = futures_util::future::join_all(undos).await.into_iter().flatten().collect();
    let statuses = |of: u16| answers.iter().filter(|(status, _)| *status == of).count();
    assert_eq!((statuses(200), statuses(409)), (1, 19), "{answers:?}");
    let undone = estate.settled(id(&action)).await;
    assert_eq!(undone["undo"], "Undone");
    file.assert_exists_once(&estate, false);
    assert_eq!(estate.journal(), 2, "one to quarantine, one to release");
    assert_eq!(estate.decide("undo", &undone, &estate.people[0]).await.unwrap().0, 409);
    estate.verify_audit();
}

async fn t11_what_can_not_be_recorded_is_not_done(kind: Kind) {
    let estate = Estate::start(kind).await;
    let file = EvilFile::new(&estate, "evil.bin");
    let action = estate.propose(&file).await;
    let (make, unmake): (&[&str], &str) = match kind {
        Kind::Sqlite => (
            &["CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'SECRETSQL42'); END"],
            "DROP TRIGGER no_audit",
        ),
        Kind::Postgres => (
            &[
                "CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'SECRETSQL42'; END $$",
                "CREATE TRIGGER no_audit BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION no_audit()",
            ],
            "DROP TRIGGER no_audit ON audit",
        ),
    };
    for sql in make {
        estate.database.execute(sql).await.unwrap();
    }
    for verb in ["approve", "reject"] {
        let (status, problem) = estate.decide(verb, &action, &estate.people[0]).await.unwrap();
        assert!(status >= 500, "{status} {problem}");
        assert!(!problem.to_string().contains("SECRETSQL42"), "{problem}");
    }
    let (status, _) = estate
        .post(
            "/api/v1/actions",
            &estate.scanner,
            &json!({ "actions": [crate::harness::proposal("x", "/srv/x".as_ref(), &"ab".repeat(32))] }),
        )
        .await
        .unwrap();
    assert!(status >= 500);
    let now = estate.action(id(&action)).await;
    assert_eq!((&now["decision"], &now["version"]), (&json!("Pending"), &json!(1)));
    assert_eq!(estate.journal(), 0);
    estate.database.execute(unmake).await.unwrap();
    assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
    estate.settled(id(&action)).await;
    file.assert_exists_once(&estate, true);
    estate.verify_audit();
}

/// Where the server listens.
fn address(estate: &Estate) -> SocketAddr {
    estate.server.url.trim_start_matches("http://").replace("localhost", "127.0.0.1").parse().unwrap()
}

/// Asks for a decision without waiting for the answer.
fn ask(estate: &Estate, action: &Value) -> TcpStream {
    let body = json!({ "expected_version": 1, "digest": action["digest"], "reason": "no" }).to_string();
    let request = format!(
        "POST /api/v1/actions/{}/reject HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        id(action),
        estate.people[1],
        body.len()
    );
    let mut stream = TcpStream::connect(address(estate)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Holds what every writer waits for, while what they began is hung up on.
async fn hang_up_while_all_wait(estate: &Estate, kind: Kind, actions: &[Value]) {
    let waits = async || {
        let streams: Vec<_> = actions.iter().map(|action| ask(estate, action)).collect();
        let began = Instant::now();
        until("they wait", async || (began.elapsed() > Duration::from_millis(700)).then_some(())).await;
        drop(streams);
        let began = Instant::now();
        until("it is noticed", async || (began.elapsed() > Duration::from_millis(300)).then_some(())).await;
    };
    match kind {
        Kind::Sqlite => {
            let mut other = SqliteConnection::connect(&estate.database.url).await.unwrap();
            sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
            waits().await;
            sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
            other.close().await.unwrap();
        }
        Kind::Postgres => {
            let mut other = PgConnection::connect(&estate.database.url).await.unwrap();
            let lock = "SELECT pg_advisory_lock(x'636F756E74657201'::bit(64)::bigint)";
            sqlx::query(lock).execute(&mut other).await.unwrap();
            waits().await;
            other.close().await.unwrap();
        }
    }
}

/// How many of them are rejected.
async fn rejected(estate: &Estate, actions: &[Value]) -> usize {
    let mut count = 0;
    for action in actions {
        count += usize::from(estate.action(id(action)).await["decision"] == "Rejected");
    }
    count
}

/// The same where nothing runs to its end after its client is gone: what the next test asks for is then not so.
async fn t33_what_ends_with_its_client_is_noticed(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    estate.serve_ending_with_clients();
    let mut actions = Vec::new();
    for n in 0..9 {
        actions.push(estate.propose(&EvilFile::new(&estate, &format!("{n}.bin"))).await);
    }
    let last = actions.pop().unwrap();
    hang_up_while_all_wait(&estate, kind, &actions).await;
    // Writers come in turns: after this one, all that came before it has come to whatever end it comes to.
    until("somebody can decide", async || {
        let (status, _) = estate.decide("reject", &last, &estate.people[0]).await?;
        [200, 409].contains(&status).then_some(())
    })
    .await;
    assert_eq!(rejected(&estate, &actions).await, 0);
}

async fn t33_clients_that_hang_up_poison_no_connection(kind: Kind) {
    let estate = Estate::start(kind).await;
    let mut actions = Vec::new();
    // As many as are let in of a person at a time.
    for n in 0..124 {
        actions.push(estate.propose(&EvilFile::new(&estate, &format!("{n}.bin"))).await);
    }
    let hung_up = actions.split_off(120);
    hang_up_while_all_wait(&estate, kind, &hung_up).await;
    until("what was begun has come to its end", async || {
        (rejected(&estate, &hung_up).await == hung_up.len()).then_some(())
    })
    .await;
    let mut acknowledged = Vec::new();
    for (n, action) in actions.iter().enumerate() {
        if n % 3 > 0 {
            let (status, answer) = estate.decide("reject", action, &estate.people[0]).await.unwrap();
            assert_eq!(status, 200, "{answer}");
            acknowledged.push(action);
            continue;
        }
        let stream = ask(&estate, action);
        // Some at once, some amid the transaction, some after it.
        let began = Instant::now();
        while began.elapsed() < Duration::from_micros(400 * (n as u64 % 20)) {
            std::hint::spin_loop();
        }
        drop(stream);
    }
    for action in &acknowledged {
        assert_eq!(estate.action(id(action)).await["decision"], "Rejected");
    }
    if kind == Kind::Postgres {
        let idle = "SELECT COUNT(*)::text FROM pg_stat_activity
                    WHERE datname = current_database() AND state LIKE 'idle in transaction%'
                      AND state_change < now() - interval '2 seconds'";
        assert_eq!(estate.database.column(idle).await, ["0"]);
    }
    estate.verify_audit();
}

/// Markup in names, comments and ids is text on every page, and every page says which scripts are ours.
#[tokio::test]
async fn t14_markup_from_outside_is_text() {
    let estate = Estate::start(Kind::Sqlite).await;
    let payloads = [
        "<script>window.__x=1</script>",
        "\"><img src=x onerror=window.__x=1>",
        "'><svg/onload=window.__x=1>",
        "</title><script>window.__x=1</script>",
        "javascript:window.__x=1",
        "--><script>window.__x=1</script>",
    ];
    let mut ids = Vec::new();
    for (n, payload) in payloads.iter().enumerate() {
        let item = json!({
            "external_id": format!("{payload}{n}"), "type": "quarantine_file", "severity": "high",
            "source": "antivirus_action", "comment": payload, "campaign": payload, "incident_id": payload,
            "entity": { "kind": "file", "path": format!("/srv/{payload}"), "sha256": "ab".repeat(32) },
            "asset": { "kind": "device", "name": payload },
            "evidence": [{ "title": payload, "detail": payload }],
        });
        let (status, answer) =
            estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": [item] })).await.unwrap();
        assert_eq!(status, 201, "{answer}");
        ids.push(answer["actions"][0]["id"].as_str().unwrap().to_owned());
    }
    let cookie = estate.sign_in("operator-0").await;
    let mut paths = vec!["/".to_owned(), "/action-center/pending".to_owned()];
    paths.extend(ids.iter().map(|id| format!("/action-center/pending?open={id}")));
    paths.push("/action-center/pending?q=%3Cscript%3Ewindow.__x%3D1%3C%2Fscript%3E".to_owned());
    for path in paths {
        let answer = estate.client.get(estate.url(&path)).header(COOKIE, &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(
            policy.contains("script-src 'self' 'nonce-") && !policy.contains("unsafe-inline"),
            "{policy}"
        );
        let page = answer.text().await.unwrap();
        assert!(
            path == "/" || path.contains("?q=") || page.contains("window.__x"),
            "{path} shows none of it"
        );
        for raw in ["<script>window", "<img src=x", "<svg/onload", "href=\"javascript:"] {
            assert!(!page.contains(raw), "{path}: {raw}");
        }
    }
}

/// What an address claims to be an error of ours is shown nowhere.
#[tokio::test]
async fn t20_no_address_speaks_for_us() {
    let estate = Estate::start(Kind::Sqlite).await;
    let cookie = estate.sign_in("operator-0").await;
    for path in ["/action-center/pending", "/", "/sign-in"] {
        // A list says of a field that it does not know what stood there, as what it is: part of the address.
        let names: &[&str] =
            if path == "/sign-in" { &["__err", "error", "message"] } else { &["__err", "__path"] };
        for name in names {
            let words = "YOURACCOUNTISLOCKEDCALL555";
            for value in [words.to_owned(), "WU9VUkFDQ09VTlRJU0xPQ0tFRENBTEw1NTU=".to_owned()] {
                let address = format!("{path}?__path=%2Fapi%2Fapprove_action&{name}={value}");
                let request = estate.client.get(estate.url(&address));
                let request = if path == "/sign-in" { request } else { request.header(COOKIE, &cookie) };
                let page = request.send().await.unwrap().text().await.unwrap();
                // It may stand in addresses of links back to this page, and in what scripts read, which is no speaking.
                let page: String = page
                    .split("<script")
                    .enumerate()
                    .map(|(n, part)| {
                        if n == 0 { part } else { part.split_once("</script>").map_or("", |(_, rest)| rest) }
                    })
                    .collect();
                let shown =
                    page.split('>').filter(|piece| piece.split('<').next().unwrap().contains(words)).count();
                assert_eq!(shown, 0, "{address}");
            }
        }
    }
}

/// An executor's answer that points elsewhere is not followed.
#[tokio::test]
async fn t28_no_executor_sends_us_elsewhere() {
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    let location = format!("http://{}/latest/meta-data", canary.local_addr().unwrap());
    canary.set_nonblocking(true).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let hostile = hostile(Arc::clone(&asked), move |_, stream| {
        let text = format!(
            "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.write_all(text.as_bytes());
    });
    let mut estate = Estate::start(Kind::Sqlite).await;
    let _responder = estate.put_between(&hostile);
    estate.restart_server(None);
    let action = estate.propose(&EvilFile::new(&estate, "evil.bin")).await;
    assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
    until("it was asked three times", async || (asked.load(Ordering::SeqCst) >= 3).then_some(())).await;
    assert!(canary.accept().is_err(), "somebody followed");
    assert_ne!(estate.action(id(&action)).await["status"], "Completed");
}

/// Answers that are endless, huge, garbled or none: nothing is believed, and nothing else suffers.
#[tokio::test]
async fn t32_a_hostile_executor_harms_nobody_else() {
    let asked = Arc::new(AtomicUsize::new(0));
    let hostile = hostile(Arc::clone(&asked), |number, stream| {
        let head = |more: &str| {
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/openc2+json;version=1.0\r\n{more}\r\n\r\n")
        };
        let _ = match number % 5 {
            0 => stream.write_all(head("Content-Length: 1000000000").as_bytes()).and_then(|()| {
                let piece = vec![b' '; 1 << 20];
                (0..200).try_for_each(|_| stream.write_all(&piece))
            }),
            1 => stream.write_all(&[head("Content-Length: 4").as_bytes(), &[0xff, 0xfe, 0, 1]].concat()),
            2 => stream.write_all((head("Content-Length: 25") + "<html>please try later</h").as_bytes()),
            3 => stream.write_all(b"\0\0\0\0\0"),
            _ => stream.write_all((head("Content-Length: 14") + "{\"status\":200}").as_bytes()),
        };
    });
    let mut estate = Estate::start(Kind::Sqlite).await;
    let _responder = estate.put_between(&hostile);
    estate.restart_server(None);
    let memory = |estate: &Estate| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", estate.server.id())).unwrap();
        // The most that it ever had: what was given back counts, too.
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let mut ids = Vec::new();
    for n in 0..4 {
        let action = estate.propose(&EvilFile::new(&estate, &format!("{n}.bin"))).await;
        assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
        ids.push(id(&action).to_owned());
    }
    let before = memory(&estate);
    until("all answers were given", async || (asked.load(Ordering::SeqCst) >= 12).then_some(())).await;
    assert!(memory(&estate) < before + 64 * 1024, "{} KiB after {before}", memory(&estate));
    for id in &ids {
        let status = estate.action(id).await["status"].clone();
        assert!(["Queued", "InProgress", "Unknown"].contains(&status.as_str().unwrap()), "{status}");
    }
    estate.verify_audit();
}

/// Answers each connection once, with its number.
fn hostile(
    asked: Arc<AtomicUsize>,
    answer: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
            std::thread::spawn(move || {
                let _ = stream.read(&mut vec![0; 65_536]);
                answer(asked.load(Ordering::SeqCst), &mut stream);
                asked.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    url
}

/// Somebody else holds the database's lock: for a moment all wait, for long they are told to come again.
#[tokio::test]
async fn t36_a_database_that_is_locked_is_waited_for_and_then_said() {
    let estate = Estate::start(Kind::Sqlite).await;
    let (first, second) = (EvilFile::new(&estate, "one.bin"), EvilFile::new(&estate, "two.bin"));
    let (first, second) = (estate.propose(&first).await, estate.propose(&second).await);
    let mut other = SqliteConnection::connect(&estate.database.url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let held = async {
        until("a second has passed", {
            let began = Instant::now();
            async move || (began.elapsed() > Duration::from_secs(1)).then_some(())
        })
        .await;
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    };
    let (decided, ()) = tokio::join!(estate.decide("approve", &first, &estate.people[0]), held);
    assert_eq!(decided.unwrap().0, 200);
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let path = estate.url(&format!("/api/v1/actions/{}/approve", id(&second)));
    let body = json!({ "expected_version": 1, "digest": second["digest"] });
    let request = estate.client.post(path).bearer_auth(&estate.people[0]).json(&body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert_eq!(estate.decide("approve", &second, &estate.people[0]).await.unwrap().0, 200);
    estate.verify_audit();
}
