//! What `countersign audit verify` finds, and what keeps the log from being changed.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use store::audit::canonical_hash;
use store::{self, VerifyError};

use crate::database::{Database, Kind, on_both};
use crate::harness::{Estate, EvilFile, countersign};

on_both!(
    t10_no_row_of_the_log_is_replaced,
    t10_the_verifier_finds_what_was_tampered_with,
    t10_checkpoints_catch_a_cut_tail_and_a_rewritten_log,
);

/// Everything of a record but its place.
const REST: &str = "at, v, kind, subject_kind, action_id, prev, hash, actor, subject_id, body";

/// One action that was carried out, one that waits; returns the id of the second.
async fn decided(estate: &Estate) -> String {
    let (file, other) = (EvilFile::new(estate, "one.bin"), EvilFile::new(estate, "two.bin"));
    let action = estate.propose(&file).await;
    let (status, _) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
    assert_eq!(status, 200);
    estate.settled(action["id"].as_str().unwrap()).await;
    estate.propose(&other).await["id"].as_str().unwrap().to_owned()
}

/// What verifying says of the database as it is; nothing if all is well.
async fn found(database: &Database) -> Option<String> {
    let store = store::open_read_only(&database.url).await.unwrap();
    let verified = store.verify_log(&[]).await;
    store.close().await;
    verified.err().map(|error| error.to_string())
}

/// Takes away what keeps the log from being changed, as somebody with the file or the table's owner can.
async fn disarm(kind: Kind, database: &Database) {
    match kind {
        Kind::Sqlite => {
            for trigger in ["never_updated", "never_deleted", "only_appended"] {
                database.execute(&format!("DROP TRIGGER audit_is_{trigger}")).await.unwrap();
            }
        }
        Kind::Postgres => {
            database.execute("ALTER TABLE audit DISABLE TRIGGER USER").await.unwrap();
        }
    }
}

async fn t10_no_row_of_the_log_is_replaced(kind: Kind) {
    let estate = Estate::start(kind).await;
    let replace = match kind {
        Kind::Sqlite => {
            format!("INSERT OR REPLACE INTO audit (seq, {REST}) SELECT seq, {REST} FROM audit WHERE seq = 1")
        }
        Kind::Postgres => format!(
            "INSERT INTO audit (seq, {REST}) SELECT seq, {REST} FROM audit WHERE seq = 1
             ON CONFLICT (seq) DO UPDATE SET body = '{{}}'"
        ),
    };
    let before = format!("INSERT INTO audit (seq, {REST}) SELECT -1, {REST} FROM audit WHERE seq = 1");
    for sql in [replace, before] {
        let error = estate.database.execute(&sql).await.unwrap_err().to_string();
        assert!(error.contains("the audit log is append-only"), "{sql}: {error}");
    }
    assert_eq!(found(&estate.database).await, None);
}

async fn t10_the_verifier_finds_what_was_tampered_with(kind: Kind) {
    let estate = Estate::start(kind).await;
    let waiting = decided(&estate).await;
    let database = &estate.database;
    assert_eq!(found(database).await, None);
    disarm(kind, database).await;
    let (waiting, forged) = (kind.id(&waiting), kind.id("019ad000-0000-7000-8000-000000000001"));
    let with_facts = "(SELECT MAX(seq) FROM audit WHERE body LIKE '%\"version\"%')";
    let last = "(SELECT MAX(seq) FROM audit)";
    let done = "undone_by IS NULL AND lane = 2";
    // What is done, how it is taken back, and what is said.
    let table: Vec<(String, String, &str)> = vec![
        (
            format!("INSERT INTO audit (seq, {REST}) SELECT -5, {REST} FROM audit WHERE seq = 1"),
            "DELETE FROM audit WHERE seq = -5".into(),
            "record 1 is missing: found -5",
        ),
        (
            format!("INSERT INTO audit (seq, {REST}) SELECT 0, {REST} FROM audit WHERE seq = 1"),
            "DELETE FROM audit WHERE seq = 0".into(),
            "record 1 is missing: found 0",
        ),
        (
            format!("UPDATE audit SET seq = seq + 1000000 WHERE seq = {last}"),
            format!("UPDATE audit SET seq = seq - 1000000 WHERE seq = {last}"),
            "is missing",
        ),
        (
            format!("UPDATE audit SET body = '{{\"version\":9,' || substr(body, 2) WHERE seq = {with_facts}"),
            format!("UPDATE audit SET body = '{{' || substr(body, 14) WHERE seq = {with_facts}"),
            "stands twice",
        ),
        (
            format!("UPDATE audit SET at = at + 1 WHERE seq = {last}"),
            format!("UPDATE audit SET at = at - 1 WHERE seq = {last}"),
            "was changed after it was written",
        ),
        (
            format!("UPDATE audit SET kind = kind + 1 WHERE seq = {with_facts}"),
            format!("UPDATE audit SET kind = kind - 1 WHERE seq = {with_facts}"),
            "was changed after it was written",
        ),
        (
            format!("UPDATE actions SET undo = 2 WHERE {done}"),
            format!("UPDATE actions SET undo = 0 WHERE {done}"),
            "by its last record",
        ),
        (
            format!("UPDATE actions SET version = version + 1 WHERE {done}"),
            format!("UPDATE actions SET version = version - 1 WHERE {done}"),
            "by its last record",
        ),
        (
            format!("UPDATE actions SET status = 4 WHERE {done}"),
            format!("UPDATE actions SET status = 3 WHERE {done}"),
            "by its last record",
        ),
        (
            format!(
                "INSERT INTO commands (id, action_id, state, created_at, ready_at)
                 VALUES ({forged}, {waiting}, 'open', 1, 1)"
            ),
            format!("DELETE FROM commands WHERE id = {forged}"),
            "was decided on by nobody",
        ),
    ];
    for (tamper, mend, says) in table {
        assert_eq!(database.execute(&tamper).await.unwrap(), 1, "{tamper}");
        let said = found(database).await.unwrap_or_default();
        assert!(said.contains(says), "{tamper}: {said}");
        assert_eq!(database.execute(&mend).await.unwrap(), 1, "{mend}");
        assert_eq!(found(database).await, None, "{mend}");
    }
}

async fn t10_checkpoints_catch_a_cut_tail_and_a_rewritten_log(kind: Kind) {
    let mut estate = Estate::start(kind).await;
    let path = |name: &str| estate.at(name).to_str().unwrap().to_owned();
    let (file, key) = (path("log.checkpoints"), path("log.checkpoints.key.pub"));
    let other_key = path("other.pub");
    estate.serve_with(&["--checkpoints", &file]);
    decided(&estate).await;
    // The last record is about no action: without it, the rest says nothing else.
    let cookie = estate.sign_in("operator-0").await;
    assert!(cookie.starts_with("__Host-session="));
    estate.stop_server().await;

    let database = &estate.database;
    let verify = |key: &str| {
        let args = ["audit", "verify", "--database-url", &database.url, "--checkpoints", &file, "--key", key];
        let output = countersign(&args).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let (ok, said) = verify(&key);
    assert!(ok && said.contains("checkpoints agree with it"), "{said}");
    std::fs::write(&other_key, "ab".repeat(32)).unwrap();
    let (ok, said) = verify(&other_key);
    assert!(!ok && said.contains("line 1 of"), "{said}");

    let whole = std::fs::read(&file).unwrap();
    for left in [&b""[..], &whole[..20]] {
        std::fs::write(&file, left).unwrap();
        let (ok, said) = verify(&key);
        assert!(!ok && said.contains("holds no checkpoint"), "{said}");
    }
    std::fs::write(&file, &whole).unwrap();

    disarm(kind, database).await;
    let last = database.column("SELECT CAST(MAX(seq) AS TEXT) FROM audit").await.remove(0);
    let store = store::open_read_only(&database.url).await.unwrap();
    let record = store.audit_after(last.parse::<i64>().unwrap() - 1, 1).await.unwrap().remove(0);
    store.close().await;
    let mut rewritten = record.clone();
    rewritten.body["session"] = Value::from("another");
    let hash = canonical_hash(&rewritten).unwrap();
    let literal = |hash: &str| match kind {
        Kind::Sqlite => format!("X'{hash}'"),
        Kind::Postgres => format!("'\\x{hash}'"),
    };
    let rewrite =
        format!("UPDATE audit SET body = '{}', hash = {} WHERE seq = {last}", rewritten.body, literal(&hash));
    assert_eq!(database.execute(&rewrite).await.unwrap(), 1);
    assert_eq!(found(database).await, None, "from inside it can't be seen");
    let (ok, said) = verify(&key);
    assert!(!ok && said.contains("the log was rewritten"), "{said}");

    assert_eq!(database.execute(&format!("DELETE FROM audit WHERE seq = {last}")).await.unwrap(), 1);
    assert_eq!(found(database).await, None, "from inside it can't be seen");
    let (ok, said) = verify(&key);
    assert!(!ok && said.contains("end was cut off"), "{said}");
}

/// A file that nobody may write to is verified where it lies, and nothing appears beside it.
#[tokio::test]
async fn t10_verifying_leaves_no_trace() {
    let mut estate = Estate::start(Kind::Sqlite).await;
    decided(&estate).await;
    estate.stop_server().await;
    let copy = estate.at("copy");
    std::fs::create_dir(&copy).unwrap();
    let file = copy.join("c.db");
    std::fs::copy(estate.database.url.trim_start_matches("sqlite://"), &file).unwrap();
    let mut permissions = std::fs::metadata(&file).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&file, permissions).unwrap();
    let before = std::fs::read(&file).unwrap();
    let url = format!("sqlite://{}", file.display());
    let output = countersign(&["audit", "verify", "--database-url", &url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(std::fs::read(&file).unwrap() == before);
    assert_eq!(std::fs::read_dir(&copy).unwrap().count(), 1);

    std::fs::write(copy.join("other.db"), "").unwrap();
    let store =
        store::open_read_only(&format!("sqlite://{}", copy.join("other.db").display())).await.unwrap();
    assert!(matches!(store.verify_log(&[]).await, Err(VerifyError::Foreign)));
}

/// The owner of the tables is granted no more on the log than the product needs.
#[tokio::test]
async fn t10_postgres_grants_reading_and_appending_alone() {
    let database = Database::empty(Kind::Postgres).await;
    let role = format!("owner_{}", uuid::Uuid::new_v4().simple());
    database.execute(&format!("CREATE ROLE {role} LOGIN")).await.unwrap();
    database.execute(&format!("ALTER SCHEMA public OWNER TO {role}")).await.unwrap();
    let name = database.column("SELECT current_database()::text").await.remove(0);
    database.execute(&format!("ALTER DATABASE {name} OWNER TO {role}")).await.unwrap();
    let (before, after) = database.url.split_once("://").unwrap();
    let after = after.split_once('@').map_or(after, |(_, after)| after);
    let url = format!("{before}://{role}@{after}");
    store::connect(&url).await.unwrap().close().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for sql in ["UPDATE audit SET v = 1", "DELETE FROM audit", "TRUNCATE audit"] {
        let error = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap_err().to_string();
        assert!(error.contains("permission denied for table audit"), "{sql}: {error}");
    }
    let store = store::connect(&url).await.unwrap();
    assert_eq!(store.audit_head().await.unwrap(), 0);
    store.close().await;
    connection.close().await.unwrap();
    database.execute(&format!("REASSIGN OWNED BY {role} TO CURRENT_USER")).await.unwrap();
    database.execute(&format!("DROP OWNED BY {role}")).await.unwrap();
    database.execute(&format!("DROP ROLE {role}")).await.unwrap();
}
