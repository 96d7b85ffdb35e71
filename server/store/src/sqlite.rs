//! What is `SQLite`'s own: opening, one writer with `BEGIN IMMEDIATE`, a pool of readers. The statements stand in
//! `queries`, which a second database mounts again under its own `Db`.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Pool, QueryBuilder, SqliteConnection};

use super::commit_events::{Announcement, CommitNotifier, Subscription};
use super::error::{Result, StoreError};
use super::migrations;

/// The database of this mount.
pub(super) type Db = sqlx::Sqlite;

/// Nothing: a transaction has the write lock already.
macro_rules! claim_clause {
    () => {
        ""
    };
}

/// The condition that a row has this external id.
macro_rules! external_id_is {
    ($id:literal) => {
        concat!("external_id = ", $id)
    };
}

/// The elements of the first value, a JSON array, as rows of one column, `item.value`: however many they are, the
/// statement stays the same.
macro_rules! json_rows {
    () => {
        "json_each($1) AS item"
    };
}

/// The id in a text, as it stood in the tables of before.
macro_rules! id_of_text {
    ($column:literal) => {
        concat!("unhex(replace(", $column, ", '-', ''))")
    };
}

#[path = "queries/mod.rs"]
mod queries;

pub(super) use queries::SqlStore as SqliteStore;

/// How long a statement waits for another process that holds the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const COME_AGAIN_AFTER: Duration = Duration::from_millis(20);
const READERS: u32 = 4;
/// Pages that the writer keeps, 48 MiB of them: a row touches a page of each index.
const WRITER_CACHE: &str = "-49152";
/// Pages of the write-ahead log at which a commit carries them into the file itself, 32 MiB of them: what the keeper has
/// carried already costs it nothing.
const COMMIT_CHECKPOINTS: &str = "8000";
/// How long the keeper lets the log grow: pages that are written again meanwhile are carried over once.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(1);
/// Rows that a reader's thread reads on by itself: a page of the largest size, so that it waits for nobody meanwhile.
const READ_AHEAD: usize = 256;
/// Readers look into the file as the system has it in memory: so many bytes of it at most, as `SQLite` allows.
const READER_MAP: &str = "2147418112";

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
        let writing = options.clone().pragma("cache_size", WRITER_CACHE).pragma("temp_store", "MEMORY");
        let writer = connect(1, &writing.pragma("wal_autocheckpoint", COMMIT_CHECKPOINTS)).await?;
        set_temporary(&writer, "DEFAULT").await?;
        // In one transaction, so that a process that starts at the same time waits, and then finds it done.
        let mut tx = begin(&writer).await?;
        migrations::sqlite().run(&mut *tx).await?;
        tx.commit().await?;
        let keeper = connect(1, &options).await?;
        let reading = options.read_only(true).pragma("mmap_size", READER_MAP).row_buffer_size(READ_AHEAD);
        let reader = connect(READERS, &reading).await?;
        let notifier = CommitNotifier::new();
        tokio::spawn(checkpoint(keeper.clone(), notifier.subscribe()));
        let mut store = Self::new(reader, writer, notifier);
        store.keeper = Some(keeper);
        store.prepare_rows().await?;
        store.derive_permissions().await?;
        set_temporary(&store.writer, "MEMORY").await?;
        Ok(store)
    }
}

impl SqliteStore {
    /// Opens the file that the URL names to read it, and touches nothing.
    pub(super) async fn open_read_only(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url).map_err(StoreError::from)?;
        let mut log = options.get_filename().as_os_str().to_owned();
        log.push("-wal");
        // Whoever has it open has a write-ahead log beside it. Without one nobody writes, so that the file needs neither
        // locks nor files beside it, which a read-only copy can't have.
        let at_rest = std::fs::metadata(&log).map_or(true, |log| log.len() == 0);
        let options = options.create_if_missing(false).read_only(true).immutable(at_rest);
        let reader = connect(1, &options.busy_timeout(BUSY_TIMEOUT)).await?;
        Ok(Self::new(reader.clone(), reader, CommitNotifier::new()))
    }

    /// Writes all of it, as it is at one moment, into a file that is empty or not there.
    pub(super) async fn copy_into(&self, file: &Path) -> Result<()> {
        let file = file.to_string_lossy().into_owned();
        sqlx::query("VACUUM INTO $1").bind(file).execute(&self.writer).await?;
        Ok(())
    }
}

/// Where what a transaction may take back is kept: in memory, as a step of a job touches a thousand pages, each of which
/// would be written to a file once more. What makes indexes sorts all rows, which belongs into files.
async fn set_temporary(writer: &Pool<Db>, place: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA temp_store = {place}"))).execute(writer).await?;
    Ok(())
}

/// Opens a pool. Of two processes that switch a new file to WAL at the same time `SQLite` tells one at once to come
/// again, whatever its timeout.
async fn connect(most: u32, options: &SqliteConnectOptions) -> Result<Pool<Db>> {
    let mut pauses = BUSY_TIMEOUT.as_millis() / COME_AGAIN_AFTER.as_millis();
    loop {
        let pool = SqlitePoolOptions::new().max_connections(most).acquire_timeout(Duration::from_secs(10));
        // A connection to a file does not break while it rests, but one whose transaction ended with an error of the
        // disk still counts as inside of it, as SQLite has rolled back by itself: nothing could begin on it any more.
        let pool = pool
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }));
        match pool.connect_with(options.clone()).await.map_err(StoreError::from) {
            Err(StoreError::Busy) if pauses > 0 => {
                pauses -= 1;
                tokio::time::sleep(COME_AGAIN_AFTER).await;
            }
            done => return done,
        }
    }
}

/// Makes a new database's file readable by its owner alone: it holds password hashes. `SQLite` gives its side files
/// the same mode.
pub(super) fn make_private(file: &Path) -> Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Database(sqlx::Error::Io(error))),
    }
}

/// Carries the write-ahead log into the file beside the commits, which then need not do it, until its pool is closed.
async fn checkpoint(keeper: Pool<Db>, mut changes: Subscription) {
    let mut closed = keeper.close_event();
    let keeping = async {
        loop {
            changes.record_appended().await;
            tokio::time::sleep(CHECKPOINT_AFTER).await;
            // As far as readers let it; commits do what is left, and say what is wrong with the file.
            if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&keeper).await {
                tracing::debug!(%error, "the write-ahead log was not carried into the file");
            }
        }
    };
    // Closed or not: there is nothing to tell.
    let _: Result<(), sqlx::Error> = closed.do_until(keeping).await;
}

/// Opens a transaction that holds the write lock from the start: one that reads first and writes later would fail at
/// once (`SQLITE_BUSY_SNAPSHOT`) if another wrote between.
async fn begin(writer: &Pool<Db>) -> Result<sqlx::Transaction<'static, Db>> {
    Ok(writer.begin_with("BEGIN IMMEDIATE").await?)
}

/// Nothing: other processes on the file are not told.
fn push_news(_sql: &mut QueryBuilder<Db>, _news: Announcement) {}

/// Commits. Other processes on the file are not told; they look from time to time.
async fn commit(tx: sqlx::Transaction<'static, Db>, _news: Announcement) -> Result<()> {
    Ok(tx.commit().await?)
}

/// Opens a transaction that reads, all of it as of its first statement.
async fn begin_read(db: &mut SqliteConnection) -> Result<sqlx::Transaction<'_, Db>> {
    Ok(db.begin().await?)
}

/// What tells this process from others that have the file open, and from those that had its number before.
static PROCESS: LazyLock<i64> =
    LazyLock::new(|| i64::from(std::process::id()) << 32 | i64::from(uuid::Uuid::new_v4().as_fields().0));

fn instance() -> i64 {
    *PROCESS
}

/// Whether an instance runs: this process, or another one of the machine.
#[expect(clippy::unused_async, reason = "the other database has to be asked")]
async fn is_alive(_db: &mut SqliteConnection, instance: i64, own: i64) -> Result<bool> {
    let (process, this) = (instance >> 32, own >> 32);
    Ok(instance == own || (process != this && Path::new(&format!("/proc/{process}")).exists()))
}

/// Holds the statement to an index: the planner knows less of the rows than we do.
fn push_index(sql: &mut QueryBuilder<Db>, index: &str) {
    sql.push(" INDEXED BY ").push(index);
}

/// The statements that take away what only finds rows, and those that make it anew.
async fn missing(db: &mut SqliteConnection) -> Result<(Vec<String>, Vec<String>)> {
    let found: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL
         AND (type = 'index' AND tbl_name = 'actions' OR type = 'trigger' AND tbl_name = 'actions')",
    )
    .fetch_all(db)
    .await?;
    let drops = found.iter().map(|(kind, name, _)| format!("DROP {kind} {name}")).collect();
    // What the triggers would have written comes before the triggers.
    let texts = [
        "INSERT INTO search (rowid, text)
         SELECT number, search_text FROM actions WHERE number > (SELECT COALESCE(MAX(rowid), 0) FROM search)",
    ];
    let makes = texts.map(str::to_owned).into_iter().chain(found.into_iter().map(|(.., sql)| sql)).collect();
    Ok((drops, makes))
}

/// Whether there is such a table.
async fn has_table(db: &mut SqliteConnection, name: &'static str) -> Result<bool> {
    let query =
        sqlx::query_scalar("SELECT COUNT(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = $1");
    Ok(query.bind(name).fetch_one(db).await?)
}

/// Whether the writer checks that what rows name is there. Tables of before are taken away row by row, and each would be
/// looked for in all of them.
async fn check_links(writer: &Pool<Db>, on: bool) -> Result<()> {
    let set = if on { "PRAGMA foreign_keys = ON" } else { "PRAGMA foreign_keys = OFF" };
    sqlx::query(set).execute(writer).await?;
    Ok(())
}

/// For a load: commits that reach the disk with the next checkpoint, checkpoints that come seldom, and room to sort in.
async fn prepare_load(writer: &Pool<Db>, begins: bool) -> Result<()> {
    let (synchronous, checkpoint, cache, threads, map) = if begins {
        ("NORMAL", "25600", "-131072", 2, READER_MAP)
    } else {
        ("FULL", COMMIT_CHECKPOINTS, WRITER_CACHE, 0, "0")
    };
    let settings = format!(
        "PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = {checkpoint};
         PRAGMA cache_size = {cache}; PRAGMA threads = {threads}; PRAGMA mmap_size = {map}"
    );
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(writer).await?;
    set_temporary(writer, if begins { "DEFAULT" } else { "MEMORY" }).await
}

/// The condition that a row's text holds this.
fn push_contains(sql: &mut QueryBuilder<Db>, text: &str) {
    sql.push("instr(search_text, ").push_bind(text.to_owned()).push(") > 0");
}

/// The items of a list in JSON, as rows `m` of `value` and `key`, which grows.
fn push_items(sql: &mut QueryBuilder<Db>, list: &str) {
    sql.push(format_args!("json_each({list}) m"));
}

/// What has a text that is computed compare by its bytes: all do.
const BY_BYTES: &str = "";

fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The numbers of a lane's rows whose text holds this, from the index of trigrams: a phrase of it, in which nothing has
/// a meaning of its own.
fn push_matches(sql: &mut QueryBuilder<Db>, text: &str, lane: i16) {
    sql.push(
        "SELECT a.number FROM search CROSS JOIN actions a ON a.number = search.rowid WHERE search MATCH ",
    );
    sql.push_bind(phrase(text)).push(" AND a.lane = ").push(lane.to_string());
}

/// The same, whatever the lane: the index of trigrams alone knows them.
fn push_all_matches(sql: &mut QueryBuilder<Db>, text: &str, _lane: i16) {
    sql.push("SELECT rowid FROM search WHERE search MATCH ").push_bind(phrase(text));
}

/// What asks for the time: that of the machine, as the file has no clock.
const CLOCK: &str = "SELECT CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)";

/// What asks for the version of the database.
const VERSION: &str = "SELECT 'SQLite ' || sqlite_version()";

/// What asks for a plan, and the column of the answer that holds it.
#[cfg(test)]
const EXPLAIN: (&str, usize) = ("EXPLAIN QUERY PLAN ", 3);

#[cfg(test)]
mod tests {
    use super::queries::carry_over::before;
    use super::*;
    use crate::maintenance::Maintain as _;
    use crate::plans::{
        every_filter_uses_an_index, every_order_walks_its_index, one_of_many, seeded, states_are_found_by_id,
    };
    use crate::upgrade;
    use crate::{Guard, StateChange};

    async fn estate(folder: &tempfile::TempDir) -> SqliteStore {
        let url = format!("sqlite://{}", folder.path().join("t.db").display());
        seeded(&url).await;
        // With statistics, as after a while in use.
        let store = SqliteStore::open(&url).await.unwrap();
        sqlx::query("ANALYZE").execute(&mut SqliteConnection::connect(&url).await.unwrap()).await.unwrap();
        store.close().await;
        SqliteStore::open(&url).await.unwrap()
    }

    #[tokio::test]
    async fn t35_commits_wait_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("t.db").display());
        let store = SqliteStore::open(&url).await.unwrap();
        let mut tx = begin(&store.writer).await.unwrap();
        let full: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *tx).await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *tx).await.unwrap();
        assert_eq!((full, mode.as_str()), (2, "wal"));
        tx.commit().await.unwrap();
        store.close().await;
    }

    #[tokio::test]
    async fn pages_come_from_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let store = estate(&folder).await;
        let plan = async |query: &_, from: Option<&_>| store.plan(query, from).await.unwrap();
        every_order_walks_its_index(plan, |lines| {
            let rows: Vec<_> = lines.iter().filter(|line| line.contains(" actions")).collect();
            let sorts = lines.iter().any(|line| line.contains("TEMP B-TREE"));
            rows.len() == 1 && rows[0].starts_with("SEARCH actions USING INDEX actions_by_") && !sorts
        })
        .await;
        let by_index = |lines: &[String]| {
            let on_rows = || lines.iter().filter(|line| line.contains(" actions"));
            on_rows().count() > 0 && on_rows().all(|line| line.starts_with("SEARCH actions USING "))
        };
        let similar = one_of_many(&store).await;
        let (few, many) = every_filter_uses_an_index(plan, by_index, similar).await;
        assert!(few >= 40 && many >= 40, "{few} and {many}");
        let plan = async |guard: Guard<'_>, changes: &[StateChange<'_>]| {
            store.plan_states(guard, changes).await.unwrap()
        };
        states_are_found_by_id(plan, &store, |line| {
            line.contains("SEARCH actions USING") && line.contains("(id=?)")
        })
        .await;
    }

    #[tokio::test]
    async fn what_the_program_before_wrote_is_carried_over() {
        let folder = tempfile::tempdir().unwrap();
        let url = |name: &str| format!("sqlite://{}?mode=rwc", folder.path().join(name).display());
        let expected = upgrade::invented(&url("new.db")).await;
        for interrupted in [false, true] {
            let url = url(&format!("{interrupted}.db"));
            before::write(&url, &migrations::up_to(11, &migrations::sqlite()), &expected).await;
            upgrade::verify_before(&url, &expected).await;
            if interrupted {
                before::begin_only(&url, &migrations::sqlite()).await;
            }
            let store = SqliteStore::open(&url).await.unwrap();
            upgrade::check(&store, &expected).await;
            store.close().await;
        }
    }
}
