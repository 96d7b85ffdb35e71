//! What happens to processes and to the database.

use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};

use super::way::Way;
use super::{Random, Run};
use crate::database::Kind;
use crate::harness::countersign;

/// What strikes, on which databases.
const FAULTS: &[(&str, &[Kind])] = &[
    ("server killed", &[Kind::Sqlite, Kind::Postgres]),
    ("server frozen", &[Kind::Sqlite, Kind::Postgres]),
    ("responder killed", &[Kind::Sqlite, Kind::Postgres]),
    ("disk full", &[Kind::Sqlite]),
    ("connections cut", &[Kind::Postgres]),
    ("database read-only", &[Kind::Postgres]),
    ("copied", &[Kind::Sqlite, Kind::Postgres]),
];
/// What the clients do to the servers.
const CLIENTS: &[&str] = &["client hangs", "client hangs up", "request doubled"];

/// The faults that there are on this database and that have not happened yet.
pub(super) fn missing(run: &Run) -> Vec<&'static str> {
    let (hits, way) = (run.hits.lock().unwrap().clone(), run.way.hits());
    let own = FAULTS.iter().filter(|(_, kinds)| kinds.contains(&run.kind)).map(|(name, _)| *name);
    let all = own.chain(CLIENTS.iter().copied()).chain(Way::names());
    all.filter(|name| !hits.contains_key(name) && !way.contains_key(name)).collect()
}

pub(super) fn all_hit(run: &Run) -> bool {
    missing(run).is_empty()
}

/// One fault, and what mends it.
pub(super) async fn strike(run: &Arc<Run>, random: &mut Random) {
    let here: Vec<_> = FAULTS.iter().filter(|(_, kinds)| kinds.contains(&run.kind)).collect();
    let (name, _) = here[usize::try_from(random.below(here.len() as u64)).unwrap()];
    let server = usize::try_from(random.below(run.servers.len() as u64)).unwrap();
    let pause = random.millis(100, 1_500);
    match *name {
        "server killed" => tokio::task::block_in_place(|| {
            let mut process = run.servers[server].lock().unwrap();
            run.estate.restart_process(&mut process);
        }),
        "server frozen" => {
            let id = run.servers[server].lock().unwrap().id();
            let pid = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
            kill_process(pid, Signal::STOP).unwrap();
            tokio::time::sleep(pause).await;
            kill_process(pid, Signal::CONT).unwrap();
        }
        "responder killed" => tokio::task::block_in_place(|| {
            let mut process = run.responder.lock().unwrap();
            run.estate.restart_responder_process(&mut process);
        }),
        "disk full" => {
            run.servers[server].lock().unwrap().limit_files(Some(4096));
            tokio::time::sleep(pause).await;
            run.servers[server].lock().unwrap().limit_files(None);
        }
        "connections cut" => run.estate.database.cut_connections().await,
        "database read-only" => {
            run.estate.database.set_read_only(true).await;
            tokio::time::sleep(pause).await;
            run.estate.database.set_read_only(false).await;
        }
        _ => {
            let file = run.estate.at(&format!("{}.copy", random.next()));
            let args = ["backup", "--database-url", &run.estate.database.url, file.to_str().unwrap()];
            let output = tokio::task::block_in_place(|| countersign(&args).output().unwrap());
            // A copy of a database that is read-only or cut off meanwhile may fail, but is never a broken one.
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!said.contains("audit log is broken"), "{said}");
            assert_eq!(output.status.success(), file.exists(), "{said}");
            if !output.status.success() {
                return;
            }
            std::fs::remove_file(file).unwrap();
        }
    }
    run.hit(name);
}
