//! Exports: every row that a query matches, streamed from one read transaction on a connection of its own, so that a
//! long one never takes a reader from the lists.

use std::cell::OnceCell;
use std::io;

use async_trait::async_trait;
use domain::actions::wire::parameter_text;
use domain::{Action, ActionQuery, Actor, ActorKind, Entity, ParameterName, Parameters, RowScope};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::{ConnectOptions as _, Connection as _, Database, Pool, QueryBuilder, Row as _};
use uuid::Uuid;

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

    async fn export_actions(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        into: &mut (dyn FnMut(Action) -> io::Result<()> + Send),
    ) -> Result<()> {
        let mut take = |row: &rows::Row| into(rows::action(row)?).map_err(StoreError::Export);
        each_row(&self.reader, scope, query, now, (rows::action_columns!(), &mut take)).await
    }
}

pub(super) async fn export(
    pool: &Pool<Db>,
    scope: &RowScope,
    query: &ActionQuery,
    now: Timestamp,
    into: &mut dyn Rows,
) -> Result<()> {
    let fields: Vec<_> = query.shown_columns().iter().map(|column| stored(column.field())).collect();
    let columns: Vec<_> = std::iter::once("id").chain(fields.iter().map(|field| field.shown)).collect();
    let mut take = |row: &rows::Row| {
        let known = OnceCell::new();
        let cells = fields.iter().enumerate().map(|(at, field)| cell(row, at + 1, field.reading, &known));
        let cells = cells.collect::<Result<Vec<_>>>()?;
        let id = row.try_get::<Uuid, _>(0)?.hyphenated();
        into.row(id.encode_lower(&mut Uuid::encode_buffer()), &cells).map_err(StoreError::Export)
    };
    each_row(pool, scope, query, now, (&columns.join(", "), &mut take)).await
}

/// Takes each row of a list.
type Take<'a> = &'a mut (dyn FnMut(&rows::Row) -> Result<()> + Send);

/// Gives each row of a list to whoever takes it, with these columns, in the list's order and as of one moment.
async fn each_row(
    pool: &Pool<Db>,
    scope: &RowScope,
    query: &ActionQuery,
    now: Timestamp,
    (columns, take): (&str, Take<'_>),
) -> Result<()> {
    let mut db = pool.connect_options().connect().await?;
    let mut tx = super::super::begin_read(&mut db).await?;
    let selection = Selection::of(&mut tx, scope, query, now).await?;
    let path = selection.access_path(&mut tx, query.sort.key).await?;
    let mut sql = QueryBuilder::<Db>::new("SELECT ");
    sql.push(columns);
    match path {
        AccessPath::IndexOrder => selection.push_index_order(&mut sql, query.sort.key),
        AccessPath::OrderAmongMatches => selection.push_order_among_matches(&mut sql, query.sort.key),
        AccessPath::FetchAndSort(by) => selection.push_fetch(&mut sql, by),
    }
    push_order(&mut sql, query.sort, false);
    {
        let mut rows = sql.build().fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            take(&row)?;
        }
    }
    tx.rollback().await?;
    Ok(db.close().await?)
}

/// The cell of a column; several are read from the entity, which is decoded once for a row.
fn cell<'r>(
    row: &'r <Db as Database>::Row,
    at: usize,
    reading: Reading,
    known: &OnceCell<Entity>,
) -> Result<Cell<'r>> {
    let entity = || match known.get() {
        Some(entity) => Ok(entity),
        None => entity(row, at).map(|entity| known.get_or_init(|| entity)),
    };
    Ok(match reading {
        Reading::Time => Cell::Time(Timestamp::from_microsecond(row.try_get(at)?).map_err(corrupt)?),
        Reading::Text => {
            row.try_get::<Option<&str>, _>(at)?.map_or(Cell::Nothing, |text| Cell::Text(text.into()))
        }
        Reading::Capitals => Cell::Text(row.try_get::<&str, _>(at)?.to_uppercase().into()),
        Reading::Id => {
            let id = row.try_get::<Option<Uuid>, _>(at)?.and_then(rows::unless_nil);
            id.map_or(Cell::Nothing, |id| Cell::Text(id.to_string().into()))
        }
        Reading::Number => Cell::Text(row.try_get::<i64, _>(at)?.to_string().into()),
        Reading::MaybeTime => match row.try_get::<Option<i64>, _>(at)? {
            Some(micros) => Cell::Time(Timestamp::from_microsecond(micros).map_err(corrupt)?),
            None => Cell::Nothing,
        },
        Reading::Hex => Cell::Text(hex::encode(row.try_get::<&[u8], _>(at)?).into()),
        Reading::Actor => match row.try_get::<Option<&str>, _>(at)? {
            Some(actor) => Cell::Text(rows::actor(actor)?.label().into()),
            None => Cell::Nothing,
        },
        // No column shows them.
        Reading::Actors => Cell::Nothing,
        Reading::Token => {
            let actor = actor(row, at)?.filter(|actor| actor.kind == ActorKind::Token);
            text(actor.map(|actor| format!("{} ({})", actor.name, actor.id)).as_deref())
        }
        Reading::Person => {
            let person = |actor: Actor| match (actor.person, actor.kind) {
                (Some(person), _) => Some(format!("{} ({})", person.name, person.id)),
                (None, ActorKind::User) => Some(format!("{} ({})", actor.name, actor.id)),
                (None, _) => None,
            };
            text(actor(row, at)?.and_then(person).as_deref())
        }
        Reading::EntityHash => text(entity()?.hash()),
        Reading::EntityMessage => text(entity()?.message_id()),
        Reading::EntityDetails => text(Some(&entity()?.details())),
        Reading::Parameters => {
            let parameters: Parameters = serde_json::from_str(row.try_get(at)?).map_err(corrupt)?;
            let pair =
                |(name, value): (&ParameterName, &String)| format!("{name}={}", parameter_text(*name, value));
            let pairs: Vec<_> = parameters.iter().map(pair).collect();
            if pairs.is_empty() { Cell::Nothing } else { Cell::Text(pairs.join("; ").into()) }
        }
        Reading::Word(vocabulary) => {
            let number = row.try_get(at)?;
            let word = (vocabulary.word)(number);
            Cell::Text(word.ok_or_else(|| corrupt(format!("no word has the number {number}")))?.into())
        }
    })
}

fn actor(row: &<Db as Database>::Row, at: usize) -> Result<Option<Actor>> {
    row.try_get::<Option<&str>, _>(at)?.map(rows::actor).transpose()
}

fn entity(row: &<Db as Database>::Row, at: usize) -> Result<Entity> {
    serde_json::from_str(row.try_get(at)?).map_err(corrupt)
}

fn text(text: Option<&str>) -> Cell<'static> {
    text.map_or(Cell::Nothing, |text| Cell::Text(text.to_owned().into()))
}
