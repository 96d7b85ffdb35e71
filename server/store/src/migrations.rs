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

/// Those up to a number, as a program before had them.
#[cfg(test)]
pub(crate) fn up_to(last: i64, all: &Migrator) -> Migrator {
    Migrator::with_migrations(all.iter().filter(|migration| migration.version <= last).cloned().collect())
}

fn in_sqlite(text: &str) -> String {
    text.replace(" COLLATE \"C\"", "").replace(") INCLUDE (", ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_numbers_in_order() {
        let numbers =
            |migrator: &Migrator| migrator.iter().map(|migration| migration.version).collect::<Vec<_>>();
        let (sqlite, postgres) = (sqlite(), postgres());
        assert_eq!(numbers(&sqlite), numbers(&postgres));
        assert!(numbers(&sqlite).windows(2).all(|pair| pair[0] < pair[1]), "a number is taken once");
    }

    #[test]
    fn a_text_for_both_is_written_as_for_postgres() {
        let text = "ALTER TABLE a ADD COLUMN b TEXT COLLATE \"C\" NOT NULL;\nCREATE INDEX i ON a (b, id) INCLUDE (c);";
        let want = "ALTER TABLE a ADD COLUMN b TEXT NOT NULL;\nCREATE INDEX i ON a (b, id, c);";
        assert_eq!(in_sqlite(text), want);
    }

    /// A database of the version before, with two secrets of one tool, of which the second proposed a twin.
    #[tokio::test]
    async fn an_upgrade_keeps_every_row_and_gives_it_to_its_tool() {
        use sqlx::{Connection as _, SqliteConnection};
        let before = up_to(10, &sqlite());
        let mut db = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        before.run(&mut db).await.unwrap();
        for (id, owner) in [("t1", "NULL"), ("t2", "NULL"), ("t3", "'u1'")] {
            let credential = format!(
                "INSERT INTO credentials (id, kind, secret_hash, user_id, name, scopes, created_at, last_seen_at, expires_at)
                 VALUES ('{id}', 'token', '{id}', {owner}, 'xdr', '[]', 0, 0, 0)"
            );
            if owner != "NULL" {
                let user =
                    "INSERT INTO users (id, name, display_name, created_at) VALUES ('u1', 'u', 'U', 0)";
                sqlx::query(user).execute(&mut db).await.unwrap();
            }
            sqlx::query(AssertSqlSafe(credential)).execute(&mut db).await.unwrap();
        }
        for (id, by, at) in
            [("a1", "t1", 1), ("a2", "t2", 2), ("a3", "t3", 3), ("a4", "u1", 4), ("a5", "seed", 5)]
        {
            let action = format!(
                "INSERT INTO actions (id, version, digest, external_id, type, entity_kind, entity_title, entity, asset_kind,
                     asset_name, parameters, severity, source, evidence, proposed_by, proposed_by_id, proposed_at, expires_at,
                     updated_at, lane, urgency, decision, status, undo)
                 VALUES ('{id}', 1, 'd', 'x-{}', 't', 'k', 't', '{{}}', 'device', 'a', '{{}}', 'high', 's', '[]', '{{}}', '{by}',
                     {at}, 9, {at}, 'pending', 'u', 'Pending', 'None', 'None')",
                if at < 4 { 1 } else { at }
            );
            sqlx::query(AssertSqlSafe(action)).execute(&mut db).await.unwrap();
        }
        up_to(11, &sqlite()).run(&mut db).await.unwrap();
        let rows: Vec<(String, String, i64)> =
            sqlx::query_as("SELECT id, proposed_by_id, is_twin FROM actions ORDER BY id")
                .fetch_all(&mut db)
                .await
                .unwrap();
        let rows: Vec<_> = rows.iter().map(|(id, by, twin)| (id.as_str(), by.as_str(), *twin)).collect();
        let (tool, person) = ("tool:xdr", "u1");
        assert_eq!(
            rows,
            [("a1", tool, 1), ("a2", tool, 0), ("a3", person, 0), ("a4", person, 0), ("a5", "seed", 0)]
        );
    }
}
