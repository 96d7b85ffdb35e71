//! The API through the real server: what it takes, and how it refuses what it does not.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::database::{Kind, on_both};
use crate::harness::{Estate, EvilFile, countersign, proposal, until};

on_both!(
    bad_proposals_are_refused_with_pointers,
    t18_broken_bodies_are_refused,
    who_is_not_let_in,
    t03_who_proposed_is_told_so_at_every_door,
    t08_what_is_hidden_answers_like_what_is_unknown,
    a_repeat_changes_nothing,
    an_idempotency_key_answers_once,
    time_ends_what_nobody_decides,
    files_that_are_not_what_was_approved,
    an_expired_session_is_over,
    both_stop_when_they_are_asked_to,
);

/// Sends a raw body to the intake.
async fn send(estate: &Estate, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = estate
        .client
        .post(estate.url("/api/v1/actions"))
        .bearer_auth(&estate.scanner)
        .header(CONTENT_TYPE, "application/json");
    let answer = request.body(body).send().await.unwrap();
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors in {problem}"));
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

async fn bad_proposals_are_refused_with_pointers(kind: Kind) {
    let estate = Estate::start(kind).await;
    let good = proposal("a", "/srv/a".as_ref(), &"ab".repeat(32));
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        changed
    };
    let table = [
        (with("type", json!("fly_to_the_moon")), "/actions/1/type"),
        (with("entity", json!({ "kind": "user", "name": "ana" })), "/actions/1/entity"),
        (with("entity", json!({ "kind": "file", "colour": "red" })), "/actions/1/entity/colour"),
        (with("type", json!("stop_and_quarantine_file")), "/actions/1/comment"),
        (with("surprise", json!(1)), "/actions/1/surprise"),
        (with("severity", json!(3)), "/actions/1/severity"),
    ];
    for (bad, pointer) in table {
        let (status, problem) = send(&estate, json!({ "actions": [good, bad] }).to_string()).await;
        assert_eq!((status, pointers(&problem)), (422, vec![pointer]), "{problem}");
    }
    let many: Vec<_> = (0..501).map(|n| with("external_id", json!(n.to_string()))).collect();
    let (status, problem) = send(&estate, json!({ "actions": many }).to_string()).await;
    assert_eq!((status, pointers(&problem)), (422, vec!["/actions"]));
    // All or nothing: none of the good neighbours came in.
    let (_, page) = estate.get("/api/v1/actions?lane=pending", &estate.people[0]).await;
    assert_eq!(page["items"], json!([]));
}

async fn t18_broken_bodies_are_refused(kind: Kind) {
    let estate = Estate::start(kind).await;
    let deep = "[".repeat(100_000);
    for (body, status) in [
        (b"{\"actions\": [\xff\xfe]}".to_vec(), 400),
        (b"{\"actions\": ".to_vec(), 400),
        (deep.into_bytes(), 400),
        (b"{\"actions\": [], \"surprise\": 1}".to_vec(), 422),
        (vec![b' '; 20 * 1024 * 1024], 413),
    ] {
        let length = body.len();
        // The server may answer and close before it has read 20 MB.
        if status == 413 {
            let request = estate.client.post(estate.url("/api/v1/actions")).bearer_auth(&estate.scanner);
            let answer = request.header(CONTENT_TYPE, "application/json").body(body).send().await;
            assert!(answer.is_ok_and(|answer| answer.status() == 413), "{length} bytes");
            continue;
        }
        let (got, problem) = send(&estate, body).await;
        assert_eq!(got, status, "{length} bytes: {problem}");
    }
}

async fn who_is_not_let_in(kind: Kind) {
    let estate = Estate::start(kind).await;
    for header in ["Bearer wrong", "Bearer ", "Basic YTpi", ""] {
        let request = estate.client.get(estate.url("/api/v1/actions?lane=pending"));
        let answer = request.header(AUTHORIZATION, header).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{header}");
        assert!(answer.headers().contains_key("www-authenticate"), "{header}");
    }
    // A tool may propose, and see what it proposed; nothing else.
    let file = EvilFile::new(&estate, "evil.bin");
    let action = estate.propose(&file).await;
    let (status, _) = estate.decide("approve", &action, &estate.scanner).await.unwrap();
    assert_eq!(status, 403);
    let id = action["id"].as_str().unwrap();
    assert_eq!(estate.get(&format!("/api/v1/actions/{id}"), &estate.scanner).await.0, 200);
    let (status, _) =
        estate.post("/api/v1/actions", &estate.people[0], &json!({ "actions": [] })).await.unwrap();
    assert_eq!(status, 403);
}

/// Whichever token it was proposed by, and by whichever it is decided: the person behind both is one.
async fn t03_who_proposed_is_told_so_at_every_door(kind: Kind) {
    let estate = Estate::start(kind).await;
    let own = estate.token("own", Some("operator-0"), &["actions:propose"]);
    let file = EvilFile::new(&estate, "evil.bin");
    let body = json!({ "actions": [proposal(&file.name, &file.path, &file.sha256)] });
    let (status, answer) = estate.post("/api/v1/actions", &own, &body).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let action = &answer["actions"][0];
    let says = |of: &Value| of.as_str().unwrap().to_lowercase().contains("you proposed this action");
    for verb in ["approve", "reject"] {
        let (status, problem) = estate.decide(verb, action, &estate.people[0]).await.unwrap();
        assert_eq!(status, 403, "{problem}");
        assert!(says(&problem["detail"]), "{problem}");
    }
    let plan = json!({ "verb": "approve", "ids": [action["id"]] });
    let (status, plan) = estate.post("/api/v1/bulk-plans", &estate.people[0], &plan).await.unwrap();
    assert_eq!((status, &plan["preview"]["decidable"]), (201, &json!(0)), "{plan}");
    assert!(says(&plan["preview"]["left_out"][0]["reason"]), "{plan}");
    assert_eq!(estate.decide("reject", action, &estate.people[1]).await.unwrap().0, 200);
}

async fn t08_what_is_hidden_answers_like_what_is_unknown(kind: Kind) {
    let estate = Estate::start(kind).await;
    let action = estate.propose(&EvilFile::new(&estate, "evil.bin")).await;
    let token =
        ["token", "create", "other", "--scope", "actions:propose", "--database-url", &estate.database.url];
    let made = countersign(&token).output().unwrap();
    let other = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let id = action["id"].as_str().unwrap();
    let hidden = estate.get(&format!("/api/v1/actions/{id}"), &other).await;
    let unknown = estate.get("/api/v1/actions/0190a000-0000-7000-8000-000000000000", &other).await;
    assert_eq!(hidden.0, 404);
    assert_eq!(
        (hidden.1["type"].clone(), hidden.1["detail"].clone()),
        (unknown.1["type"].clone(), unknown.1["detail"].clone())
    );
    assert_eq!(estate.get("/api/v1/actions/not-an-id", &other).await.0, 404);
}

async fn a_repeat_changes_nothing(kind: Kind) {
    let estate = Estate::start(kind).await;
    let file = EvilFile::new(&estate, "evil.bin");
    let first = estate.propose(&file).await;
    let again = estate.propose(&file).await;
    assert_eq!((first["created"].clone(), again["created"].clone()), (json!(true), json!(false)));
    assert_eq!(first["id"], again["id"]);

    // The same id with another target is a new version, which an older look can't decide.
    let mut changed = proposal(&file.name, &file.path, &"cd".repeat(32));
    let body = json!({ "actions": [changed.clone()] });
    let (status, revised) = estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap();
    assert_eq!((status, &revised["actions"][0]["version"]), (201, &json!(2)));
    let (status, problem) = estate.decide("approve", &first, &estate.people[0]).await.unwrap();
    assert_eq!((status, &problem["current"]["version"]), (409, &json!(2)));

    let id = first["id"].as_str().unwrap();
    let shown = estate.action(id).await;
    assert_eq!(estate.decide("reject", &shown, &estate.people[0]).await.unwrap().0, 200);
    changed["entity"]["sha256"] = json!("ef".repeat(32));
    let body = json!({ "actions": [changed] });
    assert_eq!(estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap().0, 409);
}

async fn an_idempotency_key_answers_once(kind: Kind) {
    let estate = Estate::start(kind).await;
    let file = EvilFile::new(&estate, "evil.bin");
    let action = estate.propose(&file).await;
    let path = format!("/api/v1/actions/{}/reject", action["id"].as_str().unwrap());
    let body = json!({ "expected_version": 1, "digest": action["digest"], "reason": "no" });
    let send = async |body: &Value, person: &str| {
        let request =
            estate.client.post(estate.url(&path)).bearer_auth(person).header("idempotency-key", "k1");
        let answer = request.json(body).send().await.unwrap();
        let replayed = answer.headers().contains_key("idempotent-replayed");
        (answer.status().as_u16(), replayed, answer.json::<Value>().await.unwrap())
    };
    let first = send(&body, &estate.people[0]).await;
    assert_eq!((first.0, first.1), (200, false), "{}", first.2);
    let again = send(&body, &estate.people[0]).await;
    assert_eq!((again.0, again.1), (200, true));
    assert_eq!(first.2, again.2);
    let mut other = body.clone();
    other["reason"] = json!("another");
    assert_eq!(send(&other, &estate.people[0]).await.0, 422);
    // Somebody else's key is somebody else's.
    assert_eq!(send(&body, &estate.people[1]).await.0, 409);
}

async fn time_ends_what_nobody_decides(kind: Kind) {
    let estate = Estate::start(kind).await;
    let soon = jiff::Timestamp::from_second(now() + 2).unwrap();
    let mut short = proposal("short", "/srv/a".as_ref(), &"ab".repeat(32));
    short["expires_at"] = json!(soon);
    let body = json!({ "actions": [short] });
    let (_, answer) = estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap();
    let action = &answer["actions"][0];
    let id = action["id"].as_str().unwrap();
    let expired = crate::harness::until("it expires", async || {
        let action = estate.action(id).await;
        (action["decision"] == "Expired").then_some(action)
    })
    .await;
    assert_eq!(expired["status"], "None");
    let (status, problem) = estate.decide("approve", &expired, &estate.people[0]).await.unwrap();
    assert_eq!((status, &problem["type"]), (410, &json!("/problems/expired")));
    estate.verify_audit();
}

fn now() -> i64 {
    use service::clock::{Clock, SystemClock};
    SystemClock.now().as_second()
}

/// What the responder refuses at execution ends as Failed, with its reason, and the file stays.
async fn files_that_are_not_what_was_approved(kind: Kind) {
    let estate = Estate::start(kind).await;
    let changed = EvilFile::new(&estate, "changed.bin");
    let vanished = EvilFile::new(&estate, "vanished.bin");
    let linked = EvilFile::new(&estate, "linked.bin");
    let behind_symlink = EvilFile::new(&estate, "real.bin");
    let symlink = behind_symlink.path.with_file_name("symlink.bin");
    std::os::unix::fs::symlink(&behind_symlink.path, &symlink).unwrap();
    std::fs::hard_link(&linked.path, linked.path.with_file_name("second-name.bin")).unwrap();
    let folder = estate.at("sandbox").canonicalize().unwrap().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let outside = estate.at("outside.bin");
    std::fs::write(&outside, "outside").unwrap();

    let hash = &behind_symlink.sha256;
    let cases = [
        (changed.path.clone(), changed.sha256.clone(), "target changed"),
        (vanished.path.clone(), vanished.sha256.clone(), ""),
        (linked.path.clone(), linked.sha256.clone(), ""),
        (symlink, hash.clone(), ""),
        (folder, hash.clone(), ""),
    ];
    let proposals: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(index, (path, sha256, _))| proposal(&index.to_string(), path, sha256))
        .collect();
    let body = json!({ "actions": proposals });
    let (status, answer) = estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    std::fs::write(&changed.path, "something else").unwrap();
    std::fs::remove_file(&vanished.path).unwrap();

    for (action, (path, _, why)) in answer["actions"].as_array().unwrap().iter().zip(&cases) {
        assert_eq!(estate.decide("approve", action, &estate.people[0]).await.unwrap().0, 200);
        let ended = estate.settled(action["id"].as_str().unwrap()).await;
        let detail = ended["status_detail"].as_str().unwrap();
        assert_eq!(ended["status"], "Failed", "{}: {detail}", path.display());
        assert!(detail.to_lowercase().contains(why), "{}: {detail}", path.display());
    }
    assert!(linked.path.exists() && behind_symlink.is_in_place());
    assert_eq!(std::fs::read(&changed.path).unwrap(), b"something else");

    // What its responder can't find is not offered, once that said which files it serves.
    for path in [outside.to_str().unwrap(), r"C:\Windows\evil.exe"] {
        let body = json!({ "actions": [proposal(path, std::path::Path::new(path), hash)] });
        let (status, answer) = estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap();
        assert_eq!(status, 201, "{answer}");
        let action = &answer["actions"][0];
        let plan = json!({ "verb": "approve", "ids": [action["id"]] });
        let left_out = until("it is left out", async || {
            let (_, plan) = estate.post("/api/v1/bulk-plans", &estate.people[0], &plan).await?;
            plan["preview"]["left_out"][0]["reason"].as_str().map(str::to_owned)
        });
        let left_out = left_out.await;
        let why = if path.starts_with('/') { "is outside of" } else { "is a path of Windows" };
        assert!(left_out.contains("can't: ") && left_out.contains(why), "{left_out}");
        let (status, answer) = estate.decide("approve", action, &estate.people[0]).await.unwrap();
        assert_eq!((status, &answer["type"]), (422, &json!("/problems/no_executor")), "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains(why), "{answer}");
    }
    assert!(outside.exists());
}

async fn an_expired_session_is_over(kind: Kind) {
    let estate = Estate::start(kind).await;
    let client = &estate.client;
    let cookie = estate.sign_in("operator-0").await;
    let list = async || {
        let request = client.post(estate.url("/api/list_actions")).header("cookie", &cookie);
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body("lane=pending").send().await.unwrap().status().as_u16()
    };
    let page = async || {
        let request = client.get(estate.url("/action-center/history")).header("cookie", &cookie);
        request.send().await.unwrap()
    };
    assert_eq!((list().await, page().await.status().as_u16()), (200, 200));

    let end = "UPDATE credentials SET expires_at = 1 WHERE kind = 'session'";
    assert_eq!(estate.database.execute(end).await.unwrap(), 1);
    let answer = page().await;
    assert_eq!((list().await, answer.status().as_u16()), (401, 303));
    let location = answer.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("/sign-in?") && location.contains("next="), "{location}");
}

async fn both_stop_when_they_are_asked_to(kind: Kind) {
    let Estate { server, responder, .. } = Estate::start(kind).await;
    for process in [server, responder] {
        assert_eq!(process.stop().await.code(), Some(0));
    }
}
