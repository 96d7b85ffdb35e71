//! Exports: every row that a query matches, streamed from one read transaction on a connection of its own, so that a
//! long one never takes a reader from the lists.

use async_trait::async_trait;
use domain::{ActionQuery, RowScope};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::{ConnectOptions as _, Connection as _, Database, Pool, QueryBuilder, Row as _};

use super::SqlStore;
use super::list::push_order;
use super::rows;
use super::select::{AccessPath, Selection};
use super::{Db, corrupt};
use crate::ReadExport;
use crate::actions_fields::{Reading, stored};
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
    let path = selection.access_path(&mut tx).await?;
    let fields: Vec<_> = query.shown_columns().iter().map(|column| stored(column.field())).collect();
    let mut sql = QueryBuilder::<Db>::new("SELECT id");
    for field in &fields {
        sql.push(", ").push(field.shown);
    }
    match path {
        AccessPath::IndexOrder => selection.push_index_order(&mut sql, query.sort.key),
        AccessPath::FetchAndSort(by) => selection.push_fetch(&mut sql, by),
    }
    push_order(&mut sql, query.sort, false);
    {
        let mut rows = sql.build().fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            let cells = fields.iter().enumerate().map(|(at, field)| cell(&row, at + 1, field.reading));
            let cells = cells.collect::<Result<Vec<_>>>()?;
            into.row(row.try_get(0)?, &cells).map_err(StoreError::Export)?;
        }
    }
    tx.rollback().await?;
    Ok(db.close().await?)
}

fn cell(row: &<Db as Database>::Row, at: usize, reading: Reading) -> Result<Cell<'_>> {
    Ok(match reading {
        Reading::Time => Cell::Time(Timestamp::from_microsecond(row.try_get(at)?).map_err(corrupt)?),
        Reading::Text => {
            row.try_get::<Option<&str>, _>(at)?.map_or(Cell::Nothing, |text| Cell::Text(text.into()))
        }
        Reading::Capitals => Cell::Text(row.try_get::<&str, _>(at)?.to_uppercase().into()),
        Reading::Actor => match row.try_get::<Option<&str>, _>(at)? {
            Some(json) => Cell::Text(rows::name(json)?.into()),
            None => Cell::Nothing,
        },
    })
}
