//! Keys of investigations, incidents and pieces that were stored before there were any: made once, when the store opens.

use domain::incidents::IncidentReport;
use domain::investigations::report::InvestigationReport;
use sqlx::{Pool, QueryBuilder, Row as _};

use super::super::begin;
use super::investigations::{KEYS, keys};
use super::metadata::set_metadata;
use super::rows;
use super::{Connection, Db, corrupt, incidents};
use crate::Result;
use crate::case_fields::{PIECE_KEYS, PieceKeys, optional_key, piece_keys, search_text};
use crate::keys::key;
use crate::vocabulary;

/// The metadata that says how the keys were made.
const CASE_KEYS: &str = "case_keys";
/// How they are made now: to be raised with each change of that.
const VERSION: &str = "3";
/// Rows in one transaction.
const BATCH: i64 = 500;

/// Gives keys to the rows of before.
pub(super) async fn run(writer: &Pool<Db>) -> Result<()> {
    let known = sqlx::query_scalar::<_, String>("SELECT value FROM markers WHERE name = $1");
    let known = known.bind(CASE_KEYS).fetch_optional(writer).await?;
    if known.as_deref() == Some(VERSION) {
        return Ok(());
    }
    let mut after = Some(String::new());
    while let Some(id) = after {
        let mut tx = begin(writer).await?;
        after = key_investigations(&mut tx, &id).await?;
        tx.commit().await?;
    }
    let mut after = Some(String::new());
    while let Some(id) = after {
        let mut tx = begin(writer).await?;
        after = key_incidents(&mut tx, &id).await?;
        tx.commit().await?;
    }
    let mut after = Some((String::new(), -1, String::new()));
    while let Some(place) = after {
        let mut tx = begin(writer).await?;
        after = key_pieces(&mut tx, &place).await?;
        tx.commit().await?;
    }
    let mut tx = begin(writer).await?;
    set_metadata(&mut tx, CASE_KEYS, VERSION).await?;
    Ok(tx.commit().await?)
}

async fn key_investigations(db: &mut Connection, after: &str) -> Result<Option<String>> {
    let query = sqlx::query("SELECT id, body FROM investigations WHERE id > $1 ORDER BY id LIMIT $2");
    let rows = query.bind(after).bind(BATCH).fetch_all(&mut *db).await?;
    let mut last = None;
    for row in &rows {
        let report: InvestigationReport = rows::json(row, "body")?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE investigations SET ");
        for (at, (column, key)) in KEYS.iter().zip(keys(&report)).enumerate() {
            sql.push(if at == 0 { "" } else { ", " }).push(*column).push(" = ").push_bind(key);
        }
        let id: String = row.try_get("id")?;
        sql.push(" WHERE id = ").push_bind(id.clone());
        sql.build().execute(&mut *db).await?;
        last = Some(id);
    }
    Ok(last)
}

async fn key_incidents(db: &mut Connection, after: &str) -> Result<Option<String>> {
    let query = sqlx::query(
        "SELECT id, body, classification, assigned_to FROM incidents WHERE id > $1 ORDER BY id LIMIT $2",
    );
    let rows = query.bind(after).bind(BATCH).fetch_all(&mut *db).await?;
    let mut last = None;
    for row in &rows {
        let report: IncidentReport = rows::json(row, "body")?;
        let title = incidents::shown_title(&report);
        let assigned: Option<String> = row.try_get("assigned_to")?;
        let class: Option<i16> = row.try_get("classification")?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE incidents SET title_key = ");
        sql.push_bind(key(&title)).push(", search_text = ");
        sql.push_bind(search_text([report.id.as_str(), &title]));
        sql.push(", assigned_key = ").push_bind(optional_key(assigned.as_ref()));
        sql.push(", class_rank = ").push_bind(class.map_or(0, |class| class + 1));
        let id: String = row.try_get("id")?;
        sql.push(" WHERE id = ").push_bind(id.clone());
        sql.build().execute(&mut *db).await?;
        last = Some(id);
    }
    Ok(last)
}

/// The primary key of a piece.
pub(super) type PiecePlace = (String, i16, String);

/// Makes the keys of a piece from its body.
pub(super) async fn key_piece(db: &mut Connection, (id, kind, name): &PiecePlace, body: &str) -> Result<()> {
    let of = vocabulary::word(*kind).ok_or_else(|| corrupt(format!("no piece has the kind {kind}")))?;
    let PieceKeys { keys, search, own_search, device_names } = piece_keys(of, body).map_err(corrupt)?;
    let mut sql = QueryBuilder::<Db>::new("UPDATE investigation_pieces SET search_text = ");
    sql.push_bind(search).push(", own_search = ").push_bind(own_search);
    sql.push(", device_names = ").push_bind(device_names);
    for (column, key) in PIECE_KEYS.iter().zip(keys) {
        sql.push(", ").push(*column).push(" = ").push_bind(key);
    }
    sql.push(" WHERE investigation_id = ").push_bind(id.clone());
    sql.push(" AND kind = ").push_bind(*kind).push(" AND name = ").push_bind(name.clone());
    sql.build().execute(db).await?;
    Ok(())
}

async fn key_pieces(db: &mut Connection, (id, kind, name): &PiecePlace) -> Result<Option<PiecePlace>> {
    let query = sqlx::query(
        "SELECT investigation_id, kind, name, body FROM investigation_pieces \
         WHERE (investigation_id, kind, name) > ($1, $2, $3) ORDER BY investigation_id, kind, name LIMIT $4",
    );
    let rows = query.bind(id).bind(*kind).bind(name).bind(BATCH).fetch_all(&mut *db).await?;
    let mut last = None;
    for row in &rows {
        let place: PiecePlace =
            (row.try_get("investigation_id")?, row.try_get("kind")?, row.try_get("name")?);
        key_piece(db, &place, row.try_get("body")?).await?;
        last = Some(place);
    }
    Ok(last)
}
