//! Who gets which answer from which route: the documentation of what roles and scopes allow, as a golden file.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p server --lib authorization` writes it anew. A change in it is a change of who may
//! do what, to be reviewed as one. People present their session and a personal token with every scope, tools their token
//! alone. Nothing is decided: requests show a version that no action has, or lack something, so whoever may gets 409 or
//! 422 where others get 401, 403 or 404. The actions are of devices in the group `here`.
//!
//! Another encoding of the same request is no other door: it is refused, or answered alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

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
const UNKNOWN_ID: &str = "019ad000-0000-7000-8000-000000000000";

/// Routes that no list of routes names.
const OTHER_ROUTES: &[(&str, &str)] = &[
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/events"),
    ("GET", "/export/settings/people"),
    ("GET", "/export/settings/tokens"),
    ("GET", "/export/settings/sessions"),
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

/// What to send: everything that authorization looks at, and nothing that would change anything for others.
#[expect(clippy::too_many_lines, reason = "a row for each route")]
fn body(path: &str, id: &str) -> String {
    let seen = format!("id={id}&expected_version=0&digest=x");
    match path {
        "/api/v1/actions" => json!({ "actions": [] }).to_string(),
        "/api/v1/actions/{id}/approve" => json!({ "expected_version": 0, "digest": "x" }).to_string(),
        "/api/v1/actions/{id}/reject" | "/api/v1/actions/{id}/undo" => {
            json!({ "expected_version": 0, "digest": "x", "reason": "no" }).to_string()
        }
        "/api/v1/actions/{id}/settle" => {
            json!({ "expected_version": 0, "digest": "x", "happened": true, "evidence": "no" }).to_string()
        }
        "/api/v1/actions/{id}/report" => {
            json!({ "expected_version": 0, "digest": "x", "done": true }).to_string()
        }
        "/api/v1/actions/{id}/supersede" => {
            json!({ "expected_version": 0, "digest": "x", "by": UNKNOWN_ID }).to_string()
        }
        "/api/v1/actions/{id}/break-glass" => {
            json!({ "expected_version": 0, "digest": "x", "reason": LONG_REASON }).to_string()
        }
        "/api/v1/actions/{id}/break-glass/review" => json!({ "comment": "no" }).to_string(),
        "/api/v1/policies" => json!({ "name": " ", "when": {}, "demand": "held" }).to_string(),
        "/api/add_protection" => "name=+&demand=held".to_owned(),
        "/api/remove_protection" => "name=none&confirm=true".to_owned(),
        "/api/break_glass" => format!("{seen}&reason={LONG_REASON}"),
        "/api/review_break_glass" => format!("id={id}&comment=no"),
        "/api/unlink_identities" => format!("person={id}&confirm=true"),
        "/api/load_identities" => format!("person={id}"),
        path if path.starts_with("/api/v1/actions/{id}/") => {
            json!({ "expected_version": 0, "digest": "x" }).to_string()
        }
        // Longer than a reason may be.
        "/api/v1/automation/stop" => json!({ "reason": "x".repeat(501) }).to_string(),
        "/api/switch_automation" => format!("stop=true&confirm=true&reason={}", "x".repeat(501)),
        "/api/v1/automation/quotas/{type}" => json!({ "per_hour": 4_000_000 }).to_string(),
        "/api/set_quota" => "action_type=isolate_device&per_hour=4000000".to_owned(),
        "/api/v1/automation/simulate" => {
            json!({ "device_group": UNKNOWN_ID, "level": "full", "days": 7 }).to_string()
        }
        "/api/simulate_level" => format!("device_group={UNKNOWN_ID}&level=full&days=7"),
        "/api/add_notification_rule" => "name=+&channel=email".to_owned(),
        "/api/test_notification_rule" | "/api/remove_notification_rule" => "name=none".to_owned(),
        "/api/change_incident" => "id=none&expected_version=1".to_owned(),
        "/api/comment_incident" => "id=none&text=no".to_owned(),
        "/api/decide_waiting" => format!("{seen}&verb=approve"),
        "/api/report_evidence" => "investigation=none&evidence=none&kind=false_positive".to_owned(),
        "/api/report_verdict" => format!("id={id}&kind=false_positive"),
        "/api/v1/feedback" => json!({ "action_id": id, "kind": "false_positive" }).to_string(),
        "/api/take_action" => "fields=type%3Disolate_device".to_owned(),
        "/api/v1/people" => json!({ "name": " " }).to_string(),
        "/api/v1/people/{id}" => json!({ "enabled": true }).to_string(),
        "/api/v1/roles" | "/api/v1/roles/{id}" => {
            json!({ "name": " ", "model": "unified", "permissions": [] }).to_string()
        }
        "/api/v1/roles/unified/{workload}" | "/api/v1/roles/unified/{workload}/preview" => {
            json!({ "on": false }).to_string()
        }
        "/api/v1/device-groups" | "/api/v1/device-groups/{id}" => {
            json!({ "name": " ", "level": "full", "rule": [] }).to_string()
        }
        "/api/v1/device-groups/preview" => {
            json!({ "rule": [{ "field": "name", "comparison": "is", "value": "a" }] }).to_string()
        }
        "/api/v1/sign-in/provider" => {
            json!({ "settings": { "name": "", "issuer": "", "client_id": "" } }).to_string()
        }
        "/api/v1/sign-in/groups" => json!({ "group": " " }).to_string(),
        "/api/v1/tokens" => json!({ "name": " ", "scopes": [], "days": 1 }).to_string(),
        "/api/v1/bulk-plans" => json!({ "verb": "approve", "ids": [] }).to_string(),
        "/api/v1/tasks/{id}/assign" => json!({ "expected_version": 0, "digest": "x" }).to_string(),
        "/api/v1/responder-codes" => json!({ "asset": " " }).to_string(),
        "/api/v1/executors/{name}/move" => json!({ "place": 1 }).to_string(),
        path if path.starts_with("/api/v1/") || path.starts_with("/scim/") => "{}".to_owned(),
        "/api/approve_action" | "/api/assign_task" => seen,
        "/api/reject_action" | "/api/undo_action" => format!("{seen}&reason=no"),
        "/api/follow_up_action" => format!("{seen}&verb=cancel"),
        "/api/list_actions" | "/api/count_actions" | "/api/load_buckets" | "/api/reset_table" => {
            "lane=pending".to_owned()
        }
        "/api/save_table" => "lane=pending&columns[]=asset&density=compact&limit=25".to_owned(),
        "/api/list_cases" => "list=incidents".to_owned(),
        "/api/choose_columns" => "list=incidents&columns[]=id".to_owned(),
        "/api/list_admin" => "list=people".to_owned(),
        "/api/choose_admin_columns" => "list=people&columns[]=name".to_owned(),
        "/api/save_view" => "name=+&lane=pending".to_owned(),
        "/api/save_time_zone" => "time_zone=UTC".to_owned(),
        "/api/save_pane" => "collapsed=false".to_owned(),
        "/api/plan_bulk" => "verb=approve".to_owned(),
        "/api/add_executor" => "name=&kind=manual&serves=*".to_owned(),
        "/api/change_executor" => "name=none&kind=manual&serves=*".to_owned(),
        "/api/set_executor_steps" => "name=none&action_type=isolate_device&steps=a".to_owned(),
        "/api/move_executor" => "name=none&place=1".to_owned(),
        "/api/replay_delivery" => format!("name=none&id={id}"),
        "/api/load_deliveries" => "name=none".to_owned(),
        "/api/make_responder_code" => "asset=+".to_owned(),
        "/api/load_tasks" => "holder=anybody".to_owned(),
        "/api/add_person" => "name=+".to_owned(),
        "/api/enable_person" => format!("id={id}&enabled=false&confirm=true"),
        "/api/rename_person" => format!("id={id}&display_name=A"),
        "/api/reset_password" => format!("id={id}&password=x&confirm=true"),
        "/api/give_roles" | "/api/delete_role" | "/api/delete_device_group" | "/api/revoke_credential" => {
            format!("id={id}&confirm=true")
        }
        "/api/save_role" => "name=+&model=unified".to_owned(),
        "/api/save_device_group" => "name=+&level=full".to_owned(),
        "/api/switch_unified" => "workload=devices&on=false&confirm=true".to_owned(),
        "/api/preview_unified" => "workload=devices&on=true".to_owned(),
        "/api/preview_rule" => "rule=name+is+a".to_owned(),
        "/api/load_credentials" => "sort=session&mine=false".to_owned(),
        "/api/save_provider" => {
            "name=&issuer=&client_id=&groups_claim=&directory_claim=&confirm=true".to_owned()
        }
        "/api/remove_provider" | "/api/renew_recovery_codes" | "/api/save_factor_policy" => {
            "confirm=true".to_owned()
        }
        "/api/save_group_roles" | "/api/remove_group_roles" => "group=+&confirm=true".to_owned(),
        "/api/make_token" => "name=+&days=1".to_owned(),
        "/api/rotate_token" => format!("id={id}&overlap_hours=1"),
        "/api/load_what_can" => String::new(),
        "/api/load_who_can" => format!("action={id}"),
        "/sign-in" => "name=unknown&password=wrong".to_owned(),
        "/demo/sign-in" => "role=security_reader".to_owned(),
        "/sign-in/second-step" | "/api/confirm_totp" | "/api/step_up" => "code=000000".to_owned(),
        "/api/rename_own" => "display_name=+".to_owned(),
        "/api/save_color_scheme" => "color_scheme=system".to_owned(),
        "/api/save_density" => "density=compact".to_owned(),
        "/api/add_passkey" => "passkey=x".to_owned(),
        "/api/reset_factors" => format!("id={id}&confirm=true"),
        "/first-administrator" => "key=none&name=a&password=b".to_owned(),
        _ => format!("id={id}"),
    }
}

/// The encoding in which a route is called.
fn encoding(path: &str) -> &'static str {
    if path.starts_with("/api/v1/") || path.starts_with("/scim/") {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    }
}

/// Long enough for break-glass.
const LONG_REASON: &str = "it-can-not-wait-for-others";

const ENCODINGS: [&str; 4] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
];

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
    let mut rows = Vec::new();
    for (path, method) in &routes(&app).await {
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
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    for (now, before) in text.lines().zip(golden.lines()) {
        assert_eq!(now, before, "who may do what changed; see the top of this file");
    }
    assert_eq!(text.lines().count(), golden.lines().count(), "routes came or went; see the top of this file");
}
