//! Migrations: one list for all databases, each migration a file of `migrations` or of a folder there for each.
//!
//! To add one, add `NUMBER_NAME.sql`; one that has landed is never changed. A text for both databases is written as for
//! `PostgreSQL`: `SQLite`, which compares bytes anyway, gets it without the collation `"C"`, and with the columns that an
//! index includes as columns of it. What they can't share are two files under the same name.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

mod files {
    include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
}

/// Those of `SQLite`, in order, each in a transaction.
pub(crate) fn sqlite() -> Migrator {
    migrator(files::SQLITE, in_sqlite)
}

/// Those of `PostgreSQL`.
pub(crate) fn postgres() -> Migrator {
    migrator(files::POSTGRES, str::to_owned)
}

fn migrator(own: &[(i64, &'static str, &'static str)], translate: fn(&str) -> String) -> Migrator {
    let own = own.iter().map(|(number, name, text)| (*number, *name, (*text).to_owned()));
    let both = files::BOTH.iter().map(|(number, name, text)| (*number, *name, translate(text)));
    let mut texts: Vec<_> = own.chain(both).collect();
    texts.sort_by_key(|(number, ..)| *number);
    let migration = |(number, name, text)| {
        let text = AssertSqlSafe(text).into_sql_str();
        Migration::new(number, Cow::Borrowed(name), MigrationType::Simple, text, false)
    };
    Migrator::with_migrations(texts.into_iter().map(migration).collect())
}

fn in_sqlite(text: &str) -> String {
    text.replace(" COLLATE \"C\"", "").replace(") INCLUDE (", ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_numbers_without_a_gap() {
        let numbers =
            |migrator: &Migrator| migrator.iter().map(|migration| migration.version).collect::<Vec<_>>();
        let (sqlite, postgres) = (sqlite(), postgres());
        assert_eq!(numbers(&sqlite), numbers(&postgres));
        assert_eq!(numbers(&sqlite), (1..=i64::try_from(sqlite.iter().count()).unwrap()).collect::<Vec<_>>());
    }

    #[test]
    fn a_text_for_both_is_written_as_for_postgres() {
        let text = "ALTER TABLE a ADD COLUMN b TEXT COLLATE \"C\" NOT NULL;\nCREATE INDEX i ON a (b, id) INCLUDE (c);";
        let want = "ALTER TABLE a ADD COLUMN b TEXT NOT NULL;\nCREATE INDEX i ON a (b, id, c);";
        assert_eq!(in_sqlite(text), want);
    }
}
