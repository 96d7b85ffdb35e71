//! What the raw driver does: SQL written by hand, each column decoded.

use std::time::Instant;

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Database, Row as _};

use super::{Db, SETTINGS};
use crate::report::{Report, Times, rate};

pub(crate) type Connection = <Db as Database>::Connection;
type DbRow = <Db as Database>::Row;

const TEXTS: &[&str] = &[
    "external_id",
    "entity",
    "asset_name",
    "device_group",
    "parameters",
    "comment",
    "evidence",
    "alert",
    "campaign",
    "investigation_id",
    "incident_id",
    "proposed_by_id",
    "proposed_by",
    "status_detail",
    "decided_by",
    "reason",
    "executor",
];
const NUMBERS: &[&str] = &["version", "proposed_at", "expires_at", "updated_at", "decided_at"];
const WORDS: &[&str] = &[
    "type",
    "asset_kind",
    "asset_criticality",
    "severity",
    "source",
    "verdict",
    "decision",
    "status",
    "undo",
];
const IDS: &[&str] = &["id", "approval_id", "undo_of", "undone_by"];
/// The rest of a row: what lists sort, filter and search by, and who is behind it.
const KEY_TEXTS: &[&str] = &[
    "entity_title",
    "entity_key",
    "asset_key",
    "investigation_key",
    "incident_key",
    "decided_by_key",
    "proposed_by_key",
    "device_group_key",
    "technique_key",
    "search_text",
];
const KEY_NUMBERS: &[&str] = &["urgency", "filter_bits", "similar_key", "identity_key", "identity_name"];
const KEY_WORDS: &[&str] = &["lane", "entity_kind", "undoable"];
const KEY_IDS: &[&str] = &["proposed_by_person", "decided_by_person"];

/// What stands apart from the row.
fn selected(column: &str) -> String {
    match column {
        "evidence" | "alert" => {
            format!("(SELECT {column} FROM evidence e WHERE e.number = actions.number) AS {column}")
        }
        _ => column.to_owned(),
    }
}

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

#[derive(Default)]
struct Columns {
    texts: Vec<&'static str>,
    numbers: Vec<&'static str>,
    words: Vec<&'static str>,
    ids: Vec<&'static str>,
}

impl Columns {
    fn all(&self) -> impl Iterator<Item = &'static str> {
        [&self.texts, &self.numbers, &self.words, &self.ids].into_iter().flatten().copied()
    }

    fn decode(&self, row: &DbRow) -> Cells {
        Cells {
            texts: self.texts.iter().map(|column| row.try_get(*column).unwrap()).collect(),
            numbers: self.numbers.iter().map(|column| row.try_get(*column).unwrap()).collect(),
            words: self.words.iter().map(|column| row.try_get(*column).unwrap()).collect(),
            ids: self.ids.iter().map(|column| row.try_get(*column).unwrap()).collect(),
            digest: row.try_get("digest").ok(),
        }
    }
}

/// What an action is made of.
fn whole() -> Columns {
    Columns { texts: TEXTS.into(), numbers: NUMBERS.into(), words: WORDS.into(), ids: IDS.into() }
}

#[derive(Debug)]
pub(crate) struct Cells {
    texts: Vec<Option<String>>,
    numbers: Vec<Option<i64>>,
    words: Vec<Option<i16>>,
    ids: Vec<Option<uuid::Uuid>>,
    digest: Option<Vec<u8>>,
}

/// A page of whole rows.
pub(crate) async fn page(db: &mut Connection, condition: &str, order: &str) -> Vec<Cells> {
    let whole = whole();
    let columns = whole.all().map(selected).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT {columns}, digest FROM actions WHERE lane = 2 {condition} ORDER BY {order} LIMIT 101"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(db).await.unwrap();
    rows.iter().map(|row| whole.decode(row)).collect()
}

/// How long a statement takes that gives pairs of texts, after one round that warms up.
pub(crate) async fn time_pairs(url: &str, sql: &str, times: usize) -> Times {
    let mut db = connect(url).await;
    let mut taken = Times::default();
    for round in 0..=times {
        let begin = Instant::now();
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut db).await.unwrap();
        let pairs: Vec<(String, String)> =
            rows.iter().map(|row| (row.try_get(0).unwrap(), row.try_get(1).unwrap())).collect();
        assert!(!pairs.is_empty());
        if round > 0 {
            taken.add(begin.elapsed());
        }
    }
    db.close().await.unwrap();
    taken
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

/// Key, number and id of the row that so many stand before.
pub(crate) async fn position(db: &mut Connection, offset: i64) -> (i64, i64, uuid::Uuid) {
    let sql = "SELECT updated_at, number, id FROM actions WHERE lane = 2
               ORDER BY updated_at DESC, number DESC LIMIT 1 OFFSET $1";
    sqlx::query_as(sql).bind(offset).fetch_one(db).await.unwrap()
}

/// A column's values with their counts in History, most frequent first; words, where the column has their numbers.
pub(crate) async fn values(db: &mut Connection, column: &str) -> Vec<(String, i64)> {
    let sql = if WORDS.contains(&column) || KEY_WORDS.contains(&column) {
        format!(
            "SELECT word, COUNT(*) FROM actions a JOIN words w ON vocabulary = '{column}' AND w.number = a.{column}
             WHERE lane = 2 GROUP BY word ORDER BY 2 DESC"
        )
    } else {
        format!(
            "SELECT COALESCE(MAX({column}), ''), COUNT(*) FROM actions WHERE lane = 2 AND {column} IS NOT NULL
             GROUP BY {column} ORDER BY 2 DESC"
        )
    };
    sqlx::query_as(AssertSqlSafe(sql)).fetch_all(db).await.unwrap()
}

/// All of History in the columns that a list shows at first, in rows a second.
pub(crate) async fn export(db: &mut Connection) -> f64 {
    let columns = Columns {
        texts: vec!["investigation_id", "entity_title", "asset_name", "decided_by"],
        numbers: vec!["updated_at"],
        words: vec!["type", "entity_kind", "decision", "source", "status"],
        ids: vec!["id", "approval_id"],
    };
    let sql = format!(
        "SELECT {} FROM actions WHERE lane = 2 ORDER BY updated_at DESC, number DESC",
        columns.all().collect::<Vec<_>>().join(", ")
    );
    let begin = Instant::now();
    let mut count = 0;
    {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(db);
        while let Some(row) = rows.try_next().await.unwrap() {
            std::hint::black_box(columns.decode(&row));
            count += 1;
        }
    }
    rate(count, begin.elapsed())
}

/// Writes what ingest and approve write, row by row in one transaction each. Last of all: the chain of the audit log
/// does not survive it.
pub(crate) async fn writes(url: &str, report: &mut Report) {
    let mut db = connect(url).await;
    let mut columns = Columns {
        texts: [TEXTS, KEY_TEXTS].concat(),
        numbers: [NUMBERS, KEY_NUMBERS].concat(),
        words: [WORDS, KEY_WORDS].concat(),
        ids: [IDS, KEY_IDS].concat(),
    };
    columns.texts.retain(|column| !["evidence", "alert"].contains(column));
    let all: Vec<_> = columns.all().chain(["digest", "number"]).collect();
    let sql = format!("SELECT {} FROM actions WHERE lane = 0 LIMIT 500", all.join(", "));
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut db).await.unwrap();
    let rows: Vec<Cells> = rows.iter().map(|row| columns.decode(row)).collect();
    let places: Vec<_> = (1..=all.len()).map(|at| format!("${at}")).collect();
    let insert = format!("INSERT INTO actions ({}) VALUES ({})", all.join(", "), places.join(", "));
    let mut seq: i64 = sqlx::query_scalar("SELECT MAX(seq) FROM audit").fetch_one(&mut db).await.unwrap();
    let mut number: i64 =
        sqlx::query_scalar("SELECT MAX(number) FROM actions").fetch_one(&mut db).await.unwrap();

    let begin = Instant::now();
    let batches = 6;
    for batch in 0..batches {
        let mut tx = db.begin().await.unwrap();
        for (at, cells) in rows.iter().enumerate() {
            let mut query = sqlx::query(AssertSqlSafe(insert.clone()));
            let id = uuid::Uuid::now_v7();
            number += 1;
            for (column, value) in columns.texts.iter().zip(&cells.texts) {
                query = match *column {
                    "external_id" => query.bind(format!("raw-{batch}-{at}")),
                    _ => query.bind(value),
                };
            }
            for value in &cells.numbers {
                query = query.bind(value);
            }
            for value in &cells.words {
                query = query.bind(value);
            }
            for (column, value) in columns.ids.iter().zip(&cells.ids) {
                query = if *column == "id" { query.bind(id) } else { query.bind(value) };
            }
            query = query.bind(&cells.digest).bind(number);
            query.execute(&mut *tx).await.unwrap();
            seq += 1;
            audit(&mut tx, seq, id).await;
        }
        tx.commit().await.unwrap();
    }
    report.raw_rate("ingest, 500 a request", rate(batches * rows.len(), begin.elapsed()));

    let sql = "SELECT id FROM actions WHERE lane = 0 LIMIT 200";
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(sql).fetch_all(&mut db).await.unwrap();
    let mut times = Times::default();
    for id in ids {
        let begin = Instant::now();
        let mut tx = db.begin().await.unwrap();
        let update = "UPDATE actions SET version = version + 1, lane = 1, decision = 1, status = 1,
                      decided_by = '[0,\"raw\",\"raw\"]',
                      updated_at = updated_at + 1 WHERE id = $1 AND lane = 0";
        sqlx::query(update).bind(id).execute(&mut *tx).await.unwrap();
        seq += 1;
        audit(&mut tx, seq, id).await;
        let command =
            "INSERT INTO commands (id, action_id, state, created_at, ready_at) VALUES ($1, $2, 'open', 1, 1)";
        sqlx::query(command).bind(uuid::Uuid::now_v7()).bind(id).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        times.add(begin.elapsed());
        // As it was, since the table of counts was not told.
        let undo = "UPDATE actions SET version = version - 1, lane = 0, decision = 0, status = 0,
                    decided_by = NULL, updated_at = updated_at - 1 WHERE id = $1";
        for statement in ["DELETE FROM commands WHERE action_id = $1", undo] {
            sqlx::query(statement).bind(id).execute(&mut db).await.unwrap();
        }
    }
    report.times("raw: the transaction of an approval", &times, None);
    db.close().await.unwrap();
}

async fn audit(db: &mut Connection, seq: i64, id: uuid::Uuid) {
    let sql = "INSERT INTO audit (seq, v, at, kind, actor, action_id, body, prev, hash)
               VALUES ($1, 1, 1, 1, '[0,\"raw\",\"raw\"]', $2, $3, $4, $4)";
    let hash = vec![0_u8; 32];
    sqlx::query(sql).bind(seq).bind(id).bind("x".repeat(150)).bind(hash).execute(db).await.unwrap();
}
