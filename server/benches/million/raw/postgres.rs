//! The raw driver on `PostgreSQL`.

pub(crate) type Db = sqlx::Postgres;

const SETTINGS: &str = "SELECT 1";

pub(crate) fn holds(text: &str) -> String {
    format!("search_text LIKE '%{text}%'")
}

#[expect(clippy::duplicate_mod, reason = "one text, mounted once for each database")]
#[path = "statements.rs"]
mod statements;
pub(crate) use statements::*;
