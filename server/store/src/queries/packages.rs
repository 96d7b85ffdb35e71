//! Statements on packages.

use async_trait::async_trait;
use domain::actions::package::KeptPackage;
use domain::{ActionId, CommandId};
use jiff::Timestamp;
use sqlx::Row as _;
use uuid::Uuid;

use super::rows::{self, Row};
use super::transaction::SqlTransaction;
use super::{SqlStore, corrupt, micros};
use crate::Result;
use crate::packages::{ReadPackages, SystemPackages};

#[async_trait]
impl ReadPackages for SqlStore {
    async fn packages_of(&self, action: ActionId) -> Result<Vec<KeptPackage>> {
        let query = sqlx::query(
            "SELECT command_id, name, size, sha256, responder, received_at, expires_at FROM packages
             WHERE action_id = $1 ORDER BY received_at, command_id",
        );
        query.bind(Uuid::from(action)).fetch_all(&self.reader).await?.iter().map(package).collect()
    }

    async fn package_part(&self, command: CommandId, part: u32) -> Result<Option<Vec<u8>>> {
        let query = sqlx::query_scalar("SELECT data FROM package_parts WHERE command_id = $1 AND part = $2");
        Ok(query.bind(Uuid::from(command)).bind(i64::from(part)).fetch_optional(&self.reader).await?)
    }
}

#[async_trait]
impl SystemPackages for SqlTransaction {
    async fn put_package_part(
        &mut self,
        command: CommandId,
        part: u32,
        data: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        let query = sqlx::query(
            "INSERT INTO package_parts (command_id, part, data, received_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (command_id, part) DO UPDATE SET data = excluded.data, received_at = excluded.received_at",
        );
        let query = query.bind(Uuid::from(command)).bind(i64::from(part)).bind(data).bind(micros(now));
        query.execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn put_package(&mut self, action: ActionId, package: &KeptPackage) -> Result<()> {
        let query = sqlx::query(
            "INSERT INTO packages (command_id, action_id, responder, name, size, sha256, received_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (command_id) DO NOTHING",
        );
        let query = query.bind(Uuid::from(package.command_id)).bind(Uuid::from(action));
        let query = query.bind(&package.responder).bind(&package.name);
        let query = query.bind(i64::try_from(package.size).map_err(corrupt)?).bind(&package.sha256);
        let query = query.bind(micros(package.received_at)).bind(micros(package.expires_at));
        query.execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn forget_packages(&mut self, now: Timestamp, parts_before: Timestamp) -> Result<u64> {
        let query = sqlx::query("DELETE FROM packages WHERE expires_at <= $1").bind(micros(now));
        let gone = query.execute(&mut *self.tx).await?.rows_affected();
        let query = sqlx::query(
            "DELETE FROM package_parts WHERE received_at <= $1
             AND command_id NOT IN (SELECT command_id FROM packages)",
        );
        query.bind(micros(parts_before)).execute(&mut *self.tx).await?;
        Ok(gone)
    }
}

fn package(row: &Row) -> Result<KeptPackage> {
    Ok(KeptPackage {
        command_id: rows::id(row, "command_id")?,
        name: row.try_get("name")?,
        size: u64::try_from(row.try_get::<i64, _>("size")?).map_err(corrupt)?,
        sha256: row.try_get("sha256")?,
        responder: row.try_get("responder")?,
        received_at: rows::time(row, "received_at")?,
        expires_at: rows::time(row, "expires_at")?,
    })
}
