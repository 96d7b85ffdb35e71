//! What is `PostgreSQL`'s own: opening, the one write lock as an advisory lock, and `LISTEN`/`NOTIFY`, by which
//! instances on one database wake each other. The statements stand in `queries`, as for every database.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Pool, QueryBuilder};

use super::commit_events::{Announcement, CommitNotifier};
use super::error::{Result, StoreError};
use super::listener::{CHANNEL, INSTANCES, Pools, listen, pass_on};
use super::migrations;
use super::primary::Servers;
use crate::{Verified, VerifyError};

/// The database of this mount.
pub(super) type Db = sqlx::Postgres;

/// A worker steps over a command that another one is taking.
macro_rules! claim_clause {
    () => {
        " FOR UPDATE SKIP LOCKED"
    };
}

/// The condition that a row has this external id, by its hash, which the index has.
macro_rules! external_id_is {
    ($id:literal) => {
        concat!("external_id IS NOT NULL AND sha256_of(external_id) = sha256_of(", $id, ")")
    };
}

/// The elements of the first value, a JSON array, as rows of one column, `item.value`: however many they are, the
/// statement stays the same.
macro_rules! json_rows {
    () => {
        "json_array_elements(CAST($1 AS JSON)) AS item (value)"
    };
}

/// The id in a text, as it stood in the tables of before.
macro_rules! id_of_text {
    ($column:literal) => {
        concat!("CAST(", $column, " AS uuid)")
    };
}

#[expect(clippy::duplicate_mod, reason = "one text, mounted once for each database")]
#[path = "queries/mod.rs"]
mod queries;

pub(super) use queries::SqlStore as PostgresStore;

const READERS: u32 = 8;
const WRITERS: u32 = 4;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a writer waits for the others.
const LOCK_TIMEOUT: &str = "5s";
/// Ends a transaction whose process hangs or whose connection broke unnoticed: it holds the write lock.
const IDLE_TIMEOUT: &str = "30s";
/// The advisory lock of writers; any number that nothing else in the database uses.
const WRITE_LOCK: i64 = 0x636F_756E_7465_7201;

impl PostgresStore {
    /// Opens and migrates the database that the URL names. Of several servers it is the primary's, also after a failover.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let servers = Servers::parse(url)?.with(|server| server.application_name("countersign"));
        let options = servers.primary().await?;
        // Alone first: a pool would try for as long as it may to reach a server that is not there. The migrator holds
        // an advisory lock of its own meanwhile, for which instances that start together wait without a limit.
        let mut connection = options.connect().await?;
        migrations::postgres().run(&mut connection).await?;
        connection.close().await?;

        let servers = servers.with(|server| {
            server.options([
                ("lock_timeout", LOCK_TIMEOUT),
                ("idle_in_transaction_session_timeout", IDLE_TIMEOUT),
                // Its default is that of a disk that turns: with it, reading all rows would seem cheaper than an index
                // of which most is in memory.
                ("random_page_cost", "1.1"),
            ])
        });
        let options = servers.primary().await?;
        let pool = |most: u32| PgPoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE_TIMEOUT);
        // Writers wait for each other; in a pool of their own they keep no reader waiting.
        let reader = pool(READERS).connect_with(options.clone()).await?;
        let writer = pool(WRITERS).after_connect(|connection, _| Box::pin(keep_what_is_told(connection)));
        let writer = writer.connect_with(options).await?;
        let notifier = CommitNotifier::new();
        let store = Self::new(reader.clone(), writer, notifier.clone());
        let instance = store.instance;
        let listener = listen(&reader, instance).await?;
        // Taken before anyone can close the pool: one that is taken while it closes, as the listener would do for each
        // notification, may miss it, and the pool would wait for the listener's connection for ever.
        let mut closed = reader.close_event();
        let pools = Pools { servers, reader, writer: store.writer.clone() };
        let passing_on = pass_on(listener, pools, instance, notifier);
        tokio::spawn(async move { closed.do_until(passing_on).await });
        store.prepare_rows().await?;
        store.derive_permissions().await?;
        Ok(store)
    }
}

impl PostgresStore {
    /// Opens the database that the URL names to read it.
    pub(super) async fn open_read_only(url: &str) -> Result<Self> {
        let servers = Servers::parse(url)?.with(|server| {
            server.application_name("countersign").options([("default_transaction_read_only", "on")])
        });
        let options = servers.primary().await?;
        options.connect().await?.close().await?;
        let pool = PgPoolOptions::new().max_connections(2).acquire_timeout(ACQUIRE_TIMEOUT);
        let reader = pool.connect_with(options).await?;
        Ok(Self::new(reader.clone(), reader, CommitNotifier::new()))
    }

    /// Has `copy` copy the database as it is at one moment, by the name of a snapshot of it, and verifies that snapshot.
    pub(super) async fn copy_snapshot<E: From<StoreError> + From<VerifyError>>(
        &self,
        copy: impl AsyncFnOnce(String) -> Result<(), E>,
    ) -> Result<Verified, E> {
        let mut connection = self.writer.acquire().await.map_err(StoreError::from)?;
        let mut tx = begin_read(&mut connection).await?;
        let export = sqlx::query_scalar("SELECT pg_export_snapshot()").fetch_one(&mut *tx).await;
        copy(export.map_err(StoreError::from)?).await?;
        Ok(queries::verify::verify_in(&mut tx, &[]).await?)
    }

    /// Whether there is no table yet.
    pub(super) async fn is_empty(&self) -> Result<bool> {
        let count = "SELECT COUNT(*) = 0 FROM pg_tables WHERE schemaname = current_schema()";
        Ok(sqlx::query_scalar(count).fetch_one(&self.writer).await?)
    }
}

/// Opens a transaction that holds the write lock from the start, like the one of `SQLite`: the audit log has one end to
/// append to, and two writers that took row locks before it could wait for each other in a circle.
async fn begin(writer: &Pool<Db>) -> Result<sqlx::Transaction<'static, Db>> {
    let writer = writer.clone();
    // A begin that is cancelled half-way would leave its connection in the pool inside a transaction.
    let begun = tokio::spawn(async move {
        // Whatever the server's default is: each statement must see what was committed before the lock was ours.
        let begin =
            format!("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITE_LOCK})");
        Ok(writer.begin_with(AssertSqlSafe(begin)).await?)
    });
    begun.await.unwrap_or(Err(StoreError::Database(sqlx::Error::WorkerCrashed)))
}

/// Has the transaction's last statement, whose rows are new, tell the other instances: a commit does not have to ask once
/// more for it. They hear it once, and only if the commit succeeds.
fn push_news(sql: &mut QueryBuilder<Db>, news: Announcement) {
    if let Some(text) = news.text() {
        sql.push(" RETURNING pg_notify(").push_bind(CHANNEL).push(", ").push_bind(text).push(")");
    }
}

/// Commits, and tells the other instances what no statement told them; they hear of it only if the commit succeeds.
async fn commit(mut tx: sqlx::Transaction<'static, Db>, news: Announcement) -> Result<()> {
    if let Some(text) = news.text() {
        sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(text).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

/// Opens a transaction that reads, all of it as of its first statement.
async fn begin_read(db: &mut PgConnection) -> Result<sqlx::Transaction<'_, Db>> {
    Ok(db.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
}

/// Has commits wait for the disk, also where the database's own setting is not to wait: what is answered is kept.
async fn keep_what_is_told(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let set = "SELECT set_config('synchronous_commit', 'on', false)
               WHERE current_setting('synchronous_commit') = 'off'";
    sqlx::query(set).execute(connection).await?;
    Ok(())
}

/// What tells this instance from others.
fn instance() -> i64 {
    i64::from(uuid::Uuid::new_v4().as_fields().0)
}

/// Whether an instance runs: it holds its lock for as long as it listens.
async fn is_alive(db: &mut PgConnection, instance: i64, own: i64) -> Result<bool> {
    let query = sqlx::query_scalar(
        "SELECT $1 = $2 OR EXISTS (
             SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = $3::bigint::oid AND objid = $1::bigint::oid
         )",
    );
    Ok(query.bind(instance).bind(own).bind(i64::from(INSTANCES)).fetch_one(db).await?)
}

/// Nothing: the planner chooses, from statistics that it keeps itself.
fn push_index(_sql: &mut QueryBuilder<Db>, _index: &str) {}

/// The statements that take away what only finds rows, and those that make it anew.
async fn missing(db: &mut PgConnection) -> Result<(Vec<String>, Vec<String>)> {
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT indexname, indexdef FROM pg_indexes
         WHERE schemaname = current_schema() AND tablename = 'actions'
           AND indexname NOT IN (SELECT conname FROM pg_constraint)",
    )
    .fetch_all(db)
    .await?;
    let drops = found.iter().map(|(name, _)| format!("DROP INDEX {name}")).collect();
    let makes = found.into_iter().map(|(_, sql)| sql).collect();
    Ok((drops, makes))
}

/// Whether there is such a table.
async fn has_table(db: &mut PgConnection, name: &'static str) -> Result<bool> {
    let query = sqlx::query_scalar(
        "SELECT COUNT(*) > 0 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
    );
    Ok(query.bind(name).fetch_one(db).await?)
}

/// Nothing: the migration took away what would be checked.
async fn check_links(_writer: &Pool<Db>, _on: bool) -> Result<()> {
    Ok(())
}

/// For a load: room to sort in, on whichever connection of the pool makes an index. At its end the planner learns what the
/// rows are like, and which pages all can see, so that an index answers without the rows.
async fn prepare_load(writer: &Pool<Db>, begins: bool) -> Result<()> {
    let set = if begins { "SET maintenance_work_mem = '256MB'" } else { "RESET maintenance_work_mem" };
    let mut held = Vec::new();
    for _ in 0..WRITERS {
        let mut connection = writer.acquire().await?;
        sqlx::query(set).execute(&mut *connection).await?;
        held.push(connection);
    }
    if let (false, Some(connection)) = (begins, held.first_mut()) {
        for table in ["actions", "evidence", "audit", "counts"] {
            sqlx::query(AssertSqlSafe(format!("VACUUM (ANALYZE) {table}")))
                .execute(&mut **connection)
                .await?;
        }
    }
    Ok(())
}

/// The condition that a row's text holds this, as a pattern in which nothing has a meaning of its own.
fn push_contains(sql: &mut QueryBuilder<Db>, text: &str) {
    let plain = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    sql.push("search_text LIKE ").push_bind(format!("%{plain}%"));
}

/// The items of a list in JSON, as rows `m` of `value` and `key`, which grows.
fn push_items(sql: &mut QueryBuilder<Db>, list: &str) {
    sql.push(format_args!("jsonb_array_elements(CAST({list} AS JSONB)) WITH ORDINALITY AS m(value, key)"));
}

/// What has a text that is computed compare by its bytes.
const BY_BYTES: &str = " COLLATE \"C\"";

/// The numbers of a lane's rows whose text holds this; the index of trigrams answers.
fn push_matches(sql: &mut QueryBuilder<Db>, text: &str, lane: i16) {
    sql.push("SELECT number FROM actions WHERE lane = ").push(lane.to_string()).push(" AND ");
    push_contains(sql, text);
}

/// The same: the rows have to be looked at anyway.
fn push_all_matches(sql: &mut QueryBuilder<Db>, text: &str, lane: i16) {
    push_matches(sql, text, lane);
}

/// What asks for the time.
const CLOCK: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";

/// What asks for the version of the database.
const VERSION: &str = "SELECT version()";

/// What asks for a plan, and the column of the answer that holds it.
#[cfg(test)]
const EXPLAIN: (&str, usize) = ("EXPLAIN ", 0);

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

    /// Sixteen times as many rows as were invented, with statistics.
    async fn grow(store: &PostgresStore, admin: &mut PgConnection) {
        store.suspend_indexes().await.unwrap();
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'actions'
             AND column_name NOT IN ('number', 'id', 'external_id', 'undo_of', 'undone_by')",
        )
        .fetch_all(&mut *admin)
        .await
        .unwrap();
        let columns = columns.join(", ");
        let copy = format!(
            "INSERT INTO actions (number, id, {columns})
             SELECT (SELECT MAX(number) FROM actions) + row_number() OVER (), gen_random_uuid(), {columns}
             FROM actions, generate_series(1, 16)"
        );
        sqlx::query(AssertSqlSafe(copy)).execute(&mut *admin).await.unwrap();
        let early = "CREATE INDEX actions_by_undo_of ON actions (undo_of) WHERE undo_of IS NOT NULL";
        sqlx::query(early).execute(&mut *admin).await.unwrap();
        store.restore_indexes().await.unwrap();
        sqlx::query("VACUUM ANALYZE actions").execute(&mut *admin).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM actions").fetch_one(admin).await.unwrap();
        assert!(rows > 200_000);
    }

    /// A database of the cluster of the tests, which is gone when the work is done.
    async fn with_database(work: impl AsyncFnOnce(String)) {
        let cluster = std::env::var("COUNTERSIGN_TEST_POSTGRES")
            .expect("COUNTERSIGN_TEST_POSTGRES is not set: run the tests by `cargo xtask test`");
        let name = format!("store_{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&cluster).await.unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut admin).await.unwrap();
        let (server, query) = cluster.split_once('?').unwrap_or((&cluster, ""));
        let (server, _) = server.rsplit_once('/').unwrap();
        work(format!("{server}/{name}?{query}")).await;
        let drop_it = sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
        sqlx::query(drop_it).execute(&mut admin).await.unwrap();
    }

    #[tokio::test]
    async fn what_the_program_before_wrote_is_carried_over() {
        let mut expected = None;
        with_database(async |url| expected = Some(upgrade::invented(&url).await)).await;
        let expected = expected.unwrap();
        for interrupted in [false, true] {
            with_database(async |url| {
                before::write(&url, &migrations::up_to(11, &migrations::postgres()), &expected).await;
                upgrade::verify_before(&url, &expected).await;
                if interrupted {
                    before::begin_only(&url, &migrations::postgres()).await;
                }
                let store = PostgresStore::open(&url).await.unwrap();
                upgrade::check(&store, &expected).await;
                store.close().await;
            })
            .await;
        }
    }

    #[tokio::test]
    async fn t35_commits_wait_for_the_disk_whatever_the_default_is() {
        with_database(async |url| {
            let mut db = PgConnection::connect(&url).await.unwrap();
            let name: String =
                sqlx::query_scalar("SELECT current_database()").fetch_one(&mut db).await.unwrap();
            let set = format!("ALTER DATABASE {name} SET synchronous_commit = off");
            sqlx::query(AssertSqlSafe(set)).execute(&mut db).await.unwrap();
            db.close().await.unwrap();
            let store = PostgresStore::open(&url).await.unwrap();
            let mut tx = begin(&store.writer).await.unwrap();
            let now: String =
                sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut *tx).await.unwrap();
            assert_eq!(now, "on");
            tx.commit().await.unwrap();
            store.close().await;
        })
        .await;
    }

    #[tokio::test]
    async fn pages_come_from_indexes() {
        with_database(async |url| walk_plans(&url).await).await;
    }

    async fn walk_plans(url: &str) {
        seeded(url).await;
        let store = PostgresStore::open(url).await.unwrap();
        let mut inside = PgConnection::connect(url).await.unwrap();
        // Its planner asks no entry for what holds of all of an index, so that a column before the key, which all entries
        // have in common, makes whoever asks for some keys read them all.
        let wide: Vec<String> = sqlx::query_scalar(
            "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%(lane, %' AND indexdef LIKE '%WHERE (lane = %'",
        )
        .fetch_all(&mut inside)
        .await
        .unwrap();
        assert_eq!(wide, [""; 0]);
        grow(&store, &mut inside).await;

        let plan = async |query: &_, from: Option<&_>| store.plan(query, from).await.unwrap();
        let by_index = |lines: &[String]| {
            let text = lines.join(" ");
            text.contains(" actions") && !text.contains("Seq Scan on actions")
        };
        every_order_walks_its_index(plan, |lines| {
            by_index(lines) && !lines.iter().any(|line| line.contains("Sort"))
        })
        .await;
        let similar = one_of_many(&store).await;
        let (few, many) = every_filter_uses_an_index(plan, by_index, similar).await;
        assert!(few >= 40 && many >= 40, "{few} and {many}");
        let plan = async |guard: Guard<'_>, changes: &[StateChange<'_>]| {
            store.plan_states(guard, changes).await.unwrap()
        };
        states_are_found_by_id(plan, &store, |line| {
            line.contains("Index Cond: ((id)::text = ") || line.contains("Index Cond: (id = ")
        })
        .await;
        store.close().await;
        inside.close().await.unwrap();
    }
}
