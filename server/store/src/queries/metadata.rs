//! Statements on the metadata of the database.

use async_trait::async_trait;

use super::Connection;
use super::transaction::SqlTransaction;
use crate::error::Result;
use crate::maintenance::SystemMetadata;

#[async_trait]
impl SystemMetadata for SqlTransaction {
    async fn set_metadata(&mut self, name: &str, value: &str) -> Result<()> {
        set_metadata(&mut self.tx, name, value).await
    }
}

pub(super) async fn set_metadata(db: &mut Connection, name: &str, value: &str) -> Result<()> {
    let set = "INSERT INTO markers (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sqlx::query(set).bind(name).bind(value).execute(db).await?;
    Ok(())
}
