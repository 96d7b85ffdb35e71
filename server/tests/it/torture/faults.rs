//! What happens to processes and to the database.

use std::sync::Arc;
use std::time::Duration;

use super::client::PATIENCE;
use super::way::Way;
use super::{Random, Run, restored, revoked};
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
    ("clock stepped", &[Kind::Sqlite, Kind::Postgres]),
    ("rights revoked", &[Kind::Sqlite, Kind::Postgres]),
    ("copy restored", &[Kind::Sqlite, Kind::Postgres]),
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

/// The next faults, each once, in an order of their own: so that none waits for its luck.
pub(super) fn round(kind: Kind, random: &mut Random) -> Vec<&'static str> {
    let here = FAULTS.iter().filter(|(_, kinds)| kinds.contains(&kind));
    let mut names: Vec<_> = here.map(|(name, _)| *name).collect();
    for place in (1..names.len()).rev() {
        names.swap(place, usize::try_from(random.below(place as u64 + 1)).unwrap());
    }
    names
}

/// One fault, and what mends it.
pub(super) async fn strike(run: &Arc<Run>, name: &'static str, random: &mut Random) {
    let server = usize::try_from(random.below(run.servers.len() as u64)).unwrap();
    let pause = random.millis(100, 1_500);
    let happened = match name {
        "clock stepped" => clock_stepped(run, server, pause, random).await,
        "rights revoked" => revoked::strike(run, random).await,
        "copy restored" => restored::strike(run, random.next()).await,
        "copied" => copied(run, random.next()),
        name => {
            disturb(run, name, server, pause).await;
            true
        }
    };
    if happened {
        run.hit(name);
    }
}

/// What is over as soon as it is mended.
async fn disturb(run: &Arc<Run>, name: &str, server: usize, pause: Duration) {
    match name {
        "server killed" => tokio::task::block_in_place(|| {
            let mut process = run.servers[server].lock().unwrap();
            run.estate.restart_process(&mut process);
        }),
        "server frozen" => {
            run.servers[server].lock().unwrap().freeze(true);
            tokio::time::sleep(pause).await;
            run.servers[server].lock().unwrap().freeze(false);
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
        _ => panic!("{name} is no fault"),
    }
}

/// A copy of a database that is read-only or cut off meanwhile may fail, but is never a broken one.
fn copied(run: &Run, number: u64) -> bool {
    let file = run.estate.at(&format!("{number}.copy"));
    let args = ["backup", "--database-url", &run.estate.database.url, file.to_str().unwrap()];
    let output = tokio::task::block_in_place(|| countersign(&args).output().unwrap());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("audit log is broken"), "{said}");
    assert_eq!(output.status.success(), file.exists(), "{said}");
    if output.status.success() {
        std::fs::remove_file(file).unwrap();
    }
    output.status.success()
}

/// A machine's clock is set, for a moment, by up to an hour or only by what is still told. Whether its server said so.
async fn clock_stepped(run: &Run, server: usize, pause: Duration, random: &mut Random) -> bool {
    const STEPS: [i64; 8] = [-3_600, 3_600, -40, 40, -20, 20, -5, 5];
    let step = STEPS[usize::try_from(random.below(STEPS.len() as u64)).unwrap()];
    let (url, file) = {
        let process = run.servers[server].lock().unwrap();
        (process.url.clone(), process.clock().unwrap())
    };
    std::fs::write(&file, step.to_string()).unwrap();
    let asked = run.estate.client.get(format!("{url}/readyz")).timeout(PATIENCE).send().await;
    let said = match asked {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(_) => String::new(),
    };
    tokio::time::sleep(pause).await;
    std::fs::write(&file, "0").unwrap();
    said.contains("s ahead of the database's") && said.contains("nothing is handed") == (step.abs() > 30)
}
