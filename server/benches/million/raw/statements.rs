//! What the raw driver does: SQL written by hand, each column decoded.

use std::time::Instant;

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Database, Row as _};

use super::{Db, SETTINGS};
use crate::report::{Report, Times, rate};

pub(crate) type Connection = <Db as Database>::Connection;
type DbRow = <Db as Database>::Row;

const TEXTS: &[&str] = &[
    "id",
    "digest",
    "external_id",
    "type",
    "entity",
    "asset_kind",
    "asset_name",
    "asset_criticality",
    "device_group",
    "parameters",
    "comment",
    "severity",
    "source",
    "verdict",
    "evidence",
    "alert",
    "campaign",
    "investigation_id",
    "incident_id",
    "proposed_by",
    "decision",
    "status",
    "status_detail",
    "undo",
    "decided_by",
    "reason",
    "approval_id",
    "undo_of",
    "undone_by",
    "executor",
];
const NUMBERS: &[&str] = &["version", "proposed_at", "expires_at", "updated_at", "decided_at"];
/// The rest of a row: what lists sort, filter and search by.
const KEYS: &[&str] = &[
    "entity_kind",
    "entity_title",
    "proposed_by_id",
    "proposed_by_person",
    "decided_by_person",
    "lane",
    "urgency",
    "severity_key",
    "entity_key",
    "asset_key",
    "investigation_key",
    "incident_key",
    "approval_key",
    "decided_by_key",
    "proposed_by_key",
    "device_group_key",
    "technique_key",
    "undoable",
    "search_text",
];

pub(crate) async fn connect(url: &str) -> Connection {
    let mut db = Connection::connect(url).await.unwrap();
    sqlx::raw_sql(SETTINGS).execute(&mut db).await.unwrap();
    db
}

pub(crate) async fn execute(url: &str, sql: &str) {
    let mut db = connect(url).await;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

type Cells = (Vec<Option<String>>, Vec<Option<i64>>);

fn decode(row: &DbRow, texts: &[&str], numbers: &[&str]) -> Cells {
    let texts = texts.iter().map(|column| row.try_get(*column).unwrap()).collect();
    (texts, numbers.iter().map(|column| row.try_get(*column).unwrap()).collect())
}

/// A page of whole rows.
pub(crate) async fn page(db: &mut Connection, condition: &str, order: &str) -> Vec<Cells> {
    let columns = [TEXTS, NUMBERS].concat().join(", ");
    let sql = format!(
        "SELECT {columns} FROM actions WHERE lane = 'history' {condition} ORDER BY {order} LIMIT 101"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(db).await.unwrap();
    rows.iter().map(|row| decode(row, TEXTS, NUMBERS)).collect()
}

/// The median of a page, after one that warms up.
pub(crate) async fn time_page(db: &mut Connection, condition: &str, order: &str, times: usize) -> Times {
    let mut taken = Times::default();
    for round in 0..=times {
        let begin = Instant::now();
        page(db, condition, order).await;
        if round > 0 {
            taken.add(begin.elapsed());
        }
    }
    taken
}

/// Key and id of the row that so many stand before.
pub(crate) async fn position(db: &mut Connection, offset: i64) -> (i64, String) {
    let sql = "SELECT updated_at, id FROM actions WHERE lane = 'history'
               ORDER BY updated_at DESC, id DESC LIMIT 1 OFFSET $1";
    sqlx::query_as(sql).bind(offset).fetch_one(db).await.unwrap()
}

/// A column's values with their counts in History, most frequent first.
pub(crate) async fn values(db: &mut Connection, column: &str) -> Vec<(String, i64)> {
    let sql = format!(
        "SELECT COALESCE(MAX({column}), ''), COUNT(*) FROM actions WHERE lane = 'history' AND {column} IS NOT NULL
         GROUP BY {column} ORDER BY 2 DESC"
    );
    sqlx::query_as(AssertSqlSafe(sql)).fetch_all(db).await.unwrap()
}

/// All of History in the default columns of an export, in rows a second.
pub(crate) async fn export(db: &mut Connection) -> f64 {
    let (texts, numbers) = (
        [
            "id",
            "investigation_id",
            "approval_id",
            "type",
            "entity_kind",
            "entity_title",
            "asset_name",
            "decision",
            "decided_by",
            "source",
            "status",
        ],
        ["updated_at"],
    );
    let sql = format!(
        "SELECT {}, updated_at FROM actions WHERE lane = 'history' ORDER BY updated_at DESC, id DESC",
        texts.join(", ")
    );
    let begin = Instant::now();
    let mut count = 0;
    {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(db);
        while let Some(row) = rows.try_next().await.unwrap() {
            std::hint::black_box(decode(&row, &texts, &numbers));
            count += 1;
        }
    }
    rate(count, begin.elapsed())
}

/// Writes what ingest and approve write, row by row in one transaction each. Last of all: the chain of the audit log
/// does not survive it.
pub(crate) async fn writes(url: &str, report: &mut Report) {
    let mut db = connect(url).await;
    let texts = [TEXTS, KEYS].concat();
    let numbers = [NUMBERS, &["filter_bits"]].concat();
    let all = [texts.clone(), numbers.clone()].concat();
    let sql = format!("SELECT {} FROM actions WHERE lane = 'pending' LIMIT 500", all.join(", "));
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut db).await.unwrap();
    let rows: Vec<Cells> = rows.iter().map(|row| decode(row, &texts, &numbers)).collect();
    let places: Vec<_> = (1..=all.len()).map(|at| format!("${at}")).collect();
    let insert = format!("INSERT INTO actions ({}) VALUES ({})", all.join(", "), places.join(", "));
    let mut seq: i64 = sqlx::query_scalar("SELECT MAX(seq) FROM audit").fetch_one(&mut db).await.unwrap();

    let begin = Instant::now();
    let batches = 6;
    for batch in 0..batches {
        let mut tx = db.begin().await.unwrap();
        for (at, (texts, numbers)) in rows.iter().enumerate() {
            let mut query = sqlx::query(AssertSqlSafe(insert.clone()));
            let id = uuid::Uuid::now_v7().to_string();
            for (column, value) in TEXTS.iter().chain(KEYS).zip(texts) {
                query = match *column {
                    "id" => query.bind(id.clone()),
                    "external_id" => query.bind(format!("raw-{batch}-{at}")),
                    _ => query.bind(value),
                };
            }
            for value in numbers {
                query = query.bind(value);
            }
            query.execute(&mut *tx).await.unwrap();
            seq += 1;
            audit(&mut tx, seq, &id).await;
        }
        tx.commit().await.unwrap();
    }
    report.raw_rate("ingest, 500 a request", rate(batches * rows.len(), begin.elapsed()));

    let sql = "SELECT id FROM actions WHERE lane = 'pending' LIMIT 200";
    let ids: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut db).await.unwrap();
    let mut times = Times::default();
    for id in ids {
        let begin = Instant::now();
        let mut tx = db.begin().await.unwrap();
        let update = "UPDATE actions SET version = version + 1, lane = 'in_progress', decision = 'Approved',
                      status = 'Queued', decided_by = '{\"kind\":\"user\",\"id\":\"raw\",\"name\":\"raw\"}',
                      updated_at = updated_at + 1 WHERE id = $1 AND lane = 'pending'";
        sqlx::query(update).bind(&id).execute(&mut *tx).await.unwrap();
        seq += 1;
        audit(&mut tx, seq, &id).await;
        let command =
            "INSERT INTO commands (id, action_id, state, created_at, ready_at) VALUES ($1, $2, 'open', 1, 1)";
        sqlx::query(command)
            .bind(uuid::Uuid::now_v7().to_string())
            .bind(&id)
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        times.add(begin.elapsed());
        // As it was, since the table of counts was not told.
        let undo = "UPDATE actions SET version = version - 1, lane = 'pending', decision = 'Pending', status = 'None',
                    decided_by = NULL, updated_at = updated_at - 1 WHERE id = $1";
        for statement in ["DELETE FROM commands WHERE action_id = $1", undo] {
            sqlx::query(statement).bind(&id).execute(&mut db).await.unwrap();
        }
    }
    report.times("raw: the transaction of an approval", &times, None);
    db.close().await.unwrap();
}

async fn audit(db: &mut Connection, seq: i64, id: &str) {
    let sql = "INSERT INTO audit (seq, v, at, kind, actor, action_id, body, prev, hash)
               VALUES ($1, 1, 1, 'Proposed', $2, $3, $4, $5, $5)";
    let hash = "0".repeat(64);
    let query =
        sqlx::query(sql).bind(seq).bind("{\"kind\":\"user\",\"id\":\"raw\",\"name\":\"raw\"}").bind(id);
    query.bind("x".repeat(150)).bind(hash).execute(db).await.unwrap();
}
