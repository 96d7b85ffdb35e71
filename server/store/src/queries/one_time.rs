//! Statements on secrets that are good for one use.

use async_trait::async_trait;
use domain::{Authorized, Purpose};
use jiff::Timestamp;

use super::rows::{self, Row};
use super::transaction::SqlTransaction;
use super::{SqlStore, corrupt, micros};
use crate::error::Result;
use crate::one_time::{OneTimePurpose, OneTimeSecret, ReadOneTime, WriteOneTime};
use sqlx::Row as _;

#[async_trait]
impl ReadOneTime for SqlStore {
    async fn one_time(
        &self,
        purpose: OneTimePurpose,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<OneTimeSecret>> {
        let query = sqlx::query(
            "SELECT user_id, body, expires_at FROM one_time_secrets
             WHERE purpose = $1 AND secret_hash = $2 AND expires_at > $3",
        );
        let query = query.bind(purpose.as_str()).bind(secret_hash).bind(micros(now));
        let row = query.fetch_optional(&self.reader).await?;
        row.map(|row| secret(purpose, secret_hash, &row)).transpose()
    }
}

#[async_trait]
impl WriteOneTime for SqlTransaction {
    async fn keep_one_time(&mut self, by: &Authorized, secret: &OneTimeSecret, now: Timestamp) -> Result<()> {
        by.allow(Purpose::Record)?;
        sqlx::query("DELETE FROM one_time_secrets WHERE expires_at <= $1")
            .bind(micros(now))
            .execute(&mut *self.tx)
            .await?;
        sqlx::query(
            "INSERT INTO one_time_secrets (purpose, secret_hash, user_id, body, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (purpose, secret_hash) DO UPDATE
             SET user_id = excluded.user_id, body = excluded.body, tries = 0, created_at = excluded.created_at,
                 expires_at = excluded.expires_at",
        )
        .bind(secret.purpose.as_str())
        .bind(&secret.secret_hash)
        .bind(secret.person.map(|id| id.to_string()))
        .bind(&secret.body)
        .bind(micros(now))
        .bind(micros(secret.expires_at))
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    async fn try_one_time(
        &mut self,
        by: &Authorized,
        purpose: OneTimePurpose,
        secret_hash: &str,
        most: i64,
        now: Timestamp,
    ) -> Result<Option<OneTimeSecret>> {
        by.allow(Purpose::Record)?;
        let query = sqlx::query(
            "UPDATE one_time_secrets SET tries = tries + 1
             WHERE purpose = $1 AND secret_hash = $2 AND expires_at > $3 AND tries < $4
             RETURNING user_id, body, expires_at",
        );
        let query = query.bind(purpose.as_str()).bind(secret_hash).bind(micros(now)).bind(most);
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| secret(purpose, secret_hash, &row)).transpose()
    }

    async fn take_one_time(
        &mut self,
        by: &Authorized,
        purpose: OneTimePurpose,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<OneTimeSecret>> {
        by.allow(Purpose::Record)?;
        let query = sqlx::query(
            "DELETE FROM one_time_secrets WHERE purpose = $1 AND secret_hash = $2 AND expires_at > $3
             RETURNING user_id, body, expires_at",
        );
        let query = query.bind(purpose.as_str()).bind(secret_hash).bind(micros(now));
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| secret(purpose, secret_hash, &row)).transpose()
    }
}

fn secret(purpose: OneTimePurpose, secret_hash: &str, row: &Row) -> Result<OneTimeSecret> {
    let person: Option<&str> = row.try_get("user_id")?;
    Ok(OneTimeSecret {
        purpose,
        secret_hash: secret_hash.to_owned(),
        person: person.map(str::parse).transpose().map_err(corrupt)?,
        body: row.try_get("body")?,
        expires_at: rows::time(row, "expires_at")?,
    })
}
