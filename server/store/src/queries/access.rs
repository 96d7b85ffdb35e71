//! Statements on users, credentials and idempotency keys.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::access::Access;
use domain::{Authorized, CredentialId, Permission, Purpose, Role, UserId};
use jiff::{SignedDuration, Timestamp};
use sqlx::{QueryBuilder, Row as _};

use super::SqlStore;
use super::guard::push_check;
use super::rows::{self, Row};
use super::transaction::SqlTransaction;
use super::{Connection, Db, corrupt, holdings, json, micros};
use crate::admin_lists::{credential_keys, person_keys};
use crate::{Credential, CredentialKind, KeyState, Result, User};
use crate::{ReadAccess, SystemAccess, WriteAccess};

#[async_trait]
impl ReadAccess for SqlStore {
    async fn credential(
        &self,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Credential, Option<User>)>> {
        credential(&mut *self.reader.acquire().await?, secret_hash, now).await
    }

    async fn user(&self, name: &str) -> Result<Option<User>> {
        user(&mut *self.reader.acquire().await?, name).await
    }

    async fn holders(&self, permission: Permission) -> Result<Vec<(UserId, String)>> {
        holders(&mut *self.reader.acquire().await?, permission).await
    }

    async fn count_users(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(&self.reader).await?)
    }
}

#[async_trait]
impl WriteAccess for SqlTransaction {
    async fn insert_session(&mut self, by: &Authorized, session: &Credential) -> Result<bool> {
        by.allow(Purpose::Own)?;
        if by.check().is_some() && session.user != by.person() {
            return Ok(false);
        }
        if !insert_credential(&mut self.tx, session, by.person()).await? {
            return Ok(false);
        }
        sqlx::query("UPDATE users SET last_sign_in_at = $2 WHERE id = $1")
            .bind(session.user.map(|id| id.to_string()))
            .bind(micros(session.created_at))
            .execute(&mut *self.tx)
            .await?;
        Ok(true)
    }

    async fn revoke_session(&mut self, by: &Authorized, id: CredentialId, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Own)?;
        let query = sqlx::query(
            "UPDATE credentials SET revoked_at = $2 WHERE id = $1 AND kind = 'session' AND revoked_at IS NULL",
        );
        let done = query.bind(id.to_string()).bind(micros(now)).execute(&mut *self.tx).await?;
        Ok(done.rows_affected() == 1)
    }

    async fn touch_session(&mut self, by: &Authorized, now: Timestamp, expires_at: Timestamp) -> Result<()> {
        by.allow(Purpose::Own)?;
        let Some(check) = by.check() else { return Ok(()) };
        sqlx::query(
            "UPDATE credentials SET last_seen_at = $2, expires_at = $3
             WHERE id = $1 AND kind = 'session' AND revoked_at IS NULL",
        )
        .bind(check.credential.to_string())
        .bind(micros(now))
        .bind(micros(expires_at))
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    async fn claim_key(
        &mut self,
        by: &Authorized,
        principal: &str,
        key: &str,
        request_hash: &str,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<KeyState> {
        by.allow(Purpose::Record)?;
        claim_key(&mut self.tx, principal, key, request_hash, now, since, self.instance).await
    }

    async fn answer_key(
        &mut self,
        by: &Authorized,
        principal: &str,
        key: &str,
        answer: Option<(u16, &str)>,
    ) -> Result<()> {
        by.allow(Purpose::Record)?;
        answer_key(&mut self.tx, principal, key, answer).await
    }
}

#[async_trait]
impl SystemAccess for SqlTransaction {
    async fn principal(&mut self, id: CredentialId) -> Result<Option<(Credential, Option<User>)>> {
        principal(&mut self.tx, id).await
    }

    async fn insert_user(&mut self, user: &User, now: Timestamp) -> Result<()> {
        insert_user(&mut self.tx, user, now).await
    }

    async fn set_roles(&mut self, user: UserId, roles: &BTreeSet<Role>) -> Result<()> {
        set_roles(&mut self.tx, user, roles).await
    }

    async fn set_enabled(&mut self, user: UserId, enabled: bool) -> Result<()> {
        sqlx::query("UPDATE users SET enabled = $2 WHERE id = $1")
            .bind(user.to_string())
            .bind(i64::from(enabled))
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    async fn insert_credential(&mut self, credential: &Credential) -> Result<()> {
        insert_credential(&mut self.tx, credential, None).await.map(drop)
    }
}

pub(super) async fn user(db: &mut Connection, name: &str) -> Result<Option<User>> {
    // No name holds it, and not every database lets one ask.
    if name.contains('\0') {
        return Ok(None);
    }
    let query = sqlx::query(
        "SELECT id AS user_id, name AS user_name, display_name, password_hash, enabled, role
         FROM users LEFT JOIN user_roles ON user_roles.user_id = users.id WHERE name = $1",
    );
    let user = of_rows(&query.bind(name).fetch_all(&mut *db).await?)?;
    with_access(db, user).await
}

/// The user with what they hold amounts to.
async fn with_access(db: &mut Connection, user: Option<User>) -> Result<Option<User>> {
    let Some(user) = user else { return Ok(None) };
    let access = holdings::access(db, &user.id.to_string()).await?;
    Ok(Some(User { access, ..user }))
}

/// The user of rows that differ by the role; none if there are none, or they name none.
fn of_rows(rows: &[Row]) -> Result<Option<User>> {
    let Some(row) = rows.first() else { return Ok(None) };
    let Some(id) = row.try_get::<Option<&str>, _>("user_id")? else { return Ok(None) };
    let role = |row: &Row| {
        let role: Option<&str> = row.try_get("role")?;
        role.map(|role| role.parse().map_err(corrupt)).transpose()
    };
    Ok(Some(User {
        id: id.parse().map_err(corrupt)?,
        name: row.try_get("user_name")?,
        display_name: row.try_get("display_name")?,
        password_hash: row.try_get("password_hash")?,
        enabled: row.try_get::<i64, _>("enabled")? == 1,
        roles: rows.iter().filter_map(|row| role(row).transpose()).collect::<Result<_>>()?,
        access: Access::default(),
    }))
}

pub(super) async fn holders(db: &mut Connection, permission: Permission) -> Result<Vec<(UserId, String)>> {
    let query = sqlx::query_as::<_, (String, String)>(
        "SELECT id, display_name FROM users JOIN user_permissions ON user_id = id
         WHERE permission = $1 AND enabled = 1 ORDER BY display_name, id",
    );
    let holders = query.bind(permission.as_str()).fetch_all(db).await?;
    holders.into_iter().map(|(id, name)| Ok((id.parse().map_err(corrupt)?, name))).collect()
}

/// Credentials, each with its user and a row for each of their roles.
macro_rules! credentials {
    () => {
        "SELECT c.id, c.kind, c.secret_hash, c.user_id, c.name, c.scopes, c.device_groups, c.created_at, c.last_seen_at, c.expires_at,
                u.name AS user_name, u.display_name, u.password_hash, u.enabled, r.role
         FROM credentials c LEFT JOIN users u ON u.id = c.user_id LEFT JOIN user_roles r ON r.user_id = u.id"
    };
}

pub(super) async fn credential(
    db: &mut Connection,
    secret_hash: &str,
    now: Timestamp,
) -> Result<Option<(Credential, Option<User>)>> {
    let query = sqlx::query(concat!(
        credentials!(),
        " WHERE c.secret_hash = $1 AND c.revoked_at IS NULL AND c.expires_at > $2"
    ));
    let rows = query.bind(secret_hash).bind(micros(now)).fetch_all(&mut *db).await?;
    with_user(db, &rows).await
}

/// Also of one that is over.
pub(super) async fn principal(
    db: &mut Connection,
    id: CredentialId,
) -> Result<Option<(Credential, Option<User>)>> {
    let query = sqlx::query(concat!(credentials!(), " WHERE c.id = $1"));
    let rows = query.bind(id.to_string()).fetch_all(&mut *db).await?;
    with_user(db, &rows).await
}

async fn with_user(db: &mut Connection, rows: &[Row]) -> Result<Option<(Credential, Option<User>)>> {
    let Some(row) = rows.first() else { return Ok(None) };
    let groups: Option<&str> = row.try_get("device_groups")?;
    let reach = holdings::reach_of_token(db, groups).await?;
    let credential = Credential { device_groups: holdings::ids(groups)?, reach, ..rows::credential(row)? };
    Ok(Some((credential, with_access(db, of_rows(rows)?).await?)))
}

pub(super) async fn insert_user(db: &mut Connection, user: &User, now: Timestamp) -> Result<()> {
    let [name_key, shown_key, search_text] = person_keys(&user.name, &user.display_name);
    sqlx::query(
        "INSERT INTO users (id, name, display_name, password_hash, enabled, created_at, name_key, shown_key, search_text)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(user.id.to_string())
    .bind(&user.name)
    .bind(&user.display_name)
    .bind(&user.password_hash)
    .bind(i64::from(user.enabled))
    .bind(micros(now))
    .bind(name_key)
    .bind(shown_key)
    .bind(search_text)
    .execute(&mut *db)
    .await?;
    set_roles(db, user.id, &user.roles).await
}

pub(super) async fn set_roles(db: &mut Connection, user: UserId, roles: &BTreeSet<Role>) -> Result<()> {
    let user = user.to_string();
    sqlx::query("DELETE FROM user_roles WHERE user_id = $1").bind(&user).execute(&mut *db).await?;
    for role in roles {
        sqlx::query("INSERT INTO user_roles (user_id, role) VALUES ($1, $2)")
            .bind(&user)
            .bind(role.as_str())
            .execute(&mut *db)
            .await?;
    }
    holdings::derive(db, Some(&user)).await.map(drop)
}

/// Adds a token, if the caller may still write.
pub(super) async fn insert_token(
    db: &mut Connection,
    by: &Authorized,
    token: &Credential,
    now: Timestamp,
) -> Result<bool> {
    let mut sql = insertion(token)?;
    push_check(&mut sql, by, micros(now));
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

/// With a person, only if they are enabled.
async fn insert_credential(
    db: &mut Connection,
    credential: &Credential,
    enabled: Option<UserId>,
) -> Result<bool> {
    let mut sql = insertion(credential)?;
    if let Some(person) = enabled {
        sql.push(" AND EXISTS (SELECT 1 FROM users u WHERE u.enabled = 1 AND u.id = ");
        sql.push_bind(person.to_string()).push(")");
    }
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

fn insertion(credential: &Credential) -> Result<QueryBuilder<Db>> {
    let mut sql = QueryBuilder::<Db>::new(
        "INSERT INTO credentials
             (id, kind, secret_hash, user_id, name, scopes, device_groups, created_at, last_seen_at, expires_at,
              name_key, search_text) SELECT ",
    );
    let mut values = sql.separated(", ");
    values.push_bind(credential.id.to_string());
    values.push_bind(match credential.kind {
        CredentialKind::Session => "session",
        CredentialKind::Token => "token",
    });
    values.push_bind(&credential.secret_hash).push_bind(credential.user.map(|id| id.to_string()));
    values.push_bind(&credential.name).push_bind(json(&credential.scopes)?);
    values.push_bind(credential.device_groups.as_ref().map(json).transpose()?);
    values.push_bind(micros(credential.created_at)).push_bind(micros(credential.last_seen_at));
    values.push_bind(micros(credential.expires_at));
    for key in credential_keys(&credential.name, credential.kind == CredentialKind::Token) {
        values.push_bind(key);
    }
    sql.push(" WHERE 1 = 1");
    Ok(sql)
}

pub(super) async fn claim_key(
    db: &mut Connection,
    principal: &str,
    key: &str,
    request_hash: &str,
    now: Timestamp,
    since: Timestamp,
    instance: i64,
) -> Result<KeyState> {
    // No request takes that long: whoever claimed a key and gave no answer was killed.
    let given_up = now.saturating_sub(SignedDuration::from_mins(2)).unwrap_or(since);
    sqlx::query(
        "DELETE FROM idempotency_keys
         WHERE created_at < $1 OR (response_status IS NULL AND created_at < $2)",
    )
    .bind(micros(since))
    .bind(micros(given_up))
    .execute(&mut *db)
    .await?;
    let claimed = sqlx::query(
        "INSERT INTO idempotency_keys (principal, key, request_hash, created_at, instance)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (principal, key) DO NOTHING",
    )
    .bind(principal)
    .bind(key)
    .bind(request_hash)
    .bind(micros(now))
    .bind(instance)
    .execute(&mut *db)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(KeyState::New);
    }
    let row = sqlx::query(
        "SELECT request_hash, response_status, response_body, instance FROM idempotency_keys
         WHERE principal = $1 AND key = $2",
    )
    .bind(principal)
    .bind(key)
    .fetch_one(&mut *db)
    .await?;
    if row.try_get::<&str, _>("request_hash")? != request_hash {
        return Ok(KeyState::OtherRequest);
    }
    let status: Option<i64> = row.try_get("response_status")?;
    let body: Option<String> = row.try_get("response_body")?;
    match (status, body) {
        (Some(status), Some(body)) => {
            Ok(KeyState::Answered { status: u16::try_from(status).map_err(corrupt)?, body })
        }
        _ if super::super::is_alive(db, row.try_get("instance")?, instance).await? => Ok(KeyState::InFlight),
        // What it would have answered was not committed with what it did: whoever asks again does it again.
        _ => {
            let take_over = "UPDATE idempotency_keys SET instance = $3 WHERE principal = $1 AND key = $2";
            sqlx::query(take_over).bind(principal).bind(key).bind(instance).execute(db).await?;
            Ok(KeyState::New)
        }
    }
}

pub(super) async fn answer_key(
    db: &mut Connection,
    principal: &str,
    key: &str,
    answer: Option<(u16, &str)>,
) -> Result<()> {
    let query = match answer {
        Some((status, body)) => sqlx::query(
            "UPDATE idempotency_keys SET response_status = $3, response_body = $4
             WHERE principal = $1 AND key = $2",
        )
        .bind(principal)
        .bind(key)
        .bind(i64::from(status))
        .bind(body),
        None => sqlx::query("DELETE FROM idempotency_keys WHERE principal = $1 AND key = $2")
            .bind(principal)
            .bind(key),
    };
    query.execute(db).await?;
    Ok(())
}
