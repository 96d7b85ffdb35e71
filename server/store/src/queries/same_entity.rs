//! Actions on the same entity of the same asset, and by what an action is found on each of its further targets: its asset
//! has its own columns in the row.

use std::collections::BTreeSet;

use domain::{Action, ActionId, Lane, RowScope};
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::rows::{self, action_columns};
use super::scope::push_scope;
use super::{Connection, Db};
use crate::Result;
use crate::keys::{asset, identities, weaker_identities};
use crate::vocabulary::number;

/// Rows in one statement.
const ROWS: usize = 500;
/// Actions in one batch: each may have a thousand targets.
const BATCH: i64 = 50;

/// One target: the number of its action, its place, and by what it is found.
pub(super) type TargetIdentity = (i64, i64, Option<i64>, Option<i64>);

/// Those of the further targets of an action.
pub(super) fn of(number: i64, action: &Action) -> impl Iterator<Item = TargetIdentity> {
    let found = (0..).zip(if action.has_targets() { identities(action) } else { Vec::new() }).skip(1);
    found.map(move |(place, (key, name))| (number, place, key, name))
}

/// Adds those of actions by their numbers.
pub(super) async fn insert(db: &mut Connection, found: &[TargetIdentity]) -> Result<()> {
    for found in found.chunks(ROWS) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO target_identities (number, target, identity_key, identity_name) ",
        );
        query.push_values(found, |mut row, (number, place, key, name)| {
            row.push_bind(*number).push_bind(*place).push_bind(*key).push_bind(*name);
        });
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// Puts those of an action in the place of those from before.
pub(super) async fn replace(db: &mut Connection, number: i64, action: &Action) -> Result<()> {
    sqlx::query("DELETE FROM target_identities WHERE number = $1").bind(number).execute(&mut *db).await?;
    insert(db, &of(number, action).collect::<Vec<_>>()).await
}

/// Writes those of actions that follow a number, one batch; returns the number of the last of them.
pub(super) async fn key_targets(db: &mut Connection, after: i64) -> Result<Option<i64>> {
    let select = concat!(
        "SELECT ",
        action_columns!(),
        ", number FROM actions WHERE number > $1 AND targets IS NOT NULL ORDER BY number LIMIT $2"
    );
    let mut last = None;
    for row in &sqlx::query(select).bind(after).bind(BATCH).fetch_all(&mut *db).await? {
        let row_number: i64 = row.try_get("number")?;
        replace(db, row_number, &rows::action(row)?).await?;
        last = Some(row_number);
    }
    Ok(last)
}

/// Others on the same entity of one of the targets of an action, newest first.
pub(super) async fn find(
    db: &mut Connection,
    scope: &RowScope,
    action: &Action,
    limit: u32,
) -> Result<Vec<Action>> {
    let (mut keys, names): (Vec<_>, Vec<_>) = identities(action).into_iter().unzip();
    keys.extend(weaker_identities(action).into_iter().map(Some));
    let mut sql =
        QueryBuilder::<Db>::new(concat!("SELECT ", action_columns!(), " FROM actions WHERE number IN ("));
    let found = [("identity_key", &keys), ("identity_name", &names)];
    let tables = ["actions", "target_identities"];
    for (at, (table, (column, values))) in
        tables.iter().flat_map(|table| found.map(|of| (table, of))).enumerate()
    {
        sql.push(if at == 0 { "" } else { " UNION " });
        sql.push("SELECT number FROM ").push(table).push(" WHERE ").push(column).push(" IN (");
        let mut list = sql.separated(", ");
        for value in values {
            list.push_bind(*value);
        }
        sql.push(")");
    }
    // Rows that know a stronger hash, too, are found by the text that is searched: few files have none of the strongest.
    if let Some(hash) = weak_hash(action) {
        sql.push(" UNION SELECT number FROM actions WHERE asset_key = ").push_bind(asset(&action.asset.name));
        sql.push(" AND number IN (");
        for (at, lane) in Lane::ALL.iter().enumerate() {
            sql.push(if at == 0 { "" } else { " UNION " });
            super::super::push_all_matches(&mut sql, &hash, number(*lane));
        }
        sql.push(")");
    }
    sql.push(") AND id <> ").push_bind(Uuid::from(action.id));
    push_scope(&mut sql, scope);
    sql.push(" ORDER BY proposed_at DESC, number DESC LIMIT ").push_bind(i64::from(limit) * NAMESAKES);
    let rows = sql.build().fetch_all(db).await?;
    let found = rows.iter().map(rows::action).collect::<Result<Vec<_>>>()?;
    let identity = action.entity.identity();
    let same = found.into_iter().filter(|other| other.entity.identity().is_same(&identity));
    Ok(same.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

/// The best hash of a file, where it is none of the strongest kind.
fn weak_hash(action: &Action) -> Option<String> {
    action.entity.hash().filter(|hash| hash.len() < SHA256_DIGITS).map(str::to_lowercase)
}

/// Those of these actions for which `find` may find others.
pub(super) async fn shared(db: &mut Connection, actions: &[&Action]) -> Result<BTreeSet<ActionId>> {
    let weak = actions.iter().filter(|action| weak_hash(action).is_some()).map(|action| action.id);
    let mut shared: BTreeSet<_> = weak.collect();
    let known = |action: &&Action| {
        let (id, weaker) = (action.id, weaker_identities(action));
        let weaker = weaker.into_iter().map(|key| (Some(key), None));
        identities(action)
            .into_iter()
            .chain(weaker)
            .map(move |(key, name)| (id, key, name))
            .collect::<Vec<_>>()
    };
    let asked: Vec<_> =
        actions.iter().filter(|action| !shared.contains(&action.id)).flat_map(known).collect();
    for asked in asked.chunks(ROWS) {
        let mut sql = QueryBuilder::<Db>::new("WITH asked (of_action, of_key, of_name) AS (");
        sql.push_values(asked, |mut row, (id, key, name)| {
            row.push_bind(Uuid::from(*id)).push_bind(*key).push_bind(*name);
        });
        sql.push(
            ") SELECT DISTINCT of_action FROM asked \
             WHERE EXISTS (SELECT 1 FROM actions WHERE identity_key = of_key AND id <> of_action) \
             OR EXISTS (SELECT 1 FROM actions WHERE identity_name = of_name AND id <> of_action) \
             OR EXISTS (SELECT 1 FROM target_identities AS t JOIN actions ON actions.number = t.number \
             WHERE t.identity_key = of_key AND id <> of_action) \
             OR EXISTS (SELECT 1 FROM target_identities AS t JOIN actions ON actions.number = t.number \
             WHERE t.identity_name = of_name AND id <> of_action)",
        );
        for row in sql.build().fetch_all(&mut *db).await? {
            shared.insert(row.try_get::<Uuid, _>("of_action")?.into());
        }
    }
    Ok(shared)
}

/// Hexadecimal digits of the strongest hash.
const SHA256_DIGITS: usize = 64;

/// So many times as many are looked at as are asked for: of the same name, some are another content.
const NAMESAKES: i64 = 4;
