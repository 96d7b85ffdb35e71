//! The banner of a pause of dispatch.

use axum::body::Body;
use axum::http::StatusCode;
use domain::Role;
use domain::dispatch::Pause;
use store::DISPATCH_PAUSED;

use crate::http::testing::{App, request, system};

#[tokio::test]
async fn t40_administrators_see_a_pause_on_every_page_and_end_it() {
    let app = App::start().await;
    app.user("ada", &[Role::SecurityAdministrator]).await;
    app.user("ben", &[Role::SecurityOperator]).await;
    let (ada, ben) = (app.cookie("ada").await, app.cookie("ben").await);
    let says = async |cookie: &str, path: &str| {
        let page = app.get(path, &[("cookie", cookie), ("accept", "text/html")]).await;
        assert_eq!(page.status, StatusCode::OK);
        page.text().contains("Nothing is handed to executors")
    };
    assert!(!says(&ada, "/").await);
    let pause = Pause { since: "2026-03-01T08:00:00Z".parse().unwrap(), reason: "It was restored.".into() };
    let mut tx = app.store.begin_system(&system()).await.unwrap();
    tx.set_metadata(DISPATCH_PAUSED, &serde_json::to_string(&pause).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    for path in ["/", "/action-center/pending"] {
        assert!(says(&ada, path).await, "{path}");
        assert!(!says(&ben, path).await, "{path}");
    }
    let form = "back=%2Faction-center%2Fpending";
    // As a browser without scripts posts it.
    let post = async |cookie: &str| {
        let request = request("POST", "/api/resume_dispatch", &[("accept", "text/html"), ("cookie", cookie)])
            .header("origin", "http://localhost:8080")
            .header("content-type", "application/x-www-form-urlencoded");
        app.send(request.body(Body::from(form)).unwrap()).await
    };
    let refused = post(&ben).await;
    assert_ne!(refused.header("location"), "/action-center/pending");
    assert!(says(&ada, "/").await, "an operator does not end it");
    let resumed = post(&ada).await;
    assert_eq!((resumed.status, resumed.header("location")), (StatusCode::FOUND, "/action-center/pending"));
    assert!(!says(&ada, "/").await);
    let kinds: Vec<_> =
        app.store.audit_after(0, 100).await.unwrap().iter().map(|of| of.kind.as_str()).collect();
    assert_eq!(kinds.last(), Some(&"DispatchResumed"), "{kinds:?}");
}
