//! Lists of people, tokens, sessions, role groups and device groups as pages that a browser without scripts shows.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, ORIGIN};
use domain::{Role, Scope};

use crate::http::testing::{App, request};

/// How many columns a page's table shows.
fn columns(page: &str) -> usize {
    page.matches("<th scope=\"col\"").count()
}

#[tokio::test]
async fn lists_of_administration_are_links_and_forms() {
    let app = App::start().await;
    for (name, role) in
        [("ana", Role::GlobalAdministrator), ("Bea", Role::SecurityReader), ("ben", Role::SecurityReader)]
    {
        app.user(name, &[role]).await;
    }
    let cookie = app.cookie("ana").await;
    app.token_named("Scanner", None, &[Scope::Propose]).await;
    let get = async |path: &str| {
        let answer = app.get(path, &[("cookie", &cookie), ("accept", "text/html")]).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.text()
    };
    let page = get("/settings/people").await;
    assert_eq!(columns(&page), 8, "{page}");
    for href in ["href=\"/settings/people?sort=-name\"", "href=\"/export/settings/people\""] {
        assert!(page.contains(href), "{href} {page}");
    }
    assert!(page.contains("action=\"/api/choose_admin_columns\""), "{page}");
    let few = get("/settings/people?state=enabled&q=be&cols=name,state&sort=-name").await;
    assert_eq!(columns(&few), 2, "{few}");
    assert!(few.contains("aria-sort=\"descending\"") && !few.contains("Global Administrator,"), "{few}");
    assert!(get("/settings/people?q=nobody").await.contains("No row matches."));
    let tokens = get("/settings/tokens?whose=tool").await;
    assert!(tokens.contains("Scanner") && tokens.contains("/api/rotate_token"), "{tokens}");
    let sessions = get("/settings/sessions?sort=person").await;
    assert!(sessions.contains("This session") && sessions.contains("/api/revoke_credential"), "{sessions}");
    let roles = get("/settings/roles?holds=search_and_purge&sort=-name").await;
    for part in ["Data Investigator", "href=\"/export/settings/roles?", "/api/save_role", "Unified RBAC"] {
        assert!(roles.contains(part), "{part} {roles}");
    }
    let groups = get("/settings/device-groups?level=semi_all&__rule=name+starts_with+nowhere-").await;
    for part in ["Ungrouped devices", "href=\"/export/settings/device-groups?", "0 devices meet it"] {
        assert!(groups.contains(part), "{part} {groups}");
    }
    assert!(get("/settings/device-groups?level=full").await.contains("No row matches."));

    let form = request("POST", "/api/choose_admin_columns", &[])
        .header(ORIGIN, "http://localhost:8080")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "text/html")
        .header(COOKIE, cookie.as_str());
    let body = "list=people&columns[]=name&columns[]=state&shift=up%3Astate&back=%2Fsettings%2Fpeople";
    let answer = app.send(form.body(Body::from(body)).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/settings/people"));
    let page = get("/settings/people").await;
    assert_eq!(columns(&page), 2, "{page}");
    let place = |head: &str| page.find(&format!("sort={head}\"")).unwrap();
    assert!(place("state") < place("-name"), "moved up: {page}");

    let file = app.get("/export/settings/people?q=be&sort=name", &[("cookie", &cookie)]).await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(file.text().lines().count(), 3, "{}", file.text());
    let refused =
        app.get("/settings/people?sort=ends", &[("cookie", &cookie), ("accept", "text/html")]).await;
    assert_eq!(refused.status, 422);
}
