//! What writes checkpoints while the server runs, and compares the database with those that there are.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use store::audit::GENESIS;
use store::{DISPATCH_PAUSED, DISPATCH_RESUMED, Noted, SharedStore, StoreError};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Checkpoint, CheckpointError, CheckpointFile, Signer, heads};
use crate::clock::SharedClock;

/// Between two checkpoints of a log that grows.
const INTERVAL: Duration = Duration::from_mins(1);
/// Records after which one is written sooner.
const RECORDS: i64 = 1_000;
/// How often the records are counted meanwhile.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);

/// What the database is, by its checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It holds all that was noted.
    Whole,
    /// It ends before what was noted last, or has something else there.
    WentBack {
        /// The last record that there is.
        records: i64,
        /// What was noted last.
        noted: Noted,
    },
}

/// Writes checkpoints of a store.
pub struct CheckpointKeeper {
    store: SharedStore,
    clock: SharedClock,
    file: CheckpointFile,
    /// Those that still count.
    heads: Vec<Noted>,
}

impl CheckpointKeeper {
    /// Over a file, which goes on, and the key that signs.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn open(
        store: SharedStore,
        clock: SharedClock,
        file: &Path,
        key: &Path,
    ) -> Result<Self, CheckpointError> {
        let (file, before) = CheckpointFile::open(file, Signer::load_or_create(key)?)?;
        Ok(Self { store, clock, file, heads: heads(&before) })
    }

    /// Compares the database with what was noted last.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn compare(&self) -> Result<Found, StoreError> {
        let Some(noted) = self.heads.last() else { return Ok(Found::Whole) };
        if self.has(noted).await? {
            return Ok(Found::Whole);
        }
        Ok(Found::WentBack { records: self.store.audit_head().await?, noted: noted.clone() })
    }

    /// Whether the log has what was noted.
    async fn has(&self, noted: &Noted) -> Result<bool, StoreError> {
        let record = self.store.audit_after(noted.seq - 1, 1).await?.pop();
        Ok(record.is_some_and(|record| record.seq == noted.seq && record.hash == noted.hash))
    }

    /// Writes a checkpoint each minute, or after a thousand records, until `stop` is cancelled, and the last one then.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut changes = self.store.changes();
        while !stop.is_cancelled() {
            if let Err(error) = self.note().await {
                tracing::error!(%error, "no checkpoint of the audit log could be written");
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = changes.record_appended() => {}
            }
            let due = Instant::now() + INTERVAL;
            loop {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = sleep_until(due) => break,
                    () = sleep(COUNT_INTERVAL) => {}
                }
                let last = self.heads.last().map_or(0, |head| head.seq);
                if self.store.audit_head().await.is_ok_and(|head| head - last >= RECORDS) {
                    break;
                }
            }
        }
        if let Err(error) = self.note().await {
            tracing::error!(%error, "no last checkpoint of the audit log could be written");
        }
    }

    /// Writes the head, if it is another than before. Nothing while a person is still to say whether this database is
    /// the right one.
    async fn note(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if self.store.metadata(DISPATCH_PAUSED).await?.is_some_and(|why| !why.is_empty()) {
            return Ok(());
        }
        let seq = self.store.audit_head().await?;
        let hash = match self.store.audit_after(seq - 1, 1).await?.pop() {
            Some(record) if record.seq == seq => record.hash,
            _ => GENESIS.to_owned(),
        };
        if self.heads.last().is_some_and(|last| last.seq == seq && last.hash == hash) || seq == 0 {
            return Ok(());
        }
        let head = Noted { seq, hash, at: self.clock.now() };
        let checkpoint = match self.compare().await? {
            Found::Whole => Checkpoint::head(head.clone()),
            Found::WentBack { noted, .. } if self.resumed_at().await? > Some(noted.at) => {
                while let Some(last) = self.heads.last() {
                    if self.has(last).await? {
                        break;
                    }
                    self.heads.pop();
                }
                Checkpoint::accepted(head.clone(), self.heads.last().map_or(0, |last| last.seq))
            }
            Found::WentBack { noted, .. } => {
                tracing::error!(
                    noted = noted.seq,
                    found = seq,
                    "the database went back in time while it was served; restart the server, which asks a person then"
                );
                return Ok(());
            }
        };
        self.file.append(checkpoint)?;
        self.heads.push(head);
        Ok(())
    }

    async fn resumed_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let micros = self.store.metadata(DISPATCH_RESUMED).await?.and_then(|text| text.parse().ok());
        Ok(micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
    }
}
