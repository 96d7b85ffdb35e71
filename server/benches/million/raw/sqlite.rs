//! The raw driver on `SQLite`.

pub(crate) type Db = sqlx::Sqlite;

/// As the store sets it.
const SETTINGS: &str = "PRAGMA synchronous = FULL; PRAGMA cache_size = -49152; PRAGMA mmap_size = 2147418112";

/// The rows that hold a text, by the index of trigrams.
pub(crate) fn holds(text: &str) -> String {
    format!("number IN (SELECT rowid FROM search WHERE search MATCH '\"{text}\"')")
}

#[path = "statements.rs"]
mod statements;
pub(crate) use statements::*;
