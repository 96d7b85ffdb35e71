//! Statements on second factors.

use async_trait::async_trait;
use domain::access::FactorStanding;
use domain::access::factors::{FactorPolicy, PersonFactors};
use domain::{Authorized, CredentialId, FactorId, Purpose, Role, RoleGroupId, UserId};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::guard::push_check;
use super::rows::{self, Row};
use super::transaction::SqlTransaction;
use super::{Db, SqlStore, corrupt, micros};
use crate::error::Result;
use crate::factors::{ReadFactors, StoredFactor, WriteFactors};

/// Of a user `u`: how many second factors work.
const HAS: &str =
    "(SELECT COUNT(*) FROM second_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL)";
/// Of a user `u`: how much of what they hold asks for one.
const REQUIRED: &str = "(SELECT COUNT(*) FROM factor_policy q
    WHERE q.holding IN (SELECT r.role FROM user_roles r WHERE r.user_id = u.id)
       OR q.holding IN (SELECT m.role_group_id FROM role_group_members m WHERE m.user_id = u.id))";

#[async_trait]
impl ReadFactors for SqlStore {
    async fn factors(&self, person: UserId) -> Result<Vec<StoredFactor>> {
        let query = sqlx::query(
            "SELECT id, user_id, kind, name, secret, confirmed_at, last_step, last_used_at, created_at
             FROM second_factors WHERE user_id = $1 ORDER BY created_at, id",
        );
        query.bind(person.to_string()).fetch_all(&self.reader).await?.iter().map(factor).collect()
    }

    async fn factor_standing(&self, person: UserId, session: Option<CredentialId>) -> Result<FactorStanding> {
        let mut sql = QueryBuilder::<Db>::new("SELECT ");
        sql.push(HAS).push(" AS has, ").push(REQUIRED).push(" AS required, ");
        sql.push(
            "(SELECT MAX(c.factor_at) FROM credentials c WHERE c.user_id = u.id AND c.revoked_at IS NULL",
        );
        if let Some(session) = session {
            sql.push(" AND c.id = ").push_bind(session.to_string());
        }
        sql.push(") AS used_at, (SELECT COUNT(*) FROM provider_sessions p WHERE p.factor IS NOT NULL");
        sql.push(" AND p.credential_id = ").push_bind(session.map(|id| id.to_string()));
        sql.push(") AS vouched FROM users u WHERE u.id = ").push_bind(person.to_string());
        let row = sql.build().fetch_optional(&self.reader).await?;
        let Some(row) = row else { return Ok(FactorStanding::default()) };
        Ok(FactorStanding {
            has: row.try_get::<i64, _>("has")? > 0,
            required: row.try_get::<i64, _>("required")? > 0,
            vouched: row.try_get::<i64, _>("vouched")? > 0,
            used_at: rows::optional_time(&row, "used_at")?,
        })
    }

    async fn count_recovery_codes(&self, person: UserId) -> Result<i64> {
        let query = sqlx::query_scalar("SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1");
        Ok(query.bind(person.to_string()).fetch_one(&self.reader).await?)
    }

    async fn factor_policy(&self) -> Result<FactorPolicy> {
        let rows = sqlx::query("SELECT holding FROM factor_policy ORDER BY holding");
        let mut policy = FactorPolicy::default();
        for row in rows.fetch_all(&self.reader).await? {
            let holding: &str = row.try_get("holding")?;
            if let Ok(role) = holding.parse::<Role>() {
                policy.roles.insert(role);
            } else if let Ok(group) = holding.parse::<RoleGroupId>() {
                policy.role_groups.insert(group);
            }
        }
        Ok(policy)
    }

    async fn people_factors(&self) -> Result<Vec<PersonFactors>> {
        let mut sql = QueryBuilder::<Db>::new("SELECT u.id, u.display_name, ");
        sql.push(HAS).push(" AS has, ").push(REQUIRED).push(" AS required");
        sql.push(" FROM users u WHERE u.enabled = 1 ORDER BY u.display_name, u.id");
        let rows = sql.build().fetch_all(&self.reader).await?;
        let person = |row: &Row| {
            Ok(PersonFactors {
                person: row.try_get::<&str, _>("id")?.parse().map_err(corrupt)?,
                name: row.try_get("display_name")?,
                factors: u32::try_from(row.try_get::<i64, _>("has")?).map_err(corrupt)?,
                required: row.try_get::<i64, _>("required")? > 0,
            })
        };
        rows.iter().map(person).collect()
    }
}

fn factor(row: &Row) -> Result<StoredFactor> {
    Ok(StoredFactor {
        id: row.try_get::<&str, _>("id")?.parse().map_err(corrupt)?,
        person: row.try_get::<&str, _>("user_id")?.parse().map_err(corrupt)?,
        kind: row.try_get::<&str, _>("kind")?.parse().map_err(corrupt)?,
        name: row.try_get("name")?,
        secret: row.try_get("secret")?,
        confirmed_at: rows::optional_time(row, "confirmed_at")?,
        last_step: row.try_get("last_step")?,
        last_used_at: rows::optional_time(row, "last_used_at")?,
        created_at: rows::time(row, "created_at")?,
    })
}

/// The caller, for what is their own.
fn own(by: &Authorized) -> Result<Option<String>> {
    by.allow(Purpose::Own)?;
    Ok(by.person().map(|id| id.to_string()))
}

#[async_trait]
impl WriteFactors for SqlTransaction {
    async fn insert_factor(
        &mut self,
        by: &Authorized,
        factor: &StoredFactor,
        now: Timestamp,
    ) -> Result<bool> {
        let owner = own(by)?;
        if owner.as_ref() != Some(&factor.person.to_string()) {
            return Ok(false);
        }
        sqlx::query("DELETE FROM second_factors WHERE user_id = $1 AND kind = $2 AND confirmed_at IS NULL")
            .bind(&owner)
            .bind(factor.kind.as_str())
            .execute(&mut *self.tx)
            .await?;
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO second_factors (id, user_id, kind, name, secret, confirmed_at, last_step, created_at) SELECT ",
        );
        let mut values = sql.separated(", ");
        values.push_bind(factor.id.to_string()).push_bind(owner).push_bind(factor.kind.as_str());
        values.push_bind(&factor.name).push_bind(&factor.secret);
        values.push_bind(factor.confirmed_at.map(micros)).push_bind(factor.last_step);
        values.push_bind(micros(factor.created_at));
        sql.push(" WHERE 1 = 1");
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn confirm_factor(
        &mut self,
        by: &Authorized,
        id: FactorId,
        step: i64,
        now: Timestamp,
    ) -> Result<bool> {
        let mut sql = QueryBuilder::<Db>::new("UPDATE second_factors SET confirmed_at = ");
        sql.push_bind(micros(now)).push(", last_used_at = ").push_bind(micros(now));
        sql.push(", last_step = ").push_bind(step).push(" WHERE confirmed_at IS NULL AND id = ");
        sql.push_bind(id.to_string()).push(" AND user_id = ").push_bind(own(by)?);
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn delete_factor(&mut self, by: &Authorized, id: FactorId, now: Timestamp) -> Result<bool> {
        let mut sql = QueryBuilder::<Db>::new("DELETE FROM second_factors WHERE id = ");
        sql.push_bind(id.to_string()).push(" AND user_id = ").push_bind(own(by)?);
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn delete_factors(&mut self, by: &Authorized, person: UserId, now: Timestamp) -> Result<u64> {
        by.allow(Purpose::Administer)?;
        let mut gone = 0;
        for table in ["DELETE FROM recovery_codes", "DELETE FROM second_factors"] {
            let mut sql = QueryBuilder::<Db>::new(table);
            sql.push(" WHERE user_id = ").push_bind(person.to_string());
            push_check(&mut sql, by, micros(now));
            gone = sql.build().execute(&mut *self.tx).await?.rows_affected();
        }
        Ok(gone)
    }

    async fn set_recovery_codes(
        &mut self,
        by: &Authorized,
        hashes: &[String],
        now: Timestamp,
    ) -> Result<bool> {
        let owner = own(by)?;
        sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1")
            .bind(&owner)
            .execute(&mut *self.tx)
            .await?;
        for hash in hashes {
            let mut sql = QueryBuilder::<Db>::new("INSERT INTO recovery_codes (user_id, code_hash) SELECT ");
            let mut values = sql.separated(", ");
            values.push_bind(&owner).push_bind(hash);
            sql.push(" WHERE 1 = 1");
            push_check(&mut sql, by, micros(now));
            if sql.build().execute(&mut *self.tx).await?.rows_affected() != 1 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn use_totp(&mut self, by: &Authorized, id: FactorId, step: i64, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Record)?;
        let query = sqlx::query(
            "UPDATE second_factors SET last_step = $2, last_used_at = $3
             WHERE id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL",
        );
        let query = query.bind(id.to_string()).bind(step).bind(micros(now));
        Ok(query.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn use_passkey(
        &mut self,
        by: &Authorized,
        id: FactorId,
        secret: &str,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Record)?;
        let query = sqlx::query(
            "UPDATE second_factors SET secret = $2, last_used_at = $3 WHERE id = $1 AND kind = 'passkey'",
        );
        let query = query.bind(id.to_string()).bind(secret).bind(micros(now));
        Ok(query.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn use_recovery_code(&mut self, by: &Authorized, person: UserId, hash: &str) -> Result<bool> {
        by.allow(Purpose::Record)?;
        let query = sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2");
        let query = query.bind(person.to_string()).bind(hash);
        Ok(query.execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn note_factor(&mut self, by: &Authorized, session: CredentialId, at: Timestamp) -> Result<()> {
        by.allow(Purpose::Record)?;
        let query = sqlx::query("UPDATE credentials SET factor_at = $2 WHERE id = $1 AND kind = 'session'");
        query.bind(session.to_string()).bind(micros(at)).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn set_factor_policy(
        &mut self,
        by: &Authorized,
        policy: &FactorPolicy,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        sqlx::query("DELETE FROM factor_policy").execute(&mut *self.tx).await?;
        let roles = policy.roles.iter().map(ToString::to_string);
        let groups = policy.role_groups.iter().map(ToString::to_string);
        for holding in roles.chain(groups) {
            let mut sql = QueryBuilder::<Db>::new("INSERT INTO factor_policy (holding) SELECT ");
            // PostgreSQL wants to know what a value of a selection is.
            sql.push("CAST(").push_bind(holding).push(" AS TEXT) WHERE 1 = 1");
            push_check(&mut sql, by, micros(now));
            if sql.build().execute(&mut *self.tx).await?.rows_affected() != 1 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
