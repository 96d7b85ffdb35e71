//! What the tables themselves refuse, and how they come to be.

use service::testing::system as authority;
use std::slice::from_ref;

use std::collections::BTreeSet;
use std::path::Path;

use domain::{RowScope, Transition};
use store::{self, StoreError};

use super::sample::{ANA, at};
use super::sample::{action, add, add_ana, command, decided, decider, full_action, id, proposer, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    the_tables_refuse_what_can_not_be,
    t39_instances_that_start_together_share_one_migration,
    what_was_written_is_there_after_a_restart,
);

async fn the_tables_refuse_what_can_not_be(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    add(&store, &full_action(1)).await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    // Decided by somebody else than the person who proposed it.
    let approved = decided(&action(2), &decider(&ana), Transition::Approve, at(1));
    tx.insert_actions(&proposer(Some(id(0xB))), from_ref(&approved)).await.unwrap();
    tx.enqueue(&system(), &[command(id(102), id(2), at(1))]).await.unwrap();
    tx.commit().await.unwrap();

    let (one, two, nobody) = (kind.id(&uuid(1)), kind.id(&uuid(2)), kind.id(&uuid(3)));
    // Numbers of words: History is lane 2, and there is no lane 3; Completed is status 3, None status 0.
    for sql in [
        format!("UPDATE actions SET lane = 2 WHERE id = {one}"),
        format!("UPDATE actions SET lane = 3 WHERE id = {two}"),
        format!("UPDATE actions SET lane = 2 WHERE id = {two}"),
        format!("UPDATE actions SET status = 3 WHERE id = {one}"),
        format!("UPDATE actions SET status = 0 WHERE id = {two}"),
        format!("UPDATE actions SET decided_by = NULL WHERE id = {two}"),
        format!("UPDATE actions SET proposed_by_person = decided_by_person WHERE id = {two}"),
        format!("UPDATE actions SET undo_of = {nobody} WHERE id = {two}"),
        format!("UPDATE actions SET version = NULL WHERE id = {two}"),
        "UPDATE users SET enabled = 2".to_owned(),
        "UPDATE credentials SET kind = 'cookie'".to_owned(),
        "UPDATE commands SET state = 'lost'".to_owned(),
        format!("UPDATE commands SET action_id = {nobody}"),
        format!("DELETE FROM actions WHERE id = {two}"),
        format!("DELETE FROM users WHERE id = '{}'", uuid(ANA)),
    ] {
        assert!(database.execute(&sql).await.is_err(), "{sql}");
    }
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let second = tx.enqueue(&system(), &[command(id(103), id(2), at(1))]).await;
    assert!(second.is_err(), "while the first is not done");
    drop(tx);
    // The same statements can succeed: it is the value that is refused.
    for sql in [
        format!("UPDATE actions SET version = 3 WHERE id = {two}"),
        "UPDATE users SET enabled = 0".to_owned(),
        "UPDATE commands SET state = 'done'".to_owned(),
    ] {
        assert_eq!(database.execute(&sql).await.unwrap(), 1, "{sql}");
    }
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.enqueue(&system(), &[command(id(103), id(2), at(1))]).await.unwrap();
}

fn uuid(number: u128) -> String {
    id::<uuid::Uuid>(number).to_string()
}

async fn t39_instances_that_start_together_share_one_migration(kind: Kind) {
    for round in 0..20 {
        let database = Database::empty(kind).await;
        let start = || store::connect(&database.url);
        let (one, two, three) = tokio::join!(start(), start(), start());
        for started in [one, two, three] {
            let store = started.unwrap_or_else(|error| panic!("round {round}: {error}"));
            store.ping().await.unwrap();
            store.close().await;
        }
    }
}

async fn what_was_written_is_there_after_a_restart(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add(&store, &action(1)).await;
    store.close().await;
    assert!(store.ping().await.is_err());
    let store = database.open().await;
    assert_eq!(store.action(&RowScope::ALL, id(1)).await.unwrap(), Some(action(1)));
}

/// Both have the same tables and columns, and so do the migrations that make them.
#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let (sqlite, postgres) =
        (Database::migrated(Kind::Sqlite).await, Database::migrated(Kind::Postgres).await);
    sqlite.open().await.close().await;
    let sqlite_columns = sqlite
        .column(
            "SELECT t.name || '.' || c.name || CASE WHEN c.\"notnull\" OR c.pk THEN '!' ELSE '' END
             FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name <> '_sqlx_migrations'
               -- The index of trigrams: in the other one it is an index like others.
               AND t.name <> 'search' AND t.name NOT LIKE 'search!_%' ESCAPE '!'",
        )
        .await;
    let postgres_columns = postgres
        .column(
            "SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN '!' ELSE '' END
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'",
        )
        .await;
    let set = |columns: Vec<String>| columns.into_iter().collect::<BTreeSet<_>>();
    assert!(sqlite_columns.len() > 60, "{sqlite_columns:?}");
    assert_eq!(set(sqlite_columns), set(postgres_columns));

    // Sorted and compared byte by byte, as in the other one.
    let by_language = postgres
        .column(
            "SELECT table_name || '.' || column_name FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'
               AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
        )
        .await;
    assert_eq!(by_language, Vec::<String>::new());

    let files = |of: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("store/migrations").join(of);
        let files = std::fs::read_dir(folder).unwrap();
        files.map(|file| file.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    assert_eq!(files("sqlite"), files("postgres"));
}

/// Each in a sentence of its own, at once.
#[tokio::test]
async fn what_can_not_be_opened_says_why() {
    let refused = |url: &'static str| async move { store::connect(url).await.map(|_| ()).unwrap_err() };
    let error = refused("mysql://localhost/x").await;
    assert!(matches!(error, StoreError::Unsupported(_)));
    let text = error.to_string();
    assert!(text.contains("sqlite://FILE") && text.contains("postgres://USER@HOST/DATABASE"), "{text}");
    // Nobody listens on the port of tcpmux.
    let error = refused("postgresql://nobody@127.0.0.1:1/nowhere").await;
    assert!(matches!(error, StoreError::Unreachable(_)), "{error}");

    let database = Database::empty(Kind::Postgres).await;
    let missing = database.url.replace("/test_", "/missing_");
    let error = store::connect(&missing).await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("does not exist"), "{error}");
}
