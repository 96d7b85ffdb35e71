//! The endpoint: signed requests over HTTP, and everything that it turns away.

use std::sync::Arc;

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::endpoint::Unsigned;
use crate::{Args, endpoint, run_until, serve};
use openc2::signature::{Key, Signed, Token};
use openc2::{Action, Actuator, Command, MEDIA_TYPE, Message, PATH, REPORT_KEY, Target};

const BYTES: &[u8] = b"over the wire";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Peer {
    url: String,
    key: Key,
}

struct Got {
    code: u16,
    signed: Option<Signed>,
    request_id: Option<String>,
    message: Value,
}

async fn peer(host: &Host) -> Peer {
    peer_with(host, Unsigned::default()).await
}

async fn peer_with(host: &Host, unsigned: Unsigned) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
    let key = Key::parse(SECRET).unwrap();
    let conductor = crate::conduct::Conductor::new(Arc::new(host.engine()), clock);
    let router = endpoint::router(endpoint::Endpoint { conductor, key: key.clone(), unsigned, clock });
    tokio::spawn(serve::serve(listener, None, router, std::future::pending()));
    Peer { url, key }
}

impl Peer {
    async fn send(&self, signed: Option<Signed>, content_type: &str, body: Vec<u8>) -> Got {
        let mut request =
            reqwest::Client::new().post(&self.url).header(CONTENT_TYPE, content_type).body(body);
        for (name, value) in signed.iter().flat_map(Signed::pairs) {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let code = answer.status().as_u16();
        assert_eq!(answer.headers()[CONTENT_TYPE], MEDIA_TYPE);
        let signed = Signed::from_headers(answer.headers()).ok();
        let request_id = answer.headers().get("x-request-id").map(|id| id.to_str().unwrap().to_owned());
        let body = answer.bytes().await.unwrap();
        if let Some(signed) = &signed {
            assert_eq!(self.key.verify(signed, clock(), &body), Ok(()));
        }
        Got { code, signed, request_id, message: serde_json::from_slice(&body).unwrap() }
    }

    async fn say(&self, body: &[u8]) -> Got {
        self.send(Some(self.key.sign("id-1", clock(), body)), MEDIA_TYPE, body.to_vec()).await
    }

    /// Addressed to our profile.
    async fn command(&self, command: Command) -> Response {
        let actuator = Actuator { profile: REPORT_KEY.to_owned(), specifiers: serde_json::Map::new() };
        self.plain_command(Command { actuator: Some(actuator), ..command }).await
    }

    async fn plain_command(&self, command: Command) -> Response {
        let message = Message::request("request-1", clock(), "tester", vec!["host".into()], command);
        let got = self.say(&serde_json::to_vec(&message).unwrap()).await;
        assert_eq!(got.signed.unwrap().id, "id-1");
        assert_eq!(got.request_id.as_deref(), Some("request-1"));
        assert_eq!(got.message["headers"]["to"], json!(["tester"]));
        let message: Message = serde_json::from_value(got.message).unwrap();
        let (request_id, response) = message.into_response().unwrap();
        assert_eq!(request_id.as_deref(), Some("request-1"));
        assert_eq!(response.status.0, got.code);
        response
    }
}

#[tokio::test]
async fn the_whole_way_there_and_back() {
    let host = Host::new();
    let path = host.put("file", BYTES, 0o640);
    let before = look(&path);
    let peer = peer(&host).await;

    let features = peer.command(Command::query_features(["versions", "pairs"])).await;
    assert_eq!(features.results["versions"], json!(["1.0"]));

    let target = Target::file_at(path.to_str().unwrap(), sha256(BYTES));
    let contain = Command::new(Action::Contain, target.clone()).with_id(Uuid::new_v4());
    let (one, two) = tokio::join!(peer.command(contain.clone()), peer.command(contain.clone()));
    reported(&one, 200, Outcome::Completed);
    assert_eq!(one, two);
    assert!(!path.exists());
    let other = Command { target: Target::files_with(sha256(BYTES)), ..contain };
    reported(&peer.command(other).await, 400, Outcome::Failed);

    let allow = Command::new(Action::Allow, target).with_id(Uuid::new_v4());
    reported(&peer.command(allow).await, 200, Outcome::Completed);
    assert_eq!(look(&path), before);

    let device = Target::Other { name: "device".into(), value: json!({}) };
    reported(&peer.command(Command::new(Action::Contain, device)).await, 501, Outcome::Failed);
}

#[tokio::test]
async fn what_is_not_believed_is_answered_unsigned() {
    let host = Host::new();
    let peer = peer(&host).await;
    let body = serde_json::to_vec(&json!({"headers": {"request_id": "r"}, "body": {"openc2": {"request":
        {"action": "query", "target": {"features": []}}}}}))
    .unwrap();
    let good = peer.key.sign("id-1", clock(), &body);
    let old = peer.key.sign("id-1", clock() - jiff::SignedDuration::from_secs(301), &body);
    let early = peer.key.sign("id-1", clock() + jiff::SignedDuration::from_secs(301), &body);
    let stranger = Key::parse("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap().sign("id-1", clock(), &body);
    let renamed = Signed { id: "id-2".into(), ..good.clone() };
    let of_another = peer.key.sign("id-1", clock(), b"{}");
    for signed in [None, Some(old), Some(early), Some(stranger), Some(renamed), Some(of_another)] {
        let got = peer.send(signed.clone(), MEDIA_TYPE, body.clone()).await;
        assert_eq!((got.code, got.signed, got.request_id), (401, None, None), "{signed:?}");
        assert_eq!(got.message["body"]["openc2"]["response"]["status"], 401);
    }
    assert_eq!(peer.send(Some(good), MEDIA_TYPE, body).await.code, 200);
    let long = vec![b' '; 64 * 1024 + 1];
    assert_eq!(peer.send(Some(peer.key.sign("id", clock(), &long)), MEDIA_TYPE, long).await.code, 413);
}

#[tokio::test]
async fn what_cannot_be_read_is_said_so() {
    let host = Host::new();
    let peer = peer(&host).await;
    for body in [
        &b""[..],
        b"{",
        b"[]",
        b"\xff\xfe",
        b"{\"headers\":{},\"body\":{\"openc2\":{}}}",
        b"{\"headers\":{},\"body\":{\"openc2\":{\"response\":{\"status\":200}}}}",
        b"{\"headers\":{},\"body\":{\"openc2\":{\"request\":{\"action\":\"contain\",\"target\":{\"file\":{\"x\":1}}}}}}",
        b"{\"headers\":{},\"body\":{\"openc2\":{\"request\":{\"action\":\"query\",\"target\":{\"features\":[]}}}}} {}",
    ] {
        let got = peer.say(body).await;
        assert_eq!(got.code, 400, "{}", String::from_utf8_lossy(body));
        assert_eq!(got.signed.unwrap().id, "id-1");
        let response = &got.message["body"]["openc2"]["response"];
        assert_eq!((&response["status"], &response["results"]), (&json!(400), &Value::Null), "nobody addressed our profile");
        assert!(!response["status_text"].as_str().unwrap().is_empty());
    }
    let deep = "[".repeat(60_000);
    assert_eq!(peer.say(deep.as_bytes()).await.code, 400);
    let got = peer.send(Some(peer.key.sign("id", clock(), b"{}")), "application/json", b"{}".to_vec()).await;
    assert_eq!(got.code, 415);
}

#[tokio::test]
async fn others_may_connect_only_behind_a_proxy() {
    let host = Host::new();
    let args = |listen: &str, behind_proxy| Args {
        listen: Some(listen.parse().unwrap()),
        server: None,
        enrol: None,
        identity: None,
        root: host.root.path().into(),
        vault: host.vault(),
        key: Some(host.vault.path().join("key")),
        token: None,
        tls_cert: None,
        tls_key: None,
        client_ca: None,
        clients: Vec::new(),
        mutual_tls: false,
        behind_proxy,
        host: host_args(&["--cron-root", host.root.path().to_str().unwrap()]),
    };
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let error = run_until(args(listen, false), clock, std::future::ready(())).await.unwrap_err();
        assert!(error.to_string().starts_with("refusing to listen on"), "{error}");
    }
    run_until(args("0.0.0.0:0", true), clock, std::future::ready(())).await.unwrap();
    run_until(args("127.0.0.1:0", false), clock, std::future::ready(())).await.unwrap();
}

#[tokio::test]
async fn results_of_our_profile_are_for_whoever_addressed_it() {
    let host = Host::new();
    let path = host.put("Zoë", BYTES, 0o640);
    let peer = peer(&host).await;
    let target = Target::file_at(path.to_str().unwrap(), sha256(BYTES));
    let contain = Command::new(Action::Contain, target.clone()).with_id(Uuid::new_v4());
    let er = Actuator { profile: "er".to_owned(), specifiers: serde_json::Map::new() };
    let response = peer.plain_command(Command { actuator: Some(er), ..contain }).await;
    assert_eq!((response.status.0, response.results.len()), (200, 0));
    assert_eq!(response.status_text.as_deref(), Some("1 file quarantined"));
    // Two of one content, of which one has a second link: half is not done.
    host.put("one", b"twice", 0o640);
    host.put("two", b"twice", 0o640);
    std::fs::hard_link(host.path("two"), host.path("three")).unwrap();
    let both = Command::new(Action::Contain, Target::files_with(sha256(b"twice"))).with_id(Uuid::new_v4());
    let response = peer.plain_command(both).await;
    assert_eq!((response.status.0, response.results.len()), (500, 0), "{response:?}");
}

#[tokio::test]
async fn a_peer_with_a_token_need_not_sign() {
    let host = Host::new();
    let token = "0123456789abcdef01234567";
    let peer = peer_with(&host, Unsigned { token: Token::parse(token), ..Unsigned::default() }).await;
    let command = Command::query_features(["versions"]);
    let message = Message::request("request-1", clock(), "tester", vec![], command);
    let body = openc2::encode(&message).unwrap();
    let ask = async |token: Option<&str>| {
        let mut request =
            reqwest::Client::new().post(&peer.url).header(CONTENT_TYPE, MEDIA_TYPE).body(body.clone());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let signed = Signed::from_headers(answer.headers()).is_ok();
        (answer.status().as_u16(), signed)
    };
    assert_eq!(ask(Some(token)).await, (200, false));
    assert_eq!(ask(Some("0123456789abcdef01234568")).await, (401, false));
    assert_eq!(ask(None).await, (401, false));
    assert_eq!(peer.say(&body).await.code, 200, "a signature still does");
    // Also what is no message at all is answered by one.
    for (method, path, status) in [("GET", "", 405), ("POST", "/elsewhere", 404)] {
        let url = format!("{}{path}", peer.url);
        let answer = reqwest::Client::new().request(method.parse().unwrap(), url).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[CONTENT_TYPE]),
            (status, &reqwest::header::HeaderValue::from_static(MEDIA_TYPE))
        );
    }
}
