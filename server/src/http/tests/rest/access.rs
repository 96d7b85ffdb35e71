//! Who may do what, administered through the API; and what of it others can tell.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use domain::{Role, Scope};
use serde_json::{Value, json};

use super::ACTIONS;
use crate::http::testing::{App, proposal};

/// An application with an administrator's token, of whom there is one.
async fn administered() -> (App, String) {
    let app = App::start().await;
    app.user("root", &[Role::GlobalAdministrator]).await;
    let root = app.token(Some("root"), Scope::ALL).await;
    (app, root)
}

async fn send(app: &App, token: &str, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = app.api(token, method, &format!("/api/v1{path}"), Some(&body)).await;
    let json = if answer.body.is_empty() { Value::Null } else { answer.json() };
    (answer.status, json)
}

async fn person(app: &App, root: &str, name: &str, assignments: Value) -> String {
    let body = json!({ "name": name, "display_name": format!("The {name}"), "password": "correct horse battery",
        "assignments": assignments });
    let (status, made) = send(app, root, "POST", "/people", body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

async fn group(app: &App, root: &str, name: &str, begins: &str) -> String {
    let rule = json!([{ "field": "name", "comparison": "starts_with", "value": begins }]);
    let body = json!({ "name": name, "level": "semi_all", "rule": rule });
    let (status, made) = send(app, root, "POST", "/device-groups", body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn people_are_administered_and_every_change_is_recorded() {
    let (app, root) = administered().await;
    let id = person(&app, &root, "bo", json!({ "roles": [{ "role": "security_reader" }] })).await;
    let path = format!("/people/{id}");
    let cookie = app.cookie("bo").await;
    assert_eq!(app.get("/", &[("cookie", &cookie)]).await.status, StatusCode::OK);

    // Two names that look alike, one taken, one that is none.
    for (name, shown, at) in
        [("bob", "The bо", "/display_name"), ("bo", "Someone", "/name"), ("a b", "Somebody", "/name")]
    {
        let body = json!({ "name": name, "display_name": shown });
        let (status, problem) = send(&app, &root, "POST", "/people", body).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(at)),
            "{problem}"
        );
    }
    // What a role means counts from the next request on, and a person kept out is out at once, tokens included.
    let token = app.token(Some("bo"), &[Scope::Read]).await;
    let held = json!({ "assignments": { "roles": [{ "role": "security_operator" }] } });
    let (status, changed) = send(&app, &root, "PATCH", &path, held).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(changed["assignments"]["roles"][0]["role"], "security_operator");
    let (status, _) = send(&app, &root, "PATCH", &path, json!({ "enabled": false })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(app.get("/", &[("cookie", &cookie)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.api(&token, "GET", ACTIONS, None).await.status, StatusCode::UNAUTHORIZED);

    let records = app.store.audit_after(0, 1_000).await.unwrap();
    let record = records.iter().find(|record| record.kind == domain::AuditKind::AccessChanged).unwrap();
    assert_eq!(record.body["before"]["roles"][0]["role"], "security_reader");
    assert_eq!(record.body["after"]["roles"][0]["role"], "security_operator");
    let record = records.iter().find(|record| record.kind == domain::AuditKind::UserChanged).unwrap();
    assert_eq!(
        (&record.body["before"]["enabled"], &record.body["credentials_ended"]),
        (&json!(true), &json!(2))
    );
    store::verify(&*app.store).await.unwrap();
}

#[tokio::test]
async fn nobody_raises_themselves_and_the_last_administrator_stays() {
    let (app, root) = administered().await;
    let (_, people) = send(&app, &root, "GET", "/people", Value::Null).await;
    let own = format!("/people/{}", people[0]["id"].as_str().unwrap());
    for change in [json!({ "enabled": false }), json!({ "assignments": { "roles": [] } })] {
        let (status, problem) = send(&app, &root, "PATCH", &own, change).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    }
    let second = person(&app, &root, "sec", json!({ "roles": [{ "role": "security_administrator" }] })).await;
    let sec = app.token(Some("sec"), Scope::ALL).await;
    // A Security Administrator neither makes nor unmakes a Global Administrator.
    let global = json!({ "assignments": { "roles": [{ "role": "global_administrator" }] } });
    for (path, change) in [
        (own.clone(), json!({ "enabled": false })),
        (own.clone(), json!({ "password": "another long password" })),
        (format!("/people/{second}"), global),
    ] {
        let (status, problem) = send(&app, &sec, "PATCH", &path, change).await;
        assert!(
            matches!(status, StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY),
            "{path} {problem}"
        );
    }
    let (status, _) =
        send(&app, &root, "PATCH", &format!("/people/{second}"), json!({ "enabled": false })).await;
    assert_eq!(status, StatusCode::OK);
    // A token without the scope administers nothing, whoever owns it.
    let reads = app.token(Some("root"), &[Scope::Read]).await;
    assert_eq!(app.api(&reads, "GET", "/api/v1/people", None).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_token_is_rotated_and_its_tool_stays_the_same() {
    let (app, root) = administered().await;
    let body = json!({ "name": "scanner", "scopes": ["actions:propose"], "days": 30 });
    let (status, made) = send(&app, &root, "POST", "/tokens", body.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let old = made["secret"].as_str().unwrap().to_owned();
    let items = json!({ "actions": [proposal("x-1")] });
    let first = app.api(&old, "POST", ACTIONS, Some(&items)).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let rotate = format!("/tokens/{}/rotate", made["id"].as_str().unwrap());
    let (status, next) = send(&app, &root, "POST", &rotate, json!({ "overlap_hours": 2 })).await;
    assert_eq!(status, StatusCode::CREATED, "{next}");
    let new = next["secret"].as_str().unwrap().to_owned();
    // Both secrets go on for two hours, and are one tool: a repeat by the new one makes nothing new.
    assert_eq!(app.api(&old, "GET", ACTIONS, None).await.status, StatusCode::OK);
    assert!(app.api(&new, "POST", ACTIONS, Some(&items)).await.status.is_success());
    app.clock.forward(jiff::SignedDuration::from_hours(3));
    assert_eq!(app.api(&old, "GET", ACTIONS, None).await.status, StatusCode::UNAUTHORIZED);
    let listed = app.api(&new, "GET", ACTIONS, None).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    // No secret is in a list, in the log, or anybody else's to make.
    let (_, tokens) = send(&app, &root, "GET", "/tokens", Value::Null).await;
    assert!(!tokens.to_string().contains(&new));
    let log = app.store.audit_after(0, 1_000).await.unwrap();
    assert!(log.iter().all(|record| !record.body.to_string().contains(&new)));
    let id = person(&app, &root, "bo", json!({})).await;
    let body = json!({ "name": "x", "owner": id, "scopes": ["actions:decide"], "days": 30 });
    let (status, problem) = send(&app, &root, "POST", "/tokens", body).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/owner"))
    );
    // What a tool could do nothing with is not made for one.
    for scope in ["actions:decide", "access:administer", "executors:manage", "notifications:manage"] {
        let body = json!({ "name": "x", "scopes": [scope], "days": 30 });
        let (status, problem) = send(&app, &root, "POST", "/tokens", body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{scope}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], "/scopes", "{problem}");
    }
    let revoke = format!("/tokens/{}", next["id"].as_str().unwrap());
    assert_eq!(
        app.api(&root, "DELETE", &format!("/api/v1{revoke}"), None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(app.api(&new, "GET", ACTIONS, None).await.status, StatusCode::UNAUTHORIZED);
}

/// The actions on devices of groups and on a mailbox, by the first letter of the device.
async fn estate(app: &App) -> Vec<(String, char)> {
    let tool = app.token(None, &[Scope::Propose]).await;
    let mut items = Vec::new();
    for n in 0..24 {
        let letter = ['a', 'b', 'c', 'd'][n % 4];
        let mut item = proposal(&format!("{n}"));
        item["asset"]["name"] = json!(format!("{letter}-{n}"));
        // What a tool says of its own group decides nothing where rules do.
        item["asset"]["device_group"] = json!("Alpha");
        item["entity"]["path"] = json!(format!("/srv/{n}"));
        items.push(item);
    }
    let mut mail = proposal("mail");
    mail["type"] = json!("soft_delete_email");
    mail["entity"] =
        json!({ "kind": "email_message", "message_id": "<1@a>", "subject": "s", "sender": "a@b.example" });
    mail["asset"] = json!({ "kind": "mailbox", "name": "ana@a.example" });
    items.push(mail);
    let answer = app.api(&tool, "POST", ACTIONS, Some(&json!({ "actions": items }))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let made = answer.json();
    let letter = |n: usize| if n == 24 { '@' } else { ['a', 'b', 'c', 'd'][n % 4] };
    let ids = made["actions"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
    ids.enumerate().map(|(n, id)| (id, letter(n))).collect()
}

#[tokio::test]
async fn who_is_limited_to_device_groups_can_tell_nothing_of_others() {
    let (app, root) = administered().await;
    let groups = [
        ('a', group(&app, &root, "Alpha", "a-").await),
        ('b', group(&app, &root, "Beta", "b-").await),
        ('c', group(&app, &root, "Gamma", "c-").await),
        ('d', "00000000-0000-7000-8000-0000000000ff".to_owned()),
    ];
    let actions = estate(&app).await;
    let mut checked = 0;
    for mask in 0..16_usize {
        let chosen: Vec<_> = groups
            .iter()
            .enumerate()
            .filter(|(at, _)| mask & (1 << at) != 0)
            .map(|(_, group)| group)
            .collect();
        let ids: Vec<_> = chosen.iter().map(|(_, id)| id).collect();
        let name = format!("person-{mask}");
        let held = json!({ "roles": [{ "role": "security_operator" }], "device_groups": ids });
        person(&app, &root, &name, held).await;
        let token = app.token(Some(&name), &[Scope::Read, Scope::Decide]).await;
        let sees = |letter: char| letter == '@' || chosen.iter().any(|(of, _)| *of == letter);
        let wanted: BTreeSet<_> =
            actions.iter().filter(|(_, letter)| sees(*letter)).map(|(id, _)| id.clone()).collect();
        for query in ["", "&severity=high", "&q=srv", "&type=quarantine_file", "&device_group=Beta"] {
            let expected: BTreeSet<_> = actions
                .iter()
                .filter(|(id, letter)| {
                    wanted.contains(id)
                        && (!query.contains("device_group") || *letter == 'b')
                        && (*letter != '@' || !query.contains("type") && !query.contains("srv"))
                })
                .map(|(id, _)| id.clone())
                .collect();
            let get = async |path: String| app.api(&token, "GET", &path, None).await;
            let list = get(format!("{ACTIONS}?lane=pending&limit=200{query}")).await.json();
            let listed: BTreeSet<_> = list["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|of| of["id"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(listed, expected, "{mask} {query}");
            let counts = get(format!("{ACTIONS}/counts?lane=pending{query}")).await.json();
            assert_eq!(counts["matches"], json!(expected.len()), "{mask} {query} {counts}");
            let export = get(format!("{ACTIONS}.jsonl?lane=pending{query}")).await.text();
            assert_eq!(
                export.lines().filter(|line| !line.is_empty()).count(),
                expected.len(),
                "{mask} {query}"
            );
            let buckets = get(format!("{ACTIONS}/buckets?lane=pending{query}")).await.text();
            let hidden = actions.iter().filter(|(id, _)| !wanted.contains(id));
            for (id, _) in hidden {
                assert!(!buckets.contains(id.as_str()), "{mask} {query}");
            }
            let plan = json!({ "verb": "reject", "matching": format!("lane=pending{query}") });
            let plan = app.api(&token, "POST", "/api/v1/bulk-plans", Some(&plan)).await.json();
            assert!(plan["total"].as_u64().is_none_or(|total| total == expected.len() as u64), "{plan}");
            checked += 5;
        }
        // A hidden one answers as one that never was.
        for (id, letter) in &actions {
            let status = app.api(&token, "GET", &format!("{ACTIONS}/{id}"), None).await.status;
            assert_eq!(status == StatusCode::OK, sees(*letter), "{mask} {letter}");
            assert!(status == StatusCode::OK || status == StatusCode::NOT_FOUND);
        }
    }
    assert!(checked >= 300, "{checked}");
}

#[tokio::test]
async fn a_device_moves_with_its_rows_when_rules_or_devices_change() {
    let (app, root) = administered().await;
    let actions = estate(&app).await;
    let of = async |id: &str| -> Value {
        app.api(&root, "GET", &format!("{ACTIONS}/{id}"), None).await.json()["asset"]["device_group"].clone()
    };
    assert_eq!(of(&actions[1].0).await, "Alpha", "the tool's word, where no rule is");
    let beta = group(&app, &root, "Beta", "b-").await;
    assert_eq!((of(&actions[1].0).await, of(&actions[0].0).await), (json!("Beta"), Value::Null));
    let counts = app.api(&root, "GET", &format!("{ACTIONS}/counts?lane=pending"), None).await.json();
    let facet = counts["facets"].as_array().unwrap().iter().find(|of| of["facet"] == "device_group").unwrap();
    let beta_count = facet["values"].as_array().unwrap().iter().find(|of| of["value"] == "Beta").unwrap();
    assert_eq!(beta_count["count"], 6);
    // One that stands before it takes what it matches; a preview says so first.
    let rule = json!([{ "field": "name", "comparison": "is", "value": "b-1" }]);
    let trial = json!({ "rule": rule, "rank": 1 });
    let (_, preview) = send(&app, &root, "POST", "/device-groups/preview", trial).await;
    assert_eq!((&preview["matches"], &preview["names"]), (&json!(1), &json!(["b-1"])));
    let form = json!({ "name": "First", "level": "full", "rule": rule, "rank": 1 });
    let (status, _) = send(&app, &root, "POST", "/device-groups", form).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(of(&actions[1].0).await, "First");
    // What is decided still is what was seen: the group is no part of the digest.
    let shown = app.api(&root, "GET", &format!("{ACTIONS}/{}", actions[5].0), None).await.json();
    let path = format!("/api/v1/device-groups/{beta}");
    assert_eq!(app.api(&root, "DELETE", &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(of(&actions[5].0).await, Value::Null);
    let body = json!({ "expected_version": shown["version"], "digest": shown["digest"] });
    let answer = app.api(&root, "POST", &format!("{ACTIONS}/{}/approve", actions[5].0), Some(&body)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let (_, groups) = send(&app, &root, "GET", "/device-groups", Value::Null).await;
    let names: Vec<_> = groups.as_array().unwrap().iter().map(|of| of["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["First", "Ungrouped devices"]);
}

#[tokio::test]
async fn it_is_answered_who_can_and_why_others_can_not() {
    let (app, root) = administered().await;
    let alpha = group(&app, &root, "Alpha", "a-").await;
    let actions = estate(&app).await;
    let remediates = json!([
        { "role": "security_reader" }, { "role": "active_remediation_actions", "device_groups": [alpha] }
    ]);
    person(&app, &root, "tech", json!({ "roles": remediates })).await;
    let investigator = json!([{ "role_group": "00000000-0000-7000-8000-000000000003" }]);
    let portal = person(&app, &root, "portal", json!({ "role_groups": investigator })).await;
    let why = async |id: &str| -> Vec<(String, Value)> {
        let (_, answers) = send(&app, &root, "GET", &format!("/actions/{id}/deciders"), Value::Null).await;
        let all = answers.as_array().unwrap().clone();
        all.iter().map(|of| (of["name"].as_str().unwrap().to_owned(), of["why_not"].clone())).collect()
    };
    let of = |answers: &[(String, Value)], name: &str| {
        answers.iter().find(|(other, _)| other == name).unwrap().1.clone()
    };
    let on_alpha = why(&actions[0].0).await;
    assert_eq!(of(&on_alpha, "The tech"), Value::Null);
    let on_beta = why(&actions[1].0).await;
    let said = of(&on_beta, "The tech");
    assert!(said.as_str().unwrap().contains("not on those of the group Ungrouped devices"), "{said}");
    let said = of(&on_beta, "The portal");
    assert!(said.as_str().unwrap().contains("gives no access to the Action center by itself"), "{said}");
    // The flyout names nobody who could not.
    let tech = app.token(Some("tech"), &[Scope::Decide]).await;
    let shown = app.api(&tech, "GET", &format!("{ACTIONS}/{}", actions[1].0), None).await.json();
    let body = json!({ "expected_version": shown["version"], "digest": shown["digest"] });
    let answer = app.api(&tech, "POST", &format!("{ACTIONS}/{}/approve", actions[1].0), Some(&body)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let (_, can) = send(&app, &root, "GET", &format!("/people/{portal}/access"), Value::Null).await;
    let view = &can["permissions"][0];
    assert_eq!((&view["held"], &view["permission"]), (&json!(false), &json!("view")));
    assert!(view["holders"].as_array().unwrap().contains(&json!("The tech")), "{view}");
}

#[tokio::test]
async fn a_token_is_taken_for_no_person_and_no_other_token() {
    let (app, root) = administered().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let people = app.api(&root, "GET", "/api/v1/people", None).await.json();
    let people = people.as_array().unwrap();
    let person =
        people.iter().find(|person| person["name"] == "ana").unwrap()["display_name"].as_str().unwrap();
    let make = async |name: &str| {
        let body = json!({ "name": name, "scopes": ["actions:propose"], "days": 1 });
        send(&app, &root, "POST", "/tokens", body).await
    };
    assert_eq!(make("xdr-connector").await.0, StatusCode::CREATED);
    assert_eq!(make("xdr-connector").await.0, StatusCode::CREATED, "the same tool with another secret");
    let alike = person.replace('a', "\u{430}").to_uppercase();
    for (name, words) in [
        (person, "it after the tool"),
        (alike.as_str(), "the name of ana"),
        ("xdr-c\u{43e}nnector", "looks like \"xdr-connector\""),
        ("XDR-connector", "looks like \"xdr-connector\""),
        ("xdr\u{200b}", "visible characters"),
        (" ", "visible characters"),
    ] {
        let (status, problem) = make(name).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], "/name", "{problem}");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(words), "{name}: {problem}");
    }
    // Beside the token of a person stands the person.
    let own = app.token_named(person, Some("root"), &[Scope::Propose]).await;
    let taken = app.api(&own, "POST", ACTIONS, Some(&json!({ "actions": [proposal("x-1")] }))).await.json();
    let id = taken["actions"][0]["id"].as_str().unwrap();
    let action = app.api(&root, "GET", &format!("{ACTIONS}/{id}"), None).await.json();
    assert_eq!(action["proposed_by"]["person"]["name"], "Ana Sousa");
    let csv =
        app.api(&root, "GET", &format!("{ACTIONS}.csv?lane=pending&cols=proposed_by"), None).await.text();
    assert!(csv.contains("Ana Sousa by token"), "{csv}");
}

#[tokio::test]
async fn who_is_limited_takes_action_on_devices_of_their_groups_alone() {
    let (app, root) = administered().await;
    let alpha = group(&app, &root, "Alpha", "a-").await;
    group(&app, &root, "Beta", "b-").await;
    estate(&app).await;
    let held = json!({ "roles": [{ "role": "security_operator" }], "device_groups": [alpha] });
    person(&app, &root, "tech", held).await;
    let tech = app.token(Some("tech"), &[Scope::Read, Scope::Decide]).await;
    let take = async |token: &str, device: &str| {
        let asset = json!({ "kind": "device", "name": device, "device_group": "Alpha" });
        let body = json!({ "type": "isolate_device", "entity": { "kind": "device", "name": device }, "asset": asset,
            "comment": "Beaconing" });
        send(&app, token, "POST", "/actions/take", body).await
    };
    for device in ["a-0", "a-new"] {
        let (status, taken) = take(&tech, device).await;
        assert_eq!(
            (status, &taken["asset"]["device_group"]),
            (StatusCode::CREATED, &json!("Alpha")),
            "{taken}"
        );
    }
    // Of another group, of none, and one that there is not: the same is told of each, whatever group is named.
    for device in ["b-1", "d-3", "b-new", "z-new"] {
        let (status, problem) = take(&tech, device).await;
        let told = (&problem["errors"][0]["pointer"], &problem["errors"][0]["detail"]);
        let wanted = (json!("/asset/name"), json!("must be a device of a device group that you see"));
        assert_eq!((status, told), (StatusCode::UNPROCESSABLE_ENTITY, (&wanted.0, &wanted.1)), "{device}");
        assert!(!problem.to_string().contains("Beta"), "{problem}");
    }
    // Who sees all of them names none either, where rules do.
    let (status, taken) = take(&root, "d-3").await;
    assert_eq!((status, &taken["asset"]["device_group"]), (StatusCode::CREATED, &Value::Null), "{taken}");
}

#[tokio::test]
async fn who_has_what_today_is_imported_into_custom_roles() {
    let (app, root) = administered().await;
    let alpha = group(&app, &root, "Alpha", "a-").await;
    let remediates = json!([{ "role": "active_remediation_actions", "device_groups": [alpha] }]);
    let tech = person(&app, &root, "tech", json!({ "roles": remediates })).await;
    let mails = json!([{ "role": "security_operator" }, { "role": "search_and_purge" }]);
    person(&app, &root, "mailer", json!({ "roles": mails })).await;
    let ask = async |workload: &str, what: &str| {
        let path = format!("/roles/unified/{workload}/{what}");
        let (status, answer) = send(&app, &root, "POST", &path, json!({ "on": true })).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    };
    let before = ask("devices", "preview").await;
    assert_eq!((&before[0]["name"], &before[0]["loses"]), (&json!("The tech"), &json!(["view", "devices"])));
    // Response (manage) is of users, too, which is said.
    let still = json!([{ "person": tech, "name": "The tech", "gains": ["users"], "loses": [] }]);
    assert_eq!(ask("devices", "import").await, still);
    assert_eq!(ask("devices", "import").await, still, "once");
    assert_eq!(ask("email", "preview").await[0]["loses"], json!(["email"]));
    assert_eq!(ask("email", "import").await, json!([]));
    let held = app.api(&root, "GET", &format!("/api/v1/people/{tech}"), None).await.json();
    let given = &held["assignments"]["role_groups"];
    assert_eq!((given.as_array().unwrap().len(), &given[0]["device_groups"]), (1, &json!([alpha])), "{held}");
    let roles = app.api(&root, "GET", "/api/v1/roles", None).await.json();
    let names: Vec<_> =
        roles["role_groups"].as_array().unwrap().iter().filter(|of| of["model"] == "unified").collect();
    assert_eq!(names.len(), 2, "{roles}");
    let (status, _) = send(&app, &root, "PUT", "/roles/unified/devices", json!({ "on": true })).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let can = app.api(&root, "GET", &format!("/api/v1/people/{tech}/access"), None).await.json();
    let devices =
        can["permissions"].as_array().unwrap().iter().find(|of| of["permission"] == "devices").unwrap();
    assert_eq!((&devices["held"], &devices["device_groups"]), (&json!(true), &json!(["Alpha"])), "{can}");
}
