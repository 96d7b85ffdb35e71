//! Second factors at the edge: the second step of a sign-in, who must have one, and showing one again.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, ORIGIN, REFERER, SET_COOKIE};
use domain::{AuditKind, Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};
use service::clock::Clock as _;
use service::testing::totp_code;

use crate::http::testing::{Answer, App, request};

const PASSWORD: &str = "password=correct+horse+battery";

/// A cookie of an answer, to be sent back.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let all = answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.filter_map(|value| value.split(';').next());
    let start = format!("{name}=");
    pairs.find(|pair| pair.starts_with(&start) && pair.len() > start.len()).map(str::to_owned)
}

/// Somebody who set up an app.
struct Enrolled {
    secret: String,
    recovery: Vec<String>,
}

impl Enrolled {
    fn code(&self, app: &App) -> String {
        totp_code(&self.secret, app.clock.now())
    }
}

/// Sets an app up in a session.
async fn enrol(app: &App, session: &str) -> Enrolled {
    assert_eq!(app.form("/api/begin_totp", Some(session), "").await.status, 200);
    let own = app.form("/api/load_factors", Some(session), "").await.json();
    let pending = &own["pending"];
    let secret = pending["secret"].as_str().unwrap().to_owned();
    assert!(pending["uri"].as_str().unwrap().starts_with("otpauth://totp/Countersign:"), "{pending}");
    assert!(pending["qr"].as_str().unwrap().starts_with("data:image/svg+xml;base64,"));
    let wrong = app.form("/api/confirm_totp", Some(session), "code=000000").await;
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    let code = totp_code(&secret, app.clock.now());
    let confirmed = app.form("/api/confirm_totp", Some(session), &format!("code={code}")).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    let codes = cookie(&confirmed, "countersign-recovery-codes").unwrap();
    let recovery: Vec<_> = codes.split_once('=').unwrap().1.split('.').map(str::to_owned).collect();
    assert_eq!(recovery.len(), 10);
    Enrolled { secret, recovery }
}

/// Shows a password; what the browser holds until the second factor.
async fn first_step(app: &App, name: &str) -> String {
    let answer = app.form("/sign-in", None, &format!("name={name}&{PASSWORD}")).await;
    assert_eq!(answer.header("location"), "/sign-in/second-step?next=/action-center");
    assert_eq!(cookie(&answer, "__Host-session"), None, "no session yet");
    cookie(&answer, "__Host-step").unwrap()
}

/// Shows a code; where that leads, and the session.
async fn second_step(app: &App, step: &str, code: &str) -> (String, Option<String>) {
    let answer = app.form("/sign-in/second-step", Some(step), &format!("code={code}")).await;
    (answer.header("location").to_owned(), cookie(&answer, "__Host-session"))
}

const WRONG: &str = "/sign-in/second-step?error=wrong&next=/action-center";
const OVER: &str = "/sign-in?error=over&next=/action-center";

#[tokio::test]
async fn t41_a_password_alone_signs_nobody_in_who_has_a_second_factor() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let session = app.cookie("ana").await;
    let ana = enrol(&app, &session).await;

    let step = first_step(&app, "ana").await;
    let answer = app.get("/action-center/history", &[("cookie", &step), ("accept", "text/html")]).await;
    assert!(answer.header("location").starts_with("/sign-in?"), "what is held meanwhile opens nothing");
    let page = app.get("/sign-in/second-step", &[("cookie", &step), ("accept", "text/html")]).await;
    assert!(page.text().contains("one-time-code"), "{}", page.text());
    let asked = app.form("/api/load_second_step", Some(&step), "").await;
    assert_eq!((asked.status.as_u16(), asked.json()), (200, json!({ "passkey": false })));

    // The code that confirmed the app was used.
    assert_eq!(second_step(&app, &step, &ana.code(&app)).await, (WRONG.to_owned(), None));
    app.clock.forward(SignedDuration::from_secs(30));
    assert_eq!(second_step(&app, "__Host-step=guessed", &ana.code(&app)).await.0, OVER);
    let code = ana.code(&app);
    let (to, signed_in) = second_step(&app, &step, &code).await;
    assert_eq!(to, "/action-center");
    let signed_in = signed_in.unwrap();
    let alive = app.form("/api/session", Some(&signed_in), "").await;
    assert_eq!(alive.status, 200);
    assert_eq!(second_step(&app, &step, &code).await.0, OVER, "what was held is used up");
    let step = first_step(&app, "ana").await;
    assert_eq!(second_step(&app, &step, &code).await.0, WRONG, "a code is taken once");

    // A recovery code is good once, however it is typed.
    let typed = ana.recovery[0].replace('-', "").to_uppercase();
    assert!(second_step(&app, &step, &typed).await.1.is_some());
    let step = first_step(&app, "ana").await;
    assert_eq!(second_step(&app, &step, &ana.recovery[0]).await, (WRONG.to_owned(), None));
    assert!(second_step(&app, &step, &ana.recovery[1]).await.1.is_some());
    let own = app.form("/api/load_factors", Some(&signed_in), "").await.json();
    assert_eq!(own["view"]["recovery_codes"], 8);

    // Ten minutes lie between the password and the second factor at most.
    let step = first_step(&app, "ana").await;
    app.clock.forward(SignedDuration::from_mins(10));
    assert_eq!(second_step(&app, &step, &ana.code(&app)).await.0, OVER);
}

#[tokio::test]
async fn t24_codes_are_guessed_as_slowly_as_passwords() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let ana = enrol(&app, &app.cookie("ana").await).await;
    app.clock.forward(SignedDuration::from_secs(30));
    // Five tries a password, ten without a pause.
    for _ in 0..2 {
        let step = first_step(&app, "ana").await;
        for _ in 0..5 {
            assert_eq!(second_step(&app, &step, "000000").await.0, WRONG);
        }
        assert_eq!(second_step(&app, &step, &ana.code(&app)).await.0, OVER, "five tries are the most");
    }
    let step = first_step(&app, "ana").await;
    assert_eq!(second_step(&app, &step, &ana.code(&app)).await.0, WRONG, "paused");
    app.clock.forward(SignedDuration::from_secs(2));
    assert!(second_step(&app, &step, &ana.code(&app)).await.1.is_some(), "a pause ends");
    let log = app.store.audit_after(0, 100).await.unwrap();
    let failed = log.iter().filter(|record| record.kind == AuditKind::SignInFailed);
    assert!(failed.clone().count() >= 10);
    assert!(failed.clone().all(|record| record.body["reason"] == "wrong second factor"));
}

#[tokio::test]
async fn t41_who_must_have_a_second_factor_does_nothing_else_until_then() {
    let app = App::start().await;
    app.user("root", &[Role::GlobalAdministrator]).await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let root = app.token(Some("root"), Scope::ALL).await;
    let ana = app.cookie("ana").await;
    let policy = json!({ "roles": ["security_operator"], "role_groups": [] });
    let set = app.api(&root, "PUT", "/api/v1/second-factor-policy", Some(&policy)).await;
    assert_eq!((set.status.as_u16(), set.json()), (200, policy.clone()));
    assert_eq!(app.api(&root, "GET", "/api/v1/second-factor-policy", None).await.json(), policy);
    let unknown = json!({ "role_groups": ["019ad000-0000-7000-8000-000000000000"] });
    assert_eq!(app.api(&root, "PUT", "/api/v1/second-factor-policy", Some(&unknown)).await.status, 422);

    // The session that she had, and the next one.
    for session in [&ana, &app.cookie("ana").await] {
        let html = [("cookie", session.as_str()), ("accept", "text/html")];
        let led = app.get("/action-center/history?q=x", &html).await;
        assert_eq!(led.header("location"), "/second-factor?next=/action-center/history%3Fq%3Dx");
        assert!(app.get("/second-factor", &html).await.text().contains("Set up an authenticator app"));
        for path in
            ["/api/session", "/api/load_views", "/api/lane_counts", "/api/remove_factor", "/api/make_token"]
        {
            let form =
                "id=019ad000-0000-7000-8000-000000000000&name=t&days=1&mine=true&scopes[]=actions:read";
            assert_eq!(app.form(path, Some(session), form).await.status, 401, "{path}");
        }
        assert_eq!(app.get("/events", &[("cookie", session)]).await.status, 401);
        assert!(!app.get("/action-center/export.csv", &[("cookie", session)]).await.status.is_success());
    }
    let session = app.cookie("ana").await;
    enrol(&app, &session).await;
    let html = [("cookie", session.as_str()), ("accept", "text/html")];
    assert_eq!(app.get("/action-center/history", &html).await.status, 200);
    assert_eq!(
        app.get("/second-factor?next=/action-center/history", &html).await.header("location"),
        "/action-center/history"
    );
}

#[tokio::test]
async fn t41_administration_asks_for_a_fresh_second_factor() {
    let app = App::start().await;
    app.user("root", &[Role::GlobalAdministrator]).await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let (token, session) = (app.token(Some("root"), Scope::ALL).await, app.cookie("root").await);
    let root = enrol(&app, &session).await;
    let policy = json!({ "roles": [] });
    let put = async || app.api(&token, "PUT", "/api/v1/second-factor-policy", Some(&policy)).await;
    assert_eq!(put().await.status, 200, "it was shown just now");
    app.clock.forward(SignedDuration::from_mins(5));

    let refused = put().await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["type"].clone()),
        (403, json!("/problems/step_up_required"))
    );
    assert!(
        refused.json()["detail"].as_str().unwrap().contains("second factor once more"),
        "{}",
        refused.text()
    );
    let changes = [
        ("/api/add_person", "name=ben&roles[]=security_reader"),
        ("/api/save_device_group", "name=x&level=full"),
        ("/api/make_token", "name=t&days=1&mine=true&scopes[]=access:administer"),
        ("/api/add_notification_rule", "name=x&channel=email&to=a@b.example&on[]=waits"),
        ("/api/add_executor", "name=x&kind=manual&serves=*"),
        ("/api/save_role", "name=x&model=unified"),
        ("/api/begin_totp", ""),
    ];
    for (path, form) in changes {
        let answer = app.form(path, Some(&session), form).await;
        assert_eq!(answer.status, 403, "{path} {}", answer.text());
        assert_eq!(answer.json()["code"], "step_up_required", "{path}");
    }
    for (path, form) in
        [("/api/list_admin", "list=people"), ("/api/load_roles", ""), ("/api/load_factors", "")]
    {
        assert_eq!(app.form(path, Some(&session), form).await.status, 200, "reading asks for none: {path}");
    }
    // A form without scripts is led to where it is shown, and back.
    let form = request("POST", "/api/add_person", &[])
        .header(ORIGIN, "http://localhost:8080")
        .header(REFERER, "http://localhost:8080/settings/people?x=1")
        .header(ACCEPT, "text/html")
        .header(COOKIE, session.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = app.send(form.body(Body::from("name=ben&roles[]=security_reader")).unwrap()).await;
    let to = answer.header("location").to_owned();
    assert_eq!(to, "/settings/step-up?back=%2Fsettings%2Fpeople%3Fx%3D1");
    let page = app.get(&to, &[("cookie", &session), ("accept", "text/html")]).await;
    assert!(page.text().contains("value=\"/settings/people?x=1\""), "{}", page.text());

    // What was typed comes back, but no secret.
    for (page, path, fields, kept) in [
        (
            "/settings/executors/new?kind=webhook",
            "/api/add_executor",
            "name=soar&kind=webhook&url=https://soar.example/a&serves=name%3Dweb-*&secret=whsec_verysecret",
            "kind=webhook&kept=1&name=soar&serves=name%3Dweb-*&url=https%3A%2F%2Fsoar.example%2Fa&",
        ),
        (
            "/settings/notifications",
            "/api/add_notification_rule",
            "name=chat&channel=slack&on[0]=decided&to=https://hooks.example/verysecret&device_group=Servers",
            "kept=1&name=chat&",
        ),
    ] {
        let form = request("POST", path, &[])
            .header(ORIGIN, "http://localhost:8080")
            .header(REFERER, format!("http://localhost:8080{page}"))
            .header(ACCEPT, "text/html")
            .header(COOKIE, session.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = app.send(form.body(Body::from(fields)).unwrap()).await;
        let to = answer.header("location").to_owned();
        let back = kept.replace('%', "%25").replace('=', "%3D").replace('&', "%26");
        assert!(to.starts_with("/settings/step-up?back=") && to.contains(&back), "{to}");
        assert!(!to.contains("verysecret"), "{to}");
    }

    let shown = async |code: &str| app.form("/api/step_up", Some(&session), &format!("code={code}")).await;
    assert_eq!(shown("000000").await.status, 422);
    let code = root.code(&app);
    assert_eq!(shown(&code).await.status, 200);
    assert_eq!(shown(&code).await.status, 422, "a code is taken once");
    assert_eq!(put().await.status, 200, "for tokens of the person, too");
    assert_eq!(app.form(changes[0].0, Some(&session), changes[0].1).await.status, 200);
    let log = app.store.audit_after(0, 100).await.unwrap();
    assert!(log.iter().any(|record| record.kind == AuditKind::FactorUsed && record.body["factor"] == "totp"));
}

#[tokio::test]
async fn factors_are_removed_by_a_code_and_reset_by_an_administrator() {
    let app = App::start().await;
    app.user("root", &[Role::GlobalAdministrator]).await;
    app.user("ana", &[Role::SecurityOperator]).await;
    app.user("sec", &[Role::SecurityAdministrator]).await;
    let (token, session) = (app.token(Some("root"), Scope::ALL).await, app.cookie("ana").await);
    let ana = enrol(&app, &session).await;
    let own = async |session: &str| app.form("/api/load_factors", Some(session), "").await.json();
    let id = own(&session).await["view"]["factors"][0]["id"].as_str().unwrap().to_owned();
    let remove = async |code: &str| {
        app.form("/api/remove_factor", Some(&session), &format!("id={id}&code={code}")).await.status.as_u16()
    };
    assert_eq!(remove("000000").await, 422);
    app.clock.forward(SignedDuration::from_secs(30));
    assert_eq!(remove(&ana.code(&app)).await, 200);
    let left = own(&session).await;
    assert_eq!((&left["view"]["factors"], &left["view"]["recovery_codes"]), (&json!([]), &json!(0)));

    let ana = enrol(&app, &session).await;
    let people = app.api(&token, "GET", "/api/v1/people", None).await.json();
    let of = |name: &str| {
        let found = people.as_array().unwrap().iter().find(|person| person["name"] == name).unwrap();
        format!("/api/v1/people/{}/second-factors", found["id"].as_str().unwrap())
    };
    let shown = app.api(&token, "GET", &of("ana"), None).await;
    assert_eq!(shown.json()["factors"][0]["kind"], "totp");
    assert!(!shown.text().contains(&ana.secret.replace(' ', "")));
    assert_eq!(app.api(&token, "DELETE", &of("root"), None).await.status, 422, "one's own");
    // Whoever may not change a Global Administrator doesn't weaken how one signs in.
    let lesser = app.token(Some("sec"), Scope::ALL).await;
    for path in [of("root"), of("root").replace("second-factors", "identities")] {
        let refused = app.api(&lesser, "DELETE", &path, None).await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.text().contains("Global Administrator"), "{}", refused.text());
    }
    let reset = app.api(&token, "DELETE", &of("ana"), None).await;
    assert_eq!((reset.status.as_u16(), reset.json()["factors"].clone()), (200, json!([])));
    assert_eq!(app.form("/api/session", Some(&session), "").await.status, 401, "what was opened ends");
    app.cookie("ana").await;

    let log = serde_json::to_string(&app.store.audit_after(0, 100).await.unwrap()).unwrap();
    assert_eq!(log.matches("FactorChanged").count(), 4, "added, removed, added, reset");
    let file = std::fs::read(app.site().parent().unwrap().join("t.db")).unwrap();
    let wal = std::fs::read(app.site().parent().unwrap().join("t.db-wal")).unwrap_or_default();
    let stored = String::from_utf8_lossy(&[file, wal].concat()).into_owned();
    for secret in std::iter::once(ana.secret.replace(' ', "")).chain(ana.recovery) {
        assert!(!log.contains(&secret) && !stored.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn a_passkey_is_asked_for_the_name_under_which_the_server_is_reached() {
    let app = App::start().await;
    app.user("ana", &[Role::SecurityOperator]).await;
    let session = app.cookie("ana").await;
    let begun = app.form("/api/begin_passkey", Some(&session), "").await;
    let question: Value = serde_json::from_str(begun.json().as_str().unwrap()).unwrap();
    assert_eq!((&question["rp"]["id"], &question["user"]["name"]), (&json!("localhost"), &json!("ana")));
    for made in ["", "{}", "{\"id\":\"x\"}", "[1]"] {
        let answer = app.form("/api/add_passkey", Some(&session), &format!("name=key&passkey={made}")).await;
        assert_eq!(answer.status, 422, "{made} {}", answer.text());
    }
    let none = app.form("/api/begin_step_up", Some(&session), "").await;
    assert_eq!(none.status, 422, "{}", none.text());
}
