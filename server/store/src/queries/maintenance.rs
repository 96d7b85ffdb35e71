//! Statements on the database as a whole.

use std::sync::atomic::Ordering;

use async_trait::async_trait;

use super::{SqlStore, indexes};
use crate::Subscription;
use crate::error::Result;
use crate::maintenance::Maintain;

/// A write that reaches the disk, which tells a full or read-only one: the same value again would not be written.
const PROBE: &str = "INSERT INTO markers (name, value) VALUES ('probe', 'even')
    ON CONFLICT (name) DO UPDATE SET value = CASE markers.value WHEN 'even' THEN 'odd' ELSE 'even' END";

#[async_trait]
impl Maintain for SqlStore {
    fn changes(&self) -> Subscription {
        self.notifier.subscribe()
    }

    async fn metadata(&self, name: &str) -> Result<Option<String>> {
        let query = sqlx::query_scalar("SELECT value FROM markers WHERE name = $1").bind(name);
        Ok(query.fetch_optional(&self.reader).await?)
    }

    async fn suspend_indexes(&self) -> Result<()> {
        self.counting.store(false, Ordering::Relaxed);
        super::super::prepare_load(&self.writer, true).await?;
        indexes::suspend(&self.writer).await
    }

    async fn restore_indexes(&self) -> Result<()> {
        indexes::restore(&self.writer).await?;
        if !self.counting.swap(true, Ordering::Relaxed) {
            super::super::prepare_load(&self.writer, false).await?;
        }
        Ok(())
    }

    async fn ping(&self) -> Result<()> {
        let _: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM markers").fetch_one(&self.reader).await?;
        let mut tx = super::super::begin(&self.writer).await?;
        sqlx::query(PROBE).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn close(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.close().await;
        }
        self.reader.close().await;
        self.writer.close().await;
    }
}
