//! Statements that check the audit log and the tables by it, on the layout of today and on that of before.

use async_trait::async_trait;
use domain::core::strict_json;
use sqlx::Row as _;
use uuid::Uuid;

use super::super::{begin_read, has_table};
use super::rows::{self, Row};
use super::{Connection, SqlStore, carry_over, corrupt};
use crate::error::Result;
use crate::verify::{Facts, Noted, Replay, Verified, Verify, VerifyError};

/// Rows in one statement.
const BATCH: i64 = 1_000;
/// The migration that made the tables of today.
const LAYOUT: i64 = 12;

#[async_trait]
impl Verify for SqlStore {
    async fn verify_log(&self, noted: &[Noted]) -> Result<Verified, VerifyError> {
        let mut connection = self.reader.acquire().await.map_err(crate::StoreError::from)?;
        let mut tx = begin_read(&mut connection).await?;
        verify_in(&mut tx, noted).await
    }
}

/// The same in a transaction that reads, all of it as of one moment.
pub(in super::super) async fn verify_in(
    db: &mut Connection,
    noted: &[Noted],
) -> Result<Verified, VerifyError> {
    let layout = Layout::of(db).await?;
    let mut replay = Replay::default();
    log(db, layout, &mut replay, noted).await?;
    let actions = actions(db, layout, &mut replay).await?;
    commands(db, layout, &replay).await?;
    replay.finish(actions)
}

/// Which layout the tables have.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    /// Ids and words as texts, and subjects perhaps not yet.
    Before,
    /// That of today.
    Current,
}

impl Layout {
    async fn of(db: &mut Connection) -> Result<Self, VerifyError> {
        if !has_table(db, "_sqlx_migrations").await? || !has_table(db, "audit").await? {
            return Err(VerifyError::Foreign);
        }
        if has_table(db, "actions_before").await? {
            return Err(VerifyError::Upgrading);
        }
        let last = sqlx::query_scalar::<_, i64>("SELECT MAX(version) FROM _sqlx_migrations");
        let last = last.fetch_one(db).await.map_err(crate::StoreError::from)?;
        Ok(if last < LAYOUT { Self::Before } else { Self::Current })
    }
}

/// All rows, whatever their numbers are.
async fn log(
    db: &mut Connection,
    layout: Layout,
    replay: &mut Replay,
    noted: &[Noted],
) -> Result<(), VerifyError> {
    let select = match layout {
        Layout::Current => {
            concat!("SELECT ", rows::record_columns!(), " FROM audit WHERE seq >= $1 ORDER BY seq LIMIT $2")
        }
        // The columns of subjects came later; a row that lacks them has none.
        Layout::Before => "SELECT * FROM audit WHERE seq >= $1 ORDER BY seq LIMIT $2",
    };
    let mut from = i64::MIN;
    loop {
        let query = sqlx::query(select).bind(from).bind(BATCH);
        let found = query.fetch_all(&mut *db).await.map_err(crate::StoreError::from)?;
        let Some(last) = found.last() else { break };
        from = last.try_get::<i64, _>("seq").map_err(crate::StoreError::from)?;
        for row in &found {
            check_form(row)?;
            let record = match layout {
                Layout::Current => rows::record(row)?,
                Layout::Before => carry_over::record(row)?,
            };
            replay.take(record, noted)?;
        }
        let Some(next) = from.checked_add(1) else { break };
        from = next;
    }
    let rows = sqlx::query_scalar("SELECT COUNT(*) FROM audit").fetch_one(db).await;
    replay.end(rows.map_err(crate::StoreError::from)?, noted)
}

/// Of a key that stands twice, the hash has one value, and another program may read the other.
fn check_form(row: &Row) -> Result<(), VerifyError> {
    let seq = row.try_get("seq").map_err(crate::StoreError::from)?;
    for column in ["actor", "body"] {
        let text: &str = row.try_get(column).map_err(crate::StoreError::from)?;
        strict_json::parse_stored(text).map_err(|why| VerifyError::Form { seq, why })?;
    }
    Ok(())
}

async fn actions(db: &mut Connection, layout: Layout, replay: &mut Replay) -> Result<usize, VerifyError> {
    let mut count = 0;
    let mut last: Option<Uuid> = None;
    loop {
        let found = match layout {
            Layout::Current => {
                let select = "SELECT id, version, digest, decision, status, undo FROM actions
                              WHERE id > $1 ORDER BY id LIMIT $2";
                let query = sqlx::query(select).bind(last.unwrap_or_default()).bind(BATCH);
                query.fetch_all(&mut *db).await
            }
            Layout::Before => {
                let select = "SELECT id, version, digest, decision, status, undo FROM actions
                              WHERE id > $1 ORDER BY id LIMIT $2";
                let last = last.map(|id| id.to_string()).unwrap_or_default();
                sqlx::query(select).bind(last).bind(BATCH).fetch_all(&mut *db).await
            }
        };
        let found = found.map_err(crate::StoreError::from)?;
        if found.is_empty() {
            return Ok(count);
        }
        for row in &found {
            let (id, facts) = facts(row, layout)?;
            replay.action(id.into(), &facts)?;
            last = Some(id);
        }
        count += found.len();
    }
}

fn facts(row: &Row, layout: Layout) -> Result<(Uuid, Facts)> {
    let version = row.try_get("version")?;
    Ok(match layout {
        Layout::Current => (
            row.try_get("id")?,
            Facts {
                version,
                digest: hex::encode(row.try_get::<&[u8], _>("digest")?),
                decision: rows::numbered(row, "decision")?,
                status: rows::numbered(row, "status")?,
                undo: rows::numbered(row, "undo")?,
            },
        ),
        Layout::Before => (
            row.try_get::<&str, _>("id")?.parse().map_err(corrupt)?,
            Facts {
                version,
                digest: row.try_get("digest")?,
                decision: rows::word(row, "decision")?,
                status: rows::word(row, "status")?,
                undo: rows::word(row, "undo")?,
            },
        ),
    })
}

async fn commands(db: &mut Connection, layout: Layout, replay: &Replay) -> Result<(), VerifyError> {
    let found = sqlx::query("SELECT id, action_id FROM commands").fetch_all(db).await;
    for row in found.map_err(crate::StoreError::from)? {
        let id = |column| -> Result<Uuid> {
            match layout {
                Layout::Current => Ok(row.try_get(column)?),
                Layout::Before => row.try_get::<&str, _>(column)?.parse().map_err(corrupt),
            }
        };
        replay.command(id("id")?, id("action_id")?.into())?;
    }
    Ok(())
}
