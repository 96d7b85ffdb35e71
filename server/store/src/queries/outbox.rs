//! Statements on the outbox.

use async_trait::async_trait;
use domain::dispatch::WaitingCommand;
use domain::{ActionId, Authorized, CommandId, Purpose, RowScope, Status, UndoState};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::SqlStore;
use super::guard::push_check;
use super::metadata::set_metadata;
use super::rows::is_due;
use super::targets;
use super::transaction::SqlTransaction;
use super::{Connection, Db, corrupt, micros, rows};
use crate::vocabulary::number;
use crate::{
    Claim, DISPATCH_PAUSED, DISPATCH_RESUMED, Ended, HandedOver, HandedTask, Leased, NewCommand,
    OpenCommands, Queue, Result, TargetCommand,
};
use crate::{ReadOutbox, SystemOutbox, WriteOutbox};

/// What is known of a command that was handed over.
macro_rules! handed_columns {
    () => {
        "SELECT id, action_id, target, generation, created_at, possibly_sent, not_sent, executor, state, assigned_to, due_at
         FROM commands"
    };
}
#[async_trait]
impl ReadOutbox for SqlStore {
    async fn command_of(&self, action: ActionId) -> Result<Option<Leased>> {
        of_action(&mut *self.reader.acquire().await?, action).await
    }

    async fn handed_over(&self, action: ActionId) -> Result<Option<HandedOver>> {
        let mut sql = QueryBuilder::<Db>::new(handed_columns!());
        sql.push(" WHERE state = 'handed' AND action_id = ").push_bind(Uuid::from(action));
        let row = sql.build().fetch_optional(&self.reader).await?;
        row.as_ref().map(rows::handed_over).transpose()
    }

    async fn targets_of(&self, action: ActionId) -> Result<Vec<TargetCommand>> {
        targets::of_action(&mut *self.reader.acquire().await?, action).await
    }

    async fn handed_tasks(
        &self,
        scope: &RowScope,
        executors: &[String],
        limit: u32,
    ) -> Result<Vec<HandedTask>> {
        targets::tasks(&mut *self.reader.acquire().await?, scope, executors, limit).await
    }

    async fn unknown_commands(&self, executors: &[String], limit: u32) -> Result<Vec<Leased>> {
        targets::unknown(&mut *self.reader.acquire().await?, executors, limit).await
    }

    async fn command(&self, id: CommandId) -> Result<Option<HandedOver>> {
        let mut sql = QueryBuilder::<Db>::new(handed_columns!());
        sql.push(" WHERE id = ").push_bind(Uuid::from(id));
        let row = sql.build().fetch_optional(&self.reader).await?;
        row.as_ref().map(rows::handed_over).transpose()
    }

    async fn open_commands(&self, limit: u32) -> Result<(u64, Vec<WaitingCommand>)> {
        let count = "SELECT COUNT(*) FROM commands WHERE state = 'open'";
        let count: i64 = sqlx::query_scalar(count).fetch_one(&self.reader).await?;
        let select = sqlx::query(
            "SELECT c.id, c.action_id, a.type, a.entity_title, a.asset_name, c.created_at, c.possibly_sent
             FROM commands c JOIN actions a ON a.id = c.action_id
             WHERE c.state = 'open' ORDER BY c.created_at, c.id LIMIT $1",
        );
        let rows = select.bind(i64::from(limit)).fetch_all(&self.reader).await?;
        let commands = rows.iter().map(rows::waiting_command).collect::<Result<_>>()?;
        Ok((u64::try_from(count).unwrap_or_default(), commands))
    }

    async fn command_is_due(&self, now: Timestamp) -> Result<bool> {
        Ok(sqlx::query_scalar(is_due!("commands")).bind(micros(now)).fetch_one(&self.reader).await?)
    }

    async fn next_command_at(&self) -> Result<Option<Timestamp>> {
        let next = "SELECT MIN(CASE WHEN ready_at > leased_until THEN ready_at ELSE leased_until END)
                    FROM commands WHERE state = 'open'";
        let next: Option<i64> = sqlx::query_scalar(next).fetch_one(&self.reader).await?;
        next.map(Timestamp::from_microsecond).transpose().map_err(corrupt)
    }

    async fn queue(&self) -> Result<Queue> {
        let pending = "SELECT MIN(proposed_at) FROM actions WHERE lane = 0";
        let pending: Option<i64> = sqlx::query_scalar(pending).fetch_one(&self.reader).await?;
        let open = sqlx::query(
            "SELECT a.executor, COUNT(*) AS open, MIN(c.created_at) AS oldest
             FROM commands c JOIN actions a ON a.id = c.action_id
             WHERE c.state = 'open' GROUP BY a.executor ORDER BY a.executor",
        );
        let open = open.fetch_all(&self.reader).await?;
        let of = |row: &rows::Row| {
            let (executor, count) = (row.try_get("executor")?, row.try_get("open")?);
            Ok(OpenCommands { executor, count, oldest: rows::time(row, "oldest")? })
        };
        Ok(Queue {
            oldest_pending: pending.map(Timestamp::from_microsecond).transpose().map_err(corrupt)?,
            open: open.iter().map(of).collect::<Result<_>>()?,
        })
    }
}

#[async_trait]
impl WriteOutbox for SqlTransaction {
    async fn enqueue(&mut self, by: &Authorized, commands: &[NewCommand]) -> Result<()> {
        by.allow(Purpose::Decide).or_else(|_| by.allow(Purpose::Automate))?;
        self.events.command |= !commands.is_empty();
        enqueue(&mut self.tx, commands).await
    }

    async fn call_off(&mut self, by: &Authorized, action: ActionId) -> Result<u64> {
        by.allow(Purpose::Decide)?;
        let query = sqlx::query(
            "UPDATE commands SET state = 'done', leased_until = 0, outcome = $2
             WHERE action_id = $1 AND state = 'open' AND possibly_sent = 0",
        );
        let query = query.bind(Uuid::from(action)).bind(number(Status::Cancelled));
        Ok(query.execute(&mut *self.tx).await?.rows_affected())
    }

    async fn call_off_sent(&mut self, by: &Authorized, commands: &[CommandId]) -> Result<u64> {
        by.allow(Purpose::Decide)?;
        targets::call_off_sent(&mut self.tx, commands).await
    }

    async fn take_back(
        &mut self,
        by: &Authorized,
        action: ActionId,
        executors: &[String],
        ended: Ended<'_>,
    ) -> Result<u64> {
        by.allow(Purpose::Decide)?;
        if executors.is_empty() {
            return Ok(0);
        }
        let mut sql =
            QueryBuilder::<Db>::new("UPDATE commands SET state = 'done', generation = generation + 1");
        targets::push_end(&mut sql, ended);
        sql.push(" WHERE action_id = ").push_bind(Uuid::from(action)).push(" AND state = 'handed'");
        sql.push(" AND executor IN (");
        let mut names = sql.separated(", ");
        for name in executors {
            names.push_bind(name);
        }
        sql.push(")");
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected())
    }

    async fn targets_of(&mut self, action: ActionId) -> Result<Vec<TargetCommand>> {
        targets::of_action(&mut self.tx, action).await
    }

    async fn settle_commands(
        &mut self,
        by: &Authorized,
        commands: &[CommandId],
        ended: Ended<'_>,
    ) -> Result<u64> {
        by.allow(Purpose::Decide).or_else(|_| by.allow(Purpose::Report))?;
        targets::settle(&mut self.tx, commands, ended).await
    }

    async fn set_undo(&mut self, by: &Authorized, commands: &[CommandId], undo: UndoState) -> Result<()> {
        by.allow(Purpose::Decide).or_else(|_| by.allow(Purpose::Report))?;
        targets::set_undo(&mut self.tx, commands, undo).await
    }

    async fn assign(&mut self, by: &Authorized, action: ActionId, to: &str) -> Result<bool> {
        by.allow(Purpose::Decide)?;
        let query =
            sqlx::query("UPDATE commands SET assigned_to = $2 WHERE action_id = $1 AND state = 'handed'");
        Ok(query.bind(Uuid::from(action)).bind(to).execute(&mut *self.tx).await?.rows_affected() > 0)
    }

    async fn resume_dispatch(&mut self, by: &Authorized, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Decide)?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE markers SET value = '' WHERE name = ");
        sql.push_bind(DISPATCH_PAUSED).push(" AND value <> ''");
        push_check(&mut sql, by, micros(now));
        let resumed = sql.build().execute(&mut *self.tx).await?.rows_affected() == 1;
        if resumed {
            set_metadata(&mut self.tx, DISPATCH_RESUMED, &micros(now).to_string()).await?;
            self.events.command = true;
        }
        Ok(resumed)
    }
}

#[async_trait]
impl SystemOutbox for SqlTransaction {
    async fn lease(&mut self, claim: Claim<'_>) -> Result<Option<Leased>> {
        lease(&mut self.tx, claim).await
    }

    async fn finish(&mut self, leased: &Leased, ended: Ended<'_>) -> Result<bool> {
        finish(&mut self.tx, leased, ended).await
    }

    async fn name_executor(&mut self, leased: &Leased, executor: &str) -> Result<()> {
        let query = sqlx::query("UPDATE commands SET executor = $2 WHERE id = $1 AND executor IS NULL");
        query.bind(Uuid::from(leased.id)).bind(executor).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn hand_over(
        &mut self,
        leased: &Leased,
        report_by: Option<Timestamp>,
        due_at: Option<Timestamp>,
        detail: &str,
    ) -> Result<bool> {
        let query = sqlx::query(
            "UPDATE commands SET state = 'handed', ready_at = $3, leased_until = 0, due_at = $4, detail = $5
             WHERE id = $1 AND generation = $2 AND state = 'open'",
        );
        let done = query
            .bind(Uuid::from(leased.id))
            .bind(leased.generation)
            .bind(report_by.map_or(i64::MAX, micros))
            .bind(due_at.map(micros))
            .bind(detail)
            .execute(&mut *self.tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn overdue(&mut self, now: Timestamp) -> Result<Option<Leased>> {
        let mut sql = QueryBuilder::<Db>::new(handed_columns!());
        sql.push(" WHERE state = 'handed' AND ready_at <= ").push_bind(micros(now));
        sql.push(concat!(" ORDER BY ready_at LIMIT 1", claim_clause!()));
        let row = sql.build().fetch_optional(&mut *self.tx).await?;
        row.as_ref().map(rows::leased).transpose()
    }

    async fn retry(&mut self, leased: &Leased, ready_at: Timestamp, error: &str) -> Result<bool> {
        let given_back = retry(&mut self.tx, leased, ready_at, error).await?;
        // Whoever waits for commands waits until another time now.
        self.events.command |= given_back;
        Ok(given_back)
    }
}

/// Commands in one statement.
const ROWS: usize = 500;

pub(super) async fn enqueue(db: &mut Connection, commands: &[NewCommand]) -> Result<()> {
    for commands in commands.chunks(ROWS) {
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO commands (id, action_id, target, state, created_at, ready_at, executor) ",
        );
        sql.push_values(commands, |mut row, command| {
            row.push_bind(Uuid::from(command.id)).push_bind(Uuid::from(command.action));
            row.push_bind(i64::from(command.target))
                .push("'open'")
                .push_bind(micros(command.at))
                .push_bind(micros(command.at))
                .push_bind(command.executor.clone());
        });
        sql.build().execute(&mut *db).await?;
    }
    Ok(())
}

pub(super) async fn of_action(db: &mut Connection, action: ActionId) -> Result<Option<Leased>> {
    let query = sqlx::query(
        "SELECT id, action_id, target, generation, created_at, possibly_sent, not_sent, executor FROM commands
         WHERE action_id = $1 ORDER BY created_at DESC LIMIT 1",
    );
    let row = query.bind(Uuid::from(action)).fetch_optional(db).await?;
    row.as_ref().map(rows::leased).transpose()
}

/// An attempt counts as possibly sent from here on, until the worker says that it provably was not: a worker that is
/// killed between sending and reporting must not look like one that never sent.
pub(super) async fn lease(db: &mut Connection, claim: Claim<'_>) -> Result<Option<Leased>> {
    let (now, abandoned) = (micros(claim.now), micros(claim.abandoned));
    let mut sql = QueryBuilder::<Db>::new(
        "UPDATE commands SET generation = generation + 1, possibly_sent = possibly_sent + 1, leased_until = ",
    );
    sql.push_bind(micros(claim.until));
    sql.push(" WHERE id = (SELECT id FROM commands WHERE state = 'open' AND ready_at <= ").push_bind(now);
    sql.push(" AND leased_until <= ").push_bind(now);
    sql.push(" AND NOT EXISTS (SELECT 1 FROM markers WHERE name = 'dispatch_paused' AND value <> '')");
    sql.push(" AND (executor IS NULL");
    if !claim.executors.is_empty() {
        sql.push(" OR executor IN (");
        let mut names = sql.separated(", ");
        for name in claim.executors {
            names.push_bind(name);
        }
        sql.push(")");
    }
    sql.push(" OR (possibly_sent > 0 AND ready_at <= ").push_bind(abandoned);
    sql.push(" AND leased_until <= ").push_bind(abandoned).push("))");
    sql.push(concat!(
        " ORDER BY ready_at LIMIT 1",
        claim_clause!(),
        ") RETURNING id, action_id, target, generation, created_at, possibly_sent - 1 AS possibly_sent, not_sent, executor",
    ));
    let row = sql.build().fetch_optional(db).await?;
    row.as_ref().map(rows::leased).transpose()
}

pub(super) async fn finish(db: &mut Connection, leased: &Leased, ended: Ended<'_>) -> Result<bool> {
    let mut sql = QueryBuilder::<Db>::new("UPDATE commands SET state = 'done', leased_until = 0");
    targets::push_end(&mut sql, ended);
    sql.push(" WHERE id = ").push_bind(Uuid::from(leased.id));
    sql.push(" AND generation = ").push_bind(leased.generation).push(" AND state <> 'done'");
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

pub(super) async fn retry(
    db: &mut Connection,
    leased: &Leased,
    ready_at: Timestamp,
    error: &str,
) -> Result<bool> {
    let query = sqlx::query(
        "UPDATE commands SET ready_at = $3, leased_until = 0, possibly_sent = $4, not_sent = $5, last_error = $6
         WHERE id = $1 AND generation = $2 AND state = 'open'",
    );
    let done = query
        .bind(Uuid::from(leased.id))
        .bind(leased.generation)
        .bind(micros(ready_at))
        .bind(leased.possibly_sent)
        .bind(leased.not_sent)
        .bind(error)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
