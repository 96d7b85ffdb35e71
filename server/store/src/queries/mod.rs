//! The statements, for whichever database mounts this module: `super::Db` says which.
//!
//! Placeholders are `$1`; ids of actions and commands are 16 bytes, words of closed vocabularies their numbers, times
//! microseconds, JSON and the rest texts: one text serves both. No rule stands here.

mod admin_keying;
mod assets;
mod audit;
mod buckets;
mod bulk_execution;
pub(super) mod carry_over;
mod case_keying;
mod counts;
mod decided;
mod devices;
mod evidence;
mod export;
mod guard;
mod holdings;
mod incidents;
mod indexes;
mod keying;
mod list;
mod metadata;
mod pending_records;
mod people;
mod piece_scope;
mod roles;
mod rows;
mod rule_counts;
mod same_entity;
mod scope;
mod search;
mod select;
mod stages;
mod states;
mod targets;
mod tokens;
mod transaction;
pub(super) mod verify;
mod words;

statements!();

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use async_trait::async_trait;
#[cfg(test)]
use domain::ActionQuery;
use domain::{Action, Lane, SystemAuthority};
use jiff::Timestamp;
use sqlx::{Database, Pool};
use uuid::Uuid;

use self::transaction::SqlTransaction;
use super::Db;
#[cfg(test)]
use crate::Position;
use crate::actor_text;
use crate::commit_events::CommitNotifier;
use crate::encoding::Encoding;
use crate::error::{Result, StoreError};
use crate::maintenance::{Maintain as _, SystemMetadata as _};
use crate::{Store, SystemTransaction, Transaction};

/// The metadata that says how the keys of the rows are made: an [`Encoding`] as JSON.
const KEYS: &str = "keys";
/// The metadata that says by which version of the encoding further targets are found.
const TARGET_KEYS: &str = "target_keys";

type Connection = <Db as Database>::Connection;

/// Reads through one pool, writes through another.
pub(crate) struct SqlStore {
    reader: Pool<Db>,
    pub(super) writer: Pool<Db>,
    /// What looks after the database beside them, where that is needed.
    pub(super) keeper: Option<Pool<Db>>,
    notifier: CommitNotifier,
    /// What tells this instance from others on the same database.
    pub(super) instance: i64,
    /// Whether transactions keep the counts; not during a load, after which all are made anew.
    counting: AtomicBool,
}

impl SqlStore {
    pub(super) fn new(reader: Pool<Db>, writer: Pool<Db>, notifier: CommitNotifier) -> Self {
        let instance = super::instance();
        Self { reader, writer, keeper: None, notifier, instance, counting: AtomicBool::new(true) }
    }

    /// How the database would carry out a page, line by line.
    #[cfg(test)]
    pub(super) async fn plan(&self, query: &ActionQuery, from: Option<&Position>) -> Result<Vec<String>> {
        list::plan(&mut *self.reader.acquire().await?, query, from).await
    }

    /// The same for a change of states.
    #[cfg(test)]
    pub(super) async fn plan_states(
        &self,
        guard: crate::Guard<'_>,
        changes: &[crate::StateChange<'_>],
    ) -> Result<Vec<String>> {
        states::plan(&mut *self.reader.acquire().await?, guard, changes).await
    }

    /// Brings the rows to what this program expects: those of the tables of before into those of today, the indexes
    /// that a load took away, and then the keys.
    pub(super) async fn prepare_rows(&self) -> Result<()> {
        words::check(&mut *self.writer.acquire().await?).await?;
        let carried = carry_over::run(&self.writer).await?;
        self.restore_indexes().await?;
        if carried {
            self.recount(&Encoding::current()).await?;
        }
        self.key_rows().await?;
        self.key_targets().await?;
        case_keying::run(&self.writer).await?;
        admin_keying::run(&self.writer).await
    }

    /// Has further targets found that another program wrote.
    async fn key_targets(&self) -> Result<()> {
        let current = Encoding::current().version().to_string();
        if self.metadata(TARGET_KEYS).await?.as_deref() == Some(current.as_str()) {
            return Ok(());
        }
        let mut last = Some(0);
        while let Some(after) = last {
            let mut tx = super::begin(&self.writer).await?;
            last = same_entity::key_targets(&mut tx, after).await?;
            tx.commit().await?;
        }
        let mut tx = self.begin_counting().await?;
        tx.set_metadata(TARGET_KEYS, &current).await?;
        Box::new(tx).commit().await
    }

    /// Gives rows that another program wrote the keys of this one, and counts them.
    async fn key_rows(&self) -> Result<()> {
        let current = Encoding::current();
        let written =
            self.metadata(KEYS).await?.and_then(|text| serde_json::from_str::<Encoding>(&text).ok());
        if let Some(written) = written.filter(|written| written.agrees_with(&current)) {
            if written.known_words() < current.known_words() {
                let mut tx = self.begin_counting().await?;
                words::name(&mut tx.tx).await?;
                tx.set_metadata(KEYS, &json(&current)?).await?;
                Box::new(tx).commit().await?;
            }
            return Ok(());
        }
        let mut last = Some(0);
        let mut keyed = 0;
        while let Some(after) = last {
            let mut tx = super::begin(&self.writer).await?;
            last = keying::key_rows(&mut tx, after).await?;
            tx.commit().await?;
            if last.is_some() && keyed % keying::LOG_EVERY == 0 {
                tracing::info!(keyed, "rows get the keys of this version, before anything else is done");
            }
            keyed += keying::BATCH;
        }
        self.recount(&current).await
    }

    /// Counts all rows anew, which have the keys of that encoding.
    async fn recount(&self, encoding: &Encoding) -> Result<()> {
        let mut tx = self.begin_counting().await?;
        tx.recount().await?;
        words::name(&mut tx.tx).await?;
        tx.set_metadata(KEYS, &json(encoding)?).await?;
        Box::new(tx).commit().await
    }

    async fn begin_counting(&self) -> Result<SqlTransaction> {
        let counting = self.counting.load(Ordering::Relaxed);
        let waits = Instant::now();
        let begun = super::begin(&self.writer).await?;
        metrics::histogram!("countersign_database_seconds", "operation" => "begin").record(waits.elapsed());
        Ok(SqlTransaction::new(begun, counting, self.notifier.clone(), self.instance))
    }
}

#[cfg(test)]
async fn explain(db: &mut Connection, mut sql: sqlx::QueryBuilder<Db>) -> Result<Vec<String>> {
    use sqlx::{Execute as _, Row as _};
    let (explain, column) = super::EXPLAIN;
    let text = sqlx::AssertSqlSafe(format!("{explain}{}", sql.sql().as_str()));
    let arguments = sql.build().take_arguments().map_err(corrupt)?.unwrap_or_default();
    let rows = sqlx::query_with(text, arguments).fetch_all(db).await?;
    rows.iter().map(|row| Ok(row.try_get(column)?)).collect()
}

/// A time as the database holds it.
fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

fn corrupt(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

fn lane(action: &Action) -> Result<Lane> {
    Ok(action.lifecycle().map_err(corrupt)?.state().lane())
}

/// A digest as it is stored.
fn digest(action: &Action) -> Result<Vec<u8>> {
    hex::decode(&action.digest).map_err(corrupt)
}

fn optional_id(id: Option<impl Into<Uuid>>) -> Option<Uuid> {
    id.map(Into::into)
}

/// The text of who decided.
fn decided_by(action: &Action) -> Result<Option<String>> {
    action.decided_by.as_ref().map(actor_text::write).transpose().map_err(corrupt)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(corrupt)
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(self.begin_counting().await?))
    }

    async fn begin_system(&self, _: &SystemAuthority) -> Result<Box<dyn SystemTransaction>> {
        Ok(Box::new(self.begin_counting().await?))
    }
}
