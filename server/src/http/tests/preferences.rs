//! What people set for themselves, as a form without wasm and as a server function's call.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, ORIGIN, REFERER};
use domain::Role;
use serde_json::{Value, json};

use crate::http::testing::{Answer, App, proposal, request};
use domain::Scope;

const REFERRER: &str = "http://localhost:8080/action-center/history?q=a";

async fn start() -> (App, String) {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityReader]).await;
    let cookie = app.cookie("ana").await;
    (app, cookie)
}

/// As a browser without wasm posts a form.
async fn post(app: &App, cookie: &str, path: &str, form: &str) -> Answer {
    let request = request("POST", path, &[])
        .header(ORIGIN, "http://localhost:8080")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "text/html,application/xhtml+xml")
        .header(REFERER, REFERRER)
        .header(COOKIE, cookie);
    app.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

async fn ask(app: &App, cookie: &str, path: &str) -> Value {
    let answer = app.form(path, Some(cookie), "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_form_saves_a_table_and_leads_back() {
    let (app, cookie) = start().await;
    let form = "lane=history&columns%5B%5D=entity%3A240&columns%5B%5D=asset&columns[]=comment&density=comfortable\
                &limit=100&back=%2Faction-center%2Fhistory%3Fq%3Db";
    let answer = post(&app, &cookie, "/api/save_table", form).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/action-center/history?q=b"));
    let saved = ask(&app, &cookie, "/api/load_preferences").await;
    let table =
        json!({"columns": ["entity:240", "asset", "comment"], "density": "comfortable", "limit": 100});
    assert_eq!(saved["history"], table);
    assert_eq!(saved["time_zone"], "UTC");

    // Nobody is sent elsewhere; without a way back it is the page that the form was on.
    for back in
        ["", "&back=//evil.example", "&back=https://evil.example", "&back=%2F%5Cevil", "&back=/a%0d%0ab"]
    {
        let form = format!("lane=history&columns%5B%5D=asset&density=compact&limit=25{back}");
        let answer = post(&app, &cookie, "/api/save_table", &form).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, REFERRER), "{back}");
    }
    let answer = post(&app, &cookie, "/api/reset_table", "lane=history&back=/").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/"));
    assert_eq!(ask(&app, &cookie, "/api/load_preferences").await["history"]["limit"], 50);
}

#[tokio::test]
async fn what_no_list_can_be_like_is_refused() {
    let (app, cookie) = start().await;
    let before = ask(&app, &cookie, "/api/load_preferences").await;
    for form in [
        "lane=history&density=compact&limit=50",
        "lane=history&columns[]=colour&density=compact&limit=50",
        "lane=history&columns[]=asset&columns[]=asset&density=compact&limit=50",
        "lane=history&columns[]=asset:9&density=compact&limit=50",
        "lane=history&columns[]=asset&density=huge&limit=50",
        "lane=history&columns[]=asset&density=compact&limit=7",
        "lane=past&columns[]=asset&density=compact&limit=50",
        "",
    ] {
        let answer = app.form("/api/save_table", Some(&cookie), form).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (422, &json!("invalid")), "{form}");
        // A form's page says so by the code in its address.
        let answer = post(&app, &cookie, "/api/save_table", form).await;
        assert_eq!(answer.status, 302, "{form}");
        assert!(answer.header("location").contains("__err="), "{form}: {}", answer.header("location"));
    }
    assert_eq!(ask(&app, &cookie, "/api/load_preferences").await, before);
    for path in ["save_table", "reset_table", "load_preferences", "load_views", "save_view", "delete_view"] {
        let form = "lane=history&columns[]=asset&density=compact&limit=50&name=a\
                    &id=01890a5d-ac96-774b-bcce-b302099a8057";
        let answer = app.form(&format!("/api/{path}"), None, form).await;
        assert_eq!(answer.status, 401, "{path}");
    }
}

#[tokio::test]
async fn views_are_saved_as_their_list_is_written() {
    let (app, cookie) = start().await;
    let form = "name=+Mine+&lane=history&shows=limit%3D50%26q%3Da%2520b%26type%3Disolate_device%26cursor%3Dx\
                &is_default=true&back=/action-center/history";
    let answer = post(&app, &cookie, "/api/save_view", form).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/action-center/history"));
    let views = ask(&app, &cookie, "/api/load_views").await;
    let expected = json!({
        "id": views[0]["id"], "name": "Mine", "lane": "history", "shows": "type=isolate_device&q=a%20b&limit=50",
        "is_default": true,
    });
    assert_eq!(views, json!([expected]));

    for (form, why) in [
        ("name=MINE&lane=history", "another view of yours"),
        ("name=+&lane=history", "1 to 60"),
        ("name=b&lane=history&shows=colour%3Dred", "colour"),
        ("name=b&lane=history&shows=lane%3Dpending", "lane"),
        ("name=b&lane=past", "Lane"),
    ] {
        let answer = app.form("/api/save_view", Some(&cookie), form).await;
        assert_eq!(answer.status, 422, "{form}");
        assert!(answer.text().contains(why), "{form}: {}", answer.text());
    }
    let other = app.form("/api/save_view", Some(&cookie), "name=b&lane=pending").await.json();
    assert_eq!((&other["shows"], &other["is_default"]), (&json!(""), &json!(false)));

    let id = |view: &Value| view["id"].as_str().unwrap().to_owned();
    let form = format!("id={}", id(&other));
    assert_eq!(app.form("/api/set_default_view", Some(&cookie), &form).await.status, 200);
    let views = ask(&app, &cookie, "/api/load_views").await;
    assert_eq!((&views[0]["name"], &views[0]["is_default"]), (&json!("b"), &json!(true)));
    assert_eq!((&views[1]["name"], &views[1]["is_default"]), (&json!("Mine"), &json!(false)));
    assert_eq!(app.form("/api/set_default_view", Some(&cookie), "").await.status, 200);

    // Another's view is as good as none.
    app.user("ben", &[Role::SecurityReader]).await;
    let ben = app.cookie("ben").await;
    assert_eq!(ask(&app, &ben, "/api/load_views").await, json!([]));
    for path in ["/api/delete_view", "/api/set_default_view"] {
        let answer = app.form(path, Some(&ben), &form).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["detail"]),
            (404, &json!("no such saved view")),
            "{path}"
        );
    }
    assert_eq!(app.form("/api/delete_view", Some(&cookie), &form).await.status, 200);
    assert_eq!(app.form("/api/delete_view", Some(&cookie), &form).await.status, 404);
    let views = ask(&app, &cookie, "/api/load_views").await;
    assert_eq!((views.as_array().unwrap().len(), &views[0]["is_default"]), (1, &json!(false)));
}

#[tokio::test]
async fn a_list_has_as_many_rows_as_preferred_unless_its_address_says() {
    let (app, cookie) = start().await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let actions: Vec<_> = (0..60).map(|n| proposal(&format!("p{n}"))).collect();
    let sent = app.api(&tool, "POST", "/api/v1/actions", Some(&json!({ "actions": actions }))).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let rows = async |shows: &str| {
        let form = format!("lane=pending&shows={shows}");
        let answer = app.form("/api/list_actions", Some(&cookie), &form).await;
        answer.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(rows("").await, 50);
    let form = "lane=pending&columns[]=asset&density=compact&limit=25";
    assert_eq!(app.form("/api/save_table", Some(&cookie), form).await.status, 200);
    assert_eq!((rows("").await, rows("limit%3D50").await, rows("limit%3D100").await), (25, 50, 60));
    // A tool has no preferences.
    let reader = app.token(Some("ana"), &[Scope::Read]).await;
    let list = app.api(&reader, "GET", "/api/v1/actions?lane=pending", None).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn pages_are_as_preferred_from_their_first_byte_on() {
    let (app, cookie) = start().await;
    let tool = app.token(None, &[Scope::Propose]).await;
    let sent = app.api(&tool, "POST", "/api/v1/actions", Some(&json!({ "actions": [proposal("p")] }))).await;
    let open = format!("/action-center/pending?open={}", sent.json()["actions"][0]["id"].as_str().unwrap());
    let page = async |path: &str| {
        let answer = app.get(path, &[("accept", "text/html"), ("cookie", &cookie)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    };
    let before = page(&open).await;
    assert!(before.contains("2026-03-01 08:00:00 UTC") && before.contains("class=\"frame\""), "{before}");
    assert!(before.contains("<option value=\"UTC\" selected>"), "{before}");

    let form = "time_zone=Asia/Kathmandu&back=%2Faction-center%2Fpending%3Fopen%3D1";
    let answer = post(&app, &cookie, "/api/save_time_zone", form).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/action-center/pending?open=1"));
    let answer = post(&app, &cookie, "/api/save_pane", "collapsed=true&back=/").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/"));
    for path in [&open, "/"] {
        let page = page(path).await;
        assert!(page.contains("class=\"frame collapsed\""), "{page}");
        assert!(page.contains("2026-03-01 13:45:00 +05:45"), "{page}");
        assert!(page.contains("<option value=\"Asia/Kathmandu\" selected>"), "{page}");
    }
    // A zone that is not offered is one all the same.
    assert_eq!(app.form("/api/save_time_zone", Some(&cookie), "time_zone=Asia/Tokyo").await.status, 200);
    assert_eq!(app.form("/api/save_time_zone", Some(&cookie), "time_zone=Indian/Chagos").await.status, 200);
    assert!(page("/").await.contains("<option value=\"Indian/Chagos\" selected>"));
    for zone in ["Mars/Olympus_Mons", "", "..%2F..%2Fetc%2Fpasswd", "%2B01:00"] {
        let answer = app.form("/api/save_time_zone", Some(&cookie), &format!("time_zone={zone}")).await;
        assert_eq!(answer.status, 422, "{zone}: {}", answer.text());
    }
    assert_eq!(app.form("/api/save_pane", Some(&cookie), "collapsed=maybe").await.status, 422);
    assert_eq!(app.form("/api/save_pane", None, "collapsed=true").await.status, 401);
}

#[tokio::test]
async fn a_day_of_a_filter_is_the_persons_day() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let tool = app.token(None, &[Scope::Propose]).await;
    // 2026-03-01 14:38 UTC is 2026-03-02 in Auckland.
    app.clock.forward(jiff::SignedDuration::from_mins(6 * 60 + 38));
    let cookie = app.cookie("ana").await;
    let body = json!({ "actions": [proposal("x-1")] });
    assert_eq!(app.api(&tool, "POST", "/api/v1/actions", Some(&body)).await.status, 201);
    assert_eq!(
        app.form("/api/save_time_zone", Some(&cookie), "time_zone=Pacific/Auckland").await.status,
        200
    );
    let count = async |day: &str| {
        let path = format!("/export/actions.csv?lane=pending&from={day}&to={day}");
        app.get(&path, &[("cookie", &cookie)]).await.text().lines().count() - 1
    };
    assert_eq!((count("2026-03-01").await, count("2026-03-02").await, count("2026-03-03").await), (0, 1, 0));
}
