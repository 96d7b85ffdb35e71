//! The row scope as conditions: the only place where it becomes SQL.

use domain::{AssetKind, RowScope};
use sqlx::{Encode, QueryBuilder, Type};

use super::Db;
use crate::actions_fields::device_group;
use crate::vocabulary::number;

/// Adds the conditions of a scope to a statement whose `WHERE` has begun and whose rows are actions.
pub(super) fn push_scope(sql: &mut QueryBuilder<Db>, scope: &RowScope) {
    let RowScope { proposer, lanes, device_groups } = scope;
    if let Some(proposer) = proposer {
        sql.push(" AND proposed_by_id = ").push_bind(proposer.clone());
    }
    if let Some(lanes) = lanes {
        push_in(sql, " AND lane IN (", lanes.iter().map(|lane| number(*lane)));
        sql.push(")");
    }
    if let Some(groups) = device_groups {
        sql.push(" AND (asset_kind <> ").push(number(AssetKind::Device).to_string());
        push_in(sql, " OR device_group_key IN (", groups.iter().map(|group| device_group(group)));
        sql.push("))");
    }
}

/// An empty list matches nothing, which `NULL` says in both databases.
fn push_in<T>(sql: &mut QueryBuilder<Db>, begin: &str, values: impl Iterator<Item = T>)
where
    T: for<'a> Encode<'a, Db> + Type<Db>,
{
    sql.push(begin);
    let mut list = sql.separated(", ");
    list.push("NULL");
    for value in values {
        list.push_bind(value);
    }
}
