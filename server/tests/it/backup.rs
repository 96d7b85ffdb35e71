//! Copies of a database in use, and what a database does that was made of one.

use std::path::Path;

use serde_json::Value;

use crate::database::{Database, Kind, on_both};
use crate::harness::{Estate, EvilFile, countersign, until};

on_both!(t40_a_copy_under_load_is_whole, t40_a_restored_database_sends_nothing_by_itself);

/// Runs the command line; whether it succeeded, and what it said.
fn ran(args: &[&str]) -> (bool, String) {
    let output = countersign(args).output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

fn succeeds(args: &[&str]) -> String {
    let (ok, said) = ran(args);
    assert!(ok, "{args:?}: {said}");
    said
}

/// Where a copy can be made into a database.
async fn place(kind: Kind, estate: &Estate, name: &str) -> (String, Option<Database>) {
    match kind {
        Kind::Sqlite => (format!("sqlite://{}", estate.at(name).display()), None),
        Kind::Postgres => {
            let database = Database::empty(kind).await;
            (database.url.clone(), Some(database))
        }
    }
}

async fn t40_a_copy_under_load_is_whole(kind: Kind) {
    let estate = Estate::start(kind).await;
    let files: Vec<_> = (0..30).map(|n| EvilFile::new(&estate, &format!("{n}.bin"))).collect();
    let work = async {
        for file in &files {
            let action = estate.propose(file).await;
            let (status, _) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
            assert_eq!(status, 200);
        }
    };
    let copies = async {
        for number in 0..4 {
            let file = estate.at(&format!("{number}.copy"));
            let (url, file) = (estate.database.url.clone(), file.to_str().unwrap().to_owned());
            let copied =
                tokio::task::spawn_blocking(move || ran(&["backup", "--database-url", &url, &file])).await;
            let (ok, said) = copied.unwrap();
            assert!(ok && said.contains("records, head"), "{said}");
        }
    };
    tokio::join!(work, copies);
    let file = estate.at("0.copy");
    let (ok, said) = ran(&["backup", "--database-url", &estate.database.url, file.to_str().unwrap()]);
    assert!(!ok && said.contains("is there already"), "{said}");
    for number in 0..4 {
        let file = estate.at(&format!("{number}.copy"));
        assert!(!Path::new(&format!("{}.part", file.display())).exists());
        let (url, held) = place(kind, &estate, &format!("{number}.db")).await;
        let said = succeeds(&["restore", "--database-url", &url, file.to_str().unwrap()]);
        assert!(said.contains("dispatch is paused"), "{said}");
        let said = succeeds(&["audit", "verify", "--database-url", &url]);
        assert!(said.contains("audit log ok"), "{said}");
        let (ok, said) = ran(&["restore", "--database-url", &url, file.to_str().unwrap()]);
        assert!(!ok && said.contains("nothing is overwritten"), "{said}");
        drop(held);
    }
}

async fn t40_a_restored_database_sends_nothing_by_itself(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let admin = estate.administrator();
    let files: Vec<_> = (0..3).map(|n| EvilFile::new(&estate, &format!("{n}.bin"))).collect();
    estate.stop_responder();
    let mut ids = Vec::new();
    for file in &files {
        let action = estate.propose(file).await;
        assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
        ids.push(action["id"].as_str().unwrap().to_owned());
    }
    let copy = estate.at("copy");
    succeeds(&["backup", "--database-url", &estate.database.url, copy.to_str().unwrap()]);
    // All of it is done after the copy, and one is taken back again.
    estate.restart_responder(None);
    for id in &ids {
        assert_eq!(estate.settled(id).await["status"], "Completed");
    }
    let done = estate.action(&ids[0]).await;
    assert_eq!(estate.decide("undo", &done, &estate.people[1]).await.unwrap().0, 200);
    assert_eq!(estate.settled(&ids[0]).await["undo"], "Undone");
    let known = estate.journal();

    let (url, held) = place(kind, &estate, "restored.db").await;
    let said = succeeds(&["restore", "--database-url", &url, copy.to_str().unwrap()]);
    assert!(said.contains("3 commands would be sent"), "{said}");
    estate.serve_database(&url);
    // The client's connections to the server before are gone, of which it learns by using them.
    let ready = async || estate.client.get(estate.url("/readyz")).send().await.ok();
    let ready = until("it answers", ready).await;
    assert_eq!(ready.status(), 200);
    assert!(ready.text().await.unwrap().contains("dispatch is paused"));
    let (status, _) = estate.get("/api/v1/dispatch", &estate.people[0]).await;
    assert_eq!(status, 403, "an operator administers nothing");
    let (status, state) = estate.get("/api/v1/dispatch", &admin).await;
    assert_eq!((status, &state["open"]), (200, &Value::from(3)), "{state}");
    assert!(state["paused"]["reason"].as_str().unwrap().contains("restored from a copy"), "{state}");
    let named: Vec<_> =
        state["commands"].as_array().unwrap().iter().map(|it| it["action_id"].as_str().unwrap()).collect();
    assert_eq!(named, ids);
    let said = succeeds(&["dispatch", "status", "--database-url", &url]);
    assert!(said.contains("dispatch is paused since") && said.contains(&ids[2]), "{said}");

    // What is decided now waits, too, so that many chances to send something pass.
    let more = EvilFile::new(&estate, "more.bin");
    let action = estate.propose(&more).await;
    assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
    let (status, _) = estate.post("/api/v1/dispatch/resume", &estate.people[0], &Value::Null).await.unwrap();
    assert_eq!(status, 403);
    for id in &ids {
        // As it was when the copy was made: some were tried in vain before.
        let status = &estate.action(id).await["status"];
        assert!(status == "Queued" || status == "InProgress", "{status}");
    }
    assert_eq!(estate.journal(), known, "nothing reached the responder");
    files[0].assert_exists_once(&estate, false);

    let resume = async |estate: &Estate| {
        let resumed = estate.post("/api/v1/dispatch/resume", &admin, &Value::Null).await;
        resumed.unwrap()
    };
    let (status, state) = resume(&estate).await;
    assert_eq!((status, &state["paused"]), (200, &Value::Null), "{state}");
    estate.settled(action["id"].as_str().unwrap()).await;
    more.assert_exists_once(&estate, true);
    for id in &ids {
        estate.settled(id).await;
    }
    assert_eq!(resume(&estate).await.0, 200, "once more changes nothing");
    let said = succeeds(&["audit", "verify", "--database-url", &url]);
    assert!(said.contains("audit log ok"), "{said}");
    estate.stop_server().await;
    drop(held);
}

/// A copy that was put in place by other means is found by the checkpoints.
#[tokio::test]
async fn t40_an_older_file_in_its_place_is_found() {
    let mut estate = Estate::start(Kind::Sqlite).await;
    let path = |estate: &Estate, name: &str| estate.at(name).to_str().unwrap().to_owned();
    let (checkpoints, key) = (path(&estate, "c"), path(&estate, "c.key.pub"));
    let copy = path(&estate, "copy");
    let options = ["--checkpoints", &checkpoints];
    estate.serve_with(&options);
    let file = EvilFile::new(&estate, "evil.bin");
    let action = estate.propose(&file).await;
    let id = action["id"].as_str().unwrap().to_owned();
    let url = estate.database.url.clone();
    succeeds(&["backup", "--database-url", &url, &copy]);
    assert_eq!(estate.decide("approve", &action, &estate.people[0]).await.unwrap().0, 200);
    estate.settled(&id).await;
    estate.stop_server().await;

    let place = url.trim_start_matches("sqlite://");
    for side in ["-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{place}{side}")));
    }
    std::fs::copy(&copy, place).unwrap();
    estate.serve_with(&options);
    let action = estate.action(&id).await;
    assert_eq!(action["decision"], "Pending");
    let other = estate.propose(&EvilFile::new(&estate, "other.bin")).await;
    assert_eq!(estate.decide("approve", &other, &estate.people[0]).await.unwrap().0, 200);
    let said = succeeds(&["dispatch", "status", "--database-url", &url]);
    assert!(said.contains("went back in time: it ends at record"), "{said}");
    assert_eq!(estate.action(other["id"].as_str().unwrap()).await["status"], "Queued");
    let verify = ["audit", "verify", "--database-url", &url, "--checkpoints", &checkpoints, "--key", &key];
    let (ok, said) = ran(&verify);
    assert!(!ok, "{said}");

    let said = succeeds(&["dispatch", "resume", "--database-url", &url]);
    assert!(said.contains("commands are handed to executors"), "{said}");
    assert_eq!(estate.settled(other["id"].as_str().unwrap()).await["status"], "Completed");
    // The last checkpoint is written at the end, and says that the past after the copy was given up.
    estate.stop_server().await;
    assert!(std::fs::read_to_string(&checkpoints).unwrap().contains("\"accepted\""));
    let said = succeeds(&verify);
    assert!(said.contains("checkpoints agree with it"), "{said}");
}
