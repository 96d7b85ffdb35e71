//! Migrations, as each database lists its own: the same numbers and names on all.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Runs them in order, each in a transaction.
pub(super) fn migrator<const COUNT: usize>(texts: [(i64, &'static str, &'static str); COUNT]) -> Migrator {
    let migration = |(number, name, text): (i64, &'static str, &'static str)| {
        Migration::new(number, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(texts.map(migration).into())
}
