//! Migrations: one list of numbers and names for all databases, whose texts stand in a folder for each.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The migrations of the database with that folder. One that has landed is never changed.
macro_rules! migrations {
    ($folder:literal) => {
        $crate::migrations::migrator($crate::migrations::list!($folder:
            1 "spine", 2 "lists", 3 "counts", 4 "bulk", 5 "preferences", 6 "similar", 7 "home", 8 "subjects",
        ))
    };
}

macro_rules! list {
    ($folder:literal: $($number:literal $name:literal),+ $(,)?) => {
        [$((
            $number,
            $name,
            include_str!(concat!("../migrations/", $folder, "/000", $number, "_", $name, ".sql")),
        )),+]
    };
}

pub(crate) use {list, migrations};

/// Runs them in order, each in a transaction.
pub(crate) fn migrator<const COUNT: usize>(texts: [(i64, &'static str, &'static str); COUNT]) -> Migrator {
    let migration = |(number, name, text): (i64, &'static str, &'static str)| {
        Migration::new(number, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(texts.map(migration).into())
}
