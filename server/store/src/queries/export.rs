//! Exports: every row that a query matches, streamed from one read transaction on a connection of its own, so that a
//! long one never takes a reader from the lists.

use super::SqlStore;
use crate::ReadExport;
use async_trait::async_trait;
use domain::actions::query::Column;
use domain::{ActionQuery, RowScope};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::{ConnectOptions as _, Connection as _, Database, Pool, QueryBuilder, Row as _};

use super::list::push_order;
use super::rows;
use super::select::{Selection, Way};
use super::{Db, corrupt};
use crate::{Cell, Result, Rows, StoreError};

#[async_trait]
impl ReadExport for SqlStore {
    async fn export(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        into: &mut dyn Rows,
    ) -> Result<()> {
        export(&self.reader, scope, query, now, into).await
    }
}

/// The column of the database that holds it, and how it is read.
const fn source(column: Column) -> (&'static str, Kind) {
    match column {
        Column::Updated => ("updated_at", Kind::Time),
        Column::Investigation => ("investigation_id", Kind::Text),
        Column::Approval => ("approval_id", Kind::Text),
        Column::ActionType => ("type", Kind::Text),
        Column::EntityKind => ("entity_kind", Kind::Text),
        Column::Entity => ("entity_title", Kind::Text),
        Column::Asset => ("asset_name", Kind::Text),
        Column::Decision => ("decision", Kind::Text),
        Column::DecidedBy => ("decided_by", Kind::Actor),
        Column::Source => ("source", Kind::Text),
        Column::Status => ("status", Kind::Text),
        Column::Severity => ("severity", Kind::Text),
        Column::ProposedBy => ("proposed_by", Kind::Actor),
        Column::Proposed => ("proposed_at", Kind::Time),
        Column::Expires => ("expires_at", Kind::Time),
        Column::Incident => ("incident_id", Kind::Text),
        Column::DeviceGroup => ("device_group", Kind::Text),
        Column::Comment => ("comment", Kind::Text),
        Column::Undo => ("undo", Kind::Text),
        Column::Technique => ("technique_key", Kind::Technique),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Time,
    Actor,
    /// Its ids are written in capitals, where keys have none.
    Technique,
}

pub(super) async fn export(
    pool: &Pool<Db>,
    scope: &RowScope,
    query: &ActionQuery,
    now: Timestamp,
    into: &mut dyn Rows,
) -> Result<()> {
    let mut db = pool.connect_options().connect().await?;
    let mut tx = super::super::begin_read(&mut db).await?;
    let selection = Selection::of(&mut tx, scope, query, now).await?;
    let way = selection.way(&mut tx).await?;
    let kinds: Vec<_> = query.shown_columns().iter().map(|column| source(*column).1).collect();
    let mut sql = QueryBuilder::<Db>::new("SELECT id");
    for column in query.shown_columns() {
        sql.push(", ").push(source(*column).0);
    }
    match way {
        Way::Walk => selection.push_walked(&mut sql, query.sort.key),
        Way::Fetch(by) => selection.push_fetched(&mut sql, by),
    }
    push_order(&mut sql, query.sort, false);
    {
        let mut rows = sql.build().fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            let cells = kinds.iter().enumerate().map(|(at, kind)| cell(&row, at + 1, *kind));
            let cells = cells.collect::<Result<Vec<_>>>()?;
            into.row(row.try_get(0)?, &cells).map_err(StoreError::Export)?;
        }
    }
    tx.rollback().await?;
    Ok(db.close().await?)
}

fn cell(row: &<Db as Database>::Row, at: usize, kind: Kind) -> Result<Cell<'_>> {
    Ok(match kind {
        Kind::Time => Cell::Time(Timestamp::from_microsecond(row.try_get(at)?).map_err(corrupt)?),
        Kind::Text => {
            row.try_get::<Option<&str>, _>(at)?.map_or(Cell::Nothing, |text| Cell::Text(text.into()))
        }
        Kind::Technique => Cell::Text(row.try_get::<&str, _>(at)?.to_uppercase().into()),
        Kind::Actor => match row.try_get::<Option<&str>, _>(at)? {
            Some(json) => Cell::Text(rows::name(json)?.into()),
            None => Cell::Nothing,
        },
    })
}
