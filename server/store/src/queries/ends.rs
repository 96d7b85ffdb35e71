//! Statements on ends.

use async_trait::async_trait;
use domain::{ActionId, Authorized, Purpose};
use jiff::Timestamp;
use uuid::Uuid;

use super::transaction::SqlTransaction;
use super::{SqlStore, micros};
use crate::Result;
use crate::ends::{ReadEnds, SystemEnds, WriteEnds};

#[async_trait]
impl ReadEnds for SqlStore {
    async fn due_ends(&self, now: Timestamp, limit: u32) -> Result<Vec<ActionId>> {
        let query =
            sqlx::query_scalar::<_, Uuid>("SELECT action_id FROM ends WHERE at <= $1 ORDER BY at LIMIT $2");
        let ids = query.bind(micros(now)).bind(i64::from(limit)).fetch_all(&self.reader).await?;
        Ok(ids.into_iter().map(Into::into).collect())
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
