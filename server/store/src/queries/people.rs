//! Statements on people, their sessions and their tokens, as administrators see and change them.

use std::collections::BTreeMap;

use domain::access::Reach;
use domain::access::contract::{
    Assignments, CredentialSort, CredentialView, PermissionView, PersonView, RoleGrant, RoleGroupGrant,
};
use domain::{Authorized, CredentialId, Purpose, UserId};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::guard::push_check;
use super::rows::{self, Row};
use super::{Connection, Db, corrupt, holdings, json, micros};
use crate::admin_lists::person_keys;
use crate::administration::{CredentialFilter, Holder, MAX_CREDENTIALS, PersonUpdate};
use crate::{Result, User};

/// Everybody by the names to show, or the one of that id.
pub(super) async fn load(
    db: &mut Connection,
    one: Option<UserId>,
    now: Timestamp,
) -> Result<Vec<PersonView>> {
    let one = one.map(|id| id.to_string());
    let mut held = assignments(db).await?;
    let mut accesses: BTreeMap<_, _> = holdings::load(db, one.as_deref()).await?;
    let mut sql = QueryBuilder::<Db>::new(
        "SELECT id, name, display_name, enabled, CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END AS has_password,
             device_groups, created_at, last_sign_in_at,
             (SELECT COUNT(*) FROM credentials c WHERE c.user_id = users.id AND c.kind = 'session'
                 AND c.revoked_at IS NULL AND c.expires_at > ",
    );
    sql.push_bind(micros(now));
    sql.push(
        ") AS sessions, (SELECT COUNT(*) FROM credentials c WHERE c.user_id = users.id AND c.kind = 'token'
                 AND c.revoked_at IS NULL AND c.expires_at > ",
    );
    sql.push_bind(micros(now)).push(") AS tokens FROM users");
    if let Some(one) = &one {
        sql.push(" WHERE id = ").push_bind(one);
    }
    sql.push(" ORDER BY display_name, id");
    let rows = sql.build().fetch_all(db).await?;
    let person = |row: &Row| {
        let id: String = row.try_get("id")?;
        let count = |column: &str| u32::try_from(row.try_get::<i64, _>(column)?).map_err(corrupt);
        let mut assignments: Assignments = held.remove(&id).unwrap_or_default();
        assignments.device_groups = holdings::ids(row.try_get::<Option<&str>, _>("device_groups")?)?;
        let permissions = accesses.remove(&id).unwrap_or_default().access().permissions;
        let permission = |(permission, reach): (_, Reach)| PermissionView {
            permission,
            device_groups: reach.groups().cloned(),
        };
        Ok(PersonView {
            id: id.parse().map_err(corrupt)?,
            name: row.try_get("name")?,
            display_name: row.try_get("display_name")?,
            enabled: row.try_get::<i64, _>("enabled")? == 1,
            has_password: number(row, "has_password")? == 1,
            assignments,
            permissions: permissions.into_iter().map(permission).collect(),
            created_at: rows::time(row, "created_at")?,
            last_sign_in_at: rows::optional_time(row, "last_sign_in_at")?,
            sessions: count("sessions")?,
            tokens: count("tokens")?,
        })
    };
    rows.iter().map(person).collect()
}

/// A number that a database makes of a literal, of whichever size.
fn number(row: &Row, column: &str) -> Result<i64> {
    match row.try_get::<i64, _>(column) {
        Ok(number) => Ok(number),
        Err(_) => Ok(i64::from(row.try_get::<i32, _>(column)?)),
    }
}

/// Roles and role groups that everybody holds.
async fn assignments(db: &mut Connection) -> Result<BTreeMap<String, Assignments>> {
    let mut all: BTreeMap<String, Assignments> = BTreeMap::new();
    let roles = sqlx::query("SELECT user_id, role, device_groups FROM user_roles ORDER BY role");
    for row in roles.fetch_all(&mut *db).await? {
        // A role that only another version knows amounts to nothing.
        let Ok(role) = row.try_get::<&str, _>("role")?.parse() else { continue };
        let device_groups = holdings::ids(row.try_get::<Option<&str>, _>("device_groups")?)?;
        let of = all.entry(row.try_get("user_id")?).or_default();
        of.roles.push(RoleGrant { role, device_groups });
    }
    let members = sqlx::query(
        "SELECT user_id, role_group_id, device_groups FROM role_group_members ORDER BY role_group_id",
    );
    for row in members.fetch_all(db).await? {
        let role_group = row.try_get::<&str, _>("role_group_id")?.parse().map_err(corrupt)?;
        let device_groups = holdings::ids(row.try_get::<Option<&str>, _>("device_groups")?)?;
        let of = all.entry(row.try_get("user_id")?).or_default();
        of.role_groups.push(RoleGroupGrant { role_group, device_groups });
    }
    Ok(all)
}

/// Everybody with all that they hold, by the names to show.
pub(super) async fn holders(db: &mut Connection) -> Result<Vec<Holder>> {
    let mut held = holdings::load(db, None).await?;
    let rows = sqlx::query("SELECT id, display_name, enabled FROM users ORDER BY display_name, id");
    let rows = rows.fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let id: String = row.try_get("id")?;
            Ok(Holder {
                holdings: held.remove(&id).unwrap_or_default(),
                id: id.parse().map_err(corrupt)?,
                display_name: row.try_get("display_name")?,
                enabled: row.try_get::<i64, _>("enabled")? == 1,
            })
        })
        .collect()
}

/// Sessions or tokens that are alive, the last used first.
pub(super) async fn credentials(
    db: &mut Connection,
    which: CredentialFilter,
    now: Timestamp,
) -> Result<Vec<CredentialView>> {
    let mut sql = QueryBuilder::<Db>::new(
        "SELECT c.id, c.kind, c.name, c.user_id, u.display_name, c.scopes, c.device_groups, c.created_at, c.last_seen_at,
             c.expires_at
         FROM credentials c LEFT JOIN users u ON u.id = c.user_id WHERE c.revoked_at IS NULL AND c.expires_at > ",
    );
    sql.push_bind(micros(now));
    if let Some(sort) = which.sort {
        sql.push(" AND c.kind = ").push_bind(sort.as_str());
    }
    if let Some(owner) = which.owner {
        sql.push(" AND c.user_id = ").push_bind(owner.to_string());
    }
    if let Some(id) = which.id {
        sql.push(" AND c.id = ").push_bind(id.to_string());
    }
    sql.push(format_args!(" ORDER BY c.last_seen_at DESC, c.id DESC LIMIT {MAX_CREDENTIALS}"));
    let rows = sql.build().fetch_all(db).await?;
    rows.iter().map(credential).collect()
}

/// A session or a token, without its secret.
pub(super) fn credential(row: &Row) -> Result<CredentialView> {
    let owner: Option<&str> = row.try_get("user_id")?;
    let sort: CredentialSort = row.try_get::<&str, _>("kind")?.parse().map_err(corrupt)?;
    Ok(CredentialView {
        id: row.try_get::<&str, _>("id")?.parse().map_err(corrupt)?,
        sort,
        name: if sort == CredentialSort::Session { String::new() } else { row.try_get("name")? },
        owner: owner.map(str::parse).transpose().map_err(corrupt)?,
        owner_name: row.try_get("display_name")?,
        scopes: serde_json::from_str(row.try_get("scopes")?).map_err(corrupt)?,
        device_groups: holdings::ids(row.try_get::<Option<&str>, _>("device_groups")?)?,
        created_at: rows::time(row, "created_at")?,
        last_used_at: rows::time(row, "last_seen_at")?,
        expires_at: rows::time(row, "expires_at")?,
        current: false,
    })
}

pub(super) async fn insert(
    db: &mut Connection,
    by: &Authorized,
    user: &User,
    now: Timestamp,
) -> Result<bool> {
    let now = micros(now);
    let mut sql = QueryBuilder::<Db>::new(
        "INSERT INTO users (id, name, display_name, password_hash, enabled, created_at, name_key, shown_key, \
         search_text) SELECT ",
    );
    let mut values = sql.separated(", ");
    values.push_bind(user.id.to_string()).push_bind(&user.name).push_bind(&user.display_name);
    values.push_bind(&user.password_hash).push_bind(i64::from(user.enabled)).push_bind(now);
    for key in person_keys(&user.name, &user.display_name) {
        values.push_bind(key);
    }
    sql.push(" WHERE 1 = 1");
    push_check(&mut sql, by, now);
    sql.push(" ON CONFLICT (name) DO NOTHING");
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

pub(super) async fn update(
    db: &mut Connection,
    by: &Authorized,
    id: UserId,
    update: &PersonUpdate,
    now: Timestamp,
) -> Result<bool> {
    let mut sql = QueryBuilder::<Db>::new("UPDATE users SET name = name");
    if let Some(enabled) = update.enabled {
        sql.push(", enabled = ").push_bind(i64::from(enabled));
    }
    if let Some(name) = &update.display_name {
        sql.push(", display_name = ").push_bind(name);
    }
    if let Some(hash) = &update.password_hash {
        sql.push(", password_hash = ").push_bind(hash);
    }
    sql.push(" WHERE id = ").push_bind(id.to_string());
    push_check(&mut sql, by, micros(now));
    if sql.build().execute(&mut *db).await?.rows_affected() != 1 {
        return Ok(false);
    }
    if update.display_name.is_some() {
        key_person(db, id).await?;
    }
    Ok(true)
}

/// Makes the keys of a person anew whose names changed.
pub(super) async fn key_person(db: &mut Connection, id: UserId) -> Result<()> {
    let names = sqlx::query("SELECT name, display_name FROM users WHERE id = $1").bind(id.to_string());
    let row = names.fetch_one(&mut *db).await?;
    let [name, shown, search] = person_keys(row.try_get("name")?, row.try_get("display_name")?);
    let update = "UPDATE users SET name_key = $1, shown_key = $2, search_text = $3 WHERE id = $4";
    let query = sqlx::query(update).bind(name).bind(shown).bind(search).bind(id.to_string());
    query.execute(db).await?;
    Ok(())
}

pub(super) async fn assign(
    db: &mut Connection,
    by: &Authorized,
    id: UserId,
    assignments: &Assignments,
    now: Timestamp,
) -> Result<bool> {
    let user = id.to_string();
    let limit = assignments.device_groups.as_ref().map(json).transpose()?;
    let mut sql = QueryBuilder::<Db>::new("UPDATE users SET device_groups = ");
    sql.push_bind(limit).push(" WHERE id = ").push_bind(&user);
    push_check(&mut sql, by, micros(now));
    if sql.build().execute(&mut *db).await?.rows_affected() != 1 {
        return Ok(false);
    }
    for sql in
        ["DELETE FROM user_roles WHERE user_id = $1", "DELETE FROM role_group_members WHERE user_id = $1"]
    {
        sqlx::query(sql).bind(&user).execute(&mut *db).await?;
    }
    for grant in &assignments.roles {
        sqlx::query("INSERT INTO user_roles (user_id, role, device_groups) VALUES ($1, $2, $3)")
            .bind(&user)
            .bind(grant.role.as_str())
            .bind(grant.device_groups.as_ref().map(json).transpose()?)
            .execute(&mut *db)
            .await?;
    }
    for grant in &assignments.role_groups {
        let member =
            "INSERT INTO role_group_members (user_id, role_group_id, device_groups) VALUES ($1, $2, $3)";
        sqlx::query(member)
            .bind(&user)
            .bind(grant.role_group.to_string())
            .bind(grant.device_groups.as_ref().map(json).transpose()?)
            .execute(&mut *db)
            .await?;
    }
    holdings::derive(db, Some(&user)).await?;
    Ok(true)
}

pub(super) async fn administrators(db: &mut Connection) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM users JOIN user_permissions ON user_id = id
         WHERE permission = 'administer' AND enabled = 1",
    )
    .fetch_one(db)
    .await?)
}

/// Ends one, or all of a person but for one; how many there were.
pub(super) async fn revoke(
    db: &mut Connection,
    by: &Authorized,
    which: Which,
    now: Timestamp,
) -> Result<u64> {
    let now = micros(now);
    let mut sql = QueryBuilder::<Db>::new("UPDATE credentials SET revoked_at = ");
    sql.push_bind(now).push(" WHERE revoked_at IS NULL");
    match which {
        Which::One(id) => drop(sql.push(" AND id = ").push_bind(id.to_string())),
        Which::All { of, but } => {
            sql.push(" AND user_id = ").push_bind(of.to_string());
            if let Some(but) = but {
                sql.push(" AND id <> ").push_bind(but.to_string());
            }
        }
    }
    push_own(&mut sql, by);
    push_check(&mut sql, by, now);
    Ok(sql.build().execute(db).await?.rows_affected())
}

/// An authority for what is the caller's own reaches nothing of others.
fn push_own(sql: &mut QueryBuilder<Db>, by: &Authorized) {
    if by.purpose() == Purpose::Own {
        sql.push(" AND user_id = ").push_bind(by.person().map(|id| id.to_string()));
    }
}

/// Which sessions and tokens.
pub(super) enum Which {
    /// This one.
    One(CredentialId),
    /// All of a person, but perhaps one.
    All {
        /// The person.
        of: UserId,
        /// The one that stays.
        but: Option<CredentialId>,
    },
}

pub(super) async fn shorten(
    db: &mut Connection,
    by: &Authorized,
    id: CredentialId,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let mut sql = QueryBuilder::<Db>::new("UPDATE credentials SET expires_at = ");
    sql.push_bind(micros(expires_at)).push(" WHERE revoked_at IS NULL AND kind = 'token' AND id = ");
    sql.push_bind(id.to_string()).push(" AND expires_at > ").push_bind(micros(expires_at));
    push_own(&mut sql, by);
    push_check(&mut sql, by, micros(now));
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}
