//! What can go wrong with the store, in words.

/// The result of whatever asks the database.
pub(crate) type Result<T, E = StoreError> = std::result::Result<T, E>;

/// `SQLITE_BUSY` and its extended codes (`BUSY_RECOVERY`, `BUSY_SNAPSHOT`, `BUSY_TIMEOUT`), `SQLITE_LOCKED`.
const SQLITE_BUSY: [&str; 5] = ["5", "261", "517", "773", "6"];

/// Codes of what goes away by itself: a serialization failure, a deadlock, a lock that was not to be had, too many
/// connections, and the three of a server that stops or starts.
const POSTGRES_BUSY: [&str; 7] = ["40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03"];

/// Primary codes of a database that can't write (or read) its files: out of memory, read-only, I/O error, disk full,
/// file not to be opened. An extended code has its primary code in the lowest byte
/// (<https://www.sqlite.org/rescode.html>).
const SQLITE_UNWRITABLE: [u32; 5] = [7, 8, 10, 13, 14];

/// Codes of a server that can't write: a read-only transaction, a full disk, no memory, an I/O error.
const POSTGRES_UNWRITABLE: [&str; 4] = ["25006", "53100", "53200", "58030"];

/// Whether a code says that the database can't write.
fn is_unwritable(code: &str) -> bool {
    if POSTGRES_UNWRITABLE.contains(&code) {
        return true;
    }
    // Codes of PostgreSQL have five characters, those of SQLite fewer.
    code.len() < 5 && code.parse().is_ok_and(|code: u32| SQLITE_UNWRITABLE.contains(&(code & 0xFF)))
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer held the database for too long, or the database takes no more connections.
    #[error("the database is busy")]
    Busy,
    /// The database's disk is full, read-only or failing.
    #[error("the database can't be written to: {0}")]
    Unwritable(sqlx::Error),
    /// The database's server is not reached.
    #[error("there is no connection to the database: {0}")]
    Unreachable(sqlx::Error),
    /// A row holds what this program can't have written.
    #[error("the database holds an impossible value: {0}")]
    Corrupt(String),
    /// The URL's scheme names no database that this program speaks.
    #[error("no support for databases of the kind {0:?}; use sqlite://FILE or postgres://USER@HOST/DATABASE")]
    Unsupported(String),
    /// A migration failed.
    #[error("the database could not be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// What was read could not be written away.
    #[error("the export could not be written: {0}")]
    Export(std::io::Error),
    /// Authority was used for what it was not given for.
    #[error(transparent)]
    Misused(#[from] domain::access::Misused),
    /// Any other answer of the database.
    #[error("the database failed: {0}")]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // Codes of SQLite and of PostgreSQL have different lengths, so that one table serves both.
        let goes_away = |code: &str| SQLITE_BUSY.contains(&code) || POSTGRES_BUSY.contains(&code);
        match &error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Database(database) if database.code().as_deref().is_some_and(goes_away) => {
                Self::Busy
            }
            sqlx::Error::Database(database) if database.code().as_deref().is_some_and(is_unwritable) => {
                Self::Unwritable(error)
            }
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) => Self::Unreachable(error),
            _ => Self::Database(error),
        }
    }
}

impl From<StoreError> for domain::Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Unreachable(_) => Self::Busy,
            StoreError::Unwritable(error) => {
                tracing::error!(%error, "the database can't be written to");
                Self::Unwritable
            }
            other => Self::Internal(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_a_disk_that_fails_are_told_from_others() {
        for code in ["13", "8", "10", "778", "1034", "1544", "14", "53100", "25006"] {
            assert!(is_unwritable(code), "{code}");
        }
        for code in ["5", "517", "19", "2067", "787", "23505", "40001", "57P01"] {
            assert!(!is_unwritable(code), "{code}");
        }
    }
}
