//! The edge as a whole: headers, origins, hosts, sizes, sign-in.

mod administration;
mod authorization;
mod details;
mod device_api;
mod dispatch;
mod export;
mod factors;
mod headers;
mod home;
mod own;
mod preferences;
mod recorded;
mod rest;
mod scim;

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use domain::Role;
use hyper::body::Frame;
use jiff::SignedDuration;

use super::testing::{App, cookie_of, request};
use web::edge::security::Edge;

const HTML: (&str, &str) = ("accept", "text/html");

#[tokio::test]
async fn t22_every_answer_carries_the_headers_errors_and_files_included() {
    let app = App::start().await;
    let table = [
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/robots.txt", 200),
        ("GET", "/pkg/a-1.js", 200),
        ("GET", "/pkg/none.js", 404),
        ("GET", "/", 303),
        ("GET", "/nothing", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/v1/actions", 401),
        ("GET", "/api/v1/openapi.json", 200),
        ("GET", "/problems/conflict", 200),
        ("GET", "/problems/too_large", 200),
        ("GET", "/problems/nothing", 404),
        ("GET", "/sign-out", 405),
        ("DELETE", "/api/v1/actions", 401),
        ("PUT", "/healthz", 403),
        ("POST", "/nothing", 403),
    ];
    for (method, path, status) in table {
        let answer = app.send(request(method, path, &[]).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text());
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert!(!answer.headers.contains_key("strict-transport-security"), "{path}");
        if status >= 400 {
            assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}");
            assert_eq!(answer.json()["status"], status);
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn files_are_kept_by_browsers_and_come_compressed() {
    let app = App::start().await;
    let plain = app.get("/pkg/a-1.js", &[]).await;
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(plain.text(), "export {}");
    let pressed = app.get("/pkg/a-1.js", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!((pressed.header("content-encoding"), pressed.text().as_str()), ("br", "pressed"));
    assert_eq!(app.get("/robots.txt", &[]).await.header("cache-control"), "public, max-age=3600");
    assert_eq!(app.get("/pkg/../manifest.json/../../t.db", &[]).await.status, 404);
    assert_eq!(app.get("/%2e%2e/t.db", &[]).await.status, 404);
    assert!(app.site().join("../t.db").exists(), "the database does lie there");
    let document = app.get("/api/v1/openapi.json", &[("accept-encoding", "br")]).await;
    assert_eq!(document.header("content-encoding"), "br");
}

#[tokio::test]
async fn a_proxy_brings_tls_and_a_name() {
    let app = App::with(false, Edge::new(true, true, Some("actions.example.org".into()))).await;
    let answer = app.get("/healthz", &[("host", "actions.example.org")]).await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    for (host, status) in [("localhost:8080", 200), ("other.example.org", 421), ("", 421)] {
        assert_eq!(app.get("/healthz", &[("host", host)]).await.status.as_u16(), status, "{host}");
    }
}

#[tokio::test]
async fn a_request_has_one_host() {
    let app = App::start().await;
    let host = ("host", "localhost:8080");
    assert_eq!(app.get("/healthz", &[host]).await.status, 200);
    assert_eq!(app.get("/healthz", &[host, host]).await.status, 400);
}

#[tokio::test]
async fn an_address_that_is_too_long_is_refused() {
    let app = App::start().await;
    let long = |length| "a".repeat(length);
    let table = [
        (format!("/{}", long(255)), 404),
        (format!("/{}", "%61".repeat(255)), 404),
        (format!("/{}", long(256)), 414),
        (format!("/pkg/{}.js", long(300)), 414),
        (format!("/api/v1/actions/{}", long(300)), 414),
        (format!("/{}", format!("{}/", long(200)).repeat(21)), 414),
    ];
    for (path, status) in table {
        let answer = app.get(&path, &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text());
    }
}

/// Each way a browser or a tool may come with a change, and whether it gets past the edge (to 303 here).
#[tokio::test]
async fn t21_only_our_own_pages_may_post() {
    let app = App::start().await;
    let own = "http://localhost:8080";
    let form = "application/x-www-form-urlencoded";
    let table: &[(&[(&str, &str)], u16)] = &[
        (&[("content-type", form), ("origin", own)], 303),
        (&[("content-type", form), ("origin", own), ("sec-fetch-site", "same-origin")], 303),
        (&[("content-type", form), ("sec-fetch-site", "same-origin")], 303),
        (&[("content-type", form), ("sec-fetch-site", "none")], 303),
        (&[("content-type", form)], 403),
        (&[("content-type", form), ("cookie", "__Host-session=x")], 403),
        (&[("content-type", form), ("authorization", "Bearer x")], 303),
        (&[("content-type", form), ("authorization", "Bearer x"), ("cookie", "a=b")], 403),
        (&[("content-type", form), ("sec-fetch-site", "cross-site")], 403),
        (&[("content-type", form), ("sec-fetch-site", "same-site")], 403),
        (
            &[("content-type", form), ("sec-fetch-site", "same-site"), ("origin", "http://localhost:9999")],
            403,
        ),
        (&[("content-type", form), ("sec-fetch-site", "cross-site"), ("origin", own)], 403),
        (&[("content-type", form), ("origin", "http://localhost:9999")], 403),
        (&[("content-type", form), ("origin", "http://127.0.0.1:8080")], 403),
        (&[("content-type", form), ("origin", "https://evil.example")], 403),
        (&[("content-type", form), ("origin", "null")], 403),
        (&[("content-type", form), ("origin", "null"), ("sec-fetch-site", "cross-site")], 403),
        (&[("content-type", form), ("origin", "")], 403),
        (&[("content-type", "text/plain"), ("origin", own)], 415),
        (&[("content-type", "multipart/form-data; boundary=x"), ("origin", own)], 415),
        (&[("origin", own)], 415),
        (&[("content-type", "text/plain"), ("origin", "https://evil.example")], 403),
        (&[("content-type", form), ("origin", own), ("host", "evil.example")], 421),
        (&[("content-type", form), ("origin", own), ("content-encoding", "gzip")], 415),
    ];
    for (headers, status) in table {
        let request = request("POST", "/sign-in", headers).body(Body::from("name=a&password=b")).unwrap();
        let answer = app.send(request).await;
        assert_eq!(answer.status.as_u16(), *status, "{headers:?}");
        if *status >= 400 {
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    }
}

#[tokio::test]
async fn t17_bodies_are_limited_also_without_a_declared_length() {
    let app = App::start().await;
    let headers =
        [("origin", "http://localhost:8080"), ("content-type", "application/x-www-form-urlencoded")];
    for path in ["/sign-in", "/api/list_actions", "/nothing"] {
        let large = vec![b'a'; 256 * 1024 + 1];
        let chunks: Vec<_> = large.chunks(4096).map(Bytes::copy_from_slice).collect();
        let streamed = Body::new(Chunks(chunks.into_iter()));
        for body in [Body::from(large), streamed] {
            let answer = app.send(request("POST", path, &headers).body(body).unwrap()).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
            assert_eq!(answer.json()["type"], "/problems/too_large");
        }
        let lie = request("POST", path, &headers).header("content-length", "10000000000");
        assert_eq!(app.send(lie.body(Body::from("a")).unwrap()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

/// A body that does not say how long it is.
struct Chunks(std::vec::IntoIter<Bytes>);

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.next().map(|chunk| Ok(Frame::data(chunk))))
    }
}

#[tokio::test]
async fn pages_ask_to_sign_in_and_lead_back() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityReader]).await;
    let answer = app.get("/action-center/history?item=1", &[HTML]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/sign-in?next=/action-center/history%3Fitem%3D1");
    assert_eq!(answer.header("cache-control"), "no-store");

    let form = "name=ana&password=correct+horse+battery&next=%2Faction-center%2Fhistory%3Fitem%3D1";
    let answer = app.form("/sign-in", None, form).await;
    assert_eq!(answer.header("location"), "/action-center/history?item=1");
    let cookie = cookie_of(&answer).unwrap();
    assert!(app.get("/action-center/pending", &[HTML, ("cookie", &cookie)]).await.status != 303);

    let elsewhere =
        app.form("/sign-in", None, "name=ana&password=correct+horse+battery&next=//evil.example").await;
    assert_eq!(elsewhere.header("location"), "/action-center");
    let wrong = app.form("/sign-in", None, "name=ana&password=nope&next=/action-center/history").await;
    assert_eq!(wrong.header("location"), "/sign-in?error=wrong&next=/action-center/history");
    assert!(!wrong.headers.contains_key("set-cookie"));
    let unknown = app.form("/sign-in", None, "name=nobody&password=nope").await;
    assert_eq!(unknown.header("location"), "/sign-in?error=wrong&next=/action-center");
    assert_eq!(app.form("/sign-in", None, "name=ana").await.status, 422, "a field is missing");
}

#[tokio::test]
async fn t23_a_session_is_new_at_each_sign_in_and_dies_at_its_end() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityReader]).await;
    let first = app.cookie("ana").await;
    let alive = async |cookie: &str| app.get("/nothing", &[HTML, ("cookie", cookie)]).await.status != 303;
    assert!(alive(&first).await);
    let form = "name=ana&password=correct+horse+battery";
    let second = cookie_of(&app.form("/sign-in", Some(&first), form).await).unwrap();
    assert_ne!(first, second);
    assert!(!alive(&first).await, "the session that the browser had is over");

    // Idle for 30 minutes.
    app.clock.forward(SignedDuration::from_mins(29));
    assert!(alive(&second).await);
    app.clock.forward(SignedDuration::from_mins(29));
    assert!(alive(&second).await, "each use moves the end");
    app.clock.forward(SignedDuration::from_mins(31));
    assert!(!alive(&second).await);

    // 12 hours, however busy.
    let third = app.cookie("ana").await;
    for _ in 0..(12 * 60 / 20 - 1) {
        app.clock.forward(SignedDuration::from_mins(20));
        assert!(alive(&third).await);
    }
    app.clock.forward(SignedDuration::from_mins(20));
    assert!(!alive(&third).await);

    let fourth = app.cookie("ana").await;
    let out = app.form("/sign-out", Some(&fourth), "").await;
    assert_eq!((out.status.as_u16(), out.header("location")), (303, "/sign-in"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert!(!alive(&fourth).await);
    assert!(!alive("__Host-session=planted").await);
}

#[tokio::test]
async fn only_the_demo_has_buttons() {
    let app = App::start().await;
    assert_eq!(app.form("/demo/sign-in", None, "role=security_operator").await.status, 404);
    let demo = App::demo().await;
    for role in [
        "global_administrator",
        "security_administrator",
        "security_operator",
        "security_operator%2Bsearch_and_purge",
        "security_operator+search_and_purge",
        "security_reader",
        "active_remediation_actions",
    ] {
        let answer = demo.form("/demo/sign-in", None, &format!("role={role}&next=/x")).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/x"), "{role}");
        assert!(cookie_of(&answer).is_some());
    }
    assert_eq!(demo.store.count_users().await.unwrap(), 6);
    assert_eq!(demo.form("/demo/sign-in", None, "role=search_and_purge").await.status, 422);
    assert!(store::verify(&*demo.store).await.is_ok());
}

/// Server functions say 401 by themselves, and read no cookie's worth of trust from a foreign page.
#[tokio::test]
async fn server_functions_ask_who_is_calling() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityReader]).await;
    let answer = app.form("/api/session", None, "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text());
    let cookie = app.cookie("ana").await;
    let answer = app.form("/api/session", Some(&cookie), "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["name"], "Ana Sousa");
    assert_eq!(answer.header("cache-control"), "no-store");
}
