//! Every named crash point: the process is killed there, started again, and nothing is lost or done twice.

use serde_json::Value;

use crate::database::Kind;
use crate::harness::{Estate, EvilFile};

/// Points in the server that approving passes.
const SERVER_APPROVE: &[&str] = &[
    "approve.before_commit",
    "approve.after_commit",
    "dispatch.after_lease",
    "dispatch.after_send",
    "report.before_commit",
    "report.after_commit",
];
/// Points in the server that undoing passes.
const SERVER_UNDO: &[&str] = &[
    "undo.before_commit",
    "undo.after_commit",
    "dispatch.after_lease",
    "dispatch.after_send",
    "report.before_commit",
    "report.after_commit",
];
/// Points in the server that a job passes.
const SERVER_JOB: &[&str] =
    &["bulk.before_commit", "bulk.after_commit", "approve.before_commit", "dispatch.after_lease"];
/// Points in the responder that quarantining passes, when the vault lies on the file's file system.
const RESPONDER_QUARANTINE: &[&str] = &[
    "quarantine.after_intent",
    "quarantine.after_move",
    "quarantine.after_record",
    "quarantine.after_result",
];
/// Likewise for releasing.
const RESPONDER_RELEASE: &[&str] =
    &["release.after_intent", "release.after_move", "release.after_restore", "release.after_result"];
/// Where nobody can know whether the command took effect until the executor is asked again.
const AFTER_SENDING: &[&str] = &["dispatch.after_send", "report.before_commit"];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Server,
    Responder,
}

/// Kills `victim` at `point` while a file is quarantined, and undoes it after.
async fn approve_through(kind: Kind, victim: Victim, point: &'static str) {
    let mut estate = Estate::start(kind).await;
    let file = EvilFile::new(&estate, "evil.bin");
    let proposed = estate.propose(&file).await;
    let id = proposed["id"].as_str().unwrap().to_owned();
    restart(&mut estate, victim, Some(point));

    let answered = decide(&estate, "approve", &proposed).await;
    crashed(&mut estate, victim).await;
    restart(&mut estate, victim, None);

    let mut action = estate.settled(&id).await;
    if action["decision"] == "Pending" {
        assert!(!answered, "{point}: an acknowledged approval is lost");
        assert_eq!(point, "approve.before_commit");
        file.assert_exists_once(&estate, false);
        assert!(decide(&estate, "approve", &action).await);
        action = estate.settled(&id).await;
    }
    check(&estate, &file, &action, point, true);

    if action["status"] == "Completed" {
        assert!(decide(&estate, "undo", &action).await);
        assert_eq!(estate.settled(&id).await["undo"], "Undone");
        file.assert_exists_once(&estate, false);
    }
    estate.verify_audit();
}

/// Kills `victim` at `point` while a quarantined file is released.
async fn undo_through(kind: Kind, victim: Victim, point: &'static str) {
    let mut estate = Estate::start(kind).await;
    let file = EvilFile::new(&estate, "evil.bin");
    let proposed = estate.propose(&file).await;
    let id = proposed["id"].as_str().unwrap().to_owned();
    assert!(decide(&estate, "approve", &proposed).await);
    let done = estate.settled(&id).await;
    file.assert_exists_once(&estate, true);
    restart(&mut estate, victim, Some(point));

    let answered = decide(&estate, "undo", &done).await;
    crashed(&mut estate, victim).await;
    restart(&mut estate, victim, None);

    let mut action = estate.settled(&id).await;
    if action["undo"] == "None" {
        assert!(!answered, "{point}: an acknowledged undo is lost");
        assert_eq!(point, "undo.before_commit");
        file.assert_exists_once(&estate, true);
        assert!(decide(&estate, "undo", &action).await);
        action = estate.settled(&id).await;
    }
    assert_eq!(action["undo"], "Undone", "{point}");
    let reverse = estate.action(action["undone_by"].as_str().unwrap()).await;
    check(&estate, &file, &reverse, point, false);
    estate.verify_audit();
}

fn check(estate: &Estate, file: &EvilFile, action: &Value, point: &str, in_vault: bool) {
    match action["status"].as_str().unwrap() {
        "Completed" => file.assert_exists_once(estate, in_vault),
        "Unknown" => {
            assert!(AFTER_SENDING.contains(&point), "{point} must not end as Unknown");
            let is_in_vault = file.in_vault(estate) > 0;
            file.assert_exists_once(estate, is_in_vault);
        }
        status => panic!("{point} ended as {status}: {action}"),
    }
}

/// Whether the decision was acknowledged.
async fn decide(estate: &Estate, verb: &str, action: &Value) -> bool {
    match estate.decide(verb, action, &estate.people[0]).await {
        Some((200, _)) => true,
        Some((status, answer)) => panic!("{verb} was answered with {status}: {answer}"),
        None => false,
    }
}

fn restart(estate: &mut Estate, victim: Victim, crash_at: Option<&str>) {
    match victim {
        Victim::Server => estate.restart_server(crash_at),
        Victim::Responder => estate.restart_responder(crash_at),
    }
}

async fn crashed(estate: &mut Estate, victim: Victim) {
    match victim {
        Victim::Server => estate.server.crashed().await,
        Victim::Responder => estate.responder.crashed().await,
    }
}

/// All points at the same time: most of each is waiting for a lease to run out.
fn each<F: Future<Output = ()>>(
    points: &'static [&'static str],
    run: impl Fn(&'static str) -> F + Copy + Send + 'static,
) {
    let threads: Vec<_> = points
        .iter()
        .map(|&point| {
            let test = move || tokio::runtime::Runtime::new().unwrap().block_on(run(point));
            (point, std::thread::spawn(test))
        })
        .collect();
    // All are waited for, also after a failure: whoever is left in the middle leaves its processes behind.
    let ended: Vec<_> = threads.into_iter().map(|(point, thread)| (point, thread.join().is_ok())).collect();
    for (point, well) in ended {
        assert!(well, "{point}: see above");
    }
}

fn while_approving(kind: Kind) {
    each(SERVER_APPROVE, move |point| approve_through(kind, Victim::Server, point));
}

fn while_undoing(kind: Kind) {
    each(SERVER_UNDO, move |point| undo_through(kind, Victim::Server, point));
}

#[test]
fn t34_the_server_is_killed_while_approving_on_sqlite() {
    while_approving(Kind::Sqlite);
}

#[test]
fn t34_the_server_is_killed_while_approving_on_postgres() {
    while_approving(Kind::Postgres);
}

#[test]
fn t34_the_server_is_killed_while_undoing_on_sqlite() {
    while_undoing(Kind::Sqlite);
}

#[test]
fn t34_the_server_is_killed_while_undoing_on_postgres() {
    while_undoing(Kind::Postgres);
}

#[test]
fn t34_the_server_is_killed_while_a_job_runs_on_sqlite() {
    each(SERVER_JOB, |point| crate::bulk::killed_at(Kind::Sqlite, point));
}

#[test]
fn t34_the_server_is_killed_while_a_job_runs_on_postgres() {
    each(SERVER_JOB, |point| crate::bulk::killed_at(Kind::Postgres, point));
}

// The database is no part of what these two are about.

#[test]
fn t30_the_responder_is_killed_while_quarantining() {
    each(RESPONDER_QUARANTINE, |point| approve_through(Kind::Sqlite, Victim::Responder, point));
}

#[test]
fn t30_the_responder_is_killed_while_releasing() {
    each(RESPONDER_RELEASE, |point| undo_through(Kind::Sqlite, Victim::Responder, point));
}
