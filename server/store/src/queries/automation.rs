//! Statements on how far rules may decide.

use async_trait::async_trait;
use domain::automation::{AutomationState, DEFAULT_QUOTA, Quota, Stop};
use domain::{Action, ActionType, AssetKind, Authorized, Lane, Purpose, RowScope};
use jiff::{SignedDuration, Timestamp};
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::SqlStore;
use super::guard::{push_check, still_holds};
use super::rows;
use super::scope::push_scope;
use super::transaction::SqlTransaction;
use super::{Connection, Db, corrupt, micros};
use crate::Result;
use crate::actions_fields::device_group;
use crate::automation::{ReadAutomation, WriteAutomation};
use crate::vocabulary::number;

#[async_trait]
impl ReadAutomation for SqlStore {
    async fn automation(&self, now: Timestamp) -> Result<AutomationState> {
        state(&mut *self.reader.acquire().await?, now).await
    }

    async fn automation_stop(&self) -> Result<Option<Stop>> {
        stop(&mut *self.reader.acquire().await?).await
    }

    async fn proposed_in_group(
        &self,
        scope: &RowScope,
        group: &str,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Action>> {
        let mut sql = QueryBuilder::<Db>::new(concat!(
            "SELECT ",
            rows::action_columns!(),
            " FROM actions WHERE number IN ("
        ));
        for lane in Lane::ALL {
            // Each lane has an index of its own.
            let begin = if *lane == Lane::Pending { "" } else { " UNION ALL " };
            sql.push(format!("{begin}SELECT number FROM actions WHERE lane = {}", number(*lane)));
            sql.push(" AND proposed_at >= ").push_bind(micros(since));
        }
        sql.push(format!(") AND asset_kind = {}", number(AssetKind::Device)));
        sql.push(" AND device_group_key = ").push_bind(device_group(group));
        sql.push(" AND EXISTS (SELECT 1 FROM investigations i WHERE i.id = actions.investigation_id)");
        push_scope(&mut sql, scope);
        sql.push(" ORDER BY proposed_at DESC, number DESC LIMIT ").push_bind(i64::from(limit));
        sql.build().fetch_all(&self.reader).await?.iter().map(rows::action).collect()
    }
}

#[async_trait]
impl WriteAutomation for SqlTransaction {
    async fn automation(&mut self, now: Timestamp) -> Result<AutomationState> {
        state(&mut self.tx, now).await
    }

    async fn set_automation_stop(
        &mut self,
        by: &Authorized,
        stop: Option<&Stop>,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE automation SET stopped_at = ");
        sql.push_bind(stop.map(|of| micros(of.since)));
        sql.push(", stopped_by = ").push_bind(stop.map(|of| of.by.clone()));
        sql.push(", reason = ").push_bind(stop.and_then(|of| of.reason.clone()));
        sql.push(" WHERE id = 1");
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn set_quota(
        &mut self,
        by: &Authorized,
        action_type: ActionType,
        per_hour: Option<u32>,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        if !still_holds(&mut self.tx, by, now).await? {
            return Ok(false);
        }
        if let Some(per_hour) = per_hour {
            let set = "INSERT INTO automation_quotas (type, per_hour) VALUES ($1, $2)
                       ON CONFLICT (type) DO UPDATE SET per_hour = excluded.per_hour";
            let query = sqlx::query(set).bind(number(action_type)).bind(i64::from(per_hour));
            query.execute(&mut *self.tx).await?;
        } else {
            let query = sqlx::query("DELETE FROM automation_quotas WHERE type = $1");
            query.bind(number(action_type)).execute(&mut *self.tx).await?;
        }
        Ok(true)
    }

    async fn compromised_users(&mut self) -> Result<Vec<ActionType>> {
        compromised_users(&mut self.tx).await
    }

    async fn set_compromised_users(
        &mut self,
        by: &Authorized,
        types: &[ActionType],
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        if !still_holds(&mut self.tx, by, now).await? {
            return Ok(false);
        }
        sqlx::query("DELETE FROM compromised_user_types").execute(&mut *self.tx).await?;
        for &action_type in types {
            let query = sqlx::query("INSERT INTO compromised_user_types (type) VALUES ($1)");
            query.bind(number(action_type)).execute(&mut *self.tx).await?;
        }
        Ok(true)
    }

    async fn note_automatic(&mut self, by: &Authorized, action: &Action, now: Timestamp) -> Result<()> {
        by.allow(Purpose::Automate)?;
        // What is older than an hour counts no more.
        let query = sqlx::query("DELETE FROM automatic_actions WHERE type = $1 AND at <= $2");
        query.bind(number(action.action_type)).bind(hour_before(now)).execute(&mut *self.tx).await?;
        let insert = "INSERT INTO automatic_actions (action_id, type, at) VALUES ($1, $2, $3)
                      ON CONFLICT (action_id) DO UPDATE SET at = excluded.at";
        let query = sqlx::query(insert).bind(Uuid::from(action.id)).bind(number(action.action_type));
        query.bind(micros(now)).execute(&mut *self.tx).await?;
        Ok(())
    }
}

fn hour_before(now: Timestamp) -> i64 {
    micros(now.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(now))
}

async fn compromised_users(db: &mut Connection) -> Result<Vec<ActionType>> {
    let found = sqlx::query("SELECT type FROM compromised_user_types ORDER BY type").fetch_all(db).await?;
    found.iter().map(|row| rows::numbered(row, "type")).collect()
}

async fn stop(db: &mut Connection) -> Result<Option<Stop>> {
    let row =
        sqlx::query("SELECT stopped_at, stopped_by, reason FROM automation WHERE stopped_at IS NOT NULL");
    let row = row.fetch_optional(db).await?;
    row.map(|row| {
        Ok(Stop {
            since: rows::time(&row, "stopped_at")?,
            by: row.try_get("stopped_by")?,
            reason: row.try_get("reason")?,
        })
    })
    .transpose()
}

async fn state(db: &mut Connection, now: Timestamp) -> Result<AutomationState> {
    let select = "SELECT t.type, q.per_hour,
            (SELECT COUNT(*) FROM automatic_actions a WHERE a.type = t.type AND a.at > $1) AS used
        FROM (SELECT type FROM automation_quotas UNION SELECT type FROM automatic_actions) t
        LEFT JOIN automation_quotas q ON q.type = t.type ORDER BY t.type";
    let found = sqlx::query(select).bind(hour_before(now)).fetch_all(&mut *db).await?;
    let quota = |row: &rows::Row| {
        let per_hour = row.try_get::<Option<i64>, _>("per_hour")?;
        let set = per_hour.map(u32::try_from).transpose().map_err(corrupt)?;
        Ok(Quota {
            action_type: rows::numbered(row, "type")?,
            per_hour: set.unwrap_or(DEFAULT_QUOTA),
            is_default: set.is_none(),
            used: Some(u32::try_from(row.try_get::<i64, _>("used")?).map_err(corrupt)?),
        })
    };
    let quotas = found.iter().map(quota).collect::<Result<_>>()?;
    let compromised_users = compromised_users(&mut *db).await?;
    Ok(AutomationState { stopped: stop(db).await?, compromised_users, quotas })
}
