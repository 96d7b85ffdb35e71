//! Statements on users, credentials and idempotency keys.

use std::collections::BTreeSet;

use domain::{CredentialId, Permission, Role, UserId, access::permissions_of};
use jiff::{SignedDuration, Timestamp};
use sqlx::Row as _;

use super::rows::{self, Row};
use super::{Connection, corrupt, json, micros};
use crate::{Credential, CredentialKind, KeyState, Result, User};

pub(super) async fn user(db: &mut Connection, name: &str) -> Result<Option<User>> {
    // No name holds it, and not every database lets one ask.
    if name.contains('\0') {
        return Ok(None);
    }
    let query =
        sqlx::query("SELECT id, name, display_name, password_hash, enabled FROM users WHERE name = $1");
    match query.bind(name).fetch_optional(&mut *db).await? {
        Some(row) => Ok(Some(with_roles(db, &row).await?)),
        None => Ok(None),
    }
}

async fn with_roles(db: &mut Connection, row: &Row) -> Result<User> {
    let id: String = row.try_get("id")?;
    let query = sqlx::query_scalar::<_, String>("SELECT role FROM user_roles WHERE user_id = $1");
    let roles = query.bind(&id).fetch_all(db).await?;
    Ok(User {
        id: id.parse().map_err(corrupt)?,
        name: row.try_get("name")?,
        display_name: row.try_get("display_name")?,
        password_hash: row.try_get("password_hash")?,
        enabled: row.try_get::<i64, _>("enabled")? == 1,
        roles: roles.iter().map(|role| role.parse().map_err(corrupt)).collect::<Result<_>>()?,
    })
}

pub(super) async fn holders(db: &mut Connection, permission: Permission) -> Result<Vec<(UserId, String)>> {
    let query = sqlx::query_as::<_, (String, String)>(
        "SELECT id, display_name FROM users JOIN user_permissions ON user_id = id
         WHERE permission = $1 AND enabled = 1 ORDER BY display_name, id",
    );
    let holders = query.bind(permission.as_str()).fetch_all(db).await?;
    holders.into_iter().map(|(id, name)| Ok((id.parse().map_err(corrupt)?, name))).collect()
}

pub(super) async fn credential(
    db: &mut Connection,
    secret_hash: &str,
    now: Timestamp,
) -> Result<Option<(Credential, Option<User>)>> {
    let query = sqlx::query(
        "SELECT id, kind, secret_hash, user_id, name, scopes, created_at, last_seen_at, expires_at
         FROM credentials WHERE secret_hash = $1 AND revoked_at IS NULL AND expires_at > $2",
    );
    match query.bind(secret_hash).bind(micros(now)).fetch_optional(&mut *db).await? {
        Some(row) => with_user(db, &row).await.map(Some),
        None => Ok(None),
    }
}

/// Also of one that is over.
pub(super) async fn principal(
    db: &mut Connection,
    id: CredentialId,
) -> Result<Option<(Credential, Option<User>)>> {
    let query = sqlx::query(
        "SELECT id, kind, secret_hash, user_id, name, scopes, created_at, last_seen_at, expires_at
         FROM credentials WHERE id = $1",
    );
    match query.bind(id.to_string()).fetch_optional(&mut *db).await? {
        Some(row) => with_user(db, &row).await.map(Some),
        None => Ok(None),
    }
}

async fn with_user(db: &mut Connection, row: &Row) -> Result<(Credential, Option<User>)> {
    let credential = rows::credential(row)?;
    let Some(id) = credential.user else { return Ok((credential, None)) };
    let row = sqlx::query("SELECT id, name, display_name, password_hash, enabled FROM users WHERE id = $1")
        .bind(id.to_string())
        .fetch_one(&mut *db)
        .await?;
    let user = with_roles(db, &row).await?;
    Ok((credential, Some(user)))
}

pub(super) async fn insert_user(db: &mut Connection, user: &User, now: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO users (id, name, display_name, password_hash, enabled, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(user.id.to_string())
    .bind(&user.name)
    .bind(&user.display_name)
    .bind(&user.password_hash)
    .bind(i64::from(user.enabled))
    .bind(micros(now))
    .execute(&mut *db)
    .await?;
    set_roles(db, user.id, &user.roles).await
}

pub(super) async fn set_roles(db: &mut Connection, user: UserId, roles: &BTreeSet<Role>) -> Result<()> {
    let user = user.to_string();
    sqlx::query("DELETE FROM user_roles WHERE user_id = $1").bind(&user).execute(&mut *db).await?;
    sqlx::query("DELETE FROM user_permissions WHERE user_id = $1").bind(&user).execute(&mut *db).await?;
    for role in roles {
        sqlx::query("INSERT INTO user_roles (user_id, role) VALUES ($1, $2)")
            .bind(&user)
            .bind(role.as_str())
            .execute(&mut *db)
            .await?;
    }
    for permission in permissions_of(roles) {
        sqlx::query("INSERT INTO user_permissions (user_id, permission) VALUES ($1, $2)")
            .bind(&user)
            .bind(permission.as_str())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

pub(super) async fn insert_credential(db: &mut Connection, credential: &Credential) -> Result<()> {
    sqlx::query(
        "INSERT INTO credentials
             (id, kind, secret_hash, user_id, name, scopes, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(credential.id.to_string())
    .bind(match credential.kind {
        CredentialKind::Session => "session",
        CredentialKind::Token => "token",
    })
    .bind(&credential.secret_hash)
    .bind(credential.user.map(|id| id.to_string()))
    .bind(&credential.name)
    .bind(json(&credential.scopes)?)
    .bind(micros(credential.created_at))
    .bind(micros(credential.last_seen_at))
    .bind(micros(credential.expires_at))
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn claim_key(
    db: &mut Connection,
    principal: &str,
    key: &str,
    request_hash: &str,
    now: Timestamp,
    since: Timestamp,
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
        "INSERT INTO idempotency_keys (principal, key, request_hash, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (principal, key) DO NOTHING",
    )
    .bind(principal)
    .bind(key)
    .bind(request_hash)
    .bind(micros(now))
    .execute(&mut *db)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(KeyState::New);
    }
    let row = sqlx::query(
        "SELECT request_hash, response_status, response_body FROM idempotency_keys
         WHERE principal = $1 AND key = $2",
    )
    .bind(principal)
    .bind(key)
    .fetch_one(db)
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
        _ => Ok(KeyState::InFlight),
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

pub(super) async fn set_marker(db: &mut Connection, name: &str, value: &str) -> Result<()> {
    let set = "INSERT INTO markers (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sqlx::query(set).bind(name).bind(value).execute(db).await?;
    Ok(())
}
