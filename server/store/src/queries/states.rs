//! The guarded statement by which actions change their state, one or many under the same authority.

use std::collections::HashSet;

use domain::ActionId;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::counts::CountChanges;
use super::guard::{person, push_check, push_policy, push_reach};
use super::{Connection, Db, decided_by, digest, keying, lane, micros, optional_id};
use crate::row_keys::Keys;
use crate::vocabulary::number;
use crate::{Guard, Result, StateChange, filter_bits};

/// Changes in one statement: few statements, and none with more values than a database takes.
const ROWS: usize = 50;

/// The columns of a row that its state fills, after those by which the row is found. Of what is derived, only what
/// differs is written: the text that is searched stays alone.
const COLUMNS: [&str; 14] = [
    "version",
    "lane",
    "decision",
    "status",
    "status_detail",
    "undo",
    "decided_by",
    "decided_at",
    "reason",
    "approval_id",
    "undone_by",
    "executor",
    "break_glass",
    "updated_at",
];

/// A change with the keys of its rows.
struct Keyed<'a> {
    change: StateChange<'a>,
    before: Keys,
    after: Keys,
}

/// Writes the changes whose rows are as they were read and whose authority holds, and counts them. Returns their ids.
pub(super) async fn update(
    db: &mut Connection,
    guard: Guard<'_>,
    changes: &[StateChange<'_>],
    mut counts: Option<&mut CountChanges>,
) -> Result<Vec<ActionId>> {
    let mut all = Vec::with_capacity(changes.len());
    for changes in changes.chunks(ROWS) {
        let keyed: Vec<_> = changes
            .iter()
            // What is no digest is no row's.
            .filter(|change| digest(change.before).is_ok())
            .map(|&change| Keyed { change, before: Keys::of(change.before), after: Keys::of(change.after) })
            .collect();
        if keyed.is_empty() {
            continue;
        }
        let ids: Vec<Uuid> = statement(guard, &keyed)?.build_query_scalar().fetch_all(&mut *db).await?;
        let mut written: HashSet<ActionId> = ids.into_iter().map(Into::into).collect();
        for Keyed { change, before, after } in &keyed {
            if !written.remove(&change.before.id) {
                continue;
            }
            all.push(change.before.id);
            if let Some(counts) = counts.as_deref_mut() {
                // The version that the statement names makes sure that the row was as `before` says.
                counts.note(change.before, before, -1)?;
                counts.note(change.after, after, 1)?;
            }
        }
    }
    Ok(all)
}

fn statement(guard: Guard<'_>, changes: &[Keyed<'_>]) -> Result<QueryBuilder<Db>> {
    let mut derived = Vec::new();
    for (at, column) in keying::columns().enumerate() {
        let differs =
            |keyed: &Keyed<'_>| keying::values(&keyed.before).nth(at) != keying::values(&keyed.after).nth(at);
        if changes.iter().any(differs) {
            derived.push((at, column));
        }
    }
    let mut columns = COLUMNS.to_vec();
    columns.extend(guard.deciding.then_some("decided_by_person"));
    columns.push("filter_bits");
    columns.extend(derived.iter().map(|(_, column)| *column));

    let mut sql = QueryBuilder::<Db>::new("WITH new (action, seen_version, seen_digest");
    for column in &columns {
        sql.push(", ").push(column);
    }
    sql.push(") AS (");
    let values = |keyed: &Keyed<'_>| {
        let StateChange { before, after } = keyed.change;
        Ok((digest(before)?, decided_by(after)?, lane(after)?))
    };
    let values: Vec<_> = changes.iter().map(values).collect::<Result<_>>()?;
    sql.push_values(changes.iter().zip(values), |mut row, (keyed, (seen, decided_by, lane))| {
        let Keyed { change: StateChange { before, after }, after: keys, .. } = keyed;
        row.push_bind(Uuid::from(before.id)).push_bind(before.version).push_bind(seen);
        row.push_bind(after.version)
            .push_bind(number(lane))
            .push_bind(number(after.decision))
            .push_bind(number(after.status))
            .push_bind(after.status_detail.clone())
            .push_bind(number(after.undo))
            .push_bind(decided_by)
            .push_bind(after.decided_at.map(micros))
            .push_bind(after.reason.clone())
            .push_bind(optional_id(after.approval_id).unwrap_or_default())
            .push_bind(optional_id(after.undone_by))
            .push_bind(after.executor.clone())
            .push_bind(i16::from(after.break_glass))
            .push_bind(micros(after.updated_at));
        if guard.deciding {
            row.push_bind(after.decided_by.as_ref().and_then(|actor| person(guard.by, actor)));
        }
        row.push_bind(filter_bits::pack(after, keys));
        for (at, _) in &derived {
            if let Some(value) = keying::values(keys).nth(*at) {
                value.push(&mut row);
            }
        }
    });
    sql.push(") UPDATE actions SET ");
    let mut set = sql.separated(", ");
    for column in &columns {
        set.push(format_args!("{column} = new.{column}"));
    }
    sql.push(" FROM new WHERE actions.id = new.action AND actions.version = new.seen_version");
    sql.push(" AND actions.digest = new.seen_digest");
    let now = micros(guard.now);
    if guard.deciding {
        // In a form that no index answers: SQLite would read all that is pending rather than find each row by its id.
        sql.push(" AND CASE actions.lane WHEN 0 THEN actions.expires_at > ").push_bind(now).push(" END");
        if let Some(person) = guard.by.person() {
            sql.push(" AND (actions.proposed_by_person IS NULL OR actions.proposed_by_person <> ");
            sql.push_bind(Uuid::from(person)).push(")");
        }
    }
    if let Some(policy) = guard.policy {
        push_policy(&mut sql, policy, guard.by);
    }
    push_check(&mut sql, guard.by, now);
    push_reach(&mut sql, guard.by);
    sql.push(" RETURNING id");
    Ok(sql)
}

/// How the database would find the rows of these changes, line by line: for the tests of its plans.
#[cfg(test)]
pub(super) async fn plan(
    db: &mut Connection,
    guard: Guard<'_>,
    changes: &[StateChange<'_>],
) -> Result<Vec<String>> {
    let keyed: Vec<_> = changes
        .iter()
        .map(|&change| Keyed { change, before: Keys::of(change.before), after: Keys::of(change.after) })
        .collect();
    super::explain(db, statement(guard, &keyed)?).await
}
