//! Statements on policies, first approvals of two people, and uses of break-glass.

use async_trait::async_trait;
use domain::actions::break_glass::{BreakGlassReview, BreakGlassUse};
use domain::policies::{Policies, Protection};
use domain::{ActionId, Authorized, Purpose, RowScope};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::SqlStore;
use super::guard::push_check;
use super::rows;
use super::scope::push_scope;
use super::transaction::SqlTransaction;
use super::{Connection, Db, corrupt, json, micros};
use crate::Result;
use crate::actor_text;
use crate::policies::{FirstApproval, ReadPolicies, WritePolicies};

#[async_trait]
impl ReadPolicies for SqlStore {
    async fn policies(&self) -> Result<Policies> {
        policies(&mut *self.reader.acquire().await?).await
    }

    async fn first_approval(&self, id: ActionId) -> Result<Option<FirstApproval>> {
        first_approval(&mut *self.reader.acquire().await?, id).await
    }

    async fn break_glass(&self, id: ActionId) -> Result<Option<BreakGlassUse>> {
        let mut sql = uses();
        sql.push(" AND actions.id = ").push_bind(Uuid::from(id));
        let row = sql.build().fetch_optional(&self.reader).await?;
        row.as_ref().map(read_use).transpose()
    }

    async fn break_glass_uses(&self, scope: &RowScope, limit: u32) -> Result<Vec<BreakGlassUse>> {
        let mut sql = uses();
        push_scope(&mut sql, scope);
        sql.push(" ORDER BY CASE WHEN b.reviewed_at IS NULL THEN 0 ELSE 1 END, b.at DESC LIMIT ");
        sql.push_bind(i64::from(limit));
        sql.build().fetch_all(&self.reader).await?.iter().map(read_use).collect()
    }
}

#[async_trait]
impl WritePolicies for SqlTransaction {
    async fn policies(&mut self) -> Result<Policies> {
        policies(&mut self.tx).await
    }

    async fn set_protection(
        &mut self,
        by: &Authorized,
        name: &str,
        protection: Option<&Protection>,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE policy_state SET revision = revision + 1 WHERE id = 1");
        push_check(&mut sql, by, micros(now));
        if sql.build().execute(&mut *self.tx).await?.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(protection) = protection {
            let insert = "INSERT INTO protections (name, demand, conditions) VALUES ($1, $2, $3)";
            let query = sqlx::query(insert).bind(name).bind(protection.demand.as_str());
            query.bind(json(&protection.when)?).execute(&mut *self.tx).await?;
        } else {
            sqlx::query("DELETE FROM protections WHERE name = $1").bind(name).execute(&mut *self.tx).await?;
        }
        Ok(true)
    }

    async fn first_approval(&mut self, id: ActionId) -> Result<Option<FirstApproval>> {
        first_approval(&mut self.tx, id).await
    }

    async fn note_first_approval(
        &mut self,
        by: &Authorized,
        id: ActionId,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        by.allow(Purpose::Decide)?;
        let insert = "INSERT INTO first_approvals (action_id, version, person, actor, at)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (action_id) DO UPDATE SET version = excluded.version, person = excluded.person,
                actor = excluded.actor, at = excluded.at";
        let query = sqlx::query(insert).bind(Uuid::from(id)).bind(version).bind(person(by)?);
        let actor = actor_text::write(by.actor()).map_err(corrupt)?;
        query.bind(actor).bind(micros(now)).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn complete_first_approval(&mut self, by: &Authorized, id: ActionId, now: Timestamp) -> Result<()> {
        by.allow(Purpose::Decide)?;
        let update = "UPDATE first_approvals SET completed_at = $1 WHERE action_id = $2 AND person <> $3";
        let query = sqlx::query(update).bind(micros(now)).bind(Uuid::from(id)).bind(person(by)?);
        query.execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn note_break_glass(
        &mut self,
        by: &Authorized,
        id: ActionId,
        policy: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<()> {
        by.allow(Purpose::Decide)?;
        let insert = "INSERT INTO break_glass (action_id, policy, person, actor, at, reason)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let query = sqlx::query(insert).bind(Uuid::from(id)).bind(policy).bind(person(by)?);
        let actor = actor_text::write(by.actor()).map_err(corrupt)?;
        query.bind(actor).bind(micros(now)).bind(reason).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn review_break_glass(
        &mut self,
        by: &Authorized,
        id: ActionId,
        review: &BreakGlassReview,
    ) -> Result<bool> {
        by.allow(Purpose::Decide)?;
        let person = person(by)?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE break_glass SET reviewer_person = ");
        sql.push_bind(person).push(", reviewer = ");
        sql.push_bind(actor_text::write(by.actor()).map_err(corrupt)?);
        sql.push(", reviewed_at = ").push_bind(micros(review.at));
        sql.push(", comment = ").push_bind(review.comment.clone());
        sql.push(" WHERE reviewed_at IS NULL AND action_id = ").push_bind(Uuid::from(id));
        sql.push(" AND person <> ").push_bind(person);
        push_check(&mut sql, by, micros(review.at));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }
}

/// The person who answers for what is written; a tool has none, and the product decides nothing here.
fn person(by: &Authorized) -> Result<Uuid> {
    by.person().map(Uuid::from).ok_or_else(|| corrupt("nobody answers for this"))
}

async fn policies(db: &mut Connection) -> Result<Policies> {
    // In one statement: each decision asks.
    let found = sqlx::query(
        "SELECT s.revision, p.name, p.demand, p.conditions
         FROM policy_state s LEFT JOIN protections p ON 1 = 1 WHERE s.id = 1 ORDER BY p.name",
    );
    let rows = found.fetch_all(db).await?;
    let revision = rows.first().ok_or_else(|| corrupt("policies have no revision"))?.try_get("revision")?;
    let protection = |row: &rows::Row| -> Result<Option<Protection>> {
        let Some(name) = row.try_get("name")? else { return Ok(None) };
        let (when, demand) = (rows::json(row, "conditions")?, rows::word(row, "demand")?);
        Ok(Some(Protection { name, when, demand }))
    };
    let protections = rows.iter().filter_map(|row| protection(row).transpose()).collect::<Result<_>>()?;
    Ok(Policies { revision, protections })
}

async fn first_approval(db: &mut Connection, id: ActionId) -> Result<Option<FirstApproval>> {
    let select = "SELECT version, person, actor, completed_at FROM first_approvals WHERE action_id = $1";
    let query = sqlx::query(select);
    let row = query.bind(Uuid::from(id)).fetch_optional(db).await?;
    let read = |row: rows::Row| {
        Ok(FirstApproval {
            version: row.try_get("version")?,
            person: rows::id(&row, "person")?,
            actor: rows::actor(row.try_get("actor")?)?,
            is_completed: rows::optional_time(&row, "completed_at")?.is_some(),
        })
    };
    row.map(read).transpose()
}

fn uses() -> QueryBuilder<Db> {
    QueryBuilder::new(
        "SELECT actions.id, actions.type, actions.entity_title, actions.asset_name, b.policy, b.actor, b.at, \
         b.reason AS why, b.reviewer, b.reviewed_at, b.comment AS said \
         FROM break_glass b JOIN actions ON actions.id = b.action_id WHERE 1 = 1",
    )
}

fn read_use(row: &rows::Row) -> Result<BreakGlassUse> {
    let reviewer = row.try_get::<Option<&str>, _>("reviewer")?.map(rows::actor).transpose()?;
    let review = reviewer.zip(rows::optional_time(row, "reviewed_at")?).map(|(by, at)| {
        let comment = row.try_get::<Option<String>, _>("said")?.unwrap_or_default();
        Ok::<_, crate::StoreError>(BreakGlassReview { by: by.label(), at, comment })
    });
    Ok(BreakGlassUse {
        action: rows::id(row, "id")?,
        action_type: rows::numbered(row, "type")?,
        entity: row.try_get("entity_title")?,
        asset: row.try_get("asset_name")?,
        policy: row.try_get("policy")?,
        by: rows::actor(row.try_get("actor")?)?.label(),
        at: rows::time(row, "at")?,
        reason: row.try_get("why")?,
        review: review.transpose()?,
    })
}
