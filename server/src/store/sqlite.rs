//! What is `SQLite`'s own: opening, one writer with `BEGIN IMMEDIATE`, a pool of readers. The statements stand in
//! `queries`, which a second database mounts again under its own `Db`.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Pool, SqlSafeStr};

use super::changes::{Bells, News};
use super::{Result, StoreError};

/// The database of this mount.
pub(super) type Db = sqlx::Sqlite;

/// Nothing: a transaction has the write lock already.
macro_rules! claim_clause {
    () => {
        ""
    };
}

#[path = "queries/mod.rs"]
mod queries;

pub(super) use queries::SqlStore as SqliteStore;

/// How long a statement waits for another process that holds the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// `SQLITE_BUSY` and its extended codes (`BUSY_RECOVERY`, `BUSY_SNAPSHOT`, `BUSY_TIMEOUT`), `SQLITE_LOCKED`.
pub(super) const BUSY: [&str; 5] = ["5", "261", "517", "773", "6"];

fn migrations() -> Migrator {
    let spine = Migration::new(
        1,
        Cow::Borrowed("spine"),
        MigrationType::Simple,
        include_str!("../../migrations/sqlite/0001_spine.sql").into_sql_str(),
        false,
    );
    Migrator::with_migrations(vec![spine])
}

impl SqliteStore {
    /// Opens, creates and migrates the database that the URL names.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url).map_err(StoreError::from)?;
        make_private(options.get_filename())?;
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        // One writer: SQLite has one write lock, and queueing for it here is fair where its busy handler is not.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.clone())
            .await?;
        // In one transaction, so that a process that starts at the same time waits, and then finds it done.
        let mut tx = begin(&writer).await?;
        migrations().run(&mut *tx).await?;
        tx.commit().await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self::new(reader, writer, Bells::new()))
    }
}

/// Makes a new database's file readable by its owner alone: it holds password hashes. `SQLite` gives its side files
/// the same mode.
fn make_private(file: &Path) -> Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Database(sqlx::Error::Io(error))),
    }
}

/// Opens a transaction that holds the write lock from the start: one that reads first and writes later would fail at
/// once (`SQLITE_BUSY_SNAPSHOT`) if another wrote between.
async fn begin(writer: &Pool<Db>) -> Result<sqlx::Transaction<'static, Db>> {
    Ok(writer.begin_with("BEGIN IMMEDIATE").await?)
}

/// Commits. Other processes on the file are not told; they look from time to time.
async fn commit(tx: sqlx::Transaction<'static, Db>, _news: News) -> Result<()> {
    Ok(tx.commit().await?)
}
