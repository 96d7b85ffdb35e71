//! Deciding on many through the real server: over the API, by forms as a browser without wasm sends them, and killed
//! in the middle.

use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, REFERER};
use serde_json::{Value, json};

use crate::database::{Kind, on_both};
use crate::harness::{Estate, EvilFile, proposal, until};

on_both!(
    a_plan_is_made_started_and_followed_over_the_api,
    what_the_api_refuses,
    forms_lead_from_the_list_to_the_result,
);

/// Proposes to quarantine that many files.
async fn propose(estate: &Estate, count: usize) -> (Vec<EvilFile>, Vec<String>) {
    let files: Vec<_> = (0..count).map(|n| EvilFile::new(estate, &format!("evil-{n}.bin"))).collect();
    let actions: Vec<_> = files.iter().map(|of| proposal(&of.name, &of.path, &of.sha256)).collect();
    let (status, answer) =
        estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": actions })).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let ids = answer["actions"].as_array().unwrap().iter().map(|of| of["id"].as_str().unwrap().to_owned());
    (files, ids.collect())
}

async fn plan(estate: &Estate, body: &Value) -> (u16, Value) {
    estate.post("/api/v1/bulk-plans", &estate.people[0], body).await.unwrap()
}

async fn ended(estate: &Estate, id: &str) -> Value {
    let path = format!("/api/v1/bulk-jobs/{id}");
    until("the job ends", async || {
        let (status, job) = estate.get(&path, &estate.people[0]).await;
        assert_eq!(status, 200, "{job}");
        job["ended_at"].is_string().then_some(job)
    })
    .await
}

async fn a_plan_is_made_started_and_followed_over_the_api(kind: Kind) {
    let estate = Estate::start(kind).await;
    let (files, ids) = propose(&estate, 8).await;
    let body = json!({ "verb": "approve", "matching": "lane=pending&severity=high", "except": [ids[0]] });
    let (status, made) = plan(&estate, &body).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!((&made["preview"]["decidable"], &made["started"]), (&json!(7), &json!(false)));
    assert_eq!(made["preview"]["groups"][0]["type"], "quarantine_file");
    let id = made["id"].as_str().unwrap();
    let path = format!("/api/v1/bulk-plans/{id}");
    assert_eq!(estate.get(&path, &estate.people[0]).await.0, 200);
    assert_eq!(estate.get(&path, &estate.people[1]).await.0, 404, "another person's");

    let start = async |reason: &str| {
        let request = estate.client.post(estate.url(&format!("{path}/start"))).bearer_auth(&estate.people[0]);
        let request = request.header("idempotency-key", "start").json(&json!({ "reason": reason }));
        let answer = request.send().await.unwrap();
        let replayed = answer.headers().contains_key("idempotent-replayed");
        (answer.status().as_u16(), replayed, answer.json::<Value>().await.unwrap())
    };
    let (status, _, job) = start("all of them").await;
    // The first of them may be decided by now.
    let of = |state: &str| job["progress"][state].as_u64().unwrap();
    assert_eq!((status, of("waiting") + of("decided")), (202, 7), "{job}");
    let (status, replayed, again) = start("all of them").await;
    assert_eq!((status, replayed, again), (202, true, job), "a repeat starts nothing");
    let twice = estate.post(&format!("{path}/start"), &estate.people[0], &json!({})).await.unwrap();
    assert_eq!(twice.0, 409, "{}", twice.1);

    let job = ended(&estate, id).await;
    assert_eq!((&job["progress"]["decided"], &job["reason"]), (&json!(7), &json!("all of them")));
    for id in &ids[1..] {
        let action = estate.settled(id).await;
        assert_eq!((&action["status"], &action["approval_id"]), (&json!("Completed"), &job["approval_id"]));
    }
    for file in &files[1..] {
        file.assert_exists_once(&estate, true);
    }
    assert_eq!(estate.action(&ids[0]).await["decision"], "Pending");
    let query = format!("lane=history&approval={}", job["approval_id"].as_str().unwrap());
    let (_, list) = estate.get(&format!("/api/v1/actions?{query}"), &estate.people[0]).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 7);

    // And back again, all that the job did.
    let (status, undo) = plan(&estate, &json!({ "verb": "undo", "matching": query })).await;
    assert_eq!((status, &undo["preview"]["decidable"]), (201, &json!(7)), "{undo}");
    let id = undo["id"].as_str().unwrap();
    let path = format!("/api/v1/bulk-plans/{id}/start");
    let (status, job) =
        estate.post(&path, &estate.people[0], &json!({ "reason": "a false alarm" })).await.unwrap();
    assert_eq!(status, 202, "{job}");
    assert_eq!(ended(&estate, id).await["progress"]["decided"], 7);
    for id in &ids[1..] {
        assert_eq!(estate.settled(id).await["undo"], "Undone");
    }
    for file in &files[1..] {
        file.assert_exists_once(&estate, false);
    }
    estate.verify_audit();
}

async fn what_the_api_refuses(kind: Kind) {
    let estate = Estate::start(kind).await;
    let (_, ids) = propose(&estate, 2).await;
    let many: Vec<_> = (0..10_001_u128).map(|n| uuid::Uuid::from_u128(n).to_string()).collect();
    let table = [
        (json!({ "verb": "approve" }), ""),
        (json!({ "verb": "approve", "ids": [] }), "/ids"),
        (json!({ "verb": "approve", "ids": many }), "/ids"),
        (json!({ "verb": "approve", "ids": [many[0]] }), "/ids"),
        (json!({ "verb": "approve", "ids": ids, "matching": "" }), ""),
        (json!({ "verb": "approve", "ids": ids, "except": ids }), "/except"),
        (json!({ "verb": "approve", "matching": "colour=red" }), "/matching"),
        (json!({ "verb": "approve", "matching": "q=nothing+like+this" }), "/matching"),
        (json!({ "verb": "approve", "same_file": ids[0] }), "/verb"),
        (json!({ "verb": "explode", "ids": ids }), "/verb"),
        (json!({ "verb": "approve", "ids": ids, "surprise": 1 }), "/surprise"),
    ];
    for (body, pointer) in table {
        let (status, problem) = plan(&estate, &body).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
    }
    let (status, problem) = estate
        .post("/api/v1/bulk-plans", &estate.scanner, &json!({ "verb": "approve", "ids": ids }))
        .await
        .unwrap();
    assert_eq!(status, 403, "{problem}");

    let (_, made) = plan(&estate, &json!({ "verb": "reject", "ids": ids })).await;
    let id = made["id"].as_str().unwrap();
    let start = format!("/api/v1/bulk-plans/{id}/start");
    let refused = async |body: Value| {
        let (status, problem) = estate.post(&start, &estate.people[0], &body).await.unwrap();
        (status, problem["type"].as_str().unwrap().to_owned())
    };
    assert_eq!(refused(json!({})).await, (422, "/problems/invalid".to_owned()));
    assert_eq!(refused(json!({ "reason": "x".repeat(2_001) })).await.0, 422);
    assert_eq!(refused(json!({ "comment": "x" })).await.0, 422);
    for path in ["bulk-jobs", "bulk-plans"] {
        assert_eq!(estate.get(&format!("/api/v1/{path}/x"), &estate.people[0]).await.0, 404);
    }
    assert_eq!(estate.get(&format!("/api/v1/bulk-jobs/{id}"), &estate.people[0]).await.0, 404, "no job yet");
    estate.database.execute("UPDATE bulks SET expires_at = 1").await.unwrap();
    assert_eq!(refused(json!({ "reason": "no" })).await, (410, "/problems/plan_expired".to_owned()));
    // The next plan clears it away.
    plan(&estate, &json!({ "verb": "reject", "ids": ids })).await;
    assert_eq!(estate.get(&format!("/api/v1/bulk-plans/{id}"), &estate.people[0]).await.0, 404);
}

/// Sends a form as a browser without wasm does; returns where it leads.
async fn send(estate: &Estate, cookie: &str, path: &str, form: &str) -> String {
    let request = estate
        .client
        .post(estate.url(path))
        .header(COOKIE, cookie)
        .header(ACCEPT, "text/html,application/xhtml+xml")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(REFERER, estate.url("/action-center/pending?severity=high"))
        .header("sec-fetch-site", "same-origin");
    let answer = request.body(form.to_owned()).send().await.unwrap();
    let (status, location) = (answer.status().as_u16(), answer.headers().get(LOCATION).cloned());
    assert_eq!(status, 302, "{path}: {}", answer.text().await.unwrap());
    location.unwrap().to_str().unwrap().to_owned()
}

async fn load(estate: &Estate, cookie: &str, path: &str) -> (u16, String) {
    let answer = estate.client.get(estate.url(path)).header(COOKIE, cookie).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn page(estate: &Estate, cookie: &str, path: &str) -> String {
    let (status, html) = load(estate, cookie, path).await;
    assert_eq!(status, 200, "{path}");
    html
}

async fn forms_lead_from_the_list_to_the_result(kind: Kind) {
    let estate = Estate::start(kind).await;
    let (_, ids) = propose(&estate, 60).await;
    let cookie = estate.sign_in("operator-0").await;
    let back = send(&estate, &cookie, "/api/plan_bulk", "verb=approve&lane=pending").await;
    assert!(back.contains("/action-center/pending?severity=high") && back.contains("__err="), "{back}");

    let boxes: Vec<_> = ids.iter().take(3).map(|id| format!("ids%5B%5D={id}")).collect();
    let form = format!("{}&lane=pending&shows=severity%3Dhigh&verb=reject", boxes.join("&"));
    let preview = send(&estate, &cookie, "/api/plan_bulk", &form).await;
    let html = page(&estate, &cookie, &preview).await;
    assert!(html.contains("Reject 3 actions") && html.contains("Quarantine file"), "{html}");
    let id = preview.strip_prefix("/action-center/plans/").unwrap();
    // Without a reason it stays a plan.
    let back = send(&estate, &cookie, "/api/start_bulk", &format!("id={id}&reason=+")).await;
    assert!(back.contains("__err="), "{back}");
    let result = send(&estate, &cookie, "/api/start_bulk", &format!("id={id}&reason=not+ours")).await;
    assert_eq!(result, format!("/action-center/jobs/{id}"));
    ended(&estate, id).await;
    let html = page(&estate, &cookie, &result).await;
    assert!(html.contains("3 actions rejected") && html.contains("not ours"), "{html}");
    assert!(page(&estate, &cookie, &preview).await.contains("This was started already."));

    // All that match but some: the boxes are then what stays out.
    let form = format!("verb=approve&all=true&lane=pending&shows=severity%3Dhigh&except%5B%5D={}", ids[3]);
    let preview = send(&estate, &cookie, "/api/plan_bulk", &form).await;
    assert!(page(&estate, &cookie, &preview).await.contains("Approve 56 actions"));
    let stranger = estate.sign_in("operator-1").await;
    for (cookie, nothing) in [
        (&stranger, preview.as_str()),
        (&stranger, result.as_str()),
        (&cookie, "/action-center/plans/x"),
        (&cookie, "/action-center/jobs/x"),
    ] {
        let (status, html) = load(&estate, cookie, nothing).await;
        assert!(status == 404 && html.contains("There is nothing here"), "{nothing}: {status} {html}");
    }
    let id = preview.strip_prefix("/action-center/plans/").unwrap();
    send(&estate, &cookie, "/api/start_bulk", &format!("id={id}")).await;
    assert_eq!(ended(&estate, id).await["progress"]["decided"], 56);
}

/// Kills the server at `point` while a job runs.
pub(crate) async fn killed_at(kind: Kind, point: &'static str) {
    let mut estate = Estate::start(kind).await;
    let (files, ids) = propose(&estate, 110).await;
    let (_, made) = plan(&estate, &json!({ "verb": "approve", "ids": ids })).await;
    let id = made["id"].as_str().unwrap();
    estate.restart_server(Some(point));
    // It may die before it answers.
    let _ = estate.post(&format!("/api/v1/bulk-plans/{id}/start"), &estate.people[0], &json!({})).await;
    estate.server.crashed().await;

    // As it lies there: what says that it is decided is so, and nothing else.
    let differ = "SELECT CAST(i.position AS TEXT) FROM bulk_items i JOIN actions a ON a.id = i.action_id
                  JOIN words w ON w.vocabulary = 'decision' AND w.number = a.decision
                  WHERE (i.state = 'decided') <> (w.word = 'Approved')";
    assert_eq!(estate.database.column(differ).await, Vec::<String>::new(), "{point}");
    let decided = estate.database.column("SELECT digest FROM bulk_items WHERE state = 'decided'").await;
    let is_first = ["bulk.before_commit", "approve.before_commit"].contains(&point);
    assert_eq!(decided.is_empty(), is_first, "{point}: {}", decided.len());
    assert!(decided.len() < ids.len() || point == "dispatch.after_lease", "{point}: {}", decided.len());

    estate.restart_server(None);
    let job = ended(&estate, id).await;
    assert_eq!(job["progress"]["decided"], 110, "{point}: {job}");
    for id in &ids {
        let action = estate.settled(id).await;
        assert_eq!((&action["status"], &action["approval_id"]), (&json!("Completed"), &job["approval_id"]));
    }
    for file in &files {
        file.assert_exists_once(&estate, true);
    }
    assert_eq!(estate.journal(), 110, "{point}: commands that reached the responder");
    for kind in ["Approved", "Dispatched", "Reported"] {
        let once = format!(
            "SELECT CAST(MAX(seq) AS TEXT) FROM audit JOIN words ON vocabulary = 'audit_kind' AND number = kind
             WHERE word = '{kind}' GROUP BY action_id HAVING COUNT(*) = 1"
        );
        assert_eq!(estate.database.column(&once).await.len(), 110, "{point}: {kind}");
    }
    estate.verify_audit();
}
