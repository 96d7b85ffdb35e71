//! Statements on role groups and custom roles.

use domain::access::role_group::{RoleGroup, Workload};
use domain::{Authorized, RoleGroupId};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::guard::push_check;
use super::rows::Row;
use super::{Connection, Db, corrupt, json, micros};
use crate::Result;
use crate::keys::key;

/// All of them by model and name, each with how many hold it.
pub(super) async fn load(db: &mut Connection) -> Result<Vec<(RoleGroup, u64)>> {
    let query = sqlx::query(
        "SELECT id, name, model, permissions, built_in, version,
             (SELECT COUNT(*) FROM role_group_members m WHERE m.role_group_id = role_groups.id) AS members
         FROM role_groups ORDER BY model, name_key",
    );
    let rows = query.fetch_all(db).await?;
    rows.iter().map(counted).collect()
}

/// One with how many hold it.
pub(super) fn counted(row: &Row) -> Result<(RoleGroup, u64)> {
    let group = RoleGroup {
        id: row.try_get::<&str, _>("id")?.parse().map_err(corrupt)?,
        name: row.try_get("name")?,
        model: row.try_get::<&str, _>("model")?.parse().map_err(corrupt)?,
        permissions: serde_json::from_str(row.try_get("permissions")?).map_err(corrupt)?,
        built_in: row.try_get::<i16, _>("built_in")? == 1,
        version: row.try_get("version")?,
    };
    Ok((group, u64::try_from(row.try_get::<i64, _>("members")?).map_err(corrupt)?))
}

/// Adds one of version 1, or replaces the one of the version before.
pub(super) async fn put(
    db: &mut Connection,
    by: &Authorized,
    group: &RoleGroup,
    now: Timestamp,
) -> Result<bool> {
    let permissions = json(&group.permissions)?;
    let mut sql = if group.version == 1 {
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO role_groups (id, name, name_key, model, permissions, built_in, version) SELECT ",
        );
        let mut values = sql.separated(", ");
        values.push_bind(group.id.to_string()).push_bind(&group.name).push_bind(key(&group.name));
        values.push_bind(group.model.as_str()).push_bind(permissions);
        values.push_bind(i16::from(group.built_in)).push_bind(group.version);
        sql.push(" WHERE 1 = 1");
        sql
    } else {
        let mut sql = QueryBuilder::<Db>::new("UPDATE role_groups SET name = ");
        sql.push_bind(&group.name).push(", name_key = ").push_bind(key(&group.name));
        sql.push(", permissions = ").push_bind(permissions).push(", version = ").push_bind(group.version);
        sql.push(" WHERE id = ").push_bind(group.id.to_string());
        sql.push(" AND version = ").push_bind(group.version - 1);
        sql
    };
    push_check(&mut sql, by, micros(now));
    if group.version == 1 {
        sql.push(" ON CONFLICT (name_key) DO NOTHING");
    }
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

/// Deletes one that is not built in, and takes it from who holds it.
pub(super) async fn delete(
    db: &mut Connection,
    by: &Authorized,
    id: RoleGroupId,
    now: Timestamp,
) -> Result<bool> {
    let id = id.to_string();
    let members = sqlx::query("DELETE FROM role_group_members WHERE role_group_id = $1").bind(&id);
    members.execute(&mut *db).await?;
    let mut sql = QueryBuilder::<Db>::new("DELETE FROM role_groups WHERE built_in = 0 AND id = ");
    sql.push_bind(id);
    push_check(&mut sql, by, micros(now));
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

/// Switches unified RBAC on or off for a workload. False if it is so already.
pub(super) async fn switch(
    db: &mut Connection,
    by: &Authorized,
    workload: Workload,
    on: bool,
    now: Timestamp,
) -> Result<bool> {
    let mut sql = if on {
        let mut sql = QueryBuilder::<Db>::new("INSERT INTO unified_workloads (workload) SELECT ");
        sql.push_bind(workload.as_str()).push(" WHERE 1 = 1");
        sql
    } else {
        let mut sql = QueryBuilder::<Db>::new("DELETE FROM unified_workloads WHERE workload = ");
        sql.push_bind(workload.as_str());
        sql
    };
    push_check(&mut sql, by, micros(now));
    if on {
        sql.push(" ON CONFLICT (workload) DO NOTHING");
    }
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}
