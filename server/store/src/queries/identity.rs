//! Statements on sign-in by an identity provider.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::identity::GroupRoles;
use domain::{Authorized, CredentialId, Purpose, UserId};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::guard::push_check;
use super::transaction::SqlTransaction;
use super::{Db, SqlStore, corrupt, json, micros};
use crate::Result;
use crate::identity::{Identity, ReadIdentity, StoredProvider, WriteIdentity};

#[async_trait]
impl ReadIdentity for SqlStore {
    async fn identity_provider(&self) -> Result<Option<StoredProvider>> {
        let query = sqlx::query("SELECT settings, secret FROM identity_provider");
        let Some(row) = query.fetch_optional(&self.reader).await? else { return Ok(None) };
        let settings = serde_json::from_str(row.try_get("settings")?).map_err(corrupt)?;
        Ok(Some(StoredProvider { settings, secret: row.try_get("secret")? }))
    }

    async fn group_roles(&self) -> Result<Vec<GroupRoles>> {
        let query = sqlx::query("SELECT roles FROM group_roles ORDER BY group_name");
        let rows = query.fetch_all(&self.reader).await?;
        rows.iter().map(|row| serde_json::from_str(row.try_get("roles")?).map_err(corrupt)).collect()
    }

    async fn identities_of(&self, person: UserId) -> Result<Vec<Identity>> {
        let query =
            sqlx::query("SELECT issuer, subject FROM identities WHERE user_id = $1 ORDER BY issuer, subject");
        let rows = query.bind(person.to_string()).fetch_all(&self.reader).await?;
        let identity = |row: &super::rows::Row| {
            Ok(Identity { issuer: row.try_get("issuer")?, subject: row.try_get("subject")? })
        };
        rows.iter().map(identity).collect()
    }
}

#[async_trait]
impl WriteIdentity for SqlTransaction {
    async fn set_identity_provider(
        &mut self,
        by: &Authorized,
        provider: Option<&StoredProvider>,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let mut sql = if let Some(provider) = provider {
            let mut sql =
                QueryBuilder::<Db>::new("INSERT INTO identity_provider (id, settings, secret) SELECT 1, ");
            sql.push_bind(json(&provider.settings)?).push(", ").push_bind(&provider.secret);
            sql
        } else {
            QueryBuilder::<Db>::new("DELETE FROM identity_provider")
        };
        sql.push(" WHERE 1 = 1");
        push_check(&mut sql, by, micros(now));
        if provider.is_some() {
            sql.push(
                " ON CONFLICT (id) DO UPDATE SET settings = excluded.settings, secret = excluded.secret",
            );
        }
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn set_group_roles(
        &mut self,
        by: &Authorized,
        group: &str,
        roles: Option<&GroupRoles>,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let mut sql = if let Some(roles) = roles {
            let mut sql = QueryBuilder::<Db>::new("INSERT INTO group_roles (group_name, roles) SELECT ");
            sql.push_bind(group).push(", ").push_bind(json(roles)?).push(" WHERE 1 = 1");
            sql
        } else {
            let mut sql = QueryBuilder::<Db>::new("DELETE FROM group_roles WHERE group_name = ");
            sql.push_bind(group);
            sql
        };
        push_check(&mut sql, by, micros(now));
        if roles.is_some() {
            sql.push(" ON CONFLICT (group_name) DO UPDATE SET roles = excluded.roles");
        }
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn person_of_identity(&mut self, identity: &Identity) -> Result<Option<UserId>> {
        let query = sqlx::query_scalar::<_, String>(
            "SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2",
        );
        let query = query.bind(&identity.issuer).bind(&identity.subject);
        query.fetch_optional(&mut *self.tx).await?.map(|id| id.parse().map_err(corrupt)).transpose()
    }

    async fn link_identity(
        &mut self,
        by: &Authorized,
        identity: &Identity,
        user: UserId,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let now = micros(now);
        let mut sql =
            QueryBuilder::<Db>::new("INSERT INTO identities (issuer, subject, user_id, created_at) SELECT ");
        let mut values = sql.separated(", ");
        values.push_bind(&identity.issuer).push_bind(&identity.subject);
        values.push_bind(user.to_string()).push_bind(now);
        sql.push(" WHERE 1 = 1");
        push_check(&mut sql, by, now);
        sql.push(" ON CONFLICT (issuer, subject) DO NOTHING");
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn unlink_identities(
        &mut self,
        by: &Authorized,
        person: UserId,
        now: Timestamp,
    ) -> Result<Option<Vec<CredentialId>>> {
        let own = by.person() == Some(person);
        by.allow(Purpose::Administer).or_else(
            |misused| {
                if own { by.allow(Purpose::Own) } else { Err(misused) }
            },
        )?;
        let (person, now) = (person.to_string(), micros(now));
        let mut check = QueryBuilder::<Db>::new("SELECT 1 FROM users WHERE id = ");
        check.push_bind(&person);
        push_check(&mut check, by, now);
        if check.build().fetch_optional(&mut *self.tx).await?.is_none() {
            return Ok(None);
        }
        let mut sql = QueryBuilder::<Db>::new("UPDATE credentials SET revoked_at = ");
        sql.push_bind(now).push(" WHERE revoked_at IS NULL AND expires_at > ").push_bind(now);
        sql.push(" AND user_id = ").push_bind(&person);
        sql.push(" AND id IN (SELECT credential_id FROM provider_sessions)");
        if let Some(check) = by.check().filter(|_| own) {
            // The session in which somebody does so for themselves goes on.
            sql.push(" AND id <> ").push_bind(check.credential.to_string());
        }
        sql.push(" RETURNING id");
        let rows = sql.build().fetch_all(&mut *self.tx).await?;
        let forget = sqlx::query("DELETE FROM identities WHERE user_id = $1");
        forget.bind(&person).execute(&mut *self.tx).await?;
        let ended = rows.iter().map(|row| row.try_get::<&str, _>("id")?.parse().map_err(corrupt));
        ended.collect::<Result<_>>().map(Some)
    }

    async fn set_claimed_groups(
        &mut self,
        by: &Authorized,
        user: UserId,
        groups: &BTreeSet<String>,
    ) -> Result<()> {
        by.allow(Purpose::Administer)?;
        let user = user.to_string();
        let forget = sqlx::query("DELETE FROM claimed_groups WHERE user_id = $1");
        forget.bind(&user).execute(&mut *self.tx).await?;
        for group in groups {
            let note = sqlx::query("INSERT INTO claimed_groups (user_id, group_name) VALUES ($1, $2)");
            note.bind(&user).bind(group).execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    async fn groups_of_people(&mut self, one: Option<UserId>) -> Result<Vec<(UserId, BTreeSet<String>)>> {
        let one = one.map(|id| id.to_string());
        let mut sql = QueryBuilder::<Db>::new("SELECT user_id, group_name FROM claimed_groups");
        if let Some(one) = &one {
            sql.push(" WHERE user_id = ").push_bind(one);
        }
        sql.push(
            " UNION SELECT m.user_id, g.display_name FROM directory_members m
             JOIN directory_groups g ON g.id = m.group_id",
        );
        if let Some(one) = &one {
            sql.push(" WHERE m.user_id = ").push_bind(one);
        }
        let mut people: BTreeMap<UserId, BTreeSet<String>> = BTreeMap::new();
        for row in sql.build().fetch_all(&mut *self.tx).await? {
            let user = row.try_get::<&str, _>("user_id")?.parse().map_err(corrupt)?;
            people.entry(user).or_default().insert(row.try_get("group_name")?);
        }
        Ok(people.into_iter().collect())
    }

    async fn note_provider_session(
        &mut self,
        by: &Authorized,
        session: CredentialId,
        identity: &Identity,
        sid: Option<&str>,
        factor: Option<&str>,
    ) -> Result<()> {
        by.allow(Purpose::Own)?;
        let note = sqlx::query(
            "INSERT INTO provider_sessions (credential_id, issuer, subject, sid, factor) VALUES ($1, $2, $3, $4, $5)",
        );
        let note = note
            .bind(session.to_string())
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .bind(sid)
            .bind(factor);
        note.execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn end_provider_sessions(
        &mut self,
        by: &Authorized,
        issuer: &str,
        subject: Option<&str>,
        sid: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<CredentialId>> {
        by.allow(Purpose::Administer)?;
        // Neither named is all of the provider's, which nobody means.
        if subject.is_none() && sid.is_none() {
            return Ok(Vec::new());
        }
        let now = micros(now);
        let mut sql = QueryBuilder::<Db>::new("UPDATE credentials SET revoked_at = ");
        sql.push_bind(now).push(" WHERE revoked_at IS NULL AND expires_at > ").push_bind(now);
        sql.push(" AND id IN (SELECT credential_id FROM provider_sessions WHERE issuer = ").push_bind(issuer);
        if let Some(subject) = subject {
            sql.push(" AND subject = ").push_bind(subject);
        }
        if let Some(sid) = sid {
            sql.push(" AND sid = ").push_bind(sid);
        }
        sql.push(") RETURNING id");
        let rows = sql.build().fetch_all(&mut *self.tx).await?;
        rows.iter().map(|row| row.try_get::<&str, _>("id")?.parse().map_err(corrupt)).collect()
    }
}
