//! What is checked of the audit log, and of the tables by it. The walk over the rows is `queries::verify`.
//!
//! From inside, the chain finds each record that was changed, removed or put in, and the replay finds rows of actions and
//! commands that say something else than the log. A tail that was cut, and a log that was rewritten as a whole together
//! with its tables, only a [`Noted`] head shows that was kept elsewhere.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use domain::audit::AuditKind;
use domain::{ActionId, Decision, Status, UndoState};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::audit::{Broken, GENESIS, Record};
use crate::{Store, StoreError};

/// Why a log was not found whole.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The chain is broken.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// A record is stored in a form that two programs may read differently.
    #[error("record {seq} is not stored as it was written: {why}")]
    Form {
        /// The record.
        seq: i64,
        /// What is wrong with its text.
        why: String,
    },
    /// There are more rows than records that follow each other.
    #[error("the log has {rows} rows, but only {records} of them follow each other from record 1 on")]
    Surplus {
        /// All rows.
        rows: i64,
        /// Those of the chain.
        records: i64,
    },
    /// A row of a table says something else than the log.
    #[error("the tables disagree with the log: {0}")]
    Tables(String),
    /// The log ends before a head that was noted.
    #[error(
        "the log's end was cut off, or an older copy was restored: it has {records} records, and at {at} it had {seq}"
    )]
    Cut {
        /// Records of the log.
        records: i64,
        /// Those it had.
        seq: i64,
        /// When that was noted.
        at: Timestamp,
    },
    /// The log has another record where a head was noted.
    #[error("the log was rewritten: record {seq} is not the one that was noted at {at}")]
    Rewritten {
        /// The record.
        seq: i64,
        /// When it was noted.
        at: Timestamp,
    },
    /// The rows lie in two layouts.
    #[error(
        "an upgrade of this database was interrupted; start the server once, which ends it, and verify then"
    )]
    Upgrading,
    /// There is nothing of ours.
    #[error("this is no database of Countersign")]
    Foreign,
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The end of the log as it was at a time, kept outside of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The last record.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
    /// When.
    pub at: Timestamp,
}

/// What was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Records of the log.
    pub records: i64,
    /// The hash of the last one.
    pub head: String,
    /// Actions whose rows agree with it.
    pub actions: u64,
    /// Heads that were noted elsewhere, and are as they were.
    pub noted: usize,
}

/// Checks a database against its own log, in one snapshot, and without writing anything.
#[async_trait]
pub trait Verify: Send + Sync {
    /// Checks the chain, the tables by the log, and the heads that were noted, in the order of their records.
    ///
    /// # Errors
    /// The first thing that is wrong.
    async fn verify_log(&self, noted: &[Noted]) -> Result<Verified, VerifyError>;
}

/// Checks the whole log. Returns how many records it holds and the hash of the last one.
///
/// # Errors
/// The first thing that is wrong.
pub async fn verify(store: &dyn Store) -> Result<(i64, String), VerifyError> {
    let Verified { records, head, .. } = store.verify_log(&[]).await?;
    Ok((records, head))
}

/// What a record says of the action that it changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Facts {
    pub(crate) version: i64,
    pub(crate) digest: String,
    pub(crate) decision: Decision,
    pub(crate) status: Status,
    pub(crate) undo: UndoState,
}

/// What actions and commands must be, by the records so far.
#[derive(Default)]
pub(crate) struct Replay {
    last: Option<Record>,
    actions: HashMap<ActionId, Facts>,
    commands: HashSet<Uuid>,
    /// What was brought along by an import has commands of which the log does not tell.
    imported: HashSet<ActionId>,
    noted: usize,
}

impl Replay {
    /// Takes the next record.
    pub(crate) fn take(&mut self, record: Record, noted: &[Noted]) -> Result<(), VerifyError> {
        record.check(self.last.as_ref())?;
        while let Some(head) = noted.get(self.noted).filter(|head| head.seq <= record.seq) {
            if head.seq < record.seq || head.hash != record.hash {
                return Err(VerifyError::Rewritten { seq: head.seq, at: head.at });
            }
            self.noted += 1;
        }
        if let Some(id) = record.body.get("command_id").and_then(|id| id.as_str()?.parse().ok()) {
            self.commands.insert(id);
        }
        self.commands.extend(ids(&record.body, "command_ids"));
        if record.kind == AuditKind::HistoryRemoved {
            for id in ids(&record.body, "actions") {
                self.actions.remove(&ActionId::from(id));
            }
        }
        if let Some(id) = record.subject.as_ref().and_then(domain::Subject::action)
            && let Ok(facts) = Facts::deserialize(&record.body)
        {
            if record.kind == AuditKind::Imported {
                self.imported.insert(id);
            }
            self.actions.insert(id, facts);
        }
        self.last = Some(record);
        Ok(())
    }

    /// The number of the last record.
    pub(crate) fn seq(&self) -> i64 {
        self.last.as_ref().map_or(0, |record| record.seq)
    }

    /// Ends the log, which has so many rows.
    pub(crate) fn end(&self, rows: i64, noted: &[Noted]) -> Result<(), VerifyError> {
        let records = self.seq();
        if rows != records {
            return Err(VerifyError::Surplus { rows, records });
        }
        match noted.get(self.noted) {
            Some(head) => Err(VerifyError::Cut { records, seq: head.seq, at: head.at }),
            None => Ok(()),
        }
    }

    /// Takes the row of an action.
    pub(crate) fn action(&mut self, id: ActionId, row: &Facts) -> Result<(), VerifyError> {
        let wrong = |what: String| Err(VerifyError::Tables(format!("action {id} {what}")));
        match self.actions.get(&id) {
            None => wrong("has no record".to_owned()),
            Some(facts) if facts != row => {
                let Facts { version, decision, status, undo, .. } = facts;
                let differs = if (version, decision, status, undo)
                    == (&row.version, &row.decision, &row.status, &row.undo)
                {
                    "has another digest than its last record".to_owned()
                } else {
                    format!(
                        "is {}/{}/{} in version {}, and by its last record {decision}/{status}/{undo} in version {version}",
                        row.decision, row.status, row.undo, row.version
                    )
                };
                wrong(differs)
            }
            Some(_) => Ok(()),
        }
    }

    /// Takes the row of a command.
    pub(crate) fn command(&self, id: Uuid, action: ActionId) -> Result<(), VerifyError> {
        if self.commands.contains(&id) || self.imported.contains(&action) {
            return Ok(());
        }
        Err(VerifyError::Tables(format!("command {id} of action {action} was decided on by nobody")))
    }

    /// Ends the tables, which have so many actions.
    pub(crate) fn finish(self, rows: usize) -> Result<Verified, VerifyError> {
        let known = self.actions.len();
        if rows < known {
            return Err(VerifyError::Tables(format!(
                "{} actions that the log tells of are gone",
                known - rows
            )));
        }
        let records = self.seq();
        let head = self.last.map_or_else(|| GENESIS.to_owned(), |record| record.hash);
        Ok(Verified { records, head, actions: u64::try_from(rows).unwrap_or_default(), noted: self.noted })
    }
}

/// The ids in a list of a body.
fn ids<'a>(body: &'a serde_json::Value, list: &str) -> impl Iterator<Item = Uuid> + use<'a> {
    let ids = body.get(list).and_then(|ids| ids.as_array()).into_iter().flatten();
    ids.filter_map(|id| id.as_str()?.parse().ok())
}
