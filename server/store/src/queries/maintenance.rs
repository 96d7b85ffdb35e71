//! Statements on the database as a whole.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::{SqlStore, corrupt, indexes};
use crate::Subscription;
use crate::error::Result;
use crate::maintenance::Maintain;

/// A write that reaches the disk, which tells a full or read-only one: the same value again would not be written.
const PROBE: &str = "INSERT INTO markers (name, value) VALUES ('probe', 'even')
    ON CONFLICT (name) DO UPDATE SET value = CASE markers.value WHEN 'even' THEN 'odd' ELSE 'even' END";

/// Tables that are counted.
const TABLES: &[&str] = &[
    "actions",
    "evidence",
    "commands",
    "audit",
    "users",
    "credentials",
    "bulks",
    "bulk_items",
    "idempotency_keys",
    "sign_in_attempts",
];

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

    async fn clock(&self) -> Result<Timestamp> {
        let micros: i64 = sqlx::query_scalar(super::super::CLOCK).fetch_one(&self.reader).await?;
        Timestamp::from_microsecond(micros).map_err(corrupt)
    }

    async fn facts(&self) -> Result<serde_json::Value> {
        let mut db = self.reader.acquire().await?;
        let version: String = sqlx::query_scalar(super::super::VERSION).fetch_one(&mut *db).await?;
        let migrations = "SELECT version FROM _sqlx_migrations ORDER BY version";
        let migrations: Vec<i64> = sqlx::query_scalar(migrations).fetch_all(&mut *db).await?;
        let mut rows = serde_json::Map::new();
        for table in TABLES {
            let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")));
            let count = count.fetch_one(&mut *db).await.map_or(serde_json::Value::Null, Into::into);
            rows.insert((*table).to_owned(), count);
        }
        Ok(serde_json::json!({ "version": version, "migrations": migrations, "rows": rows }))
    }

    async fn close(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.close().await;
        }
        self.reader.close().await;
        self.writer.close().await;
    }
}
