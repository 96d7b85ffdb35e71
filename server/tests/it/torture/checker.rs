//! Whether the rules hold, by what clients wrote down and by what there is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::client::Seen;
use super::{Run, restored, revoked};
use crate::harness::Estate;

/// Mends everything, waits for what is under way, and checks.
pub(super) async fn check(run: Arc<Run>) {
    run.way.mend();
    let Ok(run) = Arc::try_unwrap(run) else { panic!("somebody still holds the run") };
    let Run { mut estate, servers, responder, way, hits, seen, revocations, restored, .. } = run;
    drop(servers);
    estate.restart_server(None);
    let seen = seen.into_inner().unwrap();
    let mut hits = hits.into_inner().unwrap();
    hits.extend(way.hits());
    let mut actions: BTreeMap<&str, Value> = BTreeMap::new();
    for one in &seen {
        if !actions.contains_key(one.action.as_str()) {
            actions.insert(&one.action, settled(&estate, &one.action).await);
        }
    }
    println!("{} actions, {} answers, faults: {hits:?}", actions.len(), seen.len());
    assert!(actions.len() >= 10, "too little happened: {} actions", actions.len());
    let decided = acknowledged(&seen, &actions);
    versions_grow(&seen);
    let revocations = revocations.into_inner().unwrap();
    revoked::check(&estate, &revocations).await;
    let resumed = restored::check(&estate, way.responder(), restored.into_inner().unwrap()).await;
    let mut commands = 0;
    for (id, action) in &actions {
        files(&estate, action);
        commands +=
            usize::from(action["decision"] == "Approved") + usize::from(!action["undone_by"].is_null());
        assert_ne!(action["status"], "Failed", "{id}: {action}");
    }
    println!(
        "{decided} acknowledged decisions, {commands} commands, {} ends of rights, {resumed} commands resumed",
        revocations.len()
    );
    // Each command took effect once, however often it was sent.
    assert!(
        estate.journal() <= commands,
        "{} commands at the responder, {commands} decided",
        estate.journal()
    );
    let verified = estate.verify_audit();
    assert!(verified.contains("audit log ok"), "{verified}");
    drop(responder);
}

/// The action once nothing is under way for it. What nobody can know any more is looked up at its executor, or left to a
/// person; then it is where it is.
async fn settled(estate: &Estate, id: &str) -> Value {
    estate.settled(id).await
}

/// What was acknowledged is so, and nothing was acknowledged that excludes it. Returns how many there were.
fn acknowledged(seen: &[Seen], actions: &BTreeMap<&str, Value>) -> usize {
    let mut decided: HashMap<&str, &str> = HashMap::new();
    let mut count = 0;
    for Seen { action, verb, status, body, .. } in seen {
        match status {
            Some(200) if *verb != "read" => {}
            // Refused, not understood, or too much at once; but never a failure without words.
            Some(status) => {
                assert!(*status == 200 || body["type"].is_string(), "{verb}: {status} {body}");
                assert_ne!(*status, 500, "{verb}: {body}");
                continue;
            }
            None => continue,
        }
        count += 1;
        let now = &actions[action.as_str()];
        let word = match *verb {
            "approve" => "Approved",
            "reject" => "Rejected",
            _ => {
                assert!(!now["undone_by"].is_null(), "an acknowledged undo is lost: {now}");
                continue;
            }
        };
        assert_eq!(now["decision"], word, "an acknowledged decision is lost: {now}");
        let first = decided.entry(action).or_insert(word);
        assert_eq!(*first, word, "{action} was decided twice");
    }
    count
}

/// Nobody sees an action become what it was before.
fn versions_grow(seen: &[Seen]) {
    let mut last: HashMap<(usize, &str), i64> = HashMap::new();
    for Seen { client, action, verb, status, body } in seen {
        let Some(version) = body["version"].as_i64().filter(|_| *verb == "read" && *status == Some(200))
        else {
            continue;
        };
        let before = last.insert((*client, action), version).unwrap_or_default();
        assert!(before <= version, "{action}: version {version} after {before}");
    }
}

/// A file is at its place or in the vault, once, and where the action says.
fn files(estate: &Estate, action: &Value) {
    let name = action["entity"]["path"].as_str().unwrap();
    let place = std::path::Path::new(name);
    let bytes = format!("evil content of {}", place.file_name().unwrap().to_str().unwrap()).into_bytes();
    let in_place = std::fs::read(place).is_ok_and(|found| found == bytes);
    let in_vault = estate.in_vault(&bytes);
    assert_eq!(
        usize::from(in_place) + in_vault,
        1,
        "{action}: in its place {in_place}, in the vault {in_vault}"
    );
    match (action["status"].as_str().unwrap(), action["undo"].as_str().unwrap()) {
        (_, "Undone") | ("None", _) => assert!(in_place, "{action}"),
        ("Completed", "None") => assert!(!in_place, "{action}"),
        // Nobody knows, or an undo is not over: anywhere, but once.
        _ => {}
    }
}
