//! The API through the real router and service.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use domain::{Role, Scope};
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::openapi::Description;
use super::{PREFIX, routes};
use crate::http::testing::{App, proposal, request};

async fn app() -> (App, String, String) {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let person = app.token(Some("ana"), &[Scope::Decide]).await;
    (app, tool, person)
}

const ACTIONS: &str = "/api/v1/actions";

/// Proposes one action and returns it as its answer shows it.
async fn proposed(app: &App, tool: &str, external_id: &str) -> Value {
    let body = json!({ "actions": [proposal(external_id)] });
    let answer = app.api(tool, "POST", ACTIONS, Some(&body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["actions"][0].clone()
}

fn seen(action: &Value, more: Value) -> Value {
    let mut body = json!({ "expected_version": action["version"], "digest": action["digest"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn an_action_is_proposed_listed_decided_and_decided_only_once() {
    let (app, tool, person) = app().await;
    let made = proposed(&app, &tool, "x-1").await;
    assert_eq!(
        (&made["created"], &made["decision"], &made["status"]),
        (&json!(true), &json!("Pending"), &json!("None"))
    );
    assert_eq!(proposed(&app, &tool, "x-1").await["created"], false, "a repeat changes nothing");
    let id = made["id"].as_str().unwrap();

    let list = app.api(&person, "GET", "/api/v1/actions?lane=pending&limit=25", None).await;
    assert_eq!(list.json()["items"][0]["id"], id);
    assert_eq!((&list.json()["next"], &list.json()["prev"]), (&Value::Null, &Value::Null));
    let one = app.api(&person, "GET", &format!("{ACTIONS}/{id}"), None).await;
    assert_eq!(one.json()["entity"]["path"], "/srv/a");

    let approve = format!("{ACTIONS}/{id}/approve");
    let stale = json!({ "expected_version": 7, "digest": made["digest"] });
    let answer = app.api(&person, "POST", &approve, Some(&stale)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["type"]), (409, &json!("/problems/conflict")));
    assert_eq!(answer.json()["current"]["id"], id);

    let answer = app.api(&tool, "POST", &approve, Some(&seen(&made, json!({})))).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "a tool does not decide");
    let answer = app.api(&person, "POST", &approve, Some(&seen(&made, json!({ "comment": "yes" })))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["decision"], "Approved");
    let reject = format!("{ACTIONS}/{id}/reject");
    let answer = app.api(&person, "POST", &reject, Some(&seen(&made, json!({ "reason": "no" })))).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.json()["current"]["decision"], "Approved");
}

#[tokio::test]
async fn who_comes_without_a_live_token_is_told_how() {
    let (app, tool, _) = app().await;
    let bare = app.send(request("GET", ACTIONS, &[]).body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((bare.status.as_u16(), bare.header("www-authenticate")), (401, "Bearer"));
    for token in ["", "x", "cst_x", &format!("{tool}x")] {
        assert_eq!(app.api(token, "GET", ACTIONS, None).await.status, StatusCode::UNAUTHORIZED);
        let body = json!({ "actions": [proposal("x")] });
        assert_eq!(app.api(token, "POST", ACTIONS, Some(&body)).await.status, StatusCode::UNAUTHORIZED);
    }
    // A session is no token, and the API reads no cookies.
    let cookie = app.cookie("ana").await;
    assert_eq!(app.get(ACTIONS, &[("cookie", &cookie)]).await.status, StatusCode::UNAUTHORIZED);
    let secret = cookie.split_once('=').unwrap().1;
    assert_eq!(app.api(secret, "GET", ACTIONS, None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.get("/api/v1/openapi.json", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn all_that_is_wrong_is_named_with_its_pointer() {
    let (app, tool, _) = app().await;
    let with = |change: Value| {
        let mut item = proposal("x");
        for (key, value) in change.as_object().unwrap() {
            item[key] = value.clone();
        }
        item
    };
    let without = |key: &str| {
        let mut item = proposal("x");
        item.as_object_mut().unwrap().remove(key);
        item
    };
    let table = [
        (json!({ "actions": [proposal("a"), with(json!({"type": "fly"}))] }), vec!["/actions/1/type"]),
        (
            json!({ "actions": [with(json!({"entity": {"kind": "file", "colour": 1}}))] }),
            vec!["/actions/0/entity"],
        ),
        (json!({ "actions": [with(json!({"entity": {"kind": "ghost"}}))] }), vec!["/actions/0/entity/kind"]),
        (
            json!({ "actions": [with(json!({"entity": {"kind": "user", "name": "b"}}))] }),
            vec!["/actions/0/entity"],
        ),
        (json!({ "actions": [with(json!({"asset": {"kind": "device"}}))] }), vec!["/actions/0/asset/name"]),
        (
            json!({ "actions": [with(json!({"asset": {"kind": 1, "name": "b"}}))] }),
            vec!["/actions/0/asset/kind"],
        ),
        (json!({ "actions": [with(json!({"surprise": 1}))] }), vec!["/actions/0/surprise"]),
        (json!({ "actions": [without("severity")] }), vec!["/actions/0/severity"]),
        (
            json!({ "actions": [with(json!({"evidence": [{"title": "t", "detail": 1}]}))] }),
            vec!["/actions/0/evidence/0/detail"],
        ),
        (json!({ "actions": [1] }), vec!["/actions/0"]),
        (
            // A shape and a rule, both found at once.
            json!({ "actions": [with(json!({"type": "fly"})), proposal("b"), with(json!({"comment": ""}))] }),
            vec!["/actions/0/type", "/actions/2/comment"],
        ),
        (json!({ "actions": [] }), vec!["/actions"]),
        (json!({ "actions": vec![proposal("a"); 501] }), vec!["/actions"]),
        (json!({ "actions": {} }), vec!["/actions"]),
        (json!({}), vec!["/actions"]),
        (json!({ "actions": [], "more": 1 }), vec!["/more"]),
        (json!([]), vec![""]),
    ];
    for (body, pointers) in table {
        let answer = app.api(&tool, "POST", ACTIONS, Some(&body)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let value = answer.json();
        let got: Vec<_> = value["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(got, pointers, "{value}");
    }
    let list = app.api(&tool, "GET", ACTIONS, None).await;
    assert_eq!(list.json()["items"], json!([]), "all or none");
}

#[tokio::test]
async fn what_can_not_be_read_is_refused_before_it_is_looked_into() {
    let (app, tool, _) = app().await;
    let good = json!({ "actions": [proposal("x")] }).to_string();
    let deep = format!("{{\"actions\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let twice = good.replacen("\"severity\"", "\"severity\":\"low\",\"severity\"", 1);
    let table: [(&str, Vec<u8>, u16); 10] = [
        ("application/json", b"{".to_vec(), 400),
        ("application/json", Vec::new(), 400),
        ("application/json", b"{\"actions\":[\"\xff\"]}".to_vec(), 400),
        ("application/json", deep.into_bytes(), 400),
        ("application/json", twice.into_bytes(), 400),
        ("application/json; charset=utf-16", good.clone().into_bytes(), 415),
        ("text/plain", good.clone().into_bytes(), 415),
        ("application/x-www-form-urlencoded", good.clone().into_bytes(), 415),
        ("application/json", vec![b' '; 1024 * 1024 + 1], 413),
        ("application/json", vec![b' '; 10 * 1024 * 1024], 413),
    ];
    let bearer = format!("Bearer {tool}");
    for (kind, body, status) in table {
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        let answer = app.send(request("POST", ACTIONS, &headers).body(body.clone().into()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{kind} {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    // Proposals may be larger than other bodies.
    let mut large = good.into_bytes();
    large.resize(1024 * 1024, b' ');
    assert_eq!(app.api_with(&tool, "POST", ACTIONS, &[], large).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_query_is_read_strictly() {
    let (app, _, person) = app().await;
    for (query, names) in [
        ("lane=somewhere", "lane"),
        ("limit=7", "limit"),
        ("type=explode", "type"),
        ("sort=comment", "sort"),
        ("severity=", "severity"),
        ("period=7d&from=2026-01-31T00:00:00Z", "period"),
        ("cols=asset,asset", "cols"),
        ("limit=", "limit"),
        ("limit=25&limit=50", "limit"),
        ("order=severity", "order"),
        ("cursor=%27%20OR%201%3D1", "cursor"),
        ("cursor=", "cursor"),
        ("lane=%ff", "lane"),
    ] {
        let answer = app.api(&person, "GET", &format!("{ACTIONS}?{query}"), None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query} {}", answer.text());
        assert!(
            answer.json()["detail"].as_str().unwrap().contains(names) || query == "lane=%ff",
            "{}",
            answer.text()
        );
    }
    for id in
        ["x", "..", "0", "019ad000-0000-7000-8000-000000000000", "{019ad000-0000-7000-8000-000000000000}"]
    {
        for path in [format!("{ACTIONS}/{}", id.replace('{', "%7B").replace('}', "%7D"))] {
            assert_eq!(app.api(&person, "GET", &path, None).await.status, StatusCode::NOT_FOUND, "{id}");
        }
        let body = json!({ "expected_version": 1, "digest": "x" });
        let path = format!("{ACTIONS}/{}/approve", id.replace('{', "%7B").replace('}', "%7D"));
        assert_eq!(app.api(&person, "POST", &path, Some(&body)).await.status, StatusCode::NOT_FOUND, "{id}");
    }
    assert_eq!(app.api(&person, "PATCH", ACTIONS, None).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn pages_are_linked() {
    let (app, tool, person) = app().await;
    for batch in 0..2 {
        let items: Vec<_> = (0..30).map(|n| proposal(&format!("{batch}-{n}"))).collect();
        let answer = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": items }))).await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    let mut seen = BTreeSet::new();
    let mut path = format!("{ACTIONS}?limit=25");
    let mut pages = 0;
    loop {
        let answer = app.api(&person, "GET", &path, None).await;
        for item in answer.json()["items"].as_array().unwrap() {
            assert!(seen.insert(item["id"].as_str().unwrap().to_owned()), "twice");
        }
        pages += 1;
        let link = answer.header("link");
        assert_eq!(link.contains("rel=\"prev\""), pages > 1, "{link}");
        let Some(next) = link.split(", ").find(|link| link.ends_with("rel=\"next\"")) else { break };
        path = next.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    assert_eq!((seen.len(), pages), (60, 3));
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_searched() {
    let (app, tool, person) = app().await;
    let mut items = Vec::new();
    for (n, (severity, path)) in
        [("low", "/srv/b"), ("critical", "/srv/c"), ("high", "/srv/A"), ("low", "/opt/100%_x")]
            .iter()
            .enumerate()
    {
        let mut item = proposal(&n.to_string());
        item["severity"] = json!(severity);
        item["entity"]["path"] = json!(path);
        items.push(item);
    }
    let answer = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": items }))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    for (query, paths) in [
        ("sort=entity", vec!["/opt/100%_x", "/srv/A", "/srv/b", "/srv/c"]),
        ("sort=-severity&severity=critical&severity=high", vec!["/srv/c", "/srv/A"]),
        ("sort=entity&q=SRV", vec!["/srv/A", "/srv/b", "/srv/c"]),
        ("sort=entity&q=0%25_x", vec!["/opt/100%_x"]),
        ("sort=entity&q=%25", vec![]),
        ("sort=entity&severity=low&q=/s", vec!["/srv/b"]),
        ("sort=entity&type=isolate_device", vec![]),
        ("lane=history", vec![]),
    ] {
        let answer = app.api(&person, "GET", &format!("{ACTIONS}?{query}"), None).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
        let found: Vec<_> = answer.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["entity"]["path"].clone())
            .collect();
        assert_eq!(json!(found), json!(paths), "{query}");
    }
    // A cursor belongs to the order that it came from.
    let first = app.api(&person, "GET", &format!("{ACTIONS}?limit=25&sort=entity"), None).await;
    assert_eq!(first.json()["next"], Value::Null);
}

#[tokio::test]
async fn what_is_similar_comes_in_buckets_that_lists_narrow_to() {
    let (app, tool, person) = app().await;
    let mut items: Vec<_> = (0..4).map(|n| proposal(&n.to_string())).collect();
    items[1]["entity"]["path"] = json!("/srv/b");
    items[2]["severity"] = json!("critical");
    items[2]["asset"]["name"] = json!("web-2");
    items[3]["type"] = json!("request_sample");
    let answer = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": items }))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let ids: Vec<_> =
        answer.json()["actions"].as_array().unwrap().iter().map(|of| of["id"].clone()).collect();

    let answer = app.api(&person, "GET", "/api/v1/actions/buckets", None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let (buckets, more) = (answer.json()["buckets"].clone(), answer.json()["more"].clone());
    assert_eq!((buckets.as_array().unwrap().len(), more), (1, json!(false)), "{buckets}");
    let bucket = &buckets[0];
    for (field, value) in [
        ("type", json!("quarantine_file")),
        ("by", json!({ "file": "ab".repeat(32) })),
        ("example", ids[2].clone()),
        ("title", json!("a")),
        ("count", json!(3)),
        ("assets", json!(2)),
        ("severity", json!("critical")),
    ] {
        assert_eq!(bucket[field], value, "{field}");
    }
    let list = format!("{ACTIONS}?sort=entity&similar={}", ids[2].as_str().unwrap());
    let answer = app.api(&person, "GET", &list, None).await;
    let found: Vec<_> =
        answer.json()["items"].as_array().unwrap().iter().map(|of| of["id"].clone()).collect();
    assert_eq!((found.len(), &found[2]), (3, &ids[1]));
    let narrow = format!("/api/v1/actions/buckets?severity=high&similar={}", ids[0].as_str().unwrap());
    let answer = app.api(&person, "GET", &narrow, None).await;
    assert_eq!(answer.json()["buckets"][0]["count"], 2);

    for (query, names) in [("lane=history", "lane"), ("similar=x", "similar"), ("lane=in_progress", "lane")] {
        let answer = app.api(&person, "GET", &format!("/api/v1/actions/buckets?{query}"), None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(names), "{}", answer.text());
    }
}

/// Reads CSV as a spreadsheet would.
fn csv_rows(text: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn an_export_holds_everything_that_matches_and_no_formula() {
    let (app, tool, person) = app().await;
    let odd = [
        "=cmd|' /C calc'!A0",
        "+1",
        "-2+3",
        "@SUM(1)",
        "a,b",
        "say \"hi\"",
        "  =1",
        "＝1",
        "plain",
        "ü-東京",
    ];
    let mut items = Vec::new();
    for n in 0..120_usize {
        let mut item = proposal(&n.to_string());
        item["comment"] = json!(odd[n % odd.len()]);
        items.push(item);
    }
    let answer = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": items }))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());

    let path = format!("{ACTIONS}.csv?cols=comment,type,proposed_by,proposed&limit=25");
    let answer = app.api(&person, "GET", &path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"countersign-pending-20260301T080000Z.csv\""
    );
    let rows = csv_rows(&answer.body);
    assert_eq!(rows[0], ["Comment", "Action type", "Proposed by", "Proposed at"]);
    assert_eq!(rows.len(), 121, "the page's size does not matter");
    for row in &rows[1..] {
        assert_eq!(row[1..], ["Quarantine file", "tool", "2026-03-01T08:00:00Z"], "{row:?}");
        let begins = row[0].trim_start().chars().next().unwrap();
        assert!(!"=+-@＝".contains(begins), "{row:?}");
        let comment = row[0].strip_prefix('\'').unwrap_or(&row[0]);
        assert!(odd.contains(&comment) || odd.contains(&comment.trim_start()), "{row:?}");
    }

    let answer = app.api(&person, "GET", &format!("{ACTIONS}.jsonl?cols=comment,incident"), None).await;
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((answer.header("content-type"), lines.len()), ("application/jsonl; charset=utf-8", 120));
    for line in &lines {
        assert!(odd.contains(&line["comment"].as_str().unwrap()) && line["incident"].is_null(), "{line}");
        assert!(line["id"].as_str().unwrap().len() == 36);
    }

    let answer = app.api(&person, "GET", &format!("{ACTIONS}.csv?cols=colour"), None).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let empty = app.api(&person, "GET", &format!("{ACTIONS}.csv?lane=history"), None).await;
    assert_eq!(csv_rows(&empty.body).len(), 1, "the header alone");
    // Who sees only what they proposed exports only that.
    let stranger = app.token(None, &[Scope::Propose]).await;
    let answer = app.api(&stranger, "GET", &format!("{ACTIONS}.jsonl"), None).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn a_key_gives_the_first_answer_again() {
    let (app, tool, person) = app().await;
    let other = app.token(None, &[Scope::Propose]).await;
    let key = [("idempotency-key", "\"k-1\"")];
    let body = json!({ "actions": [proposal("x-1")] }).to_string();
    let first = app.api_with(&tool, "POST", ACTIONS, &key, body.clone()).await;
    assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (201, ""));
    let again = app.api_with(&tool, "POST", ACTIONS, &[("idempotency-key", "k-1")], body.clone()).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(first.body, again.body);
    assert_eq!(first.json()["actions"][0]["created"], true, "also in the repeat, as the body is the same");

    let changed = app.api_with(&tool, "POST", ACTIONS, &key, format!("{body} ")).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.json()["type"]),
        (422, &json!("/problems/idempotency_key_reused"))
    );
    let elses = app.api_with(&other, "POST", ACTIONS, &key, body.clone()).await;
    assert_eq!(
        (elses.status.as_u16(), elses.header("idempotent-replayed")),
        (201, ""),
        "another's key is another key"
    );

    // A decision, and a refusal, are answers too.
    let made = &first.json()["actions"][0];
    let path = format!("{ACTIONS}/{}/approve", made["id"].as_str().unwrap());
    let approve = seen(made, json!({})).to_string();
    for replayed in ["", "true"] {
        let answer = app.api_with(&person, "POST", &path, &[("idempotency-key", "a")], approve.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.header("idempotent-replayed")), (200, replayed));
        let answer = app.api_with(&person, "POST", &path, &[("idempotency-key", "b")], "{}").await;
        assert_eq!((answer.status.as_u16(), answer.header("idempotent-replayed")), (422, replayed));
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let bad = app.api_with(&tool, "POST", ACTIONS, &[("idempotency-key", "a b")], body).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);

    app.clock.forward(jiff::SignedDuration::from_hours(25));
    let later =
        app.api_with(&tool, "POST", ACTIONS, &key, json!({ "actions": [proposal("x-9")] }).to_string()).await;
    assert_eq!(later.status, StatusCode::CREATED, "a key is kept for a day");
}

#[tokio::test]
async fn at_once_a_key_is_answered_once() {
    let (app, tool, _) = app().await;
    let body = json!({ "actions": [proposal("x-1")] }).to_string();
    let send = || app.api_with(&tool, "POST", ACTIONS, &[("idempotency-key", "k")], body.clone());
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    let mut fresh = 0;
    for answer in [a, b, c, d] {
        match (answer.status.as_u16(), answer.header("idempotent-replayed")) {
            (201, "") => fresh += 1,
            (201, "true") => {}
            (409, _) => assert_eq!(answer.json()["type"], "/problems/idempotency_in_flight"),
            other => panic!("{other:?} {}", answer.text()),
        }
    }
    assert_eq!(fresh, 1);
}

/// The document names exactly the routes there are, with exactly their methods.
#[tokio::test]
async fn the_description_is_the_surface() {
    let (app, _, person) = app().await;
    let document: Value = app.get("/api/v1/openapi.json", &[]).await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let paths = document["paths"].as_object().unwrap();
    let described: BTreeSet<_> = paths.keys().cloned().collect();
    let routed: BTreeSet<_> = routes().iter().map(|(path, _)| format!("{PREFIX}{path}")).collect();
    assert_eq!(described, routed);
    for (path, item) in paths {
        let real = path.replace("{id}", "019ad000-0000-7000-8000-000000000000");
        // The query is one that nothing takes: a stream of events would not end.
        for method in ["get", "put", "post", "delete", "patch"] {
            let answer = app.api(&person, &method.to_uppercase(), &format!("{real}?after=x"), None).await;
            let refused = answer.status == StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(refused, item.get(method).is_none(), "{method} {path}");
        }
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    assert!(Description::openapi().to_json().is_ok());
}
