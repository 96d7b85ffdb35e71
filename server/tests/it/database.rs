//! Databases for tests: each test has its own, of the kind that it names, and removes it.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use store::{self, SharedStore};
use tempfile::TempDir;

/// Where `cargo xtask` says that its `PostgreSQL` cluster is.
const VARIABLE: &str = "COUNTERSIGN_TEST_POSTGRES";
/// The file of an `SQLite` database, in a folder of its own.
const FILE: &str = "countersign.db";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// An id as a literal of a statement, where it is kept as 16 bytes.
    pub(crate) fn id(self, id: &str) -> String {
        match self {
            Self::Sqlite => format!("X'{}'", id.replace('-', "")),
            Self::Postgres => format!("'{id}'"),
        }
    }

    /// The text of such a column.
    pub(crate) fn text_of_id(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("lower(hex({column}))"),
            Self::Postgres => format!("replace({column}::text, '-', '')"),
        }
    }
}

/// Runs each named `async fn(Kind)` as a test on each kind of database.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::database::Kind::Sqlite).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::database::Kind::Postgres).await;
            })+
        }
    };
}
pub(crate) use on_both;

pub(crate) struct Database {
    pub(crate) url: String,
    held: Held,
}

enum Held {
    Folder {
        folder: TempDir,
    },
    Name(String),
    /// By the test itself.
    Elsewhere,
}

impl Database {
    /// With all tables, and nothing in them.
    pub(crate) async fn migrated(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let database = Self::empty(kind).await;
                if let Held::Folder { folder } = &database.held {
                    std::fs::copy(template_file().await, folder.path().join(FILE)).unwrap();
                }
                database
            }
            Kind::Postgres => {
                let template = template().await;
                named(&format!(" TEMPLATE {template}")).await
            }
        }
    }

    /// Without any table.
    pub(crate) async fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}", folder.path().join(FILE).display());
                Self { url, held: Held::Folder { folder } }
            }
            Kind::Postgres => named("").await,
        }
    }

    /// One of a cluster that the test has for itself.
    pub(crate) const fn of(url: String) -> Self {
        Self { url, held: Held::Elsewhere }
    }

    /// A store on it; each is an instance of its own.
    pub(crate) async fn open(&self) -> SharedStore {
        store::connect(&self.url).await.unwrap()
    }

    /// Runs a statement behind the store's back; returns how many rows it changed.
    pub(crate) async fn execute(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.held {
            Held::Folder { .. } => {
                let mut connection = SqliteConnection::connect(&self.url).await?;
                let done = sqlx::query(sql).execute(&mut connection).await?.rows_affected();
                connection.close().await?;
                Ok(done)
            }
            Held::Name(_) | Held::Elsewhere => {
                let mut connection = PgConnection::connect(&self.url).await?;
                let done = sqlx::query(sql).execute(&mut connection).await?.rows_affected();
                connection.close().await?;
                Ok(done)
            }
        }
    }

    /// Ends all sessions of a `PostgreSQL` database.
    pub(crate) async fn cut_connections(&self) {
        let Held::Name(name) = &self.held else { panic!("a file has no connections") };
        let mut admin = PgConnection::connect(&cluster()).await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        sqlx::query(end).bind(name).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }

    /// Makes a `PostgreSQL` database read-only, or writable again, and ends its sessions, which keep the setting that
    /// they began with.
    pub(crate) async fn set_read_only(&self, read_only: bool) {
        let Held::Name(name) = &self.held else { panic!("a file has no such setting") };
        let mut admin = PgConnection::connect(&cluster()).await.unwrap();
        let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {read_only}");
        sqlx::query(AssertSqlSafe(set)).execute(&mut admin).await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        sqlx::query(end).bind(name).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }

    /// The first column of the rows, as text.
    pub(crate) async fn column(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.held {
            Held::Folder { .. } => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
            Held::Name(_) | Held::Elsewhere => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Held::Name(name) = &self.held else { return };
        let sql = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        let drop_it = async {
            let mut admin = PgConnection::connect(&cluster()).await?;
            sqlx::query(sql).execute(&mut admin).await
        };
        // On a thread of its own, since this one may be running another runtime. What is left goes with the cluster.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                if let Err(error) = runtime.unwrap().block_on(drop_it) {
                    eprintln!("{name} is left behind: {error}");
                }
            });
        });
    }
}

/// The URL of the cluster's maintenance database.
fn cluster() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{VARIABLE} is not set: run the tests by `cargo xtask test`, \
             or some of them by `cargo xtask postgres cargo test -p server NAME`"
        )
    })
}

/// The URL of another database of the cluster.
fn url(name: &str) -> String {
    let cluster = cluster();
    let (server, query) = cluster.split_once('?').unwrap_or((&cluster, ""));
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}?{query}")
}

async fn named(more: &str) -> Database {
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut admin = PgConnection::connect(&cluster()).await.unwrap();
    let sql = AssertSqlSafe(format!("CREATE DATABASE {name}{more}"));
    sqlx::query(sql).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    Database { url: url(&name), held: Held::Name(name) }
}

/// The name of a migrated database to copy, which changes with the migrations.
fn template_name() -> String {
    let both = Path::new(env!("CARGO_MANIFEST_DIR")).join("store/migrations");
    let folders = [both.join("postgres"), both];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut files: Vec<_> = entries.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(std::fs::read(file).unwrap());
    }
    format!("template_{}", &hex::encode(hash.finalize())[..16])
}

/// A migrated `SQLite` database to copy. Of tests that find none each makes one, and puts it there at once.
async fn template_file() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(template_name()).with_extension("db");
    if !file.is_file() {
        let temporary = tempfile::tempdir_in(folder).unwrap();
        let made = temporary.path().join(FILE);
        store::connect(&format!("sqlite://{}", made.display())).await.unwrap().close().await;
        assert!(!made.with_extension("db-wal").exists(), "all of it is in one file");
        std::fs::rename(made, &file).unwrap();
    }
    file
}

/// A migrated `PostgreSQL` database to copy, which the first test makes.
async fn template() -> String {
    let name = template_name();

    let mut admin = PgConnection::connect(&cluster()).await.unwrap();
    // Closing the connection gives the lock back.
    sqlx::query("SELECT pg_advisory_lock(1)").execute(&mut admin).await.unwrap();
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    if !known {
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
        store::connect(&url(&name)).await.unwrap().close().await;
    }
    admin.close().await.unwrap();
    name
}
