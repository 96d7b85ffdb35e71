//! Statements on the targets of actions: how it stands with each, by the last command for it.

use std::collections::HashMap;

use domain::{ActionId, CommandId, RowScope, Status, UndoState};
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::actions::find_all;
use super::scope::push_scope;
use super::{Connection, Db, corrupt, rows};
use crate::vocabulary::{number, word};
use crate::{Ended, HandedTask, Leased, Result, TargetCommand};

/// Letters that are kept of how a command ended.
const MAX_DETAIL: usize = 500;
/// Commands in one statement.
const IDS: usize = 500;

/// Writes how a command ended beside what else an update sets.
pub(super) fn push_end(sql: &mut QueryBuilder<Db>, ended: Ended<'_>) {
    let detail: String = ended.detail.chars().take(MAX_DETAIL).collect();
    sql.push(", outcome = ").push_bind(number(ended.status)).push(", detail = ").push_bind(detail);
}

pub(super) async fn of_action(db: &mut Connection, action: ActionId) -> Result<Vec<TargetCommand>> {
    let query = sqlx::query(
        "SELECT id, target, executor, state, possibly_sent, outcome, undo, COALESCE(detail, last_error) AS detail
         FROM commands WHERE action_id = $1 ORDER BY target, created_at, id",
    );
    let mut found: Vec<TargetCommand> = Vec::new();
    for row in query.bind(Uuid::from(action)).fetch_all(db).await? {
        let command = target(&row)?;
        match found.last_mut() {
            // One that was tried again.
            Some(earlier) if earlier.target == command.target => *earlier = command,
            _ => found.push(command),
        }
    }
    Ok(found)
}

fn target(row: &rows::Row) -> Result<TargetCommand> {
    let outcome: Option<i16> = row.try_get("outcome")?;
    let possibly_sent: i64 = row.try_get("possibly_sent")?;
    let status = match (row.try_get::<&str, _>("state")?, outcome) {
        ("done", Some(outcome)) => word(outcome).ok_or_else(|| corrupt("no status has this number"))?,
        // It ended before that was kept.
        ("done", None) => Status::Unknown,
        ("open", _) if possibly_sent == 0 => Status::Queued,
        _ => Status::InProgress,
    };
    let undo: i16 = row.try_get("undo")?;
    Ok(TargetCommand {
        target: u32::try_from(row.try_get::<i64, _>("target")?).map_err(corrupt)?,
        command: rows::id(row, "id")?,
        executor: row.try_get("executor")?,
        status,
        detail: row.try_get("detail")?,
        undo: word(undo).ok_or_else(|| corrupt("no state of an undo has this number"))?,
    })
}

pub(super) async fn call_off_sent(db: &mut Connection, commands: &[CommandId]) -> Result<u64> {
    let mut over = 0;
    for commands in commands.chunks(IDS) {
        let mut sql = QueryBuilder::<Db>::new(
            "UPDATE commands SET state = 'done', leased_until = 0, generation = generation + 1",
        );
        push_end(&mut sql, Ended { status: Status::Cancelled, detail: "called off" });
        sql.push(" WHERE state <> 'done'");
        push_ids(&mut sql, commands);
        over += sql.build().execute(&mut *db).await?.rows_affected();
    }
    Ok(over)
}

pub(super) async fn tasks(
    db: &mut Connection,
    scope: &RowScope,
    executors: &[String],
    limit: u32,
) -> Result<Vec<HandedTask>> {
    if executors.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::<Db>::new(
        "SELECT c.action_id, c.target, COALESCE(c.detail, actions.status_detail) AS steps, c.assigned_to, c.due_at
         FROM commands c JOIN actions ON actions.id = c.action_id
         WHERE c.state = 'handed' AND c.executor IN (",
    );
    let mut names = sql.separated(", ");
    for name in executors {
        names.push_bind(name);
    }
    sql.push(")");
    push_scope(&mut sql, scope);
    sql.push(" ORDER BY CASE WHEN c.due_at IS NULL THEN 1 ELSE 0 END, c.due_at, c.created_at, c.id LIMIT ");
    sql.push_bind(i64::from(limit));
    let rows = sql.build().fetch_all(&mut *db).await?;
    let ids = rows.iter().map(|row| rows::id(row, "action_id")).collect::<Result<Vec<ActionId>>>()?;
    let found = find_all(db, scope, &ids).await?;
    let actions: HashMap<_, _> = found.into_iter().map(|(action, _)| (action.id, action)).collect();
    let mut tasks = Vec::with_capacity(rows.len());
    for (row, id) in rows.iter().zip(ids) {
        let Some(action) = actions.get(&id) else { continue };
        tasks.push(HandedTask {
            action: action.clone(),
            target: u32::try_from(row.try_get::<i64, _>("target")?).map_err(corrupt)?,
            steps: row.try_get::<Option<String>, _>("steps")?.unwrap_or_default(),
            assigned_to: row.try_get("assigned_to")?,
            due_at: rows::optional_time(row, "due_at")?,
        });
    }
    Ok(tasks)
}

pub(super) async fn unknown(db: &mut Connection, executors: &[String], limit: u32) -> Result<Vec<Leased>> {
    if executors.is_empty() {
        return Ok(Vec::new());
    }
    // The number stands in the text, as in the index that holds only these.
    let mut sql = QueryBuilder::<Db>::new(format!(
        "SELECT id, action_id, target, generation, created_at, possibly_sent, not_sent, executor
         FROM commands WHERE outcome = {} AND executor IN (",
        number(Status::Unknown)
    ));
    let mut names = sql.separated(", ");
    for name in executors {
        names.push_bind(name);
    }
    sql.push(") ORDER BY created_at DESC LIMIT ").push_bind(i64::from(limit));
    sql.build().fetch_all(db).await?.iter().map(rows::leased).collect()
}

pub(super) async fn settle(db: &mut Connection, commands: &[CommandId], ended: Ended<'_>) -> Result<u64> {
    let mut settled = 0;
    for commands in commands.chunks(IDS) {
        let mut sql = QueryBuilder::<Db>::new("UPDATE commands SET generation = generation + 1");
        push_end(&mut sql, ended);
        sql.push(" WHERE state = 'done' AND outcome = ").push_bind(number(Status::Unknown));
        push_ids(&mut sql, commands);
        settled += sql.build().execute(&mut *db).await?.rows_affected();
    }
    Ok(settled)
}

pub(super) async fn set_undo(db: &mut Connection, commands: &[CommandId], undo: UndoState) -> Result<()> {
    for commands in commands.chunks(IDS) {
        let mut sql = QueryBuilder::<Db>::new("UPDATE commands SET undo = ");
        sql.push_bind(number(undo)).push(" WHERE state = 'done'");
        push_ids(&mut sql, commands);
        sql.build().execute(&mut *db).await?;
    }
    Ok(())
}

fn push_ids(sql: &mut QueryBuilder<Db>, commands: &[CommandId]) {
    sql.push(" AND id IN (");
    let mut ids = sql.separated(", ");
    for command in commands {
        ids.push_bind(Uuid::from(*command));
    }
    sql.push(")");
}
