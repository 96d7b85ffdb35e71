//! What the details of an action say beside the action: what it hits, and who may decide in place of whom.

use domain::{Role, Scope};
use serde_json::{Value, json};

use crate::http::testing::{App, proposal};

async fn details(app: &App, cookie: &str, id: &str) -> Value {
    let answer = app.form("/api/load_action", Some(cookie), &format!("id={id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn propose(app: &App, token: &str, action: Value) -> String {
    let answer = app.api(token, "POST", "/api/v1/actions", Some(&json!({ "actions": [action] }))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["actions"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_may_not_decide_reads_who_may() {
    let app = App::start().await;
    app.user("reader", &[Role::SecurityReader]).await;
    let reader = app.cookie("reader").await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let id = propose(&app, &tool, proposal("1")).await;
    let alone = details(&app, &reader, &id).await;
    assert_eq!(alone["deciders"], "Nobody in this system may decide this yet.");
    assert_eq!((&alone["impact"], &alone["hunt"]), (&json!("Hits 1 file on web-1."), &Value::Null));

    app.user("operator", &[Role::SecurityOperator]).await;
    app.user("second", &[Role::GlobalAdministrator]).await;
    assert_eq!(
        details(&app, &reader, &id).await["deciders"],
        "Ana Sousa (operator) and Ana Sousa (second) may decide this."
    );
    let operator = app.cookie("operator").await;
    assert_eq!(details(&app, &operator, &id).await["deciders"], Value::Null, "who may decide needs nobody");

    // A proposer may not, and does not stand among those who may.
    let own = app.token(Some("operator"), &[Scope::Propose]).await;
    let mut other = proposal("2");
    other["asset"]["name"] = json!("web-2");
    let id = propose(&app, &own, other).await;
    let proposed = details(&app, &operator, &id).await;
    assert_eq!(proposed["deciders"], "Ana Sousa (second) may decide this.");
    assert_eq!(proposed["impact"], "Hits 1 file on web-2. The same file waits on 1 other device.");

    // Who may see nothing learns nothing.
    app.user("nobody", &[Role::SearchAndPurge]).await;
    let nobody = app.cookie("nobody").await;
    let answer = app.form("/api/load_action", Some(&nobody), &format!("id={id}")).await;
    assert_eq!(answer.status, 403);
    assert!(!answer.text().contains("may decide this"), "{}", answer.text());

    // What is decided needs nobody.
    let second = app.cookie("second").await;
    let (version, digest) = (&proposed["action"]["version"], proposed["action"]["digest"].as_str().unwrap());
    let form = format!("id={id}&expected_version={version}&digest={digest}&reason=no");
    assert_eq!(app.form("/api/reject_action", Some(&second), &form).await.status, 200);
    assert_eq!(details(&app, &reader, &id).await["deciders"], Value::Null);
}

#[tokio::test]
async fn what_happens_on_one_entity_is_a_timeline() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let ana = app.cookie("ana").await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let of = |id: &str, action_type: &str, entity: Value, asset: Value| {
        json!({
            "external_id": id, "type": action_type, "severity": "high", "source": "automated_device_action",
            "entity": entity, "asset": asset, "comment": "x",
        })
    };
    let host = |name: &str| json!({"kind": "device", "name": name});
    let mail = |id: &str| json!({"kind": "email_message", "message_id": id, "subject": "Parcel", "sender": "a@b.example"});
    let mailbox = json!({"kind": "mailbox", "name": "kim@corp.example"});
    let mut scan = of("hc-1", "run_antivirus_scan", host("WS-0500"), host("WS-0500"));
    scan["parameters"] = json!({"scope": "Full"});
    let first = propose(&app, &tool, scan).await;
    app.clock.forward(jiff::SignedDuration::from_secs(1));
    let second = propose(&app, &tool, of("hc-2", "isolate_device", host("ws-0500"), host("ws-0500"))).await;
    let one =
        propose(&app, &tool, of("e-1", "soft_delete_email", mail("<m-1@a.example>"), mailbox.clone())).await;
    propose(&app, &tool, of("e-2", "soft_delete_email", mail("<news-7@a.example>"), mailbox.clone())).await;
    let same = propose(&app, &tool, of("e-3", "hard_delete_email", mail("m-1@A.example"), mailbox)).await;

    let ids = |detail: &Value, list: &str| {
        let list = detail[list].as_array().unwrap();
        list.iter().map(|other| other["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let detail = details(&app, &ana, &second).await;
    assert_eq!((ids(&detail, "earlier"), ids(&detail, "later")), (vec![first.clone()], vec![]));
    let detail = details(&app, &ana, &first).await;
    assert_eq!(
        (ids(&detail, "earlier"), ids(&detail, "later")),
        (vec![], vec![second]),
        "later is not earlier"
    );
    let detail = details(&app, &ana, &one).await;
    assert_eq!(
        [ids(&detail, "earlier"), ids(&detail, "later")].concat(),
        [same],
        "another mail of that subject is not it"
    );
}

#[tokio::test]
async fn whoever_looks_reads_what_its_proposer_changed() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let ana = app.cookie("ana").await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let mut action = proposal("1");
    action["severity"] = json!("low");
    let id = propose(&app, &tool, action.clone()).await;
    assert_eq!(details(&app, &ana, &id).await["revisions"], json!([]));
    action["severity"] = json!("critical");
    action["incident_id"] = json!("INC-9");
    propose(&app, &tool, action).await;
    let revisions = details(&app, &ana, &id).await["revisions"].clone();
    assert_eq!(revisions[0]["changes"], json!(["severity: low → critical", "incident: INC-9"]));
    assert_eq!(revisions[0]["by"], "tool");
}

#[tokio::test]
async fn an_end_that_passed_is_not_approved_any_more() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let ana = app.cookie("ana").await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let block = json!({
        "external_id": "end-1", "type": "block_ip_address", "severity": "high", "source": "automated_device_action",
        "entity": {"kind": "ip_address", "address": "198.51.100.77"}, "asset": {"kind": "device", "name": "FW-1"},
        "comment": "x", "parameters": {"expiry": "2026-03-01T08:00:06Z"},
    });
    let id = propose(&app, &tool, block).await;
    let before = details(&app, &ana, &id).await;
    assert_eq!(
        (&before["approve"], &before["end"]),
        (
            &json!("Allowed"),
            &json!("Countersign ends it by itself then; an undo before it leaves nothing to end.")
        )
    );
    app.clock.forward(jiff::SignedDuration::from_secs(14));
    let after = details(&app, &ana, &id).await;
    assert!(after["approve"]["Denied"].as_str().unwrap().contains("has passed"), "{}", after["approve"]);
    assert_eq!(after["end"], "This end has passed.");
}

#[tokio::test]
async fn an_alert_leads_to_its_page_here_or_to_where_it_was_raised() {
    let app = App::start().await;
    app.user("reader", &[Role::SecurityReader]).await;
    let reader = app.cookie("reader").await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let here = "href=\"/investigations/INV-7?tab=alerts\"";
    let there = "href=\"https://xdr.example/alerts/1\"";
    let alert = |url: &str| json!({ "id": "A-1", "title": "Beacon", "url": url });
    for (n, investigation, url, wants) in [
        (1, Some("INV-7"), "https://xdr.example/alerts/1", [true, true]),
        (2, None, "https://xdr.example/alerts/1", [false, true]),
    ] {
        let mut action = proposal(&n.to_string());
        (action["alert"], action["investigation_id"]) = (alert(url), json!(investigation));
        action["asset"]["name"] = json!(format!("web-{n}"));
        let id = propose(&app, &tool, action).await;
        let path = format!("/action-center/pending?open={id}");
        let page = app.get(&path, &[("cookie", &reader), ("accept", "text/html")]).await.text();
        assert_eq!([page.contains(here), page.contains(there)], wants, "{n}: {page}");
    }
}

#[tokio::test]
async fn who_looks_at_what_waits_is_told_to_others_for_a_moment() {
    let app = App::start().await;
    for name in ["reader", "operator"] {
        app.user(name, &[Role::SecurityOperator]).await;
    }
    app.user("stranger", &[Role::SearchAndPurge]).await;
    let [one, two, stranger] =
        [app.cookie("reader").await, app.cookie("operator").await, app.cookie("stranger").await];
    let tool = app.token(None, &[Scope::Propose]).await;
    let id = propose(&app, &tool, proposal("1")).await;
    let looking = async |cookie: &str| details(&app, cookie, &id).await["looking"].clone();
    assert_eq!(looking(&one).await, Value::Null);
    assert_eq!(looking(&one).await, Value::Null, "nobody is told of themselves");
    assert_eq!(app.form("/api/load_action", Some(&stranger), &format!("id={id}")).await.status, 403);
    assert_eq!(looking(&two).await, "Ana Sousa has just opened this, too.");
    assert_eq!(looking(&one).await, "Ana Sousa (operator) has just opened this, too.");
    let path = format!("/action-center/pending?open={id}");
    let page = app.get(&path, &[("cookie", &one), ("accept", "text/html")]).await;
    assert!(page.text().contains("Ana Sousa (operator) has just opened this, too."));
    app.clock.forward(jiff::SignedDuration::from_mins(2));
    assert_eq!(looking(&one).await, Value::Null, "who looks no more is forgotten");
}
