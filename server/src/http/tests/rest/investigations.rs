//! Investigations and incidents: parts come in any order, rules decide at once, people in any of three places.

use domain::{Role, Scope};
use serde_json::{Value, json};

use super::{ACTIONS, app, seen};
use crate::http::testing::{App, proposal};

const INVESTIGATIONS: &str = "/api/v1/investigations";
const INCIDENTS: &str = "/api/v1/incidents";

async fn post(app: &App, token: &str, path: &str, body: &Value) -> (u16, Value) {
    let answer = app.api(token, "POST", path, Some(body)).await;
    (answer.status.as_u16(), answer.json())
}

async fn get(app: &App, token: &str, path: &str) -> Value {
    app.api(token, "GET", path, None).await.json()
}

fn action(id: &str, verdict: &str) -> Value {
    let mut of = proposal(id);
    (of["source"], of["verdict"]) = (json!("automated_device_action"), json!(verdict));
    of
}

fn user(id: &str, verdict: &str) -> Value {
    json!({
        "external_id": id, "type": "disable_user", "severity": "high", "source": "automated_user_action",
        "entity": { "kind": "user", "name": "kim" }, "asset": { "kind": "account", "name": "kim" },
        "comment": "token theft", "verdict": verdict,
    })
}

#[tokio::test]
async fn an_investigation_comes_in_parts_and_ends_when_all_is_decided() {
    let (app, tool, person) = app().await;
    let first = json!({
        "id": "INV-1", "title": "Beacon on web-1", "state": "running", "severity": "high",
        "alerts": [{ "id": "A-1", "title": "Beacon", "at": "2026-03-01T07:00:00Z" }],
        "devices": [{ "name": "web-1", "device_group": "Servers" }],
        "evidence": [{ "id": "E-1", "entity": { "kind": "file", "path": "/srv/a" }, "verdict": "malicious" }],
        "actions": [action("x-1", "malicious"), action("x-2", "no_threats_found")],
    });
    let (status, made) = post(&app, &tool, INVESTIGATIONS, &first).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(
        (&made["created"], &made["investigation"]["state"]),
        (&json!(true), &json!("pending_approval"))
    );
    assert_eq!(made["investigation"]["waiting"], 1);
    let actions = &made["actions"];
    assert_eq!((&actions[0]["decision"], &actions[1]["decision"]), (&json!("Pending"), &Value::Null));
    assert!(actions[1]["rule"].as_str().unwrap().contains("no threats were found"), "{actions}");
    // Again, and then another part: nothing is lost, nothing is there twice.
    let (_, again) = post(&app, &tool, INVESTIGATIONS, &first).await;
    assert_eq!((&again["created"], &again["investigation"]["waiting"]), (&json!(false), &json!(1)));
    let part = json!({ "id": "INV-1", "state": "successfully_remediated", "ended_at": "2026-03-01T08:00:00Z",
        "log": [{ "id": "L-1", "action": "Looked at memory", "created_at": "2026-03-01T07:10:00Z" }] });
    let (_, part) = post(&app, &tool, INVESTIGATIONS, &part).await;
    // It has ended for its tool, but an action waits.
    assert_eq!(part["investigation"]["state"], "pending_approval");
    assert_eq!(
        (&part["investigation"]["title"], &part["investigation"]["ended_at"]),
        (&json!("Beacon on web-1"), &Value::Null)
    );
    let (status, refused) = post(&app, &person, &format!("{INVESTIGATIONS}/INV-1/end"), &json!({})).await;
    assert_eq!(
        (status, refused["detail"].as_str().unwrap().contains("1 action waits")),
        (409, true),
        "{refused}"
    );
    // The decision is the one path there is.
    let id = actions[0]["id"].as_str().unwrap();
    let waiting = get(&app, &person, &format!("{ACTIONS}/{id}")).await;
    assert_eq!(waiting["investigation_id"], "INV-1");
    let (status, _) =
        post(&app, &person, &format!("{ACTIONS}/{id}/reject"), &seen(&waiting, json!({ "reason": "no" })))
            .await;
    assert_eq!(status, 200);
    let over = get(&app, &person, &format!("{INVESTIGATIONS}/INV-1")).await;
    assert_eq!((&over["state"], &over["waiting"]), (&json!("successfully_remediated"), &json!(0)));
    assert_eq!(over["ended_at"], "2026-03-01T08:00:00.000000Z");
    let list = get(&app, &person, &format!("{INVESTIGATIONS}?state=successfully_remediated")).await;
    assert_eq!(list["items"][0]["id"], "INV-1");
    assert_eq!(get(&app, &person, &format!("{INVESTIGATIONS}?state=running")).await["items"], json!([]));
    store::verify(&*app.store).await.unwrap();
}

#[tokio::test]
async fn a_rule_decides_at_once_and_again_when_the_verdict_changes() {
    let (app, tool, person) = app().await;
    let report = |verdict: &str| json!({ "id": "INV-2", "actions": [user("u-1", verdict)] });
    let (_, made) = post(&app, &tool, INVESTIGATIONS, &report("suspicious")).await;
    assert_eq!(made["actions"][0]["decision"], "Pending", "{made}");
    // Of users that are compromised it decides where a policy lets it, and says so where none does.
    let (_, made) = post(&app, &tool, INVESTIGATIONS, &report("compromised")).await;
    let waits = "It waits, as no policy lets rules do this to users that are compromised. The rule was: users that are \
                 compromised.";
    assert_eq!(
        (&made["actions"][0]["decision"], &made["actions"][0]["rule"]),
        (&json!("Pending"), &json!(waits))
    );
    app.user("gus", &[Role::GlobalAdministrator]).await;
    let admin = app.token_named("setup", Some("gus"), &[Scope::Administer]).await;
    let policy = json!({ "types": ["disable_user"] });
    let set = app.api(&admin, "PUT", "/api/v1/automation/compromised-users", Some(&policy)).await;
    assert_eq!((set.status.as_u16(), &set.json()["compromised_users"]), (200, &policy["types"]));
    let (status, made) = post(&app, &tool, INVESTIGATIONS, &report("compromised")).await;
    assert_eq!((status, &made["actions"][0]["decision"]), (200, &json!("AutoApproved")), "{made}");
    assert_eq!(made["actions"][0]["rule"], "Approved by a rule: users that are compromised.");
    let id = made["actions"][0]["id"].as_str().unwrap();
    let action = get(&app, &person, &format!("{ACTIONS}/{id}")).await;
    assert_eq!((&action["decided_by"]["name"], &action["status"]), (&json!("Automation"), &json!("Queued")));
    assert!(app.store.command_of(id.parse().unwrap()).await.unwrap().is_some());
    // Email always waits.
    let mail = json!({
        "external_id": "m-1", "type": "soft_delete_email", "severity": "high", "source": "automated_email_action",
        "entity": { "kind": "email_message", "message_id": "<1@a>", "subject": "", "sender": "b@bad.example" },
        "asset": { "kind": "mailbox", "name": "kim@corp.example" }, "comment": "phish", "verdict": "malicious",
    });
    let (_, made) = post(&app, &tool, INVESTIGATIONS, &json!({ "id": "INV-3", "actions": [mail] })).await;
    assert_eq!(made["actions"][0]["decision"], "Pending", "{made}");
    store::verify(&*app.store).await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_taken_in() {
    let (app, tool, person) = app().await;
    let other = app.token_named("other", None, &[Scope::Propose]).await;
    for (body, pointer) in [
        (json!({ "title": "x" }), "/id"),
        (json!({ "id": "" }), "/id"),
        (json!({ "id": "I", "colour": "red" }), "/colour"),
        (json!({ "id": "I", "state": "pending_approval" }), "/state"),
        (json!({ "id": "I", "state": "done" }), "/state"),
        (
            json!({ "id": "I", "alerts": [{ "id": "1", "title": "t", "url": "javascript:x" }] }),
            "/alerts/0/url",
        ),
        (
            json!({ "id": "I", "evidence": [{ "id": "1", "entity": { "kind": "file", "colour": 1 } }] }),
            "/evidence/0/entity/colour",
        ),
        (
            json!({ "id": "I", "evidence": [{ "id": "1", "entity": { "kind": "user" } }] }),
            "/evidence/0/entity/name",
        ),
        (json!({ "id": "I", "actions": [{ "external_id": "1" }] }), "/actions/0/type"),
        (json!({ "id": "I", "actions": {} }), "/actions"),
    ] {
        let (status, refused) = post(&app, &tool, INVESTIGATIONS, &body).await;
        assert_eq!(
            (status, refused["errors"][0]["pointer"].as_str()),
            (422, Some(pointer)),
            "{body} {refused}"
        );
    }
    assert_eq!(get(&app, &person, INVESTIGATIONS).await["items"], json!([]));
    assert_eq!(post(&app, &tool, INVESTIGATIONS, &json!({ "id": "I" })).await.0, 200);
    let (status, refused) = post(&app, &other, INVESTIGATIONS, &json!({ "id": "I" })).await;
    assert_eq!((status, refused["errors"][0]["pointer"].as_str()), (422, Some("/id")));
    assert_eq!(app.api(&other, "GET", &format!("{INVESTIGATIONS}/I"), None).await.status.as_u16(), 404);
    assert_eq!(post(&app, &person, INVESTIGATIONS, &json!({ "id": "J" })).await.0, 403);
}

#[tokio::test]
async fn an_incident_is_cared_for_and_tells_its_story() {
    let (app, tool, person) = app().await;
    app.user("reader", &[Role::SecurityReader]).await;
    let reader = app.token(Some("reader"), &[Scope::Decide]).await;
    let incident = json!({ "id": "INC-1", "title": "Beacons", "severity": "high",
        "alerts": [{ "id": "A-9", "title": "Odd sign-in", "at": "2026-03-01T06:00:00Z" }] });
    assert_eq!(post(&app, &tool, INCIDENTS, &incident).await.0, 200);
    let report = json!({ "id": "INV-1", "incident_id": "INC-1", "actions": [action("x-1", "suspicious")],
        "alerts": [{ "id": "A-1", "title": "Beacon", "at": "2026-03-01T07:00:00Z" }] });
    let (_, made) = post(&app, &tool, INVESTIGATIONS, &report).await;
    let path = format!("{INCIDENTS}/INC-1");
    let now = get(&app, &person, &path).await;
    assert_eq!(
        (&now["investigations"], &now["waiting"], &now["status"]),
        (&json!(1), &json!(1), &json!("active"))
    );
    let change =
        json!({ "expected_version": now["version"], "status": "in_progress", "assigned_to": "Ana Sousa" });
    let send = async |token: &str, body: &Value| {
        let answer = app.api(token, "PATCH", &path, Some(body)).await;
        (answer.status.as_u16(), answer.json())
    };
    let (status, changed) = send(&person, &change).await;
    assert_eq!((status, &changed["assigned_to"]), (200, &json!("Ana Sousa")), "{changed}");
    assert_eq!(send(&person, &change).await.0, 409, "it is another version since");
    assert_eq!(send(&reader, &change).await.0, 403);
    let wrong = json!({ "expected_version": 2, "classification": "maybe" });
    assert_eq!(send(&person, &wrong).await.1["errors"][0]["pointer"], "/classification");
    let comments = format!("{path}/comments");
    assert_eq!(post(&app, &person, &comments, &json!({ "text": "Called the owner." })).await.0, 201);
    assert_eq!(post(&app, &person, &comments, &json!({ "text": " " })).await.0, 422);
    assert_eq!(post(&app, &reader, &comments, &json!({ "text": "x" })).await.0, 403);
    // A wrong verdict goes back to who proposed.
    let id = made["actions"][0]["id"].as_str().unwrap();
    let wrong = json!({ "action_id": id, "kind": "false_positive", "comment": "our own scanner" });
    assert_eq!(post(&app, &person, "/api/v1/feedback", &wrong).await.0, 201);
    assert_eq!(post(&app, &tool, "/api/v1/feedback", &wrong).await.0, 403);
    let feedback = get(&app, &tool, "/api/v1/feedback").await;
    assert_eq!(feedback["items"][0]["external_id"], "x-1", "{feedback}");
    let next = feedback["next"].as_i64().unwrap();
    assert_eq!(get(&app, &tool, &format!("/api/v1/feedback?after={next}")).await["items"], json!([]));
    let other = app.token_named("other", None, &[Scope::Propose]).await;
    assert_eq!(get(&app, &other, "/api/v1/feedback").await["items"], json!([]));
}

#[tokio::test]
async fn a_repeat_says_what_it_changed_and_what_it_dropped() {
    let (app, tool, person) = app().await;
    let report = json!({
        "id": "INV-1", "title": "Beacon", "severity": "low", "actions": [action("x-1", "suspicious")],
        "alerts": [{ "id": "A-1", "title": "Beacon" }, { "id": "A-2", "title": "Second" }],
        "devices": [{ "name": "web-1" }],
    });
    let (_, made) = post(&app, &tool, INVESTIGATIONS, &report).await;
    assert_eq!(
        (&made["created"], &made["changed"], &made["dropped"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    // Nothing new.
    let (_, again) = post(&app, &tool, INVESTIGATIONS, &report).await;
    assert_eq!((&again["created"], &again["changed"]), (&json!(false), &Value::Null), "{again}");
    assert_eq!(again["actions"][0].get("changed"), None);
    let mut newer = report.clone();
    newer["severity"] = json!("high");
    newer["alerts"] = json!([{ "id": "A-1", "title": "Old" }, { "id": "A-1", "title": "New" }]);
    newer["actions"][0]["severity"] = json!("critical");
    let (_, changed) = post(&app, &tool, INVESTIGATIONS, &newer).await;
    assert_eq!(changed["changed"], json!(["severity", "alerts"]), "{changed}");
    assert_eq!(changed["dropped"], json!(["alerts/0"]));
    assert_eq!(changed["actions"][0]["changed"], json!(["severity"]));
    let alerts = app.api(&person, "GET", &format!("{INVESTIGATIONS}/INV-1/tabs/alerts"), None).await.text();
    assert!(alerts.contains("New") && alerts.contains("Second") && !alerts.contains("Old"), "{alerts}");
    // What was decided keeps its facts, and it is said.
    let id = made["actions"][0]["id"].as_str().unwrap();
    let waiting = get(&app, &person, &format!("{ACTIONS}/{id}")).await;
    let reject = format!("{ACTIONS}/{id}/reject");
    assert_eq!(post(&app, &person, &reject, &seen(&waiting, json!({ "reason": "no" }))).await.0, 200);
    newer["actions"][0]["comment"] = json!("ransomware confirmed");
    let (_, late) = post(&app, &tool, INVESTIGATIONS, &newer).await;
    assert_eq!(
        (&late["changed"], &late["actions"][0]["dropped"]),
        (&Value::Null, &json!(["comment"])),
        "{late}"
    );

    let incident = json!({ "id": "INC-1", "title": "Beacons", "alerts": [{ "id": "A-9", "title": "Odd" }] });
    let (_, made) = post(&app, &tool, INCIDENTS, &incident).await;
    assert_eq!(
        (&made["id"], &made["created"], &made["changed"]),
        (&json!("INC-1"), &json!(true), &Value::Null)
    );
    assert_eq!(post(&app, &tool, INCIDENTS, &incident).await.1.get("changed"), None);
    let alerts = json!([{ "id": "A-9", "title": "Odd" }, { "id": "A-9", "title": "Odder" }]);
    let newer = json!({ "id": "INC-1", "severity": "high", "alerts": alerts });
    let (_, changed) = post(&app, &tool, INCIDENTS, &newer).await;
    assert_eq!(
        (&changed["changed"], &changed["dropped"]),
        (&json!(["severity", "alerts"]), &json!(["alerts/0"]))
    );
    store::verify(&*app.store).await.unwrap();
}

#[tokio::test]
async fn one_bad_item_of_a_report_leaves_the_others_alone_if_that_is_asked_for() {
    let (app, tool, person) = app().await;
    let by_item = |path: &str| format!("{path}?on_error=item");
    let mut bad = action("x-2", "suspicious");
    bad["severity"] = json!("dreadful");
    let mut past = action("x-3", "suspicious");
    past["expires_at"] = json!("2020-01-01T00:00:00Z");
    let alert = |id: &str, url: &str| json!({ "id": id, "title": "Beacon", "url": url });
    let report = json!({
        "id": "INV-1", "title": "Beacon", "actions": [bad, past, action("x-1", "suspicious")],
        "alerts": [alert("A-1", "javascript:x"), alert("A-2", "https://a.example"), { "id": "A-3" },
            alert("A-2", "https://b.example")],
        "evidence": [{ "id": "E-1", "entity": { "kind": "file", "colour": 1 } },
            { "id": "E-2", "entity": { "kind": "file", "path": "/srv/a" } }],
    });
    // All or nothing, where nobody says otherwise.
    assert_eq!(post(&app, &tool, INVESTIGATIONS, &report).await.0, 422);
    assert_eq!(get(&app, &person, INVESTIGATIONS).await["items"], json!([]));

    let (status, taken) = post(&app, &tool, &by_item(INVESTIGATIONS), &report).await;
    assert_eq!(status, 207, "{taken}");
    assert_eq!((&taken["created"], &taken["taken"], &taken["refused"]), (&json!(true), &json!(1), &json!(2)));
    let results = &taken["results"];
    assert_eq!(results[0]["error"]["errors"][0]["pointer"], "/actions/0/severity", "{taken}");
    assert_eq!(results[1]["error"]["errors"][0]["pointer"], "/actions/1/expires_at", "{taken}");
    assert_eq!((&results[0]["status"], &results[2]["status"]), (&json!(422), &json!(200)));
    assert_eq!((&results[2]["external_id"], &results[2]["action"]["created"]), (&json!("x-1"), &json!(true)));
    let left_out: Vec<_> = taken["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(left_out, ["/alerts/0/url", "/alerts/2/title", "/evidence/0/entity/colour"], "{taken}");
    // By its place in what was sent.
    assert_eq!(taken["dropped"], json!(["alerts/1"]));
    let known = get(&app, &person, &format!("{INVESTIGATIONS}/INV-1")).await;
    assert_eq!((&known["title"], &known["waiting"]), (&json!("Beacon"), &json!(1)));
    // The report itself must do.
    for (body, pointer) in [
        (json!({ "title": "x" }), "/id"),
        (json!({ "id": "I", "state": "done" }), "/state"),
        (json!({ "id": "I", "alerts": {} }), "/alerts"),
        (json!({ "id": "" }), "/id"),
    ] {
        let (status, refused) = post(&app, &tool, &by_item(INVESTIGATIONS), &body).await;
        assert_eq!((status, refused["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{refused}");
    }
    assert_eq!(post(&app, &tool, &format!("{INVESTIGATIONS}?on_error=all"), &report).await.0, 400);

    let incident = json!({ "id": "INC-1", "title": "Beacons",
        "alerts": [alert("A-1", "ftp://a"), alert("A-2", "https://a.example"), { "title": "none" }] });
    assert_eq!(post(&app, &tool, INCIDENTS, &incident).await.0, 422);
    let (status, taken) = post(&app, &tool, &by_item(INCIDENTS), &incident).await;
    assert_eq!((status, &taken["id"], &taken["title"]), (207, &json!("INC-1"), &json!("Beacons")), "{taken}");
    let left_out: Vec<_> = taken["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(left_out, ["/alerts/0/url", "/alerts/2/id"], "{taken}");
    store::verify(&*app.store).await.unwrap();
}

#[tokio::test]
async fn a_query_is_read_as_strictly_as_that_of_actions() {
    let (app, tool, person) = app().await;
    assert_eq!(post(&app, &tool, INVESTIGATIONS, &json!({ "id": "I" })).await.0, 200);
    let (tab, none) = (format!("{INVESTIGATIONS}/I/tabs/log"), format!("{INVESTIGATIONS}/I/tabs/graph"));
    for (path, query, pointer) in [
        (INVESTIGATIONS, "limit=7", "/limit"),
        (INVESTIGATIONS, "cursor=", "/cursor"),
        (INCIDENTS, "severity=", "/severity"),
        (INCIDENTS, "colour=red", "/colour"),
        (&tab, "sort=colour", "/sort"),
        (&tab, "cols=colour", "/cols"),
        (&none, "", "/tab"),
    ] {
        let answer = app.api(&person, "GET", &format!("{path}?{query}"), None).await;
        let refused = answer.json();
        assert_eq!(answer.status.as_u16(), 400, "{path}?{query} {refused}");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        assert!(refused["detail"].as_str().unwrap().starts_with(&pointer[1..]), "{refused}");
    }
}
