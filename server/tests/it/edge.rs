//! What one client may do to all others: not read, hold connections, guess passwords, ask twice, be killed.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, COOKIE};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tokio::net::TcpSocket;

use crate::database::{Kind, on_both};
use crate::harness::{Estate, EvilFile, until};

on_both!(
    t02_after_a_kill_the_first_answer_is_found,
    t24_guessing_in_a_colleagues_name_locks_nobody_out,
    t25_a_flood_of_one_tool_leaves_room_for_a_colleague,
);

/// Where the server listens.
fn address(estate: &Estate) -> SocketAddr {
    estate.server.url.trim_start_matches("http://").replace("localhost", "127.0.0.1").parse().unwrap()
}

async fn t02_after_a_kill_the_first_answer_is_found(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let approve = async |estate: &Estate, action: &Value, key: &str| {
        let body = json!({ "expected_version": action["version"], "digest": action["digest"] });
        let path = format!("/api/v1/actions/{}/approve", action["id"].as_str().unwrap());
        // Of its own: connections to the server before are gone.
        let request = reqwest::Client::new().post(estate.url(&path)).bearer_auth(&estate.people[0]);
        let answer = request.header("idempotency-key", key).json(&body).send().await.ok()?;
        let replayed = answer.headers().contains_key("idempotent-replayed");
        Some((answer.status().as_u16(), replayed, answer.json::<Value>().await.ok()?))
    };
    // (where it is killed, whether the decision was committed before)
    for (point, committed) in [("approve.after_commit", true), ("approve.before_commit", false)] {
        let file = EvilFile::new(&estate, &format!("{point}.bin"));
        let action = estate.propose(&file).await;
        estate.restart_server(Some(point));
        let first = approve(&estate, &action, point).await;
        assert!(first.is_none(), "{point}: {first:?}");
        estate.server.crashed().await;
        estate.restart_server(None);
        let again = until("it is answered", async || approve(&estate, &action, point).await).await;
        let (status, replayed, answer) = again;
        assert_eq!((status, replayed), (200, committed), "{point}: {answer}");
        assert_eq!((&answer["decision"], &answer["version"]), (&json!("Approved"), &json!(2)), "{answer}");
        let (status, replayed, same) = approve(&estate, &action, point).await.unwrap();
        assert_eq!((status, replayed, same), (200, true, answer), "{point}");
        estate.settled(action["id"].as_str().unwrap()).await;
        file.assert_exists_once(&estate, true);
    }
    estate.verify_audit();
}

async fn t24_guessing_in_a_colleagues_name_locks_nobody_out(kind: Kind) {
    let estate = Estate::start(kind).await;
    let other = estate.another_server();
    let sign_in = async |server: &str, password: &str, device: &str| {
        let request = estate
            .client
            .post(format!("{server}/sign-in"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(COOKIE, device)
            .header("sec-fetch-site", "same-origin");
        let form = format!("name=operator-0&password={}&next=%2F", password.replace(' ', "+"));
        request.body(form).send().await.unwrap()
    };
    let right = "correct horse battery";
    let servers = [estate.server.url.as_str(), other.url.as_str()];
    let first = sign_in(servers[0], right, "").await;
    assert_eq!(first.status(), 303);
    let cookies: Vec<_> =
        first.headers().get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    let device = cookies.iter().find(|it| it.starts_with("__Host-device=")).unwrap();
    for flag in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(device.contains(flag), "{device}");
    }
    let device = device.split(';').next().unwrap().to_owned();

    // Sixty at once over two instances: some are checked, the others are told to wait.
    let guesses = (0..60).map(|n| sign_in(servers[n % 2], "a guess", ""));
    for answer in futures_util::future::join_all(guesses).await {
        match answer.status().as_u16() {
            303 => assert!(answer.headers()["location"].to_str().unwrap().contains("error=wrong")),
            503 => assert!(answer.headers().contains_key("retry-after")),
            other => panic!("{other}"),
        }
    }
    let checked = "SELECT CAST(COUNT(*) AS TEXT) FROM audit WHERE body LIKE '%wrong password%'";
    let checked: u32 = estate.database.column(checked).await[0].parse().unwrap();
    assert!((1..=10).contains(&checked), "{checked} were checked");
    let paused = sign_in(servers[1], right, "").await;
    assert!(paused.headers()["location"].to_str().unwrap().contains("error=wrong"));
    for server in servers {
        let own = sign_in(server, right, &device).await;
        assert_eq!(own.headers()["location"], "/", "the own browser is let in");
    }
    estate.sign_in("operator-1").await;
}

async fn t25_a_flood_of_one_tool_leaves_room_for_a_colleague(kind: Kind) {
    let estate = Estate::start(kind).await;
    let mut actions = Vec::new();
    for n in 0..10 {
        actions.push(estate.propose(&EvilFile::new(&estate, &format!("{n}.bin"))).await);
    }
    let send = async |n: usize| {
        let item = json!({
            "external_id": format!("flood-{n}"), "type": "quarantine_file", "severity": "low",
            "source": "antivirus_action",
            "entity": { "kind": "file", "path": format!("/srv/{n}"), "sha256": "ab".repeat(32) },
            "asset": { "kind": "device", "name": "test host" },
        });
        let request = estate.client.post(estate.url("/api/v1/actions")).bearer_auth(&estate.scanner);
        let answer = request.json(&json!({ "actions": [item] })).send().await.unwrap();
        (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
    };
    let flood = async { futures_util::future::join_all((0..400).map(send)).await };
    let decide = async {
        let mut slowest = Duration::ZERO;
        for action in &actions {
            let began = Instant::now();
            let (status, answer) = estate.decide("reject", action, &estate.people[0]).await.unwrap();
            assert_eq!(status, 200, "{answer}");
            slowest = slowest.max(began.elapsed());
        }
        slowest
    };
    let (flood, slowest) = tokio::join!(flood, decide);
    let (mut taken, mut refused) = (0, 0);
    for answer in flood {
        match answer {
            (201, _) => taken += 1,
            (429, true) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(taken >= 72, "{taken} taken, {refused} refused");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    estate.verify_audit();
}

/// Who hangs up has what they began go on, and so their places stay taken: nobody else waits behind ever more of it.
#[tokio::test]
async fn t25_who_hangs_up_keeps_their_places() {
    let estate = Estate::start(Kind::Sqlite).await;
    let mut actions = Vec::new();
    for n in 0..32 {
        actions.push(estate.propose(&EvilFile::new(&estate, &format!("{n}.bin"))).await);
    }
    // So that nothing ends meanwhile.
    let mut other = SqliteConnection::connect(&estate.database.url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    for some in actions.chunks(8) {
        let send = |action: &Value| {
            let body =
                json!({ "expected_version": 1, "digest": action["digest"], "reason": "no" }).to_string();
            let mut stream = TcpStream::connect(address(&estate)).unwrap();
            let request = format!(
                "POST /api/v1/actions/{}/reject HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                action["id"].as_str().unwrap(),
                estate.people[0],
                body.len()
            );
            stream.write_all(request.as_bytes()).unwrap();
            stream
        };
        let streams: Vec<_> = some.iter().map(send).collect();
        let began = Instant::now();
        until("they have begun", async || (began.elapsed() > Duration::from_millis(500)).then_some(())).await;
        drop(streams);
    }
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    // Behind all that is under way.
    until("a place is free", async || {
        let (status, _) = estate.decide("reject", &actions[31], &estate.people[0]).await.unwrap();
        [200, 409].contains(&status).then_some(())
    })
    .await;
    let decided = "SELECT CAST(COUNT(*) AS TEXT) FROM audit WHERE body LIKE '%\"approval_id\":%'";
    let decided: usize = estate.database.column(decided).await[0].parse().unwrap();
    assert!((1..=9).contains(&decided), "{decided} were decided for those who had hung up");
}

/// Files that the process has open.
fn open_files(estate: &Estate) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", estate.server.id())).unwrap().count()
}

/// A client that asks for much and reads nothing is let go.
#[tokio::test]
async fn t26_a_slow_reader_never_holds_a_place() {
    let estate = Estate::start(Kind::Sqlite).await;
    assert_eq!(estate.client.get(estate.url("/healthz")).send().await.unwrap().status(), 200);
    let before = open_files(&estate);
    let request = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(400);
    let streams: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(address(&estate)).unwrap();
            stream.set_nonblocking(true).unwrap();
            // As much as fits: the server stops reading what it can't answer.
            let _ = stream.write(request.as_bytes());
            stream
        })
        .collect();
    until("they are served", async || (open_files(&estate) >= before + 15).then_some(())).await;
    until("they are let go", async || (open_files(&estate) <= before + 2).then_some(())).await;
    drop(streams);
}

/// One address has at most half of all connections.
#[tokio::test]
async fn t26_one_address_leaves_connections_for_others() {
    let estate = Estate::start(Kind::Sqlite).await;
    let mut held = Vec::new();
    for _ in 0..1_100 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        held.push(socket.connect(address(&estate)).await.unwrap());
    }
    let began = Instant::now();
    let answer = reqwest::Client::new().get(estate.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(open_files(&estate) < 600, "{} files", open_files(&estate));
    drop(held);
}
