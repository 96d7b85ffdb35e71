//! Statements on enrolled hosts, their codes and their orders.

use async_trait::async_trait;
use domain::{Authorized, CommandId, Purpose};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::guard::push_check;
use super::rows::{self, Row};
use super::transaction::SqlTransaction;
use super::{Db, SqlStore, micros};
use crate::Result;
use crate::responders::{ReadResponders, StoredOrder, StoredResponder, SystemResponders, WriteResponders};

macro_rules! responder_columns {
    () => {
        "SELECT name, asset, public_key, version, pairs, enrolled_at, last_seen_at, instance, earlier, cloned_at, revoked_at
         FROM responders"
    };
}

#[async_trait]
impl ReadResponders for SqlStore {
    async fn responders(&self) -> Result<Vec<StoredResponder>> {
        let query = sqlx::query(concat!(responder_columns!(), " ORDER BY name"));
        query.fetch_all(&self.reader).await?.iter().map(responder).collect()
    }

    async fn responder(&self, name: &str) -> Result<Option<StoredResponder>> {
        let query = sqlx::query(concat!(responder_columns!(), " WHERE name = $1")).bind(name);
        query.fetch_optional(&self.reader).await?.as_ref().map(responder).transpose()
    }

    async fn used_responder_code(&self, code_hash: &str) -> Result<Option<String>> {
        let query = sqlx::query_scalar(
            "SELECT asset FROM responder_codes WHERE code_hash = $1 AND used_at IS NOT NULL",
        );
        Ok(query.bind(code_hash).fetch_optional(&self.reader).await?)
    }

    async fn responder_order(&self, name: &str, command: CommandId) -> Result<Option<StoredOrder>> {
        let query = sqlx::query(
            "SELECT command_id, responder, command, signature, created_at FROM responder_orders
             WHERE responder = $1 AND command_id = $2",
        );
        let row = query.bind(name).bind(Uuid::from(command)).fetch_optional(&self.reader).await?;
        row.as_ref().map(order).transpose()
    }

    async fn responder_orders(&self, name: &str, limit: u32) -> Result<Vec<StoredOrder>> {
        let query = sqlx::query(
            "SELECT command_id, responder, command, signature, created_at FROM responder_orders
             WHERE responder = $1 AND reported_at IS NULL ORDER BY created_at, command_id LIMIT $2",
        );
        let rows = query.bind(name).bind(i64::from(limit)).fetch_all(&self.reader).await?;
        rows.iter().map(order).collect()
    }
}

#[async_trait]
impl WriteResponders for SqlTransaction {
    async fn insert_responder_code(
        &mut self,
        by: &Authorized,
        code_hash: &str,
        asset: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO responder_codes (code_hash, asset, created_at, expires_at) SELECT ",
        );
        let mut values = sql.separated(", ");
        values.push_bind(code_hash).push_bind(asset).push_bind(micros(now)).push_bind(micros(expires_at));
        sql.push(" WHERE 1 = 1");
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn revoke_responder(&mut self, by: &Authorized, name: &str, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE responders SET revoked_at = COALESCE(revoked_at, ");
        sql.push_bind(micros(now)).push(") WHERE name = ").push_bind(name);
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }
}

#[async_trait]
impl SystemResponders for SqlTransaction {
    async fn take_responder_code(&mut self, code_hash: &str, now: Timestamp) -> Result<Option<String>> {
        let query = sqlx::query_scalar(
            "UPDATE responder_codes SET used_at = $1 WHERE code_hash = $2 AND used_at IS NULL AND expires_at > $3
             RETURNING asset",
        );
        let query = query.bind(micros(now)).bind(code_hash).bind(micros(now));
        Ok(query.fetch_optional(&mut *self.tx).await?)
    }

    async fn put_responder(&mut self, responder: &StoredResponder) -> Result<()> {
        let query = sqlx::query(
            "INSERT INTO responders (name, asset, public_key, version, pairs, enrolled_at, last_seen_at, instance,
                                     earlier, cloned_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (name) DO UPDATE SET asset = excluded.asset, public_key = excluded.public_key,
                 version = excluded.version, pairs = excluded.pairs, enrolled_at = excluded.enrolled_at,
                 last_seen_at = excluded.last_seen_at, instance = excluded.instance, earlier = excluded.earlier,
                 cloned_at = excluded.cloned_at, revoked_at = excluded.revoked_at",
        );
        let query = query.bind(&responder.name).bind(&responder.asset).bind(&responder.public_key);
        let query = query.bind(&responder.version).bind(&responder.pairs).bind(micros(responder.enrolled_at));
        let query =
            query.bind(micros(responder.last_seen_at)).bind(&responder.instance).bind(&responder.earlier);
        let query = query.bind(responder.cloned_at.map(micros)).bind(responder.revoked_at.map(micros));
        query.execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn note_responder_seen(&mut self, responder: &StoredResponder) -> Result<bool> {
        let query = sqlx::query(
            "UPDATE responders SET version = $1, pairs = $2, last_seen_at = $3, instance = $4, earlier = $5,
                 cloned_at = COALESCE(cloned_at, $6)
             WHERE name = $7 AND public_key = $8 AND revoked_at IS NULL",
        );
        let query =
            query.bind(&responder.version).bind(&responder.pairs).bind(micros(responder.last_seen_at));
        let query = query.bind(&responder.instance).bind(&responder.earlier);
        let query =
            query.bind(responder.cloned_at.map(micros)).bind(&responder.name).bind(&responder.public_key);
        Ok(query.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn insert_responder_order(&mut self, order: &StoredOrder) -> Result<bool> {
        let query = sqlx::query(
            "INSERT INTO responder_orders (command_id, responder, command, signature, created_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (command_id) DO NOTHING",
        );
        let query = query.bind(Uuid::from(order.command_id)).bind(&order.responder).bind(&order.command);
        let query = query.bind(&order.signature).bind(micros(order.created_at));
        Ok(query.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn report_responder_order(
        &mut self,
        responder: &str,
        command: CommandId,
        response: &str,
        signature: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let query = sqlx::query(
            "UPDATE responder_orders SET response = $1, response_signature = $2, reported_at = $3
             WHERE command_id = $4 AND responder = $5 AND reported_at IS NULL",
        );
        let query = query.bind(response).bind(signature).bind(micros(now));
        let query = query.bind(Uuid::from(command)).bind(responder);
        Ok(query.execute(&mut *self.tx).await?.rows_affected() == 1)
    }
}

fn responder(row: &Row) -> Result<StoredResponder> {
    Ok(StoredResponder {
        name: row.try_get("name")?,
        asset: row.try_get("asset")?,
        public_key: row.try_get("public_key")?,
        version: row.try_get("version")?,
        pairs: row.try_get("pairs")?,
        enrolled_at: rows::time(row, "enrolled_at")?,
        last_seen_at: rows::time(row, "last_seen_at")?,
        instance: row.try_get("instance")?,
        earlier: row.try_get("earlier")?,
        cloned_at: rows::optional_time(row, "cloned_at")?,
        revoked_at: rows::optional_time(row, "revoked_at")?,
    })
}

fn order(row: &Row) -> Result<StoredOrder> {
    Ok(StoredOrder {
        command_id: row.try_get::<Uuid, _>("command_id")?.into(),
        responder: row.try_get("responder")?,
        command: row.try_get("command")?,
        signature: row.try_get("signature")?,
        created_at: rows::time(row, "created_at")?,
    })
}
