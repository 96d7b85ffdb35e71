//! SCIM through the real app: what directories write, in the ways in which they write it, and what becomes of people.

use domain::{Role, Scope};
use serde_json::{Value, json};

use crate::http::testing::{Answer, App};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// An app, and a directory's token.
async fn start() -> (App, String) {
    let app = App::start().await;
    app.user("root", &[Role::GlobalAdministrator]).await;
    let token = app.token_named("directory", None, &[Scope::Provision]).await;
    (app, token)
}

async fn scim(app: &App, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let answer = app.api(token, method, &format!("/scim/v2{path}"), body.as_ref()).await;
    (answer.status.as_u16(), read(&answer))
}

fn read(answer: &Answer) -> Value {
    if answer.body.is_empty() { Value::Null } else { answer.json() }
}

fn id(document: &Value) -> String {
    document["id"].as_str().unwrap().to_owned()
}

async fn add(app: &App, token: &str, name: &str) -> String {
    let body = json!({ "schemas": [USER], "userName": name, "externalId": format!("number-{name}"), "active": true });
    let (status, person) = scim(app, token, "POST", "/Users", Some(body)).await;
    assert_eq!(status, 201, "{person}");
    id(&person)
}

async fn add_group(app: &App, token: &str, name: &str, members: &[&str]) -> String {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    let body = json!({ "displayName": name, "members": members });
    let (status, group) = scim(app, token, "POST", "/Groups", Some(body)).await;
    assert_eq!(status, 201, "{group}");
    id(&group)
}

fn operation(op: &str, path: &str, value: Value) -> Value {
    json!({ "schemas": [PATCH], "Operations": [{ "op": op, "path": path, "value": value }] })
}

/// What a group gives, as an administrator sets it.
async fn give(app: &App, group: &str, role: &str) {
    let token = app.token(Some("root"), &[Scope::Administer]).await;
    let body = json!({ "group": group, "roles": [{ "role": role }] });
    let answer = app.api(&token, "PUT", "/api/v1/sign-in/groups", Some(&body)).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
}

/// What a person may do.
async fn permissions(app: &App, name: &str) -> Vec<String> {
    let user = app.store.user(name).await.unwrap().unwrap();
    user.access.permissions().into_iter().map(|of| of.to_string()).collect()
}

#[tokio::test]
async fn people_are_brought_in_found_and_changed() {
    let (app, token) = start().await;
    let body = json!({
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "UserName": "Ana.Sousa@example.org", "externalId": "7", "displayName": "Ana Sousa", "active": "True",
        "name": { "givenName": "Ana", "familyName": "Sousa" }, "title": "of no interest",
        "emails": [{ "value": "ana@example.org", "type": "work", "primary": true }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "SOC" },
    });
    let kind = [("content-type", "application/scim+json; charset=utf-8"), ("accept", "*/*")];
    let request = crate::http::testing::request("POST", "/scim/v2/Users", &kind)
        .header("authorization", format!("Bearer {token}"));
    let answer = app.send(request.body(body.to_string().into()).unwrap()).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/scim+json");
    let person = answer.json();
    let location = format!("/scim/v2/Users/{}", id(&person));
    assert_eq!(
        (answer.header("location"), &person["meta"]["location"]),
        (location.as_str(), &json!(location))
    );
    assert_eq!((&person["userName"], &person["active"]), (&json!("Ana.Sousa@example.org"), &json!(true)));
    assert!(person.get("title").is_none() && person["meta"]["created"].is_string());

    for (filter, want) in [
        ("userName eq \"ana.sousa@EXAMPLE.org\"", 1),
        ("externalId eq \"7\"", 1),
        ("displayName eq \"Ana Sousa\"", 1),
        ("userName eq \"root\"", 0),
        ("externalId eq \"8\"", 0),
    ] {
        let encoded: String = filter.replace(' ', "%20").replace('"', "%22");
        let (status, list) = scim(&app, &token, "GET", &format!("/Users?filter={encoded}"), None).await;
        assert_eq!((status, &list["totalResults"]), (200, &json!(want)), "{filter}");
    }
    for number in 0..5 {
        add(&app, &token, &format!("person-{number}")).await;
    }
    let mut names = std::collections::BTreeSet::new();
    for start in [1, 3, 5] {
        let path = format!("/Users?startIndex={start}&count=2&attributes=userName");
        let (_, page) = scim(&app, &token, "GET", &path, None).await;
        let sizes = (&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]);
        assert_eq!(sizes, (&json!(6), &json!(start), &json!(2)));
        assert!(page["Resources"][0].get("active").is_none());
        names.extend(page["Resources"].as_array().unwrap().iter().map(|of| of["userName"].to_string()));
    }
    assert_eq!(names.len(), 6, "each is on one page");

    // Another of the name, in any case; a local account is nobody's to take over.
    for taken in ["ana.sousa@example.org", "root", "ROOT"] {
        let (status, error) = scim(&app, &token, "POST", "/Users", Some(json!({ "userName": taken }))).await;
        assert_eq!(
            (status, &error["scimType"], &error["status"]),
            (409, &json!("uniqueness"), &json!("409")),
            "{taken}"
        );
    }
    let path = location.strip_prefix("/scim/v2").unwrap();
    let replaced = json!({ "userName": "ana.new@example.org", "externalId": "7", "displayName": "Ana New", "active": true });
    let (status, person) = scim(&app, &token, "PUT", path, Some(replaced)).await;
    assert_eq!((status, &person["userName"]), (200, &json!("ana.new@example.org")));
    assert!(person.get("emails").is_none(), "what is not named is gone");
    assert_eq!(app.store.user("ana.new@example.org").await.unwrap().unwrap().display_name, "Ana New");
    let of_another = json!({ "userName": "person-1" });
    assert_eq!(scim(&app, &token, "PUT", path, Some(of_another)).await.0, 409);
    for (method, path) in
        [("GET", "/Users/x"), ("PUT", "/Users/0190a000-0000-7000-8000-000000000000"), ("GET", "/Nothing")]
    {
        let (status, error) = scim(&app, &token, method, path, Some(json!({ "userName": "x" }))).await;
        assert_eq!(
            (status, &error["schemas"][0]),
            (404, &json!("urn:ietf:params:scim:api:messages:2.0:Error")),
            "{path}"
        );
    }
    for (body, word) in [
        (json!({ "userName": "" }), "invalidValue"),
        (json!({ "userName": "a b" }), "invalidValue"),
        (json!({}), "invalidValue"),
        (json!({ "userName": "x", "active": "perhaps" }), "invalidValue"),
        (json!([]), "invalidSyntax"),
    ] {
        let (status, error) = scim(&app, &token, "POST", "/Users", Some(body.clone())).await;
        assert_eq!((status, &error["scimType"]), (400, &json!(word)), "{body} {error}");
    }
}

#[tokio::test]
async fn who_leaves_can_do_nothing_at_once() {
    let (app, token) = start().await;
    give(&app, "responders", "security_operator").await;
    for (at, leave) in [
        ("ana", Some(operation("replace", "active", json!(false)))),
        ("ben", Some(operation("Replace", "active", json!("False")))),
        (
            "cy",
            Some(
                json!({ "schemas": [PATCH], "Operations": [{ "op": "Replace", "value": { "active": false } }] }),
            ),
        ),
        ("dee", None),
    ] {
        let person = add(&app, &token, at).await;
        add_group(&app, &token, &format!("others of {at}"), &[&person]).await;
        let group = add_group(&app, &token, "responders", &[&person]).await;
        assert!(permissions(&app, at).await.contains(&"devices".to_owned()), "{at} has what the group gives");
        let own = app.token(Some(at), &[Scope::Decide, Scope::Read]).await;
        assert_eq!(app.api(&own, "GET", "/api/v1/actions", None).await.status.as_u16(), 200);
        if let Some(body) = leave {
            let (status, after) = scim(&app, &token, "PATCH", &format!("/Users/{person}"), Some(body)).await;
            assert_eq!((status, &after["active"]), (200, &json!(false)), "{after}");
        } else {
            assert_eq!(scim(&app, &token, "DELETE", &format!("/Users/{person}"), None).await.0, 204);
            assert_eq!(scim(&app, &token, "GET", &format!("/Users/{person}"), None).await.0, 404);
            assert_eq!(scim(&app, &token, "DELETE", &format!("/Users/{person}"), None).await.0, 404);
            add(&app, &token, at).await;
        }
        // The token is over, not only without permissions.
        assert_eq!(app.api(&own, "GET", "/api/v1/actions", None).await.status.as_u16(), 401, "{at}");
        assert_eq!(scim(&app, &token, "DELETE", &format!("/Groups/{group}"), None).await.0, 204);
    }
    // Who comes back gets in again; what ended stays over.
    let (_, list) = scim(&app, &token, "GET", "/Users?filter=userName%20eq%20%22ana%22", None).await;
    let ana = id(&list["Resources"][0]);
    let back = operation("Add", "active", json!("True"));
    assert_eq!(scim(&app, &token, "PATCH", &format!("/Users/{ana}"), Some(back)).await.1["active"], true);
    assert!(app.store.user("ana").await.unwrap().unwrap().enabled);
    assert_eq!(permissions(&app, "ana").await, Vec::<String>::new(), "the group is gone");
}

#[tokio::test]
async fn an_administrator_keeps_somebody_out_whatever_the_directory_repeats() {
    let (app, token) = start().await;
    let ana = add(&app, &token, "ana").await;
    let admin = app.token(Some("root"), &[Scope::Administer]).await;
    let out =
        app.api(&admin, "PATCH", &format!("/api/v1/people/{ana}"), Some(&json!({ "enabled": false }))).await;
    assert_eq!(out.status.as_u16(), 200, "{}", out.text());
    let repeated =
        json!({ "userName": "ana", "externalId": "number-ana", "active": true, "displayName": "Ana" });
    let (status, person) = scim(&app, &token, "PUT", &format!("/Users/{ana}"), Some(repeated)).await;
    assert_eq!((status, &person["active"]), (200, &json!(false)), "{person}");
    assert!(!app.store.user("ana").await.unwrap().unwrap().enabled);
}

#[tokio::test]
async fn people_hold_what_their_groups_give() {
    let (app, token) = start().await;
    let (ana, ben) = (add(&app, &token, "ana").await, add(&app, &token, "ben").await);
    let readers = add_group(&app, &token, "readers", &[&ana]).await;
    assert_eq!(permissions(&app, "ana").await, Vec::<String>::new(), "a group gives nothing by itself");
    give(&app, "readers", "security_reader").await;
    assert_eq!(permissions(&app, "ana").await, ["view"], "at once");
    let path = format!("/Groups/{readers}");
    let (status, group) =
        scim(&app, &token, "PATCH", &path, Some(operation("Add", "members", json!([{ "value": ben }]))))
            .await;
    assert_eq!((status, group["members"].as_array().unwrap().len()), (200, 2));
    assert_eq!(permissions(&app, "ben").await, ["view"]);
    let (_, person) = scim(&app, &token, "GET", &format!("/Users/{ben}"), None).await;
    assert_eq!(
        (&person["groups"][0]["value"], &person["groups"][0]["display"]),
        (&json!(readers), &json!("readers"))
    );
    // Both ways to say who goes.
    let gone = operation("Remove", "members", json!([{ "value": ben }]));
    assert_eq!(scim(&app, &token, "PATCH", &path, Some(gone)).await.0, 200);
    assert_eq!(permissions(&app, "ben").await, Vec::<String>::new());
    let gone = json!({ "schemas": [PATCH], "Operations": [{ "op": "remove", "path": format!("members[value eq \"{ana}\"]") }] });
    assert_eq!(scim(&app, &token, "PATCH", &path, Some(gone)).await.0, 200);
    assert_eq!(permissions(&app, "ana").await, Vec::<String>::new());
    // A group that gets the name of one that gives, gives.
    let others = add_group(&app, &token, "others", &[&ana]).await;
    let (status, error) = scim(
        &app,
        &token,
        "PATCH",
        &format!("/Groups/{others}"),
        Some(operation("replace", "displayName", json!("readers"))),
    )
    .await;
    assert_eq!((status, &error["scimType"]), (409, &json!("uniqueness")));
    assert_eq!(scim(&app, &token, "DELETE", &path, None).await.0, 204);
    let renamed = operation("replace", "displayName", json!("readers"));
    assert_eq!(scim(&app, &token, "PATCH", &format!("/Groups/{others}"), Some(renamed)).await.0, 200);
    assert_eq!(permissions(&app, "ana").await, ["view"]);
    // What an administrator gave by hand is left alone by groups that give nothing.
    add_group(&app, &token, "gardeners", &[&ben]).await;
    for bad in [
        json!([{ "value": "nobody" }]),
        json!([{ "value": "0190a000-0000-7000-8000-000000000000" }]),
        json!([{ "value": others, "type": "Group" }]),
    ] {
        let (status, error) = scim(
            &app,
            &token,
            "PATCH",
            &format!("/Groups/{others}"),
            Some(operation("add", "members", bad.clone())),
        )
        .await;
        assert_eq!((status, &error["scimType"]), (400, &json!("invalidValue")), "{bad} {error}");
    }
    let verified = app.store.verify_log(&[]).await.unwrap();
    assert!(verified.records > 10);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let (app, token) = start().await;
    give(&app, "admins", "global_administrator").await;
    let (ana, ben) = (add(&app, &token, "ana").await, add(&app, &token, "ben").await);
    let group = add_group(&app, &token, "admins", &[&ana]).await;
    let own = app.token(Some("ana"), &[Scope::Administer]).await;
    let root = app.store.user("root").await.unwrap().unwrap().id;
    let out = json!({ "enabled": false });
    let out = app.api(&own, "PATCH", &format!("/api/v1/people/{root}"), Some(&out)).await;
    assert_eq!(out.status.as_u16(), 200, "{}", out.text());
    let (person, group) = (format!("/Users/{ana}"), format!("/Groups/{group}"));
    let inactive = json!({ "userName": "ana", "externalId": "number-ana", "active": false });
    for (method, path, body) in [
        ("PATCH", &person, Some(operation("replace", "active", json!(false)))),
        ("PUT", &person, Some(inactive)),
        ("DELETE", &person, None),
        ("PATCH", &group, Some(operation("remove", "members", json!([{ "value": ana }])))),
        ("PATCH", &group, Some(operation("replace", "displayName", json!("gardeners")))),
        ("PUT", &group, Some(json!({ "displayName": "admins", "members": [] }))),
        ("PUT", &group, Some(json!({ "displayName": "admins", "members": [{ "value": ben }] }))),
        ("DELETE", &group, None),
    ] {
        let (status, answer) = scim(&app, &token, method, path, body.clone()).await;
        if body.as_ref().is_some_and(|body| body["members"][0]["value"] == json!(ben)) {
            // Another takes the place.
            assert_eq!(status, 200, "{answer}");
            let back = json!({ "displayName": "admins", "members": [{ "value": ana }] });
            assert_eq!(scim(&app, &token, method, path, Some(back)).await.0, 200);
            continue;
        }
        assert_eq!(status, 400, "{method} {path} {answer}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains("would leave nobody who can administer people and roles"), "{detail}");
        assert!(permissions(&app, "ana").await.contains(&"administer".to_owned()), "{method} {path}");
        assert_eq!(
            app.api(&own, "GET", "/api/v1/people", None).await.status.as_u16(),
            200,
            "{method} {path}"
        );
    }
    // Once somebody else has it, too, the directory's word counts.
    let both = operation("add", "members", json!([{ "value": ben }]));
    assert_eq!(scim(&app, &token, "PATCH", &group, Some(both)).await.0, 200);
    assert_eq!(scim(&app, &token, "DELETE", &person, None).await.0, 204);
    assert!(permissions(&app, "ben").await.contains(&"administer".to_owned()));
    // Where nobody administers it makes nothing worse.
    let lone = App::start().await;
    let token = lone.token_named("directory", None, &[Scope::Provision]).await;
    let cy = add(&lone, &token, "cy").await;
    assert_eq!(scim(&lone, &token, "DELETE", &format!("/Users/{cy}"), None).await.0, 204);
}

#[tokio::test]
async fn only_tokens_that_were_made_for_it_bring_people_in() {
    let (app, token) = start().await;
    app.user("operator", &[Role::SecurityOperator]).await;
    let mut refused = vec![
        (app.token(None, &[Scope::Read, Scope::Propose]).await, 403),
        (app.token(Some("operator"), &[Scope::Provision]).await, 403),
        ("cst_nothing".to_owned(), 401),
        (String::new(), 401),
    ];
    let cookie = app.cookie("root").await;
    let answer = app.get("/scim/v2/Users", &[("cookie", &cookie)]).await;
    assert_eq!(answer.status.as_u16(), 401, "a session is none");
    refused.push((app.token(Some("root"), &[Scope::Administer]).await, 403));
    for (token, want) in &refused {
        for (method, path) in [
            ("GET", "/Users"),
            ("POST", "/Users"),
            ("GET", "/Groups"),
            ("POST", "/Groups"),
            ("GET", "/Schemas"),
            ("GET", "/ServiceProviderConfig"),
            ("GET", "/ResourceTypes"),
        ] {
            let body = (method == "POST").then(|| json!({ "userName": "x", "displayName": "x" }));
            let (status, error) = scim(&app, token, method, path, body).await;
            assert_eq!((status, &error["status"]), (*want, &json!(want.to_string())), "{method} {path}");
        }
    }
    // It is good for nothing else.
    for (method, path) in [("GET", "/api/v1/actions"), ("GET", "/api/v1/people"), ("GET", "/api/v1/sign-in")]
    {
        assert_eq!(app.api(&token, method, path, None).await.status.as_u16(), 403, "{path}");
    }
    // Whoever fills the groups says who is Global Administrator: only one of these makes such a token, or such a group.
    app.user("administrator", &[Role::SecurityAdministrator]).await;
    let less = app.token(Some("administrator"), &[Scope::Administer]).await;
    let new = json!({ "name": "directory", "scopes": ["scim"], "days": 1 });
    let made = app.api(&less, "POST", "/api/v1/tokens", Some(&new)).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
    give(&app, "chiefs", "global_administrator").await;
    assert_eq!(app.api(&less, "POST", "/api/v1/tokens", Some(&new)).await.status.as_u16(), 403);
    let group = json!({ "group": "mine", "roles": [{ "role": "global_administrator" }] });
    assert_eq!(app.api(&less, "PUT", "/api/v1/sign-in/groups", Some(&group)).await.status.as_u16(), 403);
    let group = json!({ "group": "chiefs", "roles": [{ "role": "security_reader" }] });
    assert_eq!(app.api(&less, "PUT", "/api/v1/sign-in/groups", Some(&group)).await.status.as_u16(), 403);
    let settings = json!({ "name": "x", "issuer": "https://x.example.org", "client_id": "x" });
    let provider = json!({ "settings": settings, "client_secret": "s" });
    assert_eq!(app.api(&less, "PUT", "/api/v1/sign-in/provider", Some(&provider)).await.status.as_u16(), 403);
}
