//! Who writes, as statements ask for it.

use domain::{Actor, ActorKind, Authorized};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::Db;

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
