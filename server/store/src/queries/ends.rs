//! Statements on ends.

use async_trait::async_trait;
use domain::{ActionId, Authorized, Purpose};
use jiff::Timestamp;
use sqlx::Row as _;
use uuid::Uuid;

use super::rows::Row;
use super::transaction::SqlTransaction;
use super::{SqlStore, micros, rows};
use crate::Result;
use crate::ends::{DueEnd, ReadEnds, SystemEnds, WriteEnds};

#[async_trait]
impl ReadEnds for SqlStore {
    async fn due_ends(&self, now: Timestamp, after: Option<DueEnd>, limit: u32) -> Result<Vec<DueEnd>> {
        let query = sqlx::query(
            "SELECT at, action_id FROM ends WHERE at <= $1 AND (at > $2 OR (at = $2 AND action_id > $3))
             ORDER BY at, action_id LIMIT $4",
        );
        let (after, id) = after.map_or((i64::MIN, Uuid::nil()), |(at, id)| (micros(at), Uuid::from(id)));
        let query = query.bind(micros(now)).bind(after).bind(id).bind(i64::from(limit));
        let found = query.fetch_all(&self.reader).await?;
        let read = |row: &Row| -> Result<DueEnd> {
            Ok((rows::time(row, "at")?, row.try_get::<Uuid, _>("action_id")?.into()))
        };
        found.iter().map(read).collect()
    }
}

#[async_trait]
impl WriteEnds for SqlTransaction {
    async fn set_end(&mut self, by: &Authorized, action: ActionId, at: Timestamp) -> Result<()> {
        by.allow(Purpose::Decide)?;
        let query = sqlx::query(
            "INSERT INTO ends (action_id, at) VALUES ($1, $2)
             ON CONFLICT (action_id) DO UPDATE SET at = excluded.at",
        );
        query.bind(Uuid::from(action)).bind(micros(at)).execute(&mut *self.tx).await?;
        Ok(())
    }
}

#[async_trait]
impl SystemEnds for SqlTransaction {
    async fn forget_end(&mut self, action: ActionId) -> Result<()> {
        let query = sqlx::query("DELETE FROM ends WHERE action_id = $1").bind(Uuid::from(action));
        query.execute(&mut *self.tx).await?;
        Ok(())
    }
}
