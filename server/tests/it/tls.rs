//! TLS and what is believed of who connects, with the real binary.

use std::net::TcpListener;

use reqwest::Version;
use reqwest::tls::TlsInfo;
use serde_json::{Value, json};

use crate::certificates::{Authority, Pem};
use crate::database::Kind;
use crate::harness::{Estate, EvilFile, until};

/// The same estate, with TLS.
async fn secured(authority: &Authority, more: &[&str]) -> (Estate, Pem) {
    let mut estate = Estate::start(Kind::Sqlite).await;
    let pem = authority.issue(&["localhost"]);
    let (key, certificate) = pem.write(&estate.at("."));
    let (key, certificate) = (key.to_str().unwrap(), certificate.to_str().unwrap());
    estate.serve_with(&[&["--tls-cert", certificate, "--tls-key", key], more].concat());
    assert!(estate.server.url.starts_with("https://localhost:"), "{}", estate.server.url);
    (estate, pem)
}

async fn shown(client: reqwest::ClientBuilder, estate: &Estate) -> Vec<u8> {
    let answer = client.tls_info(true).build().unwrap().get(estate.url("/healthz")).send().await.unwrap();
    answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec()
}

#[tokio::test]
async fn tls_is_spoken_with_either_http_and_tells_browsers_to_keep_to_it() {
    let authority = Authority::new();
    let (estate, _) = secured(&authority, &[]).await;
    let either = authority.client().build().unwrap();
    let one = authority.client().http1_only().build().unwrap();
    for (client, version) in [(either, Version::HTTP_2), (one, Version::HTTP_11)] {
        let answer = client.get(estate.url("/healthz")).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
        assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
        let sign_in = client.get(estate.url("/action-center/pending")).header("accept", "text/html");
        let answer = sign_in.send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (303, version));
        assert!(answer.headers().contains_key("strict-transport-security"));
        let api = client.get(estate.url("/api/v1/actions?lane=pending")).bearer_auth(&estate.people[0]);
        assert_eq!(api.send().await.unwrap().status(), 200);
        let foreign = client.post(estate.url("/sign-in")).header("origin", "https://evil.example");
        assert_eq!(foreign.send().await.unwrap().status(), 403, "{version:?}");
        let own = client.post(estate.url("/sign-in")).header("origin", &estate.server.url);
        let own = own.header("content-type", "application/x-www-form-urlencoded").body("name=a&password=b");
        assert_eq!(own.send().await.unwrap().status(), 303, "{version:?}");
    }
    // Without TLS there is nothing at this port.
    let plain = estate.server.url.replace("https://", "http://");
    assert!(estate.client.get(plain).send().await.is_err());
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_no_connection_is_lost() {
    let authority = Authority::new();
    let (mut estate, first) = secured(&authority, &[]).await;
    let client = authority.client().build().unwrap();
    let stream = client.get(estate.url("/api/v1/events")).bearer_auth(&estate.people[0]);
    let mut stream = stream.send().await.unwrap();
    assert_eq!((stream.status().as_u16(), stream.version()), (200, Version::HTTP_2));
    let before = shown(authority.client(), &estate).await;

    let second = authority.issue(&["localhost", "actions.example.org"]);
    let (key, certificate) = second.write(&estate.at("."));
    let after = shown(authority.client(), &estate).await;
    assert_ne!(before, after);
    for bad in ["", "nonsense", first.certificate.as_str()] {
        std::fs::write(&certificate, bad).unwrap();
        assert_eq!(shown(authority.client(), &estate).await, after, "{bad:?} is not used");
    }
    std::fs::remove_file(&key).unwrap();
    assert_eq!(shown(authority.client(), &estate).await, after);

    // The stream that stood before goes on.
    let file = EvilFile::new(&estate, "renewed.bin");
    let item = crate::harness::proposal(&file.name, &file.path, &file.sha256);
    let propose = client.post(estate.url("/api/v1/actions")).bearer_auth(&estate.scanner);
    assert_eq!(propose.json(&json!({ "actions": [item] })).send().await.unwrap().status(), 201);
    let mut heard = String::new();
    while !heard.contains("event: change") {
        heard.push_str(str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    // When the server stops, it ends with when to come again.
    estate.stop_server().await;
    while let Some(chunk) = stream.chunk().await.unwrap() {
        heard.push_str(str::from_utf8(&chunk).unwrap());
    }
    let last = heard.trim_end().lines().last().unwrap();
    let wait: u32 = last.strip_prefix("retry: ").unwrap_or_else(|| panic!("{heard}")).parse().unwrap();
    assert!((1_000..3_000).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_stream_ends_with_when_to_come_again_without_tls_too() {
    let mut estate = Estate::start(Kind::Sqlite).await;
    let request = estate.client.get(estate.url("/api/v1/events")).bearer_auth(&estate.people[0]);
    let mut stream = request.send().await.unwrap();
    let greeting = stream.chunk().await.unwrap().unwrap();
    assert!(greeting.starts_with(b"retry: "));
    estate.stop_server().await;
    let mut rest = Vec::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        rest.extend(chunk);
    }
    assert!(String::from_utf8(rest).unwrap().starts_with("retry: "));
}

#[tokio::test]
async fn browsers_without_tls_are_sent_to_it() {
    let authority = Authority::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (estate, _) = secured(&authority, &["--redirect-http", &free.to_string()]).await;
    let answer = estate.client.get(format!("http://{free}/action-center?a=b")).send().await.unwrap();
    assert_eq!(answer.status(), 308);
    let port = estate.server.url.rsplit(':').next().unwrap();
    assert_eq!(answer.headers()["location"], format!("https://127.0.0.1:{port}/action-center?a=b"));
    assert_eq!(answer.headers()["x-frame-options"], "DENY");
    assert!(!answer.headers().contains_key("strict-transport-security"));
}

/// Who begins no handshake is let go.
#[tokio::test]
async fn t26_who_never_shakes_hands_holds_no_place() {
    let authority = Authority::new();
    let (estate, _) = secured(&authority, &[]).await;
    let client = authority.client().pool_max_idle_per_host(0).http1_only().build().unwrap();
    assert_eq!(client.get(estate.url("/healthz")).send().await.unwrap().status(), 200);
    let open = || std::fs::read_dir(format!("/proc/{}/fd", estate.server.id())).unwrap().count();
    let before = open();
    let address = estate.server.url.replace("https://localhost", "127.0.0.1");
    let silent: Vec<_> = (0..40).map(|_| std::net::TcpStream::connect(&address).unwrap()).collect();
    until("they are let in", async || (open() >= before + 35).then_some(())).await;
    until("they are let go", async || (open() <= before + 2).then_some(())).await;
    drop(silent);
}

/// Only a trusted proxy says who its clients are; so many requests are those of one address.
#[tokio::test]
async fn t24_addresses_are_believed_from_trusted_proxies_alone() {
    let mut estate = Estate::start(Kind::Sqlite).await;
    estate.serve_with(&["--trusted-proxy", "127.0.0.2", "--address-rate", "5/3600"]);
    let from = |local: [u8; 4]| {
        reqwest::Client::builder().local_address(std::net::IpAddr::from(local)).build().unwrap()
    };
    let (proxy, stranger) = (from([127, 0, 0, 2]), from([127, 0, 0, 3]));
    let url = estate.url("/api/v1/openapi.json").replace("localhost", "127.0.0.1");
    let ask = async |client: &reqwest::Client, said: &str| {
        let request = client.get(&url).header("x-forwarded-for", said).header("x-forwarded-proto", "https");
        let answer = request.send().await.unwrap();
        let secure = answer.headers().contains_key("strict-transport-security");
        (answer.status().as_u16(), secure)
    };
    for n in 0..5 {
        assert_eq!(ask(&stranger, &format!("198.51.100.{n}")).await, (200, false));
        assert_eq!(ask(&proxy, "198.51.100.200").await, (200, true));
    }
    assert_eq!(ask(&stranger, "198.51.100.9").await, (429, false), "whatever it says");
    assert_eq!(ask(&proxy, "198.51.100.200").await, (429, true));
    assert_eq!(ask(&proxy, "198.51.100.9, 198.51.100.200").await, (429, true), "what it wrote itself");
    assert_eq!(ask(&proxy, "198.51.100.201").await, (200, true), "another client of the proxy");
}

#[tokio::test]
async fn t25_a_token_is_told_what_it_has_left_and_when_to_come_again() {
    let mut estate = Estate::start(Kind::Sqlite).await;
    estate.serve_with(&["--token-rate", "4/3600", "--address-rate", "off"]);
    let ask = async |token: &str| {
        let request = estate.client.get(estate.url("/api/v1/actions?lane=pending")).bearer_auth(token);
        request.send().await.unwrap()
    };
    for left in (0..4).rev() {
        let answer = ask(&estate.people[0]).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["ratelimit-policy"], "\"token\";q=4;w=3600");
        let said = answer.headers()["ratelimit"].to_str().unwrap().to_owned();
        assert!(said.starts_with(&format!("\"token\";r={left};t=")), "{said}");
    }
    let refused = ask(&estate.people[0]).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    let problem: Value = refused.json().await.unwrap();
    assert_eq!((&problem["type"], &problem["status"]), (&json!("/problems/rate_limited"), &json!(429)));
    assert_eq!(ask(&estate.people[1]).await.status(), 200, "another token");
}
