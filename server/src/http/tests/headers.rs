//! Headers of every answer: of each route, for who may and who may not, errors, streams and redirects included.

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::Role;
use tower::ServiceExt as _;

use super::authorization::routes;
use crate::http::testing::{App, request};
use web::edge::paths::CSP_REPORTS;
use web::edge::security::Edge;
use web::router;

fn check(what: &str, answer: &Response) {
    let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap());
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(header(name), value, "{what}: {name}");
    }
    assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{what}");
    assert!(header("permissions-policy").contains("camera=()"), "{what}");
    assert!(!header("cache-control").is_empty(), "{what}");
    assert!(!answer.headers().contains_key("server"), "{what}");
}

async fn ask(router: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = request(method, path, headers).header(ACCEPT, "text/html").body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn t22_every_route_answers_with_the_headers() {
    let app = App::start().await;
    app.user("global", &[Role::GlobalAdministrator]).await;
    let cookie = app.cookie("global").await;
    let mut statuses = std::collections::BTreeSet::new();
    for (path, own) in routes(&app).await {
        let uri = path.replace("{lane}", "pending").replace("{workload}", "devices");
        let uri = uri.replace("{id}", "019ad000-0000-7000-8000-000000000000").replace("{name}", "none");
        for method in [own.as_str(), "OPTIONS", "PATCH"] {
            for who in [&[][..], &[(COOKIE.as_str(), cookie.as_str()), ("sec-fetch-site", "same-origin")]] {
                let answer = ask(&app.router, method, &uri, who).await;
                check(&format!("{method} {path}"), &answer);
                assert!(!answer.headers().contains_key("strict-transport-security"), "{path} without TLS");
                statuses.insert(answer.status().as_u16());
            }
        }
    }
    for seen in [200, 303, 401, 403, 404, 405, 415] {
        assert!(statuses.contains(&seen), "{seen} was not among {statuses:?}");
    }
}

#[tokio::test]
async fn without_tls_a_browser_is_sent_to_where_it_is_spoken_and_nowhere_else() {
    let table = [
        (Edge::new(true, false, None), 8443, "localhost:80", "https://localhost:8443/a?b=c"),
        (Edge::new(false, false, None), 443, "actions.example.org", "https://actions.example.org/a?b=c"),
        (Edge::new(false, false, None), 443, "[2001:db8::1]:80", "https://[2001:db8::1]/a?b=c"),
        (
            Edge::new(false, false, Some("actions.example.org:8443".into())),
            9,
            "localhost",
            "https://actions.example.org:8443/a?b=c",
        ),
    ];
    for (edge, port, host, to) in table {
        let router = router::to_tls(edge, port);
        let answer = ask(&router, "GET", "/a?b=c", &[("host", host)]).await;
        check(host, &answer);
        assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (308, to));
        assert!(!answer.headers().contains_key("strict-transport-security"));
        assert_eq!(ask(&router, "POST", "/sign-in", &[("host", host)]).await.status(), 400);
    }
    let named = router::to_tls(Edge::new(false, false, Some("actions.example.org".into())), 443);
    let foreign = ask(&named, "GET", "/", &[("host", "evil.example")]).await;
    assert_eq!(foreign.status(), StatusCode::MISDIRECTED_REQUEST);
    check("another host", &foreign);
}

#[tokio::test]
async fn browsers_report_what_the_policy_of_a_page_kept_them_from() {
    let app = App::start().await;
    let page = app.get("/sign-in", &[("accept", "text/html")]).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains(&format!("report-uri {CSP_REPORTS}; report-to csp")), "{policy}");
    assert_eq!(page.header("reporting-endpoints"), format!("csp=\"{CSP_REPORTS}\""));

    let send = async |kind: &str, body: String| {
        let request = request("POST", CSP_REPORTS, &[("content-type", kind)]).body(Body::from(body)).unwrap();
        app.send(request).await
    };
    let old = r#"{"csp-report":{"effective-directive":"img-src","blocked-uri":"https://evil.example/x"}}"#;
    assert_eq!(send("application/csp-report", old.to_owned()).await.status, 204);
    let new = r#"[{"type":"csp-violation","body":{"effectiveDirective":"img-src"}}]"#;
    assert_eq!(send("application/reports+json", new.to_owned()).await.status, 204);
    assert_eq!(send("application/json", old.to_owned()).await.status, 415);
    assert_eq!(send("application/csp-report", "{".to_owned()).await.status, 400);
    assert_eq!(send("application/csp-report", "x".repeat(16 * 1024 + 1)).await.status, 413);
    assert_eq!(app.get(CSP_REPORTS, &[]).await.status, 405);
    let mut refused = HeaderMap::new();
    for _ in 0..100 {
        let answer = send("application/csp-report", old.to_owned()).await;
        if answer.status == 429 {
            assert_eq!(answer.json()["type"], "/problems/rate_limited");
            refused = answer.headers;
        }
    }
    assert!(refused.contains_key("retry-after"), "a flood is not read");
}
