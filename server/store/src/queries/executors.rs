//! Statements on executors and their attempts.

use async_trait::async_trait;
use domain::executors::contract::{AnswerKind, Delivery, ExecutorAnswer};
use domain::{Authorized, Purpose};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::guard::{push_check, still_holds};
use super::rows::{self, Row};
use super::transaction::SqlTransaction;
use super::{Db, SqlStore, corrupt, json, micros};
use crate::Result;
use crate::executors::{MAX_DELIVERIES, ReadExecutors, StoredExecutor, SystemExecutors, WriteExecutors};

#[async_trait]
impl ReadExecutors for SqlStore {
    async fn executors(&self) -> Result<Vec<StoredExecutor>> {
        let query =
            sqlx::query("SELECT setup, secret, paused, revision FROM executors ORDER BY position, name");
        let rows = query.fetch_all(&self.reader).await?;
        rows.iter().map(executor).collect()
    }

    async fn executors_revision(&self) -> Result<i64> {
        let query =
            sqlx::query_scalar("SELECT CAST(COALESCE(SUM(revision), 0) AS BIGINT) + COUNT(*) FROM executors");
        Ok(query.fetch_one(&self.reader).await?)
    }

    async fn executor_answers(&self, name: &str, limit: u32) -> Result<Vec<ExecutorAnswer>> {
        let query = sqlx::query(
            "SELECT at, action_id, command_id, result, detail FROM executor_answers WHERE executor = $1
             ORDER BY at DESC LIMIT $2",
        );
        let rows = query.bind(name).bind(i64::from(limit)).fetch_all(&self.reader).await?;
        rows.iter().map(answer).collect()
    }

    async fn executor_failures(&self, name: &str, since: Timestamp) -> Result<u64> {
        let query = sqlx::query_scalar::<_, i64>(
            "SELECT COUNT(*) FROM executor_answers WHERE executor = $1 AND at >= $2
             AND result IN ('failed', 'not_sent', 'uncertain')",
        );
        let count = query.bind(name).bind(micros(since)).fetch_one(&self.reader).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn deliveries(&self, name: &str) -> Result<Vec<Delivery>> {
        let query = sqlx::query(
            "SELECT id, action_id, command_id, at, milliseconds, status, request, answer, again FROM deliveries
             WHERE executor = $1 ORDER BY at DESC, id DESC LIMIT $2",
        );
        let rows = query.bind(name).bind(MAX_DELIVERIES).fetch_all(&self.reader).await?;
        rows.iter().map(delivery).collect()
    }

    async fn executor_backlog(&self, name: &str) -> Result<u64> {
        let query = sqlx::query_scalar::<_, i64>(
            "SELECT COUNT(*) FROM commands WHERE state IN ('open', 'handed') AND executor = $1",
        );
        let count = query.bind(name).fetch_one(&self.reader).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

#[async_trait]
impl WriteExecutors for SqlTransaction {
    async fn insert_executor(
        &mut self,
        by: &Authorized,
        executor: &StoredExecutor,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let now = micros(now);
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO executors (name, position, revision, setup, secret, paused, created_at, updated_at) SELECT ",
        );
        let mut values = sql.separated(", ");
        values.push_bind(&executor.setup.name);
        values.push("(SELECT COALESCE(MAX(position), 0) + 1 FROM executors)");
        values.push_bind(executor.revision).push_bind(json(&executor.setup)?);
        values.push_bind(&executor.secret).push_bind(i16::from(executor.paused));
        values.push_bind(now).push_bind(now);
        sql.push(" WHERE 1 = 1");
        push_check(&mut sql, by, now);
        sql.push(" ON CONFLICT (name) DO NOTHING");
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn update_executor(
        &mut self,
        by: &Authorized,
        executor: &StoredExecutor,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let now = micros(now);
        let mut sql = QueryBuilder::<Db>::new("UPDATE executors SET revision = ");
        sql.push_bind(executor.revision).push(", setup = ").push_bind(json(&executor.setup)?);
        sql.push(", secret = ").push_bind(&executor.secret);
        sql.push(", paused = ").push_bind(i16::from(executor.paused));
        sql.push(", updated_at = ").push_bind(now);
        sql.push(" WHERE name = ").push_bind(&executor.setup.name);
        sql.push(" AND revision = ").push_bind(executor.revision - 1);
        push_check(&mut sql, by, now);
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn order_executors(&mut self, by: &Authorized, names: &[String], now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let now = micros(now);
        for (name, place) in names.iter().zip(1_i64..) {
            // Each has a revision more, by which other instances see that something changed.
            let mut sql =
                QueryBuilder::<Db>::new("UPDATE executors SET revision = revision + 1, position = ");
            sql.push_bind(place).push(", updated_at = ").push_bind(now);
            sql.push(" WHERE name = ").push_bind(name);
            push_check(&mut sql, by, now);
            if sql.build().execute(&mut *self.tx).await?.rows_affected() == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn may_send_again(&mut self, by: &Authorized, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        still_holds(&mut self.tx, by, now).await
    }

    async fn delete_executor(&mut self, by: &Authorized, name: &str, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let mut sql = QueryBuilder::<Db>::new("DELETE FROM executors WHERE name = ");
        sql.push_bind(name);
        sql.push(" AND NOT EXISTS (SELECT 1 FROM commands WHERE state IN ('open', 'handed') AND executor = ");
        sql.push_bind(name).push(")");
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }
}

#[async_trait]
impl SystemExecutors for SqlTransaction {
    async fn note_answer(&mut self, executor: &str, answer: &ExecutorAnswer) -> Result<()> {
        let query = sqlx::query(
            "INSERT INTO executor_answers (executor, at, action_id, command_id, result, detail)
             VALUES ($1, $2, $3, $4, $5, $6)",
        );
        query
            .bind(executor)
            .bind(micros(answer.at))
            .bind(Uuid::from(answer.action))
            .bind(Uuid::from(answer.command))
            .bind(answer.result.as_str())
            .bind(&answer.detail)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    async fn note_delivery(&mut self, executor: &str, delivery: &Delivery) -> Result<()> {
        let query = sqlx::query(
            "INSERT INTO deliveries (id, executor, action_id, command_id, at, milliseconds, status, request, answer, again)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        );
        query
            .bind(Uuid::from(delivery.id))
            .bind(executor)
            .bind(Uuid::from(delivery.action))
            .bind(Uuid::from(delivery.command))
            .bind(micros(delivery.at))
            .bind(i64::from(delivery.milliseconds))
            .bind(delivery.status.map(i64::from))
            .bind(&delivery.request)
            .bind(&delivery.answer)
            .bind(i16::from(delivery.again))
            .execute(&mut *self.tx)
            .await?;
        let forget = sqlx::query(
            "DELETE FROM deliveries WHERE executor = $1 AND id NOT IN
             (SELECT id FROM deliveries WHERE executor = $1 ORDER BY at DESC, id DESC LIMIT $2)",
        );
        forget.bind(executor).bind(MAX_DELIVERIES).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn forget_answers(&mut self, before: Timestamp) -> Result<u64> {
        let query = sqlx::query("DELETE FROM executor_answers WHERE at < $1").bind(micros(before));
        Ok(query.execute(&mut *self.tx).await?.rows_affected())
    }
}

fn executor(row: &Row) -> Result<StoredExecutor> {
    let setup = serde_json::from_str(row.try_get("setup")?).map_err(corrupt)?;
    Ok(StoredExecutor {
        setup,
        secret: row.try_get("secret")?,
        paused: row.try_get::<i16, _>("paused")? == 1,
        revision: row.try_get("revision")?,
    })
}

fn delivery(row: &Row) -> Result<Delivery> {
    let status: Option<i64> = row.try_get("status")?;
    Ok(Delivery {
        id: rows::id(row, "id")?,
        action: rows::id(row, "action_id")?,
        command: rows::id(row, "command_id")?,
        at: rows::time(row, "at")?,
        milliseconds: u32::try_from(row.try_get::<i64, _>("milliseconds")?).unwrap_or(u32::MAX),
        status: status.and_then(|status| u16::try_from(status).ok()),
        request: row.try_get("request")?,
        answer: row.try_get("answer")?,
        again: row.try_get::<i16, _>("again")? == 1,
    })
}

fn answer(row: &Row) -> Result<ExecutorAnswer> {
    let result: AnswerKind = row.try_get::<&str, _>("result")?.parse().map_err(corrupt)?;
    Ok(ExecutorAnswer {
        at: rows::time(row, "at")?,
        action: row.try_get::<Uuid, _>("action_id")?.into(),
        command: row.try_get::<Uuid, _>("command_id")?.into(),
        result,
        detail: row.try_get("detail")?,
    })
}
