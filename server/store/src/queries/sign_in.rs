//! Statements on sign-ins that failed.

use async_trait::async_trait;
use domain::{Authorized, Purpose};
use jiff::Timestamp;
use sqlx::Row as _;

use super::micros;
use super::rows::time;
use super::transaction::SqlTransaction;
use crate::error::Result;
use crate::sign_in::{Attempts, WriteSignIn};

#[async_trait]
impl WriteSignIn for SqlTransaction {
    async fn sign_in_attempts(&mut self, key: &str) -> Result<Option<Attempts>> {
        let query = sqlx::query("SELECT failures, last_at FROM sign_in_attempts WHERE key = $1").bind(key);
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| Ok(Attempts { failures: row.try_get("failures")?, last: time(&row, "last_at")? }))
            .transpose()
    }

    async fn note_sign_in(&mut self, by: &Authorized, key: &str, attempts: Option<Attempts>) -> Result<()> {
        by.allow(Purpose::Record)?;
        let query = match attempts {
            Some(Attempts { failures, last }) => sqlx::query(
                "INSERT INTO sign_in_attempts (key, failures, last_at) VALUES ($1, $2, $3)
                 ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at",
            )
            .bind(key)
            .bind(failures)
            .bind(micros(last)),
            None => sqlx::query("DELETE FROM sign_in_attempts WHERE key = $1").bind(key),
        };
        query.execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn forget_sign_ins(
        &mut self,
        by: &Authorized,
        failed_before: Timestamp,
        used_before: Timestamp,
    ) -> Result<()> {
        by.allow(Purpose::Record)?;
        let forget = sqlx::query(
            "DELETE FROM sign_in_attempts
             WHERE last_at < $1 AND (failures > 0 OR last_at < $2)",
        );
        let forget = forget.bind(micros(failed_before)).bind(micros(used_before));
        forget.execute(&mut *self.tx).await?;
        Ok(())
    }
}
