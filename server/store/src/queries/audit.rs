//! Statements on the audit log.

use async_trait::async_trait;
use domain::{ActionId, AuditKind, Authorized, Purpose};
use uuid::Uuid;

use super::SqlStore;
use super::transaction::SqlTransaction;
use super::{Connection, rows};
use crate::audit::Record;
use crate::vocabulary::number;
use crate::{AuditEntry, Followed, Result};
use crate::{ReadAudit, WriteAudit};

#[async_trait]
impl ReadAudit for SqlStore {
    async fn audit_after(&self, seq: i64, limit: u32) -> Result<Vec<Record>> {
        after(&mut *self.reader.acquire().await?, seq, limit).await
    }

    async fn audit_head(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM audit").fetch_one(&self.reader).await?)
    }

    async fn records_of(&self, id: ActionId, kind: AuditKind, limit: u32) -> Result<Vec<Record>> {
        let query = sqlx::query(concat!(
            "SELECT ",
            rows::record_columns!(),
            " FROM audit WHERE action_id = $1 AND kind = $2 ORDER BY seq DESC LIMIT $3"
        ));
        let query = query.bind(Uuid::from(id)).bind(number(kind)).bind(i64::from(limit));
        query.fetch_all(&self.reader).await?.iter().map(rows::record).collect()
    }

    async fn follow(&self, seq: i64, limit: u32) -> Result<Vec<Followed>> {
        follow(&mut *self.reader.acquire().await?, seq, limit).await
    }
}

#[async_trait]
impl WriteAudit for SqlTransaction {
    async fn append_audit(&mut self, by: &Authorized, entry: AuditEntry) -> Result<Record> {
        if !entry.kind.is_attempt() && by.purpose() == Purpose::Record {
            by.allow(Purpose::System)?;
        }
        self.events.record = true;
        // What is taken back must not have been written with what came before.
        if self.savepoint.is_none() {
            self.records.write_if_many(&mut self.tx).await?;
        }
        self.records.append(&mut self.tx, by.actor().clone(), entry).await
    }
}

/// Up to `limit` records after a sequence number.
pub(super) async fn after(db: &mut Connection, seq: i64, limit: u32) -> Result<Vec<Record>> {
    let query = sqlx::query(concat!(
        "SELECT ",
        rows::record_columns!(),
        " FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2"
    ));
    let rows = query.bind(seq).bind(i64::from(limit)).fetch_all(db).await?;
    rows.iter().map(rows::record).collect()
}

/// The same for those who follow: with who proposed the action, and without what only the log is for.
pub(super) async fn follow(db: &mut Connection, seq: i64, limit: u32) -> Result<Vec<Followed>> {
    let query = sqlx::query(concat!(
        "SELECT ",
        rows::followed_columns!(),
        " FROM audit LEFT JOIN actions ON actions.id = audit.action_id
         WHERE audit.seq > $1 ORDER BY audit.seq LIMIT $2"
    ));
    let rows = query.bind(seq).bind(i64::from(limit)).fetch_all(db).await?;
    rows.iter().map(rows::followed).collect()
}
