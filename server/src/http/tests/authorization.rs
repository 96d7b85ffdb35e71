//! Who gets which answer from which route: the documentation of what roles and scopes allow, as a golden file.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p server --lib authorization` writes it anew. A change in it is a change of who may
//! do what, to be reviewed as one. People present their session and a personal token with every scope, tools their token
//! alone. Nothing is decided: requests show a version that no action has, or lack something, so whoever may gets 409 or
//! 422 where others get 401, 403 or 404. The actions are of devices in the group `here`. To add a route, add its line to a
//! file of `tests/requests` if it asks for more than an id.
//!
//! Another encoding of the same request is no other door: it is refused, or answered alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN};
use domain::actions::export::ExportFormat;
use domain::{Role, Scope};
use leptos::server_fn::axum::server_fn_paths;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::http::pages;
use crate::http::testing::{App, proposal, request};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/authorization.golden");
const REQUESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/requests");
const UNKNOWN_ID: &str = "019ad000-0000-7000-8000-000000000000";

/// Routes that no list of routes names.
const OTHER_ROUTES: &[(&str, &str)] = &[
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/events"),
    ("GET", "/export/settings/people"),
    ("GET", "/export/settings/tokens"),
    ("GET", "/export/settings/sessions"),
    ("GET", "/export/settings/roles"),
    ("GET", "/export/settings/device-groups"),
    ("GET", "/export/incidents"),
    ("GET", "/export/investigations"),
    ("GET", "/export/investigations/{id}/{tab}"),
    ("GET", "/export/actions/{id}/package"),
    ("GET", "/healthz"),
    ("GET", "/no-such-page"),
    ("GET", "/pkg/a-1.js"),
    ("GET", "/problems/conflict"),
    ("GET", "/readyz"),
    ("GET", "/robots.txt"),
    ("POST", "/csp-reports"),
    ("GET", "/sign-in/provider"),
    ("GET", "/sign-in/provider/return"),
    ("DELETE", "/scim/v2/Groups/{id}"),
    ("DELETE", "/scim/v2/Users/{id}"),
    ("GET", "/scim/v2/Groups"),
    ("GET", "/scim/v2/Groups/{id}"),
    ("GET", "/scim/v2/ResourceTypes"),
    ("GET", "/scim/v2/Schemas"),
    ("GET", "/scim/v2/ServiceProviderConfig"),
    ("GET", "/scim/v2/Users"),
    ("GET", "/scim/v2/Users/{id}"),
    ("PATCH", "/scim/v2/Groups/{id}"),
    ("PATCH", "/scim/v2/Users/{id}"),
    ("POST", "/scim/v2/Groups"),
    ("POST", "/scim/v2/Users"),
    ("PUT", "/scim/v2/Groups/{id}"),
    ("PUT", "/scim/v2/Users/{id}"),
    ("GET", "/mde/api/machineactions"),
    ("GET", "/mde/api/machineactions/{id}"),
    ("GET", "/mde/api/machineactions/{id}/GetPackageUri"),
    ("POST", "/mde/api/machineactions/{id}/cancel"),
    ("POST", "/mde/api/machines/{name}/isolate"),
    ("POST", "/demo/sign-in"),
    ("POST", "/first-administrator"),
    ("POST", "/sign-in/second-step"),
    ("POST", "/sign-in"),
];

/// People, their roles, and the one device group that they are limited to, if they are.
const PEOPLE: &[(&str, &[Role], Option<&str>)] = &[
    ("reader", &[Role::SecurityReader], None),
    ("technician", &[Role::ActiveRemediationActions], None),
    ("technician-here", &[Role::ActiveRemediationActions], Some("here")),
    ("operator", &[Role::SecurityOperator], None),
    ("operator-purge", &[Role::SecurityOperator, Role::SearchAndPurge], None),
    ("operator-elsewhere", &[Role::SecurityOperator], Some("elsewhere")),
    ("administrator", &[Role::SecurityAdministrator], None),
    ("administrator-purge", &[Role::SecurityAdministrator, Role::SearchAndPurge], None),
    ("global", &[Role::GlobalAdministrator], None),
];

/// Who was kept out after they had signed in and made a token.
const DISABLED: &str = "disabled";

/// Device groups, and how the names of their devices begin.
const GROUPS: [(&str, &str); 2] = [("here", "web-"), ("elsewhere", "db-")];

/// Tokens of one scope each; what only people do is done by a person's.
const TOOLS: &[(&str, Scope, Option<&str>)] = &[
    ("propose", Scope::Propose, None),
    ("read", Scope::Read, None),
    ("decide", Scope::Decide, Some("operator")),
    ("record", Scope::Record, None),
    ("provision", Scope::Provision, None),
    ("executors", Scope::Executors, Some("global")),
    ("notifications", Scope::Notifications, Some("global")),
    ("administer", Scope::Administer, Some("global")),
];

/// Who calls, and what they present.
struct Principal {
    name: &'static str,
    cookie: Option<String>,
    token: Option<String>,
}

async fn principals(app: &App) -> Vec<Principal> {
    let mut all = vec![Principal { name: "nobody", cookie: None, token: None }];
    app.user("root", &[Role::GlobalAdministrator]).await;
    let root = app.token(Some("root"), Scope::ALL).await;
    let administer = async |method: &str, path: &str, body: Value| {
        let answer = app.api(&root, method, &format!("/api/v1{path}"), Some(&body)).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        answer.json()
    };
    let mut groups = BTreeMap::new();
    for (name, begins) in GROUPS {
        let rule = json!([{ "field": "name", "comparison": "starts_with", "value": begins }]);
        let made =
            administer("POST", "/device-groups", json!({ "name": name, "level": "full", "rule": rule }))
                .await;
        groups.insert(name, made["id"].clone());
    }
    let nobodys = [(DISABLED, &[Role::SecurityOperator][..], None)];
    for (name, roles, group) in nobodys.iter().chain(PEOPLE) {
        let limited = group.map(|group| groups[group].clone());
        let roles: Vec<_> = roles.iter().map(|role| json!({ "role": role.as_str() })).collect();
        let mut held = json!({ "roles": roles });
        if let Some(group) = limited {
            held["device_groups"] = json!([group]);
        }
        let person = json!({ "name": name, "display_name": name, "password": "correct horse battery", "assignments": held });
        let person = administer("POST", "/people", person).await;
        let (cookie, token) = (app.cookie(name).await, app.token(Some(name), Scope::ALL).await);
        if *name == DISABLED {
            let path = format!("/people/{}", person["id"].as_str().unwrap());
            administer("PATCH", &path, json!({ "enabled": false })).await;
        }
        all.push(Principal { name, cookie: Some(cookie), token: Some(token) });
    }
    for (name, scope, owner) in TOOLS {
        all.push(Principal { name, cookie: None, token: Some(app.token(*owner, &[*scope]).await) });
    }
    all
}

/// An action of each permission that deciding may need, by the name of what it is on.
async fn actions(app: &App) -> Vec<(&'static str, String)> {
    let mut items = [proposal("device"), proposal("email"), proposal("user")];
    items[1]["type"] = json!("soft_delete_teams_message");
    items[1]["entity"] = json!({ "kind": "teams_message", "message_id": "m", "sender": "a", "channel": "c" });
    items[2]["type"] = json!("disable_user");
    items[2]["entity"] = json!({ "kind": "user", "name": "b" });
    let tool = app.token_named("another tool", None, &[Scope::Propose]).await;
    let answer = app.api(&tool, "POST", "/api/v1/actions", Some(&json!({ "actions": items }))).await;
    let id = |n: usize| answer.json()["actions"][n]["id"].as_str().unwrap().to_owned();
    vec![("device", id(0)), ("email", id(1)), ("user", id(2))]
}

/// Every route there is: method and path, with its parameters in braces.
pub(super) async fn routes(app: &App) -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    let mut add = |method: &str, path: &str| routes.insert((path.to_owned(), method.to_owned()));
    let document: Value = app.get("/api/v1/openapi.json", &[]).await.json();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            add(&method.to_uppercase(), path);
        }
    }
    for (path, method) in server_fn_paths() {
        // The macro's own paths have a hash; ours are fixed.
        add(method.as_str(), path);
    }
    for listing in pages::routes(&app.state).iter().filter(|listing| !listing.path().starts_with("/api/")) {
        add("GET", listing.path());
    }
    for format in ExportFormat::on_page() {
        add("GET", &format.page_path());
    }
    for (method, path) in OTHER_ROUTES {
        add(method, path);
    }
    routes
}

/// What to send to a path: everything that authorization looks at, and nothing that would change anything for others.
/// Each area has a file of its own, in which a line is a path and what it gets.
static BODIES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut bodies = BTreeMap::new();
    for entry in fs::read_dir(REQUESTS).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines().filter(|line| line.starts_with('/')) {
            let (path, body) = line.split_once(' ').unwrap_or((line, ""));
            let body = body.replace("{501 characters}", &"x".repeat(501));
            assert!(bodies.insert(path.to_owned(), body).is_none(), "{path} gets two bodies");
        }
    }
    bodies
});

fn body(path: &str, id: &str) -> String {
    match BODIES.get(path) {
        Some(body) => body.replace("{id}", id),
        None if encoding(path) == JSON => "{}".to_owned(),
        None => format!("id={id}"),
    }
}

/// The encoding in which a route is called.
fn encoding(path: &str) -> &'static str {
    let is_for_tools = ["/api/v1/", "/scim/", "/mde/"].iter().any(|root| path.starts_with(root));
    if is_for_tools { JSON } else { FORM }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const ENCODINGS: [&str; 4] = [JSON, FORM, "text/plain", "multipart/form-data; boundary=x"];

async fn status(app: &App, who: &Principal, method: &str, path: &str, id: &str) -> u16 {
    status_in(app, who, method, path, id, encoding(path)).await
}

async fn status_in(app: &App, who: &Principal, method: &str, path: &str, id: &str, encoding: &str) -> u16 {
    let uri = path.replace("{lane}", "pending").replace("{workload}", "devices");
    let uri = uri
        .replace("{id}", id)
        .replace("{name}", "none")
        .replace("{type}", "isolate_device")
        .replace("{tab}", "alerts");
    // Pages are for browsers.
    let accept = if method == "GET" { "text/html" } else { "application/json" };
    let mut request = request(method, &uri, &[]).header(ACCEPT, accept);
    if let Some(cookie) = &who.cookie {
        request = request.header(COOKIE, cookie);
    }
    if let Some(token) = &who.token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    if method == "GET" {
        let request = request.body(Body::empty()).unwrap();
        return app.router.clone().oneshot(request).await.unwrap().status().as_u16();
    }
    request = request.header(CONTENT_TYPE, encoding).header(ORIGIN, "http://localhost:8080");
    let request = request.body(Body::from(body(path, id))).unwrap();
    app.router.clone().oneshot(request).await.unwrap().status().as_u16()
}

/// Routes on one action answer by what it is on.
fn is_about_an_action(path: &str) -> bool {
    path.starts_with("/api/v1/actions/{id}")
        || [
            "/api/approve_action",
            "/api/reject_action",
            "/api/undo_action",
            "/api/follow_up_action",
            "/api/load_action",
        ]
        .contains(&path)
}

#[tokio::test]
async fn t07_the_golden_file_says_who_may_do_what() {
    let app = App::start().await;
    let principals = principals(&app).await;
    let actions = actions(&app).await;
    let routes = routes(&app).await;
    for path in BODIES.keys() {
        assert!(
            routes.iter().any(|(known, _)| known == path),
            "tests/requests names {path}, which is no route"
        );
    }
    let mut rows = Vec::new();
    for (path, method) in &routes {
        let about: Vec<_> = if is_about_an_action(path) {
            actions.iter().map(|(on, id)| (format!(" ({on})"), id.as_str())).collect()
        } else {
            vec![(String::new(), UNKNOWN_ID)]
        };
        for (on, id) in about {
            let mut answers = Vec::new();
            for who in &principals {
                let answer = status(&app, who, method, path, id).await;
                if method != "GET" && ["nobody", "global"].contains(&who.name) {
                    for other in ENCODINGS.into_iter().filter(|other| *other != encoding(path)) {
                        let alike = status_in(&app, who, method, path, id, other).await;
                        assert!(
                            alike == answer || (400..500).contains(&alike),
                            "{method} {path} as {other} by {}: {alike}, not {answer}",
                            who.name
                        );
                    }
                }
                answers.push(answer.to_string());
            }
            rows.push((format!("{method} {path}{on}"), answers));
        }
    }
    // Last, as it ends the sessions.
    let mut answers = Vec::new();
    for who in &principals {
        answers.push(status(&app, who, "POST", "/sign-out", "").await.to_string());
    }
    rows.push(("POST /sign-out".to_owned(), answers));

    let width = rows.iter().map(|(route, _)| route.len()).max().unwrap();
    let mut text = String::new();
    write!(text, "{:width$}", "").unwrap();
    for who in &principals {
        write!(text, " {}", who.name).unwrap();
    }
    for (route, answers) in &rows {
        write!(text, "\n{route:width$}").unwrap();
        for (who, answer) in principals.iter().zip(answers) {
            write!(text, " {answer:column$}", column = who.name.len()).unwrap();
        }
    }
    let text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(GOLDEN, &text).unwrap();
    }
    let golden = fs::read_to_string(GOLDEN).unwrap_or_default();
    for (now, before) in text.lines().zip(golden.lines()) {
        assert_eq!(now, before, "who may do what changed; see the top of this file");
    }
    assert_eq!(text.lines().count(), golden.lines().count(), "routes came or went; see the top of this file");
}
