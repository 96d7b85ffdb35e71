//! Lists: queries, pages, order, buckets, exports.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use domain::{Action, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ACTIONS, app};
use crate::http::testing::proposal;

#[tokio::test]
async fn t16_a_query_is_read_strictly() {
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

/// A page as a program reads it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    items: Vec<Action>,
    next: Option<String>,
    prev: Option<String>,
}

#[tokio::test]
async fn a_page_of_rows_that_are_kept_is_one_object() {
    let (app, tool, person) = app().await;
    let item = |n: usize| {
        let mut item = proposal(&n.to_string());
        item["comment"] = json!(format!("{n} \"],}}{{[\n\u{202e}日本"));
        item
    };
    let items: Vec<_> = (0..60).map(item).collect();
    let answer = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": items }))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());

    let mut cursor = String::new();
    for (items, neighbours) in [(25, (true, false)), (25, (true, true)), (10, (false, true))] {
        let path = format!("{ACTIONS}?limit=25&sort=entity{cursor}");
        let answer = app.api(&person, "GET", &path, None).await;
        assert_eq!(answer.header("content-type"), "application/json");
        let page: Page = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((page.items.len(), (page.next.is_some(), page.prev.is_some())), (items, neighbours));
        assert_eq!(serde_json::to_string(&page).unwrap(), answer.text());
        assert_eq!(app.api(&person, "GET", &path, None).await.text(), answer.text());
        cursor = page.next.map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    let empty = app.api(&person, "GET", &format!("{ACTIONS}?lane=history"), None).await;
    assert_eq!(empty.text(), r#"{"items":[],"next":null,"prev":null}"#);
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
        assert_eq!(
            row[1..],
            ["Quarantine file", "token \u{201c}tool\u{201d}", "2026-03-01T08:00:00.000000Z"],
            "{row:?}"
        );
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
    let stranger = app.token_named("stranger", None, &[Scope::Propose]).await;
    let answer = app.api(&stranger, "GET", &format!("{ACTIONS}.jsonl"), None).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn an_export_is_evidence_without_being_asked_for_columns() {
    let (app, tool, person) = app().await;
    let mut item = proposal("0012");
    item["expires_at"] = json!("2026-03-05T00:00:00Z");
    item["entity"]["sha256"] = json!("ab".repeat(32));
    let made = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": [item] }))).await.json();
    let made = made["actions"][0].clone();
    let id = made["id"].as_str().unwrap();
    let body = json!({ "expected_version": made["version"], "digest": made["digest"], "reason": "noise" });
    let rejected = app.api(&person, "POST", &format!("{ACTIONS}/{id}/reject"), Some(&body)).await.json();
    for time in ["proposed_at", "expires_at", "updated_at", "decided_at"] {
        assert_eq!(rejected[time].as_str().unwrap().len(), "2026-03-01T08:00:00.000000Z".len(), "{time}");
    }
    let answer = app.api(&person, "GET", &format!("{ACTIONS}.csv?lane=history"), None).await;
    let rows = csv_rows(&answer.body);
    let cell = |name: &str| {
        rows[1][rows[0].iter().position(|title| title == name).unwrap_or_else(|| panic!("{name}"))].clone()
    };
    let wanted = [
        ("Action ID", id),
        ("Version", "2"),
        ("External ID", "'0012"),
        ("Decided at", "2026-03-01T08:00:00.000000Z"),
        ("Expires", "2026-03-05T00:00:00.000000Z"),
        ("Reason", "noise"),
        ("Hash", &"ab".repeat(32)),
        ("Message ID", ""),
        ("Reverses", ""),
        ("Reversed by", ""),
        ("Parameters", ""),
        ("Result", ""),
        ("Digest", made["digest"].as_str().unwrap()),
    ];
    for (name, text) in wanted {
        assert_eq!(cell(name), text, "{name}");
    }
    assert!(cell("Entity details").contains(&"ab".repeat(32)), "{}", cell("Entity details"));
    assert!(cell("Decided by token").starts_with("tool ("), "{}", cell("Decided by token"));
    assert!(cell("Decided by person").starts_with("Ana Sousa ("), "{}", cell("Decided by person"));

    let marked =
        app.api(&person, "GET", &format!("{ACTIONS}.excel.csv?lane=history&cols=id,reason"), None).await;
    assert_eq!(marked.text(), format!("\u{feff}Action ID,Reason\r\n{id},noise\r\n"));
    let plain = app.api(&person, "GET", &format!("{ACTIONS}.csv?lane=history&cols=id,reason"), None).await;
    assert_eq!(format!("\u{feff}{}", plain.text()), marked.text());
    let line = app.api(&person, "GET", &format!("{ACTIONS}.jsonl?lane=history"), None).await.json();
    assert_eq!((&line["external_id"], &line["reason"]), (&json!("0012"), &json!("noise")));
    let text = app.api(&person, "GET", &format!("{ACTIONS}.jsonl?lane=history"), None).await.text();
    assert_eq!(text.matches("\"id\":").count(), 1, "a key stands once: {text}");
    assert_eq!(line["decided"], "2026-03-01T08:00:00.000000Z");
}
