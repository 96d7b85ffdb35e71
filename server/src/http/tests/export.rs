//! How the page follows its export.

use domain::{Role, Scope};
use serde_json::{Value, json};

use crate::http::testing::{App, proposal};

const PROGRESS: &str = "/api/load_export";

async fn ask(app: &App, cookie: &str) -> Value {
    let answer = app.form(PROGRESS, Some(cookie), "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn an_end_is_told_once_and_to_whoever_exported() {
    let app = App::start().await;
    for name in ["ana", "ben"] {
        app.user(name, &[Role::SecurityReader]).await;
    }
    app.user("eve", &[Role::SearchAndPurge]).await;
    let [ana, ben, eve] = [app.cookie("ana").await, app.cookie("ben").await, app.cookie("eve").await];
    let tool = app.token(None, &[Scope::Propose]).await;
    let actions: Vec<_> = (0..7).map(|n| proposal(&format!("p{n}"))).collect();
    app.api(&tool, "POST", "/api/v1/actions", Some(&json!({ "actions": actions }))).await;

    assert_eq!(app.form(PROGRESS, None, "").await.status, 401);
    assert_eq!(app.form(PROGRESS, Some(&eve), "").await.status, 403, "who may see nothing exports nothing");
    assert_eq!(ask(&app, &ana).await, Value::Null);
    let file = app.get("/export/actions.csv?lane=pending", &[("cookie", &ana)]).await;
    assert_eq!((file.status.as_u16(), file.text().lines().count()), (200, 8));
    assert_eq!(ask(&app, &ben).await, Value::Null);
    let ended = ask(&app, &ana).await;
    assert_eq!(ended, json!({ "written": 7, "total": 7, "running": false, "failed": null }));
    assert_eq!(ask(&app, &ana).await, Value::Null);

    // What never began has no end.
    let refused = app.get("/export/actions.csv?lane=attic", &[("cookie", &ana)]).await;
    assert_eq!(refused.status, 400);
    assert_eq!(ask(&app, &ana).await, Value::Null);
}
