//! The end of the audit log that a transaction appends to.

use domain::{Actor, SubjectKind};
use jiff::Timestamp;
use sqlx::QueryBuilder;

use super::{Connection, Db, corrupt, json, micros, rows};
use crate::AuditEntry;
use crate::audit::Record;
use crate::error::Result;

/// Records in one statement.
const ROWS: usize = 100;

/// The records that a transaction appends. Nobody else can append meanwhile, so they are chained at once and written
/// together.
#[derive(Default)]
pub(super) struct PendingRecords {
    /// Sequence number, hash and time of the last record; unknown before it is asked for.
    last: Option<(i64, String, Timestamp)>,
    waiting: Vec<Record>,
}

/// Where the records of a transaction ended.
pub(super) struct Savepoint {
    last: Option<(i64, String, Timestamp)>,
    waiting: usize,
}

impl PendingRecords {
    pub(super) async fn append(
        &mut self,
        db: &mut Connection,
        actor: Actor,
        entry: AuditEntry,
    ) -> Result<Record> {
        let at = self.not_before(db, entry.at).await?;
        let last = self.last.take().map(|(seq, hash, _)| (seq, hash));
        let record = Record::chain(last, actor, AuditEntry { at, ..entry }).map_err(corrupt)?;
        self.last = Some((record.seq, record.hash.clone(), record.at));
        self.waiting.push(record.clone());
        Ok(record)
    }

    /// A time, or that of the last record if it is earlier: clocks are set back, and those of two machines differ.
    pub(super) async fn not_before(&mut self, db: &mut Connection, at: Timestamp) -> Result<Timestamp> {
        if self.last.is_none() {
            let last = sqlx::query("SELECT seq, hash, at FROM audit ORDER BY seq DESC LIMIT 1");
            self.last = last.fetch_optional(&mut *db).await?.as_ref().map(rows::head).transpose()?;
        }
        Ok(self.last.as_ref().map_or(at, |(.., last)| at.max(*last)))
    }

    /// Writes them before they are too many for one statement.
    pub(super) async fn write_if_many(&mut self, db: &mut Connection) -> Result<()> {
        if self.waiting.len() >= ROWS { self.write(db).await } else { Ok(()) }
    }

    /// Where it ends now.
    pub(super) fn mark(&self) -> Savepoint {
        Savepoint { last: self.last.clone(), waiting: self.waiting.len() }
    }

    /// Drops what was appended since; none of it was written.
    pub(super) fn rollback_to(&mut self, mark: Savepoint) {
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
            "INSERT INTO audit (seq, v, at, kind, actor, action_id, subject_kind, subject_id, body, prev, hash) ",
        );
        sql.push_values(self.waiting.iter().zip(texts), |mut row, (record, (actor, body))| {
            row.push_bind(record.seq).push_bind(i64::from(record.v)).push_bind(micros(record.at));
            row.push_bind(record.kind.as_str()).push_bind(actor);
            let subject = record.subject.as_ref();
            let action = subject.filter(|subject| subject.kind == SubjectKind::Action);
            row.push_bind(action.map(|action| action.id.clone()));
            row.push_bind(subject.map(|subject| subject.kind.as_str()));
            row.push_bind(subject.map(|subject| subject.id.clone()));
            row.push_bind(body).push_bind(record.prev.clone()).push_bind(record.hash.clone());
        });
        sql.build().execute(&mut *db).await?;
        self.waiting.clear();
        Ok(())
    }
}
