//! The end of the audit log that a transaction appends to.

use domain::{Actor, Subject};
use jiff::Timestamp;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Connection, Db, corrupt, json, micros, rows};
use crate::AuditEntry;
use crate::actor_text;
use crate::audit::Record;
use crate::commit_events::Announcement;
use crate::error::Result;
use crate::vocabulary::number;

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
        if self.waiting.len() >= ROWS { self.write(db, Announcement::default()).await } else { Ok(()) }
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

    /// Writes the last of them, and tells others in the same statement what the commit will do. Returns what was not
    /// told.
    pub(super) async fn write_last(
        &mut self,
        db: &mut Connection,
        news: Announcement,
    ) -> Result<Announcement> {
        if self.waiting.is_empty() {
            return Ok(news);
        }
        self.write(db, news).await?;
        Ok(Announcement::default())
    }

    async fn write(&mut self, db: &mut Connection, news: Announcement) -> Result<()> {
        insert(db, &self.waiting, news).await?;
        self.waiting.clear();
        Ok(())
    }
}

/// Writes records that are chained, up to [`ROWS`] in a statement, and tells others of a commit to come.
pub(super) async fn insert(db: &mut Connection, records: &[Record], news: Announcement) -> Result<()> {
    for records in records.chunks(ROWS) {
        let rows = records.iter().map(Row::of).collect::<Result<Vec<_>>>()?;
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO audit (seq, at, v, kind, subject_kind, action_id, prev, hash, actor, subject_id, body) ",
        );
        sql.push_values(rows, |mut values, row| {
            let record = row.record;
            values.push_bind(record.seq).push_bind(micros(record.at)).push_bind(row.v);
            values.push_bind(number(record.kind));
            values.push_bind(record.subject.as_ref().map(|subject| number(subject.kind)));
            values.push_bind(row.action).push_bind(row.prev).push_bind(row.hash);
            values.push_bind(row.actor).push_bind(row.subject).push_bind(row.body);
        });
        super::super::push_news(&mut sql, news);
        sql.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// What of a row is made from its record.
struct Row<'a> {
    record: &'a Record,
    v: i16,
    prev: Vec<u8>,
    hash: Vec<u8>,
    actor: String,
    body: String,
    /// The id of an action, which is written in one way only.
    action: Option<Uuid>,
    /// Any other.
    subject: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn of(record: &'a Record) -> Result<Self> {
        let subject = record.subject.as_ref();
        let action = subject.and_then(Subject::action).map(Uuid::from);
        let action = action.filter(|id| subject.is_some_and(|subject| subject.id == id.to_string()));
        Ok(Self {
            v: i16::try_from(record.v).map_err(corrupt)?,
            prev: hex::decode(&record.prev).map_err(corrupt)?,
            hash: hex::decode(&record.hash).map_err(corrupt)?,
            actor: actor_text::write(&record.actor).map_err(corrupt)?,
            body: json(&record.body)?,
            action,
            subject: subject.filter(|_| action.is_none()).map(|subject| subject.id.as_str()),
            record,
        })
    }
}
