//! Keys of people and tokens that were stored before there were any: made once, when the store opens.

use sqlx::{Pool, Row as _};

use super::super::begin;
use super::metadata::set_metadata;
use super::{Connection, Db};
use crate::Result;
use crate::admin_lists::{credential_keys, person_keys};

/// The metadata that says how the keys were made.
const ADMIN_KEYS: &str = "admin_keys";
/// How they are made now: to be raised with each change of that.
const VERSION: &str = "1";
/// Rows in one transaction.
const BATCH: i64 = 500;

/// Gives keys to the rows of before.
pub(super) async fn run(writer: &Pool<Db>) -> Result<()> {
    let known = sqlx::query_scalar::<_, String>("SELECT value FROM markers WHERE name = $1");
    let known = known.bind(ADMIN_KEYS).fetch_optional(writer).await?;
    if known.as_deref() == Some(VERSION) {
        return Ok(());
    }
    let mut after = Some(String::new());
    while let Some(id) = after {
        let mut tx = begin(writer).await?;
        after = key_people(&mut tx, &id).await?;
        tx.commit().await?;
    }
    let mut after = Some(String::new());
    while let Some(id) = after {
        let mut tx = begin(writer).await?;
        after = key_credentials(&mut tx, &id).await?;
        tx.commit().await?;
    }
    let mut tx = begin(writer).await?;
    set_metadata(&mut tx, ADMIN_KEYS, VERSION).await?;
    Ok(tx.commit().await?)
}

async fn key_people(db: &mut Connection, after: &str) -> Result<Option<String>> {
    let query = sqlx::query("SELECT id, name, display_name FROM users WHERE id > $1 ORDER BY id LIMIT $2");
    let rows = query.bind(after).bind(BATCH).fetch_all(&mut *db).await?;
    let mut last = None;
    for row in &rows {
        let id: String = row.try_get("id")?;
        let [name, shown, search] = person_keys(row.try_get("name")?, row.try_get("display_name")?);
        let update = "UPDATE users SET name_key = $1, shown_key = $2, search_text = $3 WHERE id = $4";
        sqlx::query(update).bind(name).bind(shown).bind(search).bind(&id).execute(&mut *db).await?;
        last = Some(id);
    }
    Ok(last)
}

async fn key_credentials(db: &mut Connection, after: &str) -> Result<Option<String>> {
    let query =
        sqlx::query("SELECT id, name FROM credentials WHERE kind = 'token' AND id > $1 ORDER BY id LIMIT $2");
    let rows = query.bind(after).bind(BATCH).fetch_all(&mut *db).await?;
    let mut last = None;
    for row in &rows {
        let id: String = row.try_get("id")?;
        let [name, search] = credential_keys(row.try_get("name")?, true);
        let update = "UPDATE credentials SET name_key = $1, search_text = $2 WHERE id = $3";
        sqlx::query(update).bind(name).bind(search).bind(&id).execute(&mut *db).await?;
        last = Some(id);
    }
    Ok(last)
}
