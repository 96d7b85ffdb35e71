//! One writing transaction: its statements, and what its commit tells others.

use std::time::Instant;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::super::Db;
use super::pending_records::{PendingRecords, Savepoint};
use super::{Connection, corrupt, counts};
use crate::commit_events::{Announcement, CommitEvents, CommitNotifier};
use crate::error::Result;
use crate::{SystemTransaction, Transaction};

/// A writing transaction with what a commit of it tells others; dropped without commit, it is rolled back.
pub(super) struct SqlTransaction {
    pub(super) tx: sqlx::Transaction<'static, Db>,
    pub(super) events: CommitEvents,
    pub(super) counts: Option<counts::CountChanges>,
    pub(super) records: PendingRecords,
    /// The highest number of a row; unknown before the first is added. Nobody else can add any meanwhile.
    last_number: Option<i64>,
    notifier: CommitNotifier,
    pub(super) instance: i64,
    pub(super) savepoint: Option<TransactionSavepoint>,
}

/// What was in memory before a part of a transaction that may be taken back alone.
pub(super) struct TransactionSavepoint {
    /// Of the part itself they are counted anew, and joined when it is kept.
    counts: Option<counts::CountChanges>,
    records: Savepoint,
    events: CommitEvents,
}

impl SqlTransaction {
    /// One in a transaction that was begun; `counting` says whether it keeps the counts.
    pub(super) fn new(
        tx: sqlx::Transaction<'static, Db>,
        counting: bool,
        notifier: CommitNotifier,
        instance: i64,
    ) -> Self {
        Self {
            tx,
            events: CommitEvents::default(),
            counts: counting.then(counts::CountChanges::default),
            records: PendingRecords::default(),
            last_number: None,
            notifier,
            instance,
            savepoint: None,
        }
    }

    /// So many numbers for new rows that follow each other; returns the first.
    pub(super) async fn take_numbers(&mut self, rows: usize) -> Result<i64> {
        let last = match self.last_number {
            Some(last) => last,
            None => last_number(&mut self.tx).await?,
        };
        self.last_number = Some(last + i64::try_from(rows).map_err(corrupt)?);
        Ok(last + 1)
    }

    /// Counts all rows anew.
    pub(super) async fn recount(&mut self) -> Result<()> {
        for count in counts::recounting() {
            sqlx::query(AssertSqlSafe(count)).execute(&mut *self.tx).await?;
        }
        Ok(())
    }
}

/// The highest number of a row.
pub(super) async fn last_number(db: &mut Connection) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM actions").fetch_one(db).await?)
}

impl SystemTransaction for SqlTransaction {}

#[async_trait]
impl Transaction for SqlTransaction {
    async fn time(&mut self, clock: Timestamp) -> Result<Timestamp> {
        self.records.not_before(&mut self.tx, clock).await
    }

    async fn begin_savepoint(&mut self) -> Result<()> {
        sqlx::query("SAVEPOINT part").execute(&mut *self.tx).await?;
        let counts = self.counts.as_mut().map(std::mem::take);
        self.savepoint =
            Some(TransactionSavepoint { counts, records: self.records.mark(), events: self.events });
        Ok(())
    }

    async fn end_savepoint(&mut self, keep: bool) -> Result<()> {
        let Some(savepoint) = self.savepoint.take() else { return Ok(()) };
        if keep {
            if let (Some(counts), Some(before)) = (&mut self.counts, savepoint.counts) {
                counts.join(before);
            }
        } else {
            sqlx::query("ROLLBACK TO SAVEPOINT part").execute(&mut *self.tx).await?;
            self.counts = savepoint.counts;
            self.records.rollback_to(savepoint.records);
            self.events = savepoint.events;
        }
        sqlx::query("RELEASE SAVEPOINT part").execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        self.end_savepoint(true).await?;
        let Self { mut tx, events, counts, mut records, notifier, instance, .. } = *self;
        if let Some(counts) = counts {
            counts.write(&mut tx).await?;
        }
        let untold = records.write_last(&mut tx, Announcement { events, instance }).await?;
        let waits = Instant::now();
        let committed = super::super::commit(tx, untold).await;
        // Also where it failed: of one whose connection broke nobody here knows how it ended, nor hears it elsewhere.
        notifier.notify(events);
        committed?;
        metrics::histogram!("countersign_database_seconds", "operation" => "commit").record(waits.elapsed());
        Ok(())
    }
}
