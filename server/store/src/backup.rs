//! Copies of a whole database, made while it is in use, and made into a database again. A copy is kept, and a database
//! is, only once its log was verified.
//!
//! Of `SQLite` a copy is a database by itself; of `PostgreSQL` it is an archive of `pg_dump`, made of the snapshot that
//! was verified, and `pg_restore` makes a database of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sqlx::{Connection as _, PgConnection};
use tokio::process::Command;
use url::Url;

use crate::postgres::PostgresStore;
use crate::sqlite::{self, SqliteStore};
use crate::{Maintain as _, StoreError, Verified, Verify as _, VerifyError};

/// Why there is no copy, or no database of it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// What would be overwritten.
    #[error("{0} is there already, and nothing is overwritten")]
    Occupied(String),
    /// A file can't be read or written.
    #[error("{0}: {1}")]
    File(String, io::Error),
    /// A program of `PostgreSQL` failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Which one.
        program: &'static str,
        /// The end of what it said.
        said: String,
    },
    /// The database can't be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was copied is not whole.
    #[error("the copy is not kept, as its audit log is broken: {0}")]
    Broken(#[from] VerifyError),
}

type Result<T, E = BackupError> = std::result::Result<T, E>;

/// Copies the database into a file that is not there yet, while it is in use.
///
/// # Errors
/// [`BackupError`]; then there is no such file.
pub async fn back_up(url: &str, file: &Path) -> Result<Verified> {
    refuse_if_there(file)?;
    let part = part_of(file);
    let copied = if is_sqlite(url) {
        copy_sqlite(url, &part).await
    } else {
        let store = PostgresStore::open_read_only(url).await?;
        let arguments =
            |snapshot: String| vec![format!("--snapshot={snapshot}"), "--format=custom".to_owned()];
        let dump = async |snapshot| {
            sqlite::make_private(&part)?;
            let mut arguments = arguments(snapshot);
            arguments.extend(["--file".to_owned(), part.display().to_string()]);
            run("pg_dump", url, &arguments).await
        };
        let copied = store.copy_snapshot(dump).await;
        store.close().await;
        copied
    };
    keep(copied, &part, file)
}

async fn copy_sqlite(url: &str, part: &Path) -> Result<Verified> {
    let store = SqliteStore::open_read_only(url).await?;
    sqlite::make_private(part)?;
    let copied = store.copy_into(part).await;
    store.close().await;
    copied?;
    verify_file(part).await
}

/// Makes a database of a copy, where there is none yet.
///
/// # Errors
/// [`BackupError`]; then there is no such database.
pub async fn restore(file: &Path, url: &str) -> Result<Verified> {
    if is_sqlite(url) {
        let target = sqlite_file(url);
        refuse_if_there(&target)?;
        let part = part_of(&target);
        let copy = || {
            sqlite::make_private(&part)?;
            fs::copy(file, &part).map_err(|error| of_file(file, error))?;
            File::open(&part).and_then(|file| file.sync_all()).map_err(|error| of_file(&part, error))
        };
        let copied = match copy() {
            Ok(()) => verify_file(&part).await,
            Err(error) => Err(error),
        };
        return keep(copied, &part, &target);
    }
    let store = PostgresStore::open_read_only(url).await?;
    let is_empty = store.is_empty().await;
    store.close().await;
    if !is_empty? {
        return Err(BackupError::Occupied(crate::display_url(url)));
    }
    fs::metadata(file).map_err(|error| of_file(file, error))?;
    let options =
        ["--no-owner", "--no-privileges", "--no-comments", "--exit-on-error", "--single-transaction"];
    let mut arguments: Vec<_> = options.map(str::to_owned).to_vec();
    arguments.push(file.display().to_string());
    run("pg_restore", url, &arguments).await?;
    // Whose the database is now has what it had: no more than reading the log and appending to it.
    let mut db = PgConnection::connect(url).await.map_err(StoreError::from)?;
    for sql in [
        "REVOKE ALL ON audit FROM PUBLIC",
        "REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON audit FROM CURRENT_USER",
    ] {
        sqlx::query(sql).execute(&mut db).await.map_err(StoreError::from)?;
    }
    db.close().await.map_err(StoreError::from)?;
    let store = PostgresStore::open_read_only(url).await?;
    let verified = store.verify_log(&[]).await;
    store.close().await;
    Ok(verified?)
}

fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

fn sqlite_file(url: &str) -> PathBuf {
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
    file.split('?').next().unwrap_or_default().into()
}

fn of_file(file: &Path, error: io::Error) -> BackupError {
    BackupError::File(file.display().to_string(), error)
}

fn refuse_if_there(file: &Path) -> Result<()> {
    if file.exists() { Err(BackupError::Occupied(file.display().to_string())) } else { Ok(()) }
}

/// What is not known to be whole yet.
fn part_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Gives a part its name once it is verified, or takes it away.
fn keep(verified: Result<Verified>, part: &Path, file: &Path) -> Result<Verified> {
    let kept = verified.and_then(|verified| {
        File::open(part).and_then(|part| part.sync_all()).map_err(|error| of_file(part, error))?;
        fs::rename(part, file).map_err(|error| of_file(file, error))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
        folder.map_err(|error| of_file(file, error))?;
        Ok(verified)
    });
    if kept.is_err() {
        // It may not be there; what went wrong is said anyway.
        drop(fs::remove_file(part));
    }
    kept
}

async fn verify_file(file: &Path) -> Result<Verified> {
    let store = SqliteStore::open_read_only(&format!("sqlite://{}", file.display())).await?;
    let verified = store.verify_log(&[]).await;
    store.close().await;
    Ok(verified?)
}

/// What libpq knows of a URL's query; sqlx has names of its own beside these.
const LIBPQ: &[&str] =
    &["host", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey", "options"];

/// Runs a program of `PostgreSQL`; the password is in its environment, since others see its arguments.
async fn run(program: &'static str, url: &str, arguments: &[String]) -> Result<()> {
    let mut command = Command::new(program);
    let (plain, password) = without_password(url)?;
    command.arg(format!("--dbname={plain}")).args(arguments).arg("--no-password");
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| BackupError::File(program.to_owned(), error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<_> = said.lines().rev().take(3).collect();
    let said = said.into_iter().rev().collect::<Vec<_>>().join(" ");
    Err(BackupError::Program { program, said })
}

fn without_password(url: &str) -> Result<(String, Option<String>)> {
    let refuse = |error: url::ParseError| {
        BackupError::Store(StoreError::Unsupported(format!("URL that can't be read ({error})")))
    };
    let mut plain = Url::parse(url).map_err(refuse)?;
    let mut password = plain.password().map(|text| {
        let bytes = percent_encoding::percent_decode_str(text);
        bytes.decode_utf8_lossy().into_owned()
    });
    // A host that is a socket's folder has no place for a password to be taken from.
    let _ = plain.set_password(None);
    let pairs: Vec<(String, String)> = plain.query_pairs().into_owned().collect();
    plain.set_query(None);
    for (name, value) in pairs {
        if name == "password" {
            password = Some(value);
        } else if LIBPQ.contains(&name.as_str()) {
            plain.query_pairs_mut().append_pair(&name, &value);
        }
    }
    Ok((plain.to_string(), password))
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_is_no_argument() {
        for (url, plain, password) in [
            ("postgres://localhost/c", "postgres://localhost/c", None),
            ("postgres://ana:s3%2Fcret@db:5432/c", "postgres://ana@db:5432/c", Some("s3/cret")),
            (
                "postgresql://ana@db/c?sslmode=require&password=x&statement-cache-capacity=9",
                "postgresql://ana@db/c?sslmode=require",
                Some("x"),
            ),
        ] {
            let (got, secret) = without_password(url).unwrap();
            assert_eq!((got.as_str(), secret.as_deref()), (plain, password));
        }
    }
}
