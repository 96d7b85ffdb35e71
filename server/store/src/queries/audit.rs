//! The audit log: its records, and the end that a transaction appends to.

use sqlx::QueryBuilder;

use super::{Connection, Db, corrupt, json, micros, rows};
use crate::audit::Record;
use crate::{AuditEntry, Followed, Result};

/// Records in one statement.
const ROWS: usize = 100;

/// Up to `limit` records after a sequence number.
pub(super) async fn after(db: &mut Connection, seq: i64, limit: u32) -> Result<Vec<Record>> {
    let query = sqlx::query(
        "SELECT v, seq, at, kind, actor, action_id, body, prev, hash FROM audit
         WHERE seq > $1 ORDER BY seq LIMIT $2",
    );
    let rows = query.bind(seq).bind(i64::from(limit)).fetch_all(db).await?;
    rows.iter().map(rows::record).collect()
}

/// The same for those who follow: with who proposed the action, and without what only the log is for.
pub(super) async fn follow(db: &mut Connection, seq: i64, limit: u32) -> Result<Vec<Followed>> {
    let query = sqlx::query(
        "SELECT audit.seq, audit.kind, audit.actor, audit.action_id, audit.body, actions.proposed_by_id
         FROM audit LEFT JOIN actions ON actions.id = audit.action_id
         WHERE audit.seq > $1 ORDER BY audit.seq LIMIT $2",
    );
    let rows = query.bind(seq).bind(i64::from(limit)).fetch_all(db).await?;
    rows.iter().map(rows::followed).collect()
}

/// The records that a transaction appends. Nobody else can append meanwhile, so they are chained at once and written
/// together.
#[derive(Default)]
pub(super) struct Tail {
    /// Sequence number and hash of the last record; unknown before the first is appended.
    last: Option<(i64, String)>,
    waiting: Vec<Record>,
}

/// Where the records of a transaction ended.
pub(super) struct Mark {
    last: Option<(i64, String)>,
    waiting: usize,
}

impl Tail {
    pub(super) async fn append(&mut self, db: &mut Connection, entry: AuditEntry) -> Result<Record> {
        if self.last.is_none() {
            let last = sqlx::query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
            self.last = last.fetch_optional(&mut *db).await?.as_ref().map(rows::head).transpose()?;
        }
        let record = Record::chain(self.last.take(), entry).map_err(corrupt)?;
        self.last = Some((record.seq, record.hash.clone()));
        self.waiting.push(record.clone());
        Ok(record)
    }

    /// Writes them before they are too many for one statement.
    pub(super) async fn write_if_many(&mut self, db: &mut Connection) -> Result<()> {
        if self.waiting.len() >= ROWS { self.write(db).await } else { Ok(()) }
    }

    /// Where it ends now.
    pub(super) fn mark(&self) -> Mark {
        Mark { last: self.last.clone(), waiting: self.waiting.len() }
    }

    /// Drops what was appended since; none of it was written.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.last = mark.last;
        self.waiting.truncate(mark.waiting);
    }

    pub(super) async fn write(&mut self, db: &mut Connection) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let texts = |record: &Record| Ok((json(&record.actor)?, json(&record.body)?));
        let texts: Vec<_> = self.waiting.iter().map(texts).collect::<Result<_>>()?;
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO audit (seq, v, at, kind, actor, action_id, body, prev, hash) ",
        );
        sql.push_values(self.waiting.iter().zip(texts), |mut row, (record, (actor, body))| {
            row.push_bind(record.seq).push_bind(i64::from(record.v)).push_bind(micros(record.at));
            row.push_bind(record.kind.as_str()).push_bind(actor);
            row.push_bind(record.action_id.map(|id| id.to_string()));
            row.push_bind(body).push_bind(record.prev.clone()).push_bind(record.hash.clone());
        });
        sql.build().execute(&mut *db).await?;
        self.waiting.clear();
        Ok(())
    }
}
