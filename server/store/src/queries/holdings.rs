//! What people hold, and the permissions that it amounts to: written beside it, so that a statement can ask for one.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::holding::Holdings;
use domain::access::role_group::{RoleGroup, Workload};
use domain::access::{Access, Reach};
use domain::{DeviceGroupId, Permission, Role};
use sqlx::Row as _;

use super::SqlStore;
use super::rows::Row;
use super::{Connection, corrupt, roles};
use crate::Result;
use crate::actions_fields::device_group;

impl SqlStore {
    /// Gives every user the permissions that what they hold amounts to by the rules of this version: those that an older
    /// one wrote would lock people out, or let them in.
    pub(in super::super) async fn derive_permissions(&self) -> Result<()> {
        if stale(&mut *self.reader.acquire().await?, None).await?.is_empty() {
            return Ok(());
        }
        let mut tx = super::super::begin(&self.writer).await?;
        for user in derive(&mut tx, None).await? {
            tracing::info!(%user, "permissions follow the rules of this version");
        }
        Ok(tx.commit().await?)
    }
}

/// Brings the permissions of everybody, or of one, up to what they hold; returns the users for whom that changed.
pub(super) async fn derive(db: &mut Connection, one: Option<&str>) -> Result<Vec<String>> {
    let stale = stale(db, one).await?;
    for (user, access) in &stale {
        write(db, user, access).await?;
    }
    Ok(stale.into_keys().collect())
}

/// What is stored of a permission: whether it counts everywhere, and else in which groups.
type Stored = BTreeMap<String, (bool, BTreeSet<String>)>;

/// The users whose permissions are not what they hold amounts to, with what that is.
async fn stale(db: &mut Connection, one: Option<&str>) -> Result<BTreeMap<String, Access>> {
    let mut stored: BTreeMap<String, Stored> = BTreeMap::new();
    let rows =
        sqlx::query("SELECT user_id, permission, everywhere FROM user_permissions").fetch_all(&mut *db);
    for row in rows.await? {
        let everywhere = row.try_get::<i16, _>("everywhere")? == 1;
        let of = stored.entry(row.try_get("user_id")?).or_default();
        of.insert(row.try_get("permission")?, (everywhere, BTreeSet::new()));
    }
    let rows = sqlx::query("SELECT user_id, permission, group_name FROM user_permission_groups");
    for row in rows.fetch_all(&mut *db).await? {
        let (user, permission): (String, String) = (row.try_get("user_id")?, row.try_get("permission")?);
        if let Some((_, groups)) = stored.get_mut(&user).and_then(|of| of.get_mut(&permission)) {
            groups.insert(row.try_get("group_name")?);
        }
    }
    let derived = |access: &Access| -> Stored {
        let of = |(permission, reach): (&Permission, &Reach)| {
            let groups = reach.groups().cloned();
            (permission.to_string(), (groups.is_none(), groups.unwrap_or_default()))
        };
        access.permissions.iter().map(of).collect()
    };
    let all = load(db, one).await?.into_iter().map(|(user, holdings)| (user, holdings.access()));
    Ok(all
        .filter(|(user, access)| stored.get(user).cloned().unwrap_or_default() != derived(access))
        .collect())
}

async fn write(db: &mut Connection, user: &str, access: &Access) -> Result<()> {
    for sql in [
        "DELETE FROM user_permission_groups WHERE user_id = $1",
        "DELETE FROM user_permissions WHERE user_id = $1",
    ] {
        sqlx::query(sql).bind(user).execute(&mut *db).await?;
    }
    for (permission, reach) in &access.permissions {
        sqlx::query("INSERT INTO user_permissions (user_id, permission, everywhere) VALUES ($1, $2, $3)")
            .bind(user)
            .bind(permission.as_str())
            .bind(i16::from(reach.groups().is_none()))
            .execute(&mut *db)
            .await?;
        for name in reach.groups().into_iter().flatten() {
            sqlx::query(
                "INSERT INTO user_permission_groups (user_id, permission, group_key, group_name)
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(user)
            .bind(permission.as_str())
            .bind(device_group(name))
            .bind(name)
            .execute(&mut *db)
            .await?;
        }
    }
    Ok(())
}

/// The ids of a list of device groups; none where every device is meant.
pub(super) fn ids(text: Option<&str>) -> Result<Option<BTreeSet<DeviceGroupId>>> {
    text.map(serde_json::from_str).transpose().map_err(corrupt)
}

/// The names of the device groups of a list; one that is gone is none.
fn reach(text: Option<&str>, names: &BTreeMap<DeviceGroupId, String>) -> Result<Reach> {
    Ok(match ids(text)? {
        None => Reach::Everywhere,
        Some(ids) => Reach::Groups(ids.iter().filter_map(|id| names.get(id).cloned()).collect()),
    })
}

async fn names(db: &mut Connection) -> Result<BTreeMap<DeviceGroupId, String>> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT id, name FROM device_groups").fetch_all(db).await?;
    rows.into_iter().map(|(id, name)| Ok((id.parse().map_err(corrupt)?, name))).collect()
}

/// Where a token counts.
pub(super) async fn reach_of_token(db: &mut Connection, groups: Option<&str>) -> Result<Reach> {
    match groups {
        None => Ok(Reach::Everywhere),
        some => reach(some, &names(db).await?),
    }
}

/// What everybody holds, or one, by the ids of users.
pub(super) async fn load(db: &mut Connection, one: Option<&str>) -> Result<BTreeMap<String, Holdings>> {
    let names = names(db).await?;
    let groups: BTreeMap<_, _> =
        roles::load(db).await?.into_iter().map(|(group, _)| (group.id.to_string(), group)).collect();
    let unified = unified(db).await?;
    let mut all: BTreeMap<String, Holdings> = BTreeMap::new();
    let text = |row: &Row| row.try_get::<Option<String>, _>("device_groups");
    for row in sqlx::query("SELECT id, device_groups FROM users").fetch_all(&mut *db).await? {
        let limit = reach(text(&row)?.as_deref(), &names)?;
        let holdings = Holdings { limit, unified: unified.clone(), ..Holdings::default() };
        all.insert(row.try_get("id")?, holdings);
    }
    for row in sqlx::query("SELECT user_id, role, device_groups FROM user_roles").fetch_all(&mut *db).await? {
        // A role that only another version knows amounts to nothing.
        let Ok(role) = row.try_get::<&str, _>("role")?.parse::<Role>() else { continue };
        if let Some(held) = all.get_mut(row.try_get::<&str, _>("user_id")?) {
            held.roles.push((role, reach(text(&row)?.as_deref(), &names)?));
        }
    }
    let members = sqlx::query("SELECT user_id, role_group_id, device_groups FROM role_group_members");
    for row in members.fetch_all(&mut *db).await? {
        let group: Option<&RoleGroup> = groups.get(row.try_get::<&str, _>("role_group_id")?);
        if let (Some(held), Some(group)) = (all.get_mut(row.try_get::<&str, _>("user_id")?), group) {
            held.role_groups.push((group.clone(), reach(text(&row)?.as_deref(), &names)?));
        }
    }
    if let Some(one) = one {
        all.retain(|user, _| user == one);
    }
    Ok(all)
}

/// For what unified RBAC is switched on.
pub(super) async fn unified(db: &mut Connection) -> Result<BTreeSet<Workload>> {
    let words: Vec<String> =
        sqlx::query_scalar("SELECT workload FROM unified_workloads").fetch_all(db).await?;
    words.iter().map(|word| word.parse().map_err(corrupt)).collect()
}

/// What a user's permissions are, with what explains those that are missing.
pub(super) async fn access(db: &mut Connection, user: &str) -> Result<Access> {
    let query = sqlx::query(
        "SELECT CAST(0 AS BIGINT) AS what, p.permission AS word, g.group_name AS name, CAST(p.everywhere AS BIGINT) AS n
         FROM user_permissions p
         LEFT JOIN user_permission_groups g ON g.user_id = p.user_id AND g.permission = p.permission
         WHERE p.user_id = $1
         UNION ALL SELECT CAST(1 AS BIGINT), r.model, r.name,
             CAST(CASE WHEN r.permissions LIKE '%search_and_purge%' THEN 1 ELSE 0 END AS BIGINT)
         FROM role_group_members m JOIN role_groups r ON r.id = m.role_group_id WHERE m.user_id = $2
         UNION ALL SELECT CAST(1 AS BIGINT), 'search_and_purge', NULL, CAST(1 AS BIGINT) FROM user_roles
         WHERE user_id = $3 AND role = 'search_and_purge'
         UNION ALL SELECT CAST(2 AS BIGINT), workload, NULL, CAST(0 AS BIGINT) FROM unified_workloads",
    );
    let mut access = Access::default();
    for row in query.bind(user).bind(user).bind(user).fetch_all(db).await? {
        let what = row.try_get::<i64, _>("what")?;
        let (word, name): (&str, Option<&str>) = (row.try_get("word")?, row.try_get("name")?);
        let yes = row.try_get::<i64, _>("n")? == 1;
        match what {
            0 => {
                // A permission that only another version knows is none.
                let Ok(permission) = word.parse() else { continue };
                let nothing = if yes { Reach::Everywhere } else { Reach::Groups(BTreeSet::new()) };
                let reach = access.permissions.entry(permission).or_insert(nothing);
                if let (Reach::Groups(groups), Some(name)) = (reach, name) {
                    groups.insert(name.to_owned());
                }
            }
            1 => {
                access.purges |= yes;
                if let (Ok(model), Some(name)) = (word.parse(), name) {
                    access.role_groups.push((name.to_owned(), model));
                }
            }
            _ => access.unified.extend(word.parse::<Workload>()),
        }
    }
    Ok(access)
}
