//! Who writes, as statements ask for it.

use domain::{Actor, ActorKind, AssetKind, Authorized, Permission};
use jiff::Timestamp;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Connection, Db, micros};
use crate::vocabulary::number;
use crate::{PolicyGuard, Result};

/// The person an actor stands for: a user, or the owner behind a personal token.
pub(super) fn person(by: &Authorized, actor: &Actor) -> Option<Uuid> {
    by.check().and_then(|check| check.person).map(Into::into).or_else(|| user(actor))
}

/// The person an actor is.
pub(super) fn user(actor: &Actor) -> Option<Uuid> {
    if actor.kind == ActorKind::User { actor.id.parse().ok() } else { None }
}

/// Repeats what the caller's authority rests on, so that a change since the check is caught by the statement itself.
pub(super) fn push_check(query: &mut QueryBuilder<Db>, by: &Authorized, now: i64) {
    let Some(check) = by.check() else { return };
    query
        .push(" AND EXISTS (SELECT 1 FROM credentials c WHERE c.id = ")
        .push_bind(check.credential.to_string());
    query.push(" AND c.revoked_at IS NULL AND c.expires_at > ").push_bind(now).push(")");
    if let Some(person) = check.person {
        query.push(" AND EXISTS (SELECT 1 FROM users u WHERE u.enabled = 1 AND u.id = ");
        query.push_bind(person.to_string()).push(")");
        if let Some(permission) = check.permission {
            query.push(" AND EXISTS (SELECT 1 FROM user_permissions p WHERE p.user_id = ");
            query.push_bind(person.to_string());
            query.push(" AND p.permission = ").push_bind(permission.as_str()).push(")");
        }
    }
}

/// Whether the caller's authority still holds, for what no single statement writes. Nobody else writes while a transaction
/// does, so that it holds until that ends.
pub(super) async fn still_holds(db: &mut Connection, by: &Authorized, now: Timestamp) -> Result<bool> {
    let mut sql = QueryBuilder::<Db>::new("SELECT 1 WHERE 1 = 1");
    push_check(&mut sql, by, micros(now));
    Ok(sql.build().fetch_optional(db).await?.is_some())
}

/// Repeats, of a statement whose rows are actions, that policies are as they were when they were asked; and, where two
/// people have to approve, that somebody else did first, of just this version.
pub(super) fn push_policy(query: &mut QueryBuilder<Db>, policy: PolicyGuard, by: &Authorized) {
    query
        .push(" AND EXISTS (SELECT 1 FROM policy_state WHERE revision = ")
        .push_bind(policy.revision)
        .push(")");
    if policy.second {
        query.push(" AND EXISTS (SELECT 1 FROM first_approvals f WHERE f.action_id = actions.id");
        query.push(" AND f.version = actions.version AND f.person <> ");
        query.push_bind(by.person().map(Uuid::from).unwrap_or_default()).push(")");
    }
}

/// Repeats, of a statement whose rows are actions, that a permission for devices counts in the group of each.
pub(super) fn push_reach(query: &mut QueryBuilder<Db>, by: &Authorized) {
    let Some(check) = by.check() else { return };
    let (Some(person), Some(Permission::Devices)) = (check.person, check.permission) else { return };
    let permission = |query: &mut QueryBuilder<Db>| {
        query.push("user_id = ").push_bind(person.to_string());
        query.push(" AND permission = ").push_bind(Permission::Devices.as_str());
    };
    query.push(" AND (actions.asset_kind <> ").push(number(AssetKind::Device).to_string());
    query.push(" OR EXISTS (SELECT 1 FROM user_permissions WHERE everywhere = 1 AND ");
    permission(query);
    query.push(") OR EXISTS (SELECT 1 FROM user_permission_groups g WHERE g.group_key = actions.device_group_key AND ");
    permission(query);
    query.push("))");
}
