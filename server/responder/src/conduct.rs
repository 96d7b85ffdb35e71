//! From a command to its response, whatever way it came: one at a time, but for what takes long, which goes beside.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::answer;
use super::dispatch::{Parsed, features, parse_command};
use super::engine::Engine;
use openc2::{Command, Response};

/// What is not done by then is answered as being under way; the same command again asks for its result. Producers wait
/// ten seconds.
const PATIENCE: Duration = Duration::from_secs(7);

/// What carries commands out, in turn.
#[derive(Clone)]
pub(super) struct Conductor {
    engine: Arc<Engine>,
    clock: fn() -> Timestamp,
    patience: Duration,
    /// One command at a time, a repeat of one that is under way included.
    turn: Arc<Mutex<()>>,
    /// Likewise for what takes long: a scan keeps nobody from isolating the host.
    long_turn: Arc<Mutex<()>>,
}

impl Conductor {
    pub(super) fn new(engine: Arc<Engine>, clock: fn() -> Timestamp) -> Self {
        Self { engine, clock, patience: PATIENCE, turn: Arc::default(), long_turn: Arc::default() }
    }

    /// What this host can do now, as told in answer to a query of its features.
    pub(super) async fn features(&self) -> serde_json::Value {
        let engine = Arc::clone(&self.engine);
        let told =
            tokio::task::spawn_blocking(move || features(&engine.host.pairs(), &engine.root.spellings()));
        told.await.unwrap_or_default()
    }

    /// What was made under a command, by its name in the vault.
    pub(super) fn open_artifact(&self, name: &str) -> std::io::Result<std::fs::File> {
        self.engine.vault.open_kept(name)
    }

    /// Carries a command out, or says why not.
    pub(super) async fn carry_out(&self, command: Command) -> Response {
        let (engine, now) = (Arc::clone(&self.engine), (self.clock)());
        let read = tokio::task::spawn_blocking(move || {
            let pairs = engine.host.pairs_for(command.action.name(), command.target.name());
            parse_command(&command, &pairs, &engine.root.spellings(), now)
        });
        let order = match read.await {
            Ok(Parsed::Answer(response)) => return response,
            Ok(Parsed::Order(order)) => order,
            Ok(Parsed::CallOff(command_id)) => {
                // Beside the turns: what waits for its turn has not begun.
                let engine = Arc::clone(&self.engine);
                let called_off = tokio::task::spawn_blocking(move || engine.call_off(command_id)).await;
                return called_off.unwrap_or_else(|_| answer::unsettled("the responder failed"));
            }
            Err(_) => return answer::unsettled("the responder failed"),
        };
        let turn = Arc::clone(if order.task.is_long() { &self.long_turn } else { &self.turn });
        let engine = Arc::clone(&self.engine);
        // The thread goes on when the caller hangs up, and keeps its turn until it has ended.
        let work = tokio::spawn(async move {
            let turn = turn.lock_owned().await;
            let done = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                tracing::info!(command_id = %order.command_id, task = ?order.task, "carrying out");
                let response = engine.perform(&order);
                tracing::info!(command_id = %order.command_id, status = response.status.0, text = ?response.status_text, "done");
                response
            });
            done.await.unwrap_or_else(|_| answer::unsettled("the responder failed"))
        });
        match tokio::time::timeout(self.patience, work).await {
            Ok(done) => done.unwrap_or_else(|_| answer::unsettled("the responder failed")),
            Err(_) => answer::under_way(),
        }
    }
}
