//! What tools of the field really send: every valid form of it is taken in, and what can hit nothing is refused.

use axum::http::StatusCode;
use domain::{Role, Scope};
use serde_json::{Value, json};

use super::{ACTIONS, app};
use crate::http::testing::{Answer, App, proposal};

/// A proposal of another type, on another entity.
pub(super) fn of(id: &str, action_type: &str, entity: &Value, asset: &Value) -> Value {
    json!({
        "external_id": id, "type": action_type, "severity": "high", "source": "automated_device_action",
        "entity": entity, "asset": asset, "comment": "x",
    })
}

pub(super) fn host(name: &str) -> Value {
    json!({ "kind": "device", "name": name })
}

pub(super) fn mailbox(name: &str) -> Value {
    json!({ "kind": "mailbox", "name": name })
}

pub(super) fn message(id: &str, more: &Value) -> Value {
    let mut of = json!({
        "kind": "email_message", "message_id": id, "subject": "Parcel", "sender": "billing@bad.example",
        "recipients": ["kim@corp.example"],
    });
    of.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    of
}

pub(super) async fn send(app: &App, tool: &str, items: &[Value]) -> Answer {
    app.api(tool, "POST", ACTIONS, Some(&json!({ "actions": items }))).await
}

pub(super) async fn taken(app: &App, tool: &str, item: &Value) -> Value {
    let answer = send(app, tool, std::slice::from_ref(item)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{item}: {}", answer.text());
    let id = answer.json()["actions"][0]["id"].as_str().unwrap().to_owned();
    app.api(tool, "GET", &format!("{ACTIONS}/{id}"), None).await.json()
}

/// The pointer and the sentence of the only thing that is wrong.
async fn refused(app: &App, tool: &str, item: &Value) -> (String, String) {
    let answer = send(app, tool, std::slice::from_ref(item)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{item}: {}", answer.text());
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 1, "{errors}");
    let text = |field: &str| errors[0][field].as_str().unwrap().to_owned();
    (text("pointer"), text("detail"))
}

#[tokio::test]
async fn ordinary_fields_of_alerts_are_taken_in_and_given_back() {
    let (app, tool, _) = app().await;
    let recipients: Vec<_> = (0..1_000).map(|n| format!("first.last{n:03}@corp.example")).collect();
    let process = json!({
        "kind": "process", "pid": 5528, "image": "C:\\x.exe", "started_at": "2026-02-01T12:43:19.0772577Z",
        "command_line": "x.exe -enc ".to_owned() + &"Q".repeat(32_000),
    });
    let table = [
        (
            "soft_delete_email",
            message("<m-1@a.example>", &json!({"subject": ""})),
            mailbox("kim@corp.example"),
        ),
        (
            "soft_delete_email",
            message("<m-2@a.example>", &json!({"sender": ""})),
            mailbox("kim@corp.example"),
        ),
        ("soft_delete_email", message("<m-3@a.example>", &json!({"recipients": recipients})), mailbox("a")),
        (
            "soft_delete_email",
            message(
                "<m-4@a.example>",
                &json!({"network_message_id": "00000000-0000-4000-8000-000000000001"}),
            ),
            mailbox("a"),
        ),
        (
            "soft_delete_email",
            json!({"kind": "email_cluster", "cluster_id": "c", "subject": "", "messages": 3}),
            mailbox("a"),
        ),
        ("block_ip_address", json!({"kind": "ip_address", "address": "203.0.113.0/24"}), host("fw")),
        ("block_ip_address", json!({"kind": "ip_address", "address": "2001:db8:aa::/48"}), host("fw")),
        ("block_file", json!({"kind": "file", "md5": "d41d8cd98f00b204e9800998ecf8427e"}), host("all")),
        (
            "remove_registry_key",
            json!({"kind": "registry_key", "path": "HKEY_CURRENT_USER\\Software\\Run", "value_name": "Updater"}),
            host("a"),
        ),
        ("stop_process", process, host("a")),
        ("stop_process", json!({"kind": "process", "sha1": "ab".repeat(20)}), host("a")),
        (
            "disable_user",
            json!({"kind": "user", "name": "kim", "sid": "S-1-5-21-1-2-3-500"}),
            json!({"kind": "account", "name": "kim"}),
        ),
        (
            "quarantine_attachment",
            json!({"kind": "email_attachment", "file_name": "a.pdf", "md5": "ab".repeat(16), "message_id": "<a@b>"}),
            mailbox("a"),
        ),
    ];
    for (number, (action_type, entity, asset)) in table.into_iter().enumerate() {
        let item = of(&format!("real-{number}"), action_type, &entity, &asset);
        let mut told = entity;
        if told.get("started_at").is_some() {
            told["started_at"] = json!("2026-02-01T12:43:19.077257Z");
        }
        assert_eq!(taken(&app, &tool, &item).await["entity"], told);
    }
    let mut long = proposal("long");
    long["evidence"] = json!([{ "title": "command line", "detail": "Q".repeat(32_768) }]);
    taken(&app, &tool, &long).await;
    long["external_id"] = json!("too long");
    long["evidence"][0]["detail"] = json!("Q".repeat(32_769));
    let (pointer, detail) = refused(&app, &tool, &long).await;
    assert_eq!(
        (pointer.as_str(), detail.as_str()),
        ("/actions/0/evidence/0/detail", "has 32769 characters; at most 32768")
    );
}

#[tokio::test]
async fn each_recipient_is_limited_by_itself() {
    let (app, tool, _) = app().await;
    let recipients = vec!["a@b.example".to_owned(), "x".repeat(4_097)];
    let item =
        of("r", "soft_delete_email", &message("<m@a>", &json!({"recipients": recipients})), &mailbox("a"));
    let (pointer, _) = refused(&app, &tool, &item).await;
    assert_eq!(pointer, "/actions/0/entity/recipients/1");
}

#[tokio::test]
async fn what_can_match_nothing_is_refused_and_told_how_to_write_it() {
    let (app, tool, _) = app().await;
    let url = |url: &str| of("u", "block_url", &json!({"kind": "url", "url": url}), &host("proxy"));
    let ip =
        |ip: &str| of("i", "block_ip_address", &json!({"kind": "ip_address", "address": ip}), &host("fw"));
    let mail = |more: Value| of("m", "soft_delete_email", &message("<m@a>", &more), &mailbox("a"));
    let table = [
        (url("hxxps://evil[.]example/a"), "/entity/url", "send https://evil.example/a"),
        (url("not a url at all"), "/entity/url", "for example https://evil.example/a"),
        (ip("203[.]0[.]113[.]9"), "/entity/address", "send 203.0.113.9"),
        (ip("203.0.113.9/24"), "/entity/address", "send 203.0.113.0/24"),
        (ip("127.0.0.1"), "/entity/address", "loopback"),
        (url("http://a.example/x,http://b.example/y"), "/entity/url", "one URL an action"),
        (url("*.evil.example/*"), "/entity/url", "no host name has an asterisk"),
        (
            mail(json!({"message_id": "<mm-9@mid[.]example>"})),
            "/entity/message_id",
            "send <mm-9@mid.example>",
        ),
        (
            of("f", "quarantine_file", &json!({"kind": "file", "path": "a.exe"}), &host("a")),
            "/entity/path",
            "must be the full path",
        ),
        (
            of(
                "k",
                "remove_registry_key",
                &json!({"kind": "registry_key", "path": "Software\\X"}),
                &host("a"),
            ),
            "/entity/path",
            "hives are HKEY_LOCAL_MACHINE",
        ),
        (mail(json!({"sender": "billing[@]bad[.]example"})), "/entity/sender", "send billing@bad.example"),
        (
            mail(json!({"recipients": ["kim(at)corp.example"]})),
            "/entity/recipients/0",
            "send kim@corp.example",
        ),
        (
            of("d", "isolate_device", &host("ws[.]corp[.]example"), &host("ws.corp.example")),
            "/entity/name",
            "send ws.corp.example",
        ),
        (
            of("a", "isolate_device", &host("ws.corp.example"), &host("ws[.]corp.example")),
            "/asset/name",
            "send",
        ),
    ];
    for (item, pointer, wanted) in table {
        let (at, detail) = refused(&app, &tool, &item).await;
        assert_eq!(at, format!("/actions/0{pointer}"));
        assert!(detail.contains(wanted), "{detail}");
    }
}

#[tokio::test]
async fn errors_name_the_field_and_say_in_words_what_would_do() {
    let (app, tool, _) = app().await;
    let with = |field: &str, value: &str| {
        let mut item = of("w", "isolate_device", &host("a"), &host("a"));
        item[field] = value.into();
        item
    };
    let process = json!({"kind": "process", "pid": "0x1598", "image": "C:\\x.exe"});
    let received = json!({"received_at": "2026-11-27T12:19:27.7211305"});
    let table = [
        (
            with("severity", "High"),
            "/severity",
            "did you mean high?); Severity is one of critical, high, medium",
        ),
        (with("type", "Isolate"), "/type", "did you mean isolate_device?"),
        (with("source", "api"), "/source", "automated_device_action"),
        (of("p", "stop_process", &process, &host("a")), "/entity/pid", "a whole number from 0 to 4294967295"),
        (
            of("t", "soft_delete_email", &message("<m@a>", &received), &mailbox("a")),
            "/entity/received_at",
            "with Z or an offset, for example 2026-01-31T12:00:00Z",
        ),
        (
            of("k", "isolate_device", &json!({"kind": "Device", "name": "a"}), &host("a")),
            "/entity/kind",
            "device",
        ),
        (of("f", "isolate_device", &json!({"kind": "device"}), &host("a")), "/entity/name", "is missing"),
        (
            of("x", "isolate_device", &json!({"kind": "device", "name": "a", "sha256": "ab"}), &host("a")),
            "/entity/sha256",
            "it has kind, name",
        ),
    ];
    for (item, pointer, wanted) in table {
        let (at, detail) = refused(&app, &tool, &item).await;
        assert_eq!(at, format!("/actions/0{pointer}"), "{detail}");
        assert!(detail.contains(wanted), "{detail}");
    }
}

#[tokio::test]
async fn one_bad_item_sinks_no_good_one_if_results_by_item_are_asked_for() {
    let (app, tool, _) = app().await;
    let mut items: Vec<_> = (0..499)
        .map(|n| of(&format!("bt-{n}"), "isolate_device", &host(&format!("bt{n}")), &host("a")))
        .collect();
    for item in &mut items {
        item["evidence"] = json!([{ "title": "seen", "detail": "x".repeat(2_600) }]);
    }
    items.insert(2, of("bt-bad", "block_url", &json!({"kind": "url", "url": "hxxp://a[.]b"}), &host("a")));
    items[7]["severity"] = json!("High");
    let body = json!({ "actions": items });
    let answer = app.api(&tool, "POST", ACTIONS, Some(&body)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.api(&tool, "GET", ACTIONS, None).await.json()["items"], json!([]), "all or none");

    let each = format!("{ACTIONS}?on_error=item");
    let answer = app.api(&tool, "POST", &each, Some(&body)).await;
    assert_eq!(answer.status, StatusCode::MULTI_STATUS);
    let value = answer.json();
    assert_eq!((&value["taken"], &value["refused"]), (&json!(498), &json!(2)));
    let results = value["results"].as_array().unwrap();
    assert_eq!(results.len(), 500);
    assert_eq!((&results[2]["status"], &results[2]["external_id"]), (&json!(422), &json!("bt-bad")));
    assert_eq!(results[2]["error"]["errors"][0]["pointer"], "/actions/2/entity/url");
    assert_eq!(results[7]["error"]["errors"][0]["pointer"], "/actions/7/severity");
    assert_eq!((&results[499]["status"], &results[499]["action"]["created"]), (&json!(201), &json!(true)));
    let again = app.api(&tool, "POST", &each, Some(&body)).await.json();
    assert_eq!((&again["taken"], &again["results"][499]["action"]["created"]), (&json!(498), &json!(false)));

    let answer = app.api(&tool, "POST", &format!("{ACTIONS}?on_error=maybe"), Some(&body)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_byte_order_mark_before_the_body_is_skipped() {
    let (app, tool, _) = app().await;
    let body = format!("\u{feff}{}", json!({ "actions": [proposal("bom-1")] }));
    assert_eq!(app.api_with(&tool, "POST", ACTIONS, &[], body).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn newer_facts_of_a_repeat_make_a_new_version() {
    let (app, tool, person) = app().await;
    let mut item = of("esc-1", "isolate_device", &host("HOST-22"), &host("HOST-22"));
    item["severity"] = json!("low");
    item["verdict"] = json!("suspicious");
    let first = taken(&app, &tool, &item).await;
    assert_eq!(taken(&app, &tool, &item).await["version"], 1, "the same again is no news");
    let newer = json!({
        "severity": "critical", "comment": "ransomware confirmed", "verdict": "malicious",
        "evidence": [{"title": "note", "detail": "ransom note dropped", "technique": "T1486"}],
        "alert": {"id": "al-9", "title": "Ransomware"}, "incident_id": "INC-9", "campaign": "Brinefall",
        "investigation_id": "INV-9", "expires_at": "2026-03-20T00:00:00Z",
    });
    let mut repeat = item.clone();
    repeat.as_object_mut().unwrap().extend(newer.as_object().unwrap().clone());
    let answer = send(&app, &tool, std::slice::from_ref(&repeat)).await.json()["actions"][0].clone();
    assert_eq!((&answer["created"], &answer["version"]), (&json!(false), &json!(2)));
    assert_eq!(answer["changed"].as_array().unwrap().len(), 9, "{answer}");
    let id = first["id"].as_str().unwrap();
    let action = app.api(&tool, "GET", &format!("{ACTIONS}/{id}"), None).await.json();
    for (field, value) in newer.as_object().unwrap() {
        let want = if field == "expires_at" { &json!("2026-03-20T00:00:00.000000Z") } else { value };
        assert_eq!(&action[field], want, "{field}");
    }
    // Who saw the older facts does not decide on the newer ones.
    let stale = json!({ "expected_version": 1, "digest": first["digest"], "reason": "noise" });
    let reject = format!("{ACTIONS}/{id}/reject");
    assert_eq!(app.api(&person, "POST", &reject, Some(&stale)).await.status, StatusCode::CONFLICT);
    let seen = json!({ "expected_version": 2, "digest": first["digest"], "reason": "noise" });
    assert_eq!(app.api(&person, "POST", &reject, Some(&seen)).await.status, StatusCode::OK);

    repeat["severity"] = json!("high");
    let answer = send(&app, &tool, std::slice::from_ref(&repeat)).await.json()["actions"][0].clone();
    assert_eq!((&answer["decision"], &answer["dropped"]), (&json!("Rejected"), &json!(["severity"])));
    assert_eq!(answer["version"], 3, "what was decided stays");
}

#[tokio::test]
async fn a_repeat_that_describes_its_target_otherwise_keeps_what_it_leaves_out() {
    let (app, tool, _) = app().await;
    app.user("mia", &[Role::SecurityOperator, Role::SearchAndPurge]).await;
    let person = app.token(Some("mia"), &[Scope::Decide]).await;
    let mail = json!({"kind": "email_message", "message_id": "<r1@x.example>", "subject": "Invoice",
        "sender": "a@x.example", "recipients": ["kim@corp.example"], "location": "inbox"});
    let mut item =
        of("rep-1", "soft_delete_email", &mail, &json!({"kind": "mailbox", "name": "kim@corp.example"}));
    item["verdict"] = json!("malicious");
    item["incident_id"] = json!("INC-1");
    item["evidence"] = json!([{"title": "t", "detail": "d"}]);
    item["asset"]["criticality"] = json!("high");
    let first = taken(&app, &tool, &item).await;
    let mut repeat = item.clone();
    for fact in ["verdict", "incident_id", "evidence"] {
        repeat.as_object_mut().unwrap().remove(fact);
    }
    repeat["entity"]["location"] = json!("deleted_items");
    repeat["entity"]["network_message_id"] = json!("9a7f1c2e-0000-4000-8000-000000000001");
    repeat["asset"].as_object_mut().unwrap().remove("criticality");
    let answer = send(&app, &tool, std::slice::from_ref(&repeat)).await.json()["actions"][0].clone();
    assert_eq!((&answer["created"], &answer["changed"]), (&json!(false), &json!(["entity"])));
    let id = first["id"].as_str().unwrap();
    let action = app.api(&tool, "GET", &format!("{ACTIONS}/{id}"), None).await.json();
    for kept in ["verdict", "incident_id", "severity", "asset", "expires_at"] {
        assert_eq!(action[kept], first[kept], "{kept}");
    }
    assert_eq!(action["evidence"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&action["entity"]["location"], &action["entity"]["subject"]),
        (&json!("deleted_items"), &json!("Invoice"))
    );
    // What it says less of says nothing else.
    repeat["entity"].as_object_mut().unwrap().remove("network_message_id");
    let answer = send(&app, &tool, std::slice::from_ref(&repeat)).await.json()["actions"][0].clone();
    assert_eq!(answer["changed"], Value::Null, "{answer}");

    // Once decided, a description is dropped, and takes nothing beside it along.
    let seen =
        json!({ "expected_version": answer["version"], "digest": answer["digest"], "reason": "noise" });
    assert_eq!(
        app.api(&person, "POST", &format!("{ACTIONS}/{id}/reject"), Some(&seen)).await.status,
        StatusCode::OK
    );
    repeat["entity"]["location"] = json!("junk_folder");
    let beside = of("rep-2", "isolate_device", &host("WS-1"), &host("WS-1"));
    let answers = send(&app, &tool, &[beside, repeat.clone()]).await;
    assert_eq!(answers.json()["actions"][1]["dropped"], json!(["entity"]));
    assert_eq!(answers.json()["actions"][0]["created"], json!(true));
    // Another target under its id is refused.
    repeat["entity"]["message_id"] = json!("<r2@x.example>");
    assert_eq!(send(&app, &tool, &[repeat]).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn what_a_token_may_not_do_sinks_that_item_alone() {
    let (app, tool, _) = app().await;
    let mut record = of("own-2", "isolate_device", &host("WS-2"), &host("WS-2"));
    record["decision"] = json!("NotRequired");
    record["status"] = json!("Completed");
    let body = json!({ "actions": [of("own-1", "isolate_device", &host("WS-1"), &host("WS-1")), record] });
    let answer = app.api(&tool, "POST", &format!("{ACTIONS}?on_error=item"), Some(&body)).await;
    assert_eq!(answer.status, StatusCode::MULTI_STATUS);
    let results = &answer.json()["results"];
    assert_eq!((&results[0]["status"], &results[1]["status"]), (&json!(201), &json!(403)));
}

#[tokio::test]
async fn an_end_lies_ahead_and_is_kept_in_one_form() {
    let (app, tool, _) = app().await;
    let block = |id: &str, expiry: &str| {
        let mut item = of(
            id,
            "block_ip_address",
            &json!({"kind": "ip_address", "address": "198.51.100.9"}),
            &host("fw"),
        );
        item["parameters"] = json!({ "expiry": expiry });
        item
    };
    let (pointer, detail) = refused(&app, &tool, &block("pe-1", "2020-01-01T00:00:00Z")).await;
    assert_eq!(pointer, "/actions/0/parameters/expiry");
    assert!(detail.contains("lies in the past"), "{detail}");
    for (id, text) in [
        ("pe-2", "2026-12-01T00:00:00+02:00"),
        ("pe-3", "2026-12-01 00:00+02"),
        ("pe-4", "2026-11-30T22:00:00.000Z"),
    ] {
        let action = taken(&app, &tool, &block(id, text)).await;
        assert_eq!(action["parameters"]["expiry"], "2026-11-30T22:00:00.000000Z", "{text}");
    }
}

#[tokio::test]
async fn a_tool_whose_secret_was_renewed_is_the_same_tool() {
    let (app, first, _) = app().await;
    let second = app.token(None, &[Scope::Propose]).await;
    let item = of("inc-4711/1", "isolate_device", &host("ROT-HOST"), &host("ROT-HOST"));
    let made = taken(&app, &first, &item).await;
    let again = send(&app, &second, std::slice::from_ref(&item)).await.json()["actions"][0].clone();
    assert_eq!((&again["created"], &again["id"]), (&json!(false), &made["id"]));
    let path = format!("{ACTIONS}/{}", made["id"].as_str().unwrap());
    assert_eq!(app.api(&second, "GET", &path, None).await.status, StatusCode::OK);
    // Likewise the key of a request.
    let body = json!({ "actions": [proposal("keyed")] });
    let keyed = async |token: &str| {
        app.api_with(token, "POST", ACTIONS, &[("idempotency-key", "k-1")], body.to_string()).await
    };
    let answer = keyed(&first).await;
    assert_eq!(answer.header("idempotent-replayed"), "");
    let replayed = keyed(&second).await;
    assert_eq!((replayed.header("idempotent-replayed"), replayed.text()), ("true", answer.text()));
    // A person's tokens are that person's; another tool is another.
    let own = app.token(Some("ana"), &[Scope::Propose]).await;
    assert_eq!(app.api(&own, "GET", &path, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(send(&app, &own, &[item]).await.json()["actions"][0]["created"], true);
}
