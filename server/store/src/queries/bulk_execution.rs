//! Statements on what became of the items of a job that were decided.

use domain::bulk::Execution;
use domain::{ActionId, BulkId, BulkVerb, Status, UndoState};
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::rows;
use super::{Connection, Db, corrupt};
use crate::vocabulary::number;
use crate::{DecidedState, Result};

/// How many have come to what.
pub(super) async fn execution(db: &mut Connection, id: BulkId, verb: BulkVerb) -> Result<Execution> {
    let query = sqlx::query(
        "SELECT a.status, a.undo, COUNT(*) AS n FROM bulk_items i JOIN actions a ON a.id = i.action_id
         WHERE i.bulk_id = $1 AND i.state = 'decided' GROUP BY a.status, a.undo",
    );
    let mut execution = Execution::default();
    for row in query.bind(id.to_string()).fetch_all(db).await? {
        let count: i64 = row.try_get("n")?;
        let (status, undo) = (rows::numbered(&row, "status")?, rows::numbered(&row, "undo")?);
        *execution.of(verb, status, undo) += usize::try_from(count).map_err(corrupt)?;
    }
    Ok(execution)
}

/// The actions that have come to this, in the order of their items.
pub(super) async fn having_come_to(
    db: &mut Connection,
    (id, verb): (BulkId, BulkVerb),
    state: DecidedState,
    limit: u32,
) -> Result<Vec<ActionId>> {
    let statuses = |all: [Status; 2]| ("status", all.map(number));
    let (column, numbers) = match (verb, state) {
        (BulkVerb::Undo, DecidedState::Running) => ("undo", [number(UndoState::Requested); 2]),
        (BulkVerb::Undo, DecidedState::Failed) => ("undo", [number(UndoState::Failed); 2]),
        (_, DecidedState::Running) => statuses([Status::Queued, Status::InProgress]),
        (_, DecidedState::Failed) => statuses([Status::Failed, Status::TimedOut]),
    };
    let mut sql = QueryBuilder::<Db>::new(
        "SELECT i.action_id FROM bulk_items i JOIN actions a ON a.id = i.action_id WHERE i.bulk_id = ",
    );
    sql.push_bind(id.to_string()).push(" AND i.state = 'decided' AND a.").push(column).push(" IN (");
    let mut list = sql.separated(", ");
    for number in numbers {
        list.push_bind(number);
    }
    sql.push(") ORDER BY i.position LIMIT ").push_bind(i64::from(limit));
    ids(sql, db).await
}

pub(super) async fn ids(mut sql: QueryBuilder<Db>, db: &mut Connection) -> Result<Vec<ActionId>> {
    let ids = sql.build_query_scalar::<Uuid>().fetch_all(db).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}
