//! Statements on how long there is to decide.

use async_trait::async_trait;
use domain::decision_times::DecisionTimes;
use domain::{ActionType, Authorized, Purpose};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::SqlStore;
use super::guard::push_check;
use super::rows;
use super::transaction::SqlTransaction;
use super::{Connection, Db, corrupt, micros};
use crate::Result;
use crate::decision_times::{ReadDecisionTimes, WriteDecisionTimes};
use crate::vocabulary::number;

#[async_trait]
impl ReadDecisionTimes for SqlStore {
    async fn decision_times(&self) -> Result<DecisionTimes> {
        times(&mut *self.reader.acquire().await?).await
    }
}

#[async_trait]
impl WriteDecisionTimes for SqlTransaction {
    async fn decision_times(&mut self) -> Result<DecisionTimes> {
        times(&mut self.tx).await
    }

    async fn set_decision_time(
        &mut self,
        by: &Authorized,
        action_type: ActionType,
        hours: Option<u32>,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let mut check = QueryBuilder::<Db>::new("SELECT 1 FROM policy_state WHERE id = 1");
        push_check(&mut check, by, micros(now));
        if check.build().fetch_optional(&mut *self.tx).await?.is_none() {
            return Ok(false);
        }
        if let Some(hours) = hours {
            let set = "INSERT INTO decision_times (type, hours) VALUES ($1, $2)
                       ON CONFLICT (type) DO UPDATE SET hours = excluded.hours";
            let query = sqlx::query(set).bind(number(action_type)).bind(i64::from(hours));
            query.execute(&mut *self.tx).await?;
        } else {
            let query = sqlx::query("DELETE FROM decision_times WHERE type = $1");
            query.bind(number(action_type)).execute(&mut *self.tx).await?;
        }
        Ok(true)
    }
}

async fn times(db: &mut Connection) -> Result<DecisionTimes> {
    let found = sqlx::query("SELECT type, hours FROM decision_times").fetch_all(db).await?;
    let time = |row: &rows::Row| {
        let hours = u32::try_from(row.try_get::<i64, _>("hours")?).map_err(corrupt)?;
        Ok((rows::numbered(row, "type")?, hours))
    };
    Ok(DecisionTimes(found.iter().map(time).collect::<Result<_>>()?))
}
