//! Copies of the database that become databases of their own, beside the one that went on: each starts paused and sends
//! nothing. At the end some are resumed: what they send was carried out before, or taken back, and nothing is done twice.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Run;
use super::way::Way;
use crate::database::{Database, Kind};
use crate::harness::{Estate, countersign, until};

/// Copies that are kept to the end.
const KEPT: usize = 2;
/// How long a server has to send what it must not: it looks for commands at its start, and after half a second.
const CHANCE: Duration = Duration::from_millis(1_200);

/// Runs the command line; what it said, if it succeeded.
fn ran(args: &[&str]) -> Option<String> {
    let output = tokio::task::block_in_place(|| countersign(args).output().unwrap());
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!said.contains("audit log is broken"), "{said}");
    output.status.success().then_some(said)
}

/// Makes a database of a copy, and a server on it. Whether the copy had something to send, which it did not.
pub(super) async fn strike(run: &Arc<Run>, number: u64) -> bool {
    let file = run.estate.at(&format!("{number}.restored"));
    let file = file.to_str().unwrap();
    // What is decided meanwhile waits, and the clients decide all the time.
    tokio::task::block_in_place(|| run.responder.lock().unwrap().freeze(true));
    until("there is something to send", async || {
        (!open_commands(&run.estate.database).await.is_empty()).then_some(())
    })
    .await;
    let copied = ran(&["backup", "--database-url", &run.estate.database.url, file]);
    run.responder.lock().unwrap().freeze(false);
    if copied.is_none() {
        return false;
    }
    let database = Database::empty(run.kind).await;
    let said = ran(&["restore", "--database-url", &database.url, file]);
    std::fs::remove_file(file).unwrap();
    // PostgreSQL may be down just then, as for the backup.
    let Some(said) = said else { return false };
    assert!(said.contains("dispatch is paused"), "{said}");
    let open = open_commands(&database).await;
    let way = Way::plain(run.way.responder()).await;
    let server = tokio::task::block_in_place(|| run.estate.server_of(&database.url, &way.url));
    tokio::time::sleep(CHANCE).await;
    assert_eq!(way.passed(), 0, "a restored database sent something by itself");
    assert!(server.stop().await.success());
    let mut kept = run.restored.lock().unwrap();
    if !open.is_empty() && kept.len() < KEPT {
        kept.push(database);
    }
    !open.is_empty()
}

/// The actions of which commands are to be sent.
async fn open_commands(database: &Database) -> Vec<String> {
    let kind = if database.url.starts_with("sqlite") { Kind::Sqlite } else { Kind::Postgres };
    let id = kind.text_of_id("action_id");
    database.column(&format!("SELECT {id} FROM commands WHERE state = 'open' ORDER BY created_at")).await
}

/// Resumes what was restored: each command ends as what is on the host now, whether it was carried out meanwhile, and
/// taken back, or not. Returns how many were sent.
pub(super) async fn check(estate: &Estate, responder: &str, restored: Vec<Database>) -> usize {
    let mut sent = 0;
    for database in restored {
        let ids = open_commands(&database).await;
        let way = Way::plain(responder).await;
        let server = estate.server_of(&database.url, &way.url);
        tokio::time::sleep(CHANCE).await;
        assert_eq!(way.passed(), 0, "a restored database sent something by itself");
        let journal = estate.journal();
        assert!(ran(&["dispatch", "resume", "--database-url", &database.url]).is_some());
        until("what was restored has ended", async || {
            open_commands(&database).await.is_empty().then_some(())
        })
        .await;
        assert!(way.passed() > 0, "nothing was sent once it was resumed");
        for id in &ids {
            let id = uuid::Uuid::parse_str(id).unwrap();
            let request = estate.client.get(format!("{}/api/v1/actions/{id}", server.url));
            let answer = request.bearer_auth(&estate.people[0]).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            compare(estate, &answer.json().await.unwrap());
        }
        // It knew all of them already, but for those that were lost on their way.
        assert!(estate.journal() <= journal + ids.len(), "more was done than was sent");
        sent += ids.len();
        assert!(server.stop().await.success());
        let said = ran(&["audit", "verify", "--database-url", &database.url]);
        assert!(said.is_some_and(|said| said.contains("audit log ok")));
    }
    sent
}

/// What the action is said to be is so on the host.
fn compare(estate: &Estate, action: &Value) {
    let place = std::path::Path::new(action["entity"]["path"].as_str().unwrap());
    let bytes = format!("evil content of {}", place.file_name().unwrap().to_str().unwrap()).into_bytes();
    let (in_place, in_vault) = (place.exists(), estate.in_vault(&bytes));
    assert_eq!(
        usize::from(in_place) + in_vault,
        1,
        "{action}: in its place {in_place}, in the vault {in_vault}"
    );
    let detail = action["status_detail"].as_str().unwrap_or_default();
    let is_release = !action["undo_of"].is_null();
    match action["status"].as_str().unwrap() {
        "Completed" | "Skipped" => assert_eq!(in_place, is_release, "{action}"),
        "Failed" => {
            assert!(detail.contains("taken back since"), "{action}");
            assert_ne!(in_place, is_release, "{action}");
        }
        status => assert_eq!(status, "Unknown", "{action}"),
    }
}
