//! Rows of the tables of before, which had ids, digests and words as texts, on their way to those of today.
//!
//! Batch by batch rows are added there and taken away here, in the order of their ids and without the indexes, so that
//! whoever is interrupted goes on, and the file of a database hardly grows. What names rows that may come later (an undo
//! and what it undoes) follows at the end, as commands and items of bulk decisions do.

use std::str::FromStr;

use domain::{Action, Actor, Asset, Parameters, Subject, SubjectKind};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::{Pool, Row as _};
use uuid::Uuid;

use super::super::{begin, check_links, has_table, prepare_load};
use super::actions::{Row, insert_rows};
use super::rows::{self, optional_time, time, word};
use super::transaction::last_number;
use super::{Connection, Db, corrupt, indexes, pending_records};
use crate::Result;
use crate::audit::Record;
use crate::commit_events::Announcement;

/// Rows in one transaction.
const BATCH: i64 = 2_000;
/// Rows between two lines of the log.
const LOG_EVERY: i64 = 50 * BATCH;

/// Carries over what lies in the tables of before, if there are any; whether there were.
pub(super) async fn run(writer: &Pool<Db>) -> Result<bool> {
    let mut tx = begin(writer).await?;
    if !is_there(&mut tx).await? {
        return Ok(false);
    }
    let rows = count(&mut tx, "SELECT COUNT(*) FROM actions_before").await?;
    let records = count(&mut tx, "SELECT COUNT(*) FROM audit_before").await?;
    tx.commit().await?;
    check_links(writer, false).await?;
    if rows > BATCH {
        tracing::info!(
            rows,
            records,
            "rows of another version are carried over, before anything else is done"
        );
        prepare_load(writer, true).await?;
        indexes::suspend(writer).await?;
    }
    steps(writer, rows, "actions", async |db| actions(db).await).await?;
    steps(writer, records, "records", async |db| records_of_before(db).await).await?;
    let mut tx = begin(writer).await?;
    finish(&mut tx).await?;
    tx.commit().await?;
    check_links(writer, true).await?;
    if rows > BATCH {
        prepare_load(writer, false).await?;
    }
    Ok(true)
}

async fn is_there(db: &mut Connection) -> Result<bool> {
    has_table(db, "actions_before").await
}

async fn count(db: &mut Connection, sql: &'static str) -> Result<i64> {
    Ok(sqlx::query_scalar(sql).fetch_one(db).await?)
}

/// One transaction after the other, until a step finds no more.
async fn steps(
    writer: &Pool<Db>,
    all: i64,
    what: &str,
    step: impl AsyncFn(&mut Connection) -> Result<i64>,
) -> Result<()> {
    let mut done = 0;
    loop {
        let mut tx = begin(writer).await?;
        // Another instance may have come to the end.
        let rows = if is_there(&mut tx).await? { step(&mut tx).await? } else { 0 };
        tx.commit().await?;
        if rows == 0 {
            return Ok(());
        }
        if (done + rows) / LOG_EVERY > done / LOG_EVERY {
            tracing::info!("{} of {all} {what} are carried over", done + rows);
        }
        done += rows;
    }
}

/// An action of before, with what stands in its row alone.
struct Before {
    action: Action,
    principal: String,
    is_twin: bool,
    proposer: Option<Uuid>,
    decider: Option<Uuid>,
}

impl Before {
    fn row(&self, number: i64) -> Result<Row<'_>> {
        let Self { action, principal, is_twin, proposer, decider } = self;
        let mut row = Row::of(number, action, principal, *proposer, *decider)?;
        row.is_twin = *is_twin;
        Ok(row)
    }
}

/// The next actions; how many.
async fn actions(db: &mut Connection) -> Result<i64> {
    let last = sqlx::query_scalar::<_, Uuid>("SELECT id FROM actions ORDER BY number DESC LIMIT 1");
    let last = last.fetch_optional(&mut *db).await?.map(|id| id.to_string()).unwrap_or_default();
    let select = "SELECT id, version, digest, external_id, type, entity, asset_kind, asset_name, asset_criticality,
                      device_group, parameters, comment, severity, source, verdict, evidence, alert, campaign,
                      investigation_id, incident_id, proposed_by, proposed_by_id, is_twin, proposed_by_person, proposed_at, expires_at,
                      updated_at, decision, status, status_detail, undo, decided_by, decided_by_person, decided_at,
                      reason, approval_id, executor
                  FROM actions_before WHERE id > $1 ORDER BY id LIMIT $2";
    let found = sqlx::query(select).bind(&last).bind(BATCH).fetch_all(&mut *db).await?;
    let read = |row| {
        Ok(Before {
            action: action(row)?,
            principal: row.try_get("proposed_by_id")?,
            is_twin: row.try_get::<i64, _>("is_twin")? != 0,
            proposer: id(row, "proposed_by_person")?,
            decider: id(row, "decided_by_person")?,
        })
    };
    let read: Vec<_> = found.iter().map(read).collect::<Result<_>>()?;
    let Some(end) = read.last() else { return Ok(0) };
    let first = last_number(&mut *db).await? + 1;
    let numbered = (first..).zip(&read);
    let rows = numbered.map(|(number, before)| before.row(number));
    insert_rows(&mut *db, rows.collect::<Result<_>>()?).await?;
    // Their links are still to be read.
    let delete =
        "DELETE FROM actions_before WHERE id > $1 AND id <= $2 AND undo_of IS NULL AND undone_by IS NULL";
    sqlx::query(delete).bind(&last).bind(end.action.id.to_string()).execute(db).await?;
    i64::try_from(read.len()).map_err(corrupt)
}

/// The next records of the audit log; how many.
async fn records_of_before(db: &mut Connection) -> Result<i64> {
    let last = count(&mut *db, "SELECT COALESCE(MAX(seq), 0) FROM audit").await?;
    let select = "SELECT v, seq, at, kind, actor, action_id, subject_kind, subject_id, body, prev, hash
                  FROM audit_before WHERE seq > $1 ORDER BY seq LIMIT $2";
    let found = sqlx::query(select).bind(last).bind(BATCH).fetch_all(&mut *db).await?;
    let records: Vec<_> = found.iter().map(record).collect::<Result<_>>()?;
    let Some(end) = records.last() else { return Ok(0) };
    pending_records::insert(&mut *db, &records, Announcement::default()).await?;
    sqlx::query("DELETE FROM audit_before WHERE seq <= $1").bind(end.seq).execute(db).await?;
    i64::try_from(records.len()).map_err(corrupt)
}

/// Links, commands and items, now that all actions are there; then nothing is left of before.
async fn finish(db: &mut Connection) -> Result<()> {
    if !is_there(db).await? {
        return Ok(());
    }
    for statement in [
        concat!(
            "UPDATE actions SET undo_of = ",
            id_of_text!("b.undo_of"),
            ", undone_by = ",
            id_of_text!("b.undone_by"),
            " FROM actions_before b WHERE actions.id = ",
            id_of_text!("b.id")
        ),
        concat!(
            "INSERT INTO commands (id, action_id, state, created_at, ready_at, generation, leased_until,
                 possibly_sent, not_sent, last_error)
             SELECT ",
            id_of_text!("id"),
            ", ",
            id_of_text!("action_id"),
            ", state, created_at, ready_at, generation,
                 leased_until, possibly_sent, not_sent, last_error FROM commands_before"
        ),
        concat!(
            "INSERT INTO bulk_items (bulk_id, position, action_id, version, digest, state, detail)
             SELECT bulk_id, position, ",
            id_of_text!("action_id"),
            ", version, digest, state, detail
             FROM bulk_items_before"
        ),
        "DROP TABLE bulk_items_before",
        "DROP TABLE commands_before",
        "DROP TABLE audit_before",
        "DROP TABLE actions_before",
    ] {
        sqlx::query(statement).execute(&mut *db).await?;
    }
    Ok(())
}

fn action(row: &rows::Row) -> Result<Action> {
    Ok(Action {
        id: word(row, "id")?,
        version: row.try_get("version")?,
        digest: row.try_get("digest")?,
        external_id: row.try_get("external_id")?,
        action_type: word(row, "type")?,
        entity: json(row, "entity")?,
        asset: Asset {
            kind: word(row, "asset_kind")?,
            name: row.try_get("asset_name")?,
            criticality: optional_word(row, "asset_criticality")?,
            device_group: row.try_get("device_group")?,
        },
        targets: Vec::new(),
        target_count: None,
        parameters: json::<Parameters>(row, "parameters")?,
        comment: row.try_get("comment")?,
        severity: word(row, "severity")?,
        source: word(row, "source")?,
        verdict: optional_word(row, "verdict")?,
        evidence: json(row, "evidence")?,
        alert: optional_json(row, "alert")?,
        campaign: row.try_get("campaign")?,
        investigation_id: row.try_get("investigation_id")?,
        incident_id: row.try_get("incident_id")?,
        proposed_by: json(row, "proposed_by")?,
        proposed_at: time(row, "proposed_at")?,
        expires_at: time(row, "expires_at")?,
        updated_at: time(row, "updated_at")?,
        decision: word(row, "decision")?,
        status: word(row, "status")?,
        status_detail: row.try_get("status_detail")?,
        undo: word(row, "undo")?,
        decided_by: optional_json::<Actor>(row, "decided_by")?,
        decided_at: optional_time(row, "decided_at")?,
        reason: row.try_get("reason")?,
        break_glass: false,
        approval_id: optional_word(row, "approval_id")?,
        undo_of: None,
        undone_by: None,
        executor: row.try_get("executor")?,
    })
}

/// A record of the table of before; of the first versions, without a column for what else than an action it is about.
pub(super) fn record(row: &rows::Row) -> Result<Record> {
    let has_subjects = row.try_column("subject_kind").is_ok();
    let optional = |column| if has_subjects { row.try_get::<Option<String>, _>(column) } else { Ok(None) };
    // A record of version 1 has an action or nothing.
    let kind = optional("subject_kind")?.map(|kind| kind.parse().map_err(corrupt)).transpose()?;
    let kind = kind.unwrap_or(SubjectKind::Action);
    let subject = optional("subject_id")?.or(row.try_get("action_id")?);
    Ok(Record {
        v: u32::try_from(row.try_get::<i64, _>("v")?).map_err(corrupt)?,
        seq: row.try_get("seq")?,
        at: Timestamp::from_microsecond(row.try_get("at")?).map_err(corrupt)?,
        kind: word(row, "kind")?,
        actor: json(row, "actor")?,
        subject: subject.map(|id| Subject { kind, id }),
        body: json(row, "body")?,
        prev: row.try_get("prev")?,
        hash: row.try_get("hash")?,
    })
}

fn id(row: &rows::Row, column: &str) -> Result<Option<Uuid>> {
    Ok(row.try_get::<Option<&str>, _>(column)?.and_then(|text| text.parse().ok()))
}

fn optional_word<T: FromStr<Err: std::fmt::Display>>(row: &rows::Row, column: &str) -> Result<Option<T>> {
    row.try_get::<Option<&str>, _>(column)?.map(|text| text.parse().map_err(corrupt)).transpose()
}

fn json<T: DeserializeOwned>(row: &rows::Row, column: &str) -> Result<T> {
    rows::json(row, column)
}

fn optional_json<T: DeserializeOwned>(row: &rows::Row, column: &str) -> Result<Option<T>> {
    let text = row.try_get::<Option<&str>, _>(column)?;
    text.map(|text| serde_json::from_str(text).map_err(corrupt)).transpose()
}

#[cfg(test)]
pub(in super::super) mod before {
    //! Databases as the program before left them.

    use domain::{ActorKind, Criticality, Lane, Verdict};
    use sqlx::migrate::{Migrate, Migrator};
    use sqlx::{Connection as _, QueryBuilder};

    use super::super::{json, micros};
    use super::*;

    /// Puts actions and records where they were before, and a command for what is being carried out.
    pub(in super::super::super) async fn write(
        url: &str,
        migrations: &Migrator,
        (actions, records): &(Vec<Action>, Vec<Record>),
    ) where
        Connection: Migrate,
    {
        let mut db = Connection::connect(url).await.unwrap();
        migrations.run(&mut db).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        for action in actions {
            write_action(&mut tx, action).await;
        }
        for action in actions.iter().filter(|action| action.undo_of.is_some() || action.undone_by.is_some()) {
            let link = sqlx::query("UPDATE actions SET undo_of = $1, undone_by = $2 WHERE id = $3");
            let link = link.bind(action.undo_of.map(|id| id.to_string()));
            let link = link.bind(action.undone_by.map(|id| id.to_string()));
            link.bind(action.id.to_string()).execute(&mut *tx).await.unwrap();
        }
        for record in records {
            write_record(&mut tx, record).await;
        }
        tx.commit().await.unwrap();
        db.close().await.unwrap();
    }

    async fn write_action(db: &mut Connection, action: &Action) {
        let lane = action.lifecycle().unwrap().state().lane();
        let user = |actor: Option<&Actor>| {
            actor.filter(|actor| actor.kind == ActorKind::User).map(|actor| actor.id.clone())
        };
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO actions (id, version, digest, external_id, type, entity_kind, entity_title, entity,
                 asset_kind, asset_name, asset_criticality, device_group, parameters, comment, severity, source,
                 verdict, evidence, alert, campaign, investigation_id, incident_id, proposed_by, proposed_by_id,
                 proposed_by_person, proposed_at, expires_at, updated_at, lane, urgency, decision, status,
                 status_detail, undo, decided_by, decided_by_person, decided_at, reason, approval_id, executor) ",
        );
        sql.push_values([action], |mut row, action| {
            row.push_bind(action.id.to_string()).push_bind(action.version).push_bind(action.digest.clone());
            row.push_bind(action.external_id.clone()).push_bind(action.action_type.as_str());
            row.push_bind(action.entity.kind().as_str()).push_bind(action.entity.title());
            row.push_bind(json(&action.entity).unwrap()).push_bind(action.asset.kind.as_str());
            row.push_bind(action.asset.name.clone());
            row.push_bind(action.asset.criticality.map(Criticality::as_str));
            row.push_bind(action.asset.device_group.clone()).push_bind(json(&action.parameters).unwrap());
            row.push_bind(action.comment.clone()).push_bind(action.severity.as_str());
            row.push_bind(action.source.as_str()).push_bind(action.verdict.map(Verdict::as_str));
            row.push_bind(json(&action.evidence).unwrap());
            row.push_bind(action.alert.as_ref().map(|alert| json(alert).unwrap()));
            row.push_bind(action.campaign.clone()).push_bind(action.investigation_id.clone());
            row.push_bind(action.incident_id.clone()).push_bind(json(&action.proposed_by).unwrap());
            row.push_bind(action.proposed_by.id.clone()).push_bind(user(Some(&action.proposed_by)));
            row.push_bind(micros(action.proposed_at)).push_bind(micros(action.expires_at));
            row.push_bind(micros(action.updated_at)).push_bind(lane.as_str()).push_bind("");
            row.push_bind(action.decision.as_str()).push_bind(action.status.as_str());
            row.push_bind(action.status_detail.clone()).push_bind(action.undo.as_str());
            row.push_bind(action.decided_by.as_ref().map(|actor| json(actor).unwrap()));
            row.push_bind(user(action.decided_by.as_ref())).push_bind(action.decided_at.map(micros));
            row.push_bind(action.reason.clone()).push_bind(action.approval_id.map(|id| id.to_string()));
            row.push_bind(action.executor.clone());
        });
        sql.build().execute(&mut *db).await.unwrap();
        if lane == Lane::InProgress {
            let command = "INSERT INTO commands (id, action_id, state, created_at, ready_at) VALUES ($1, $1, 'open', 1, 1)";
            sqlx::query(command).bind(action.id.to_string()).execute(db).await.unwrap();
        }
    }

    async fn write_record(db: &mut Connection, record: &Record) {
        let subject = record.subject.as_ref();
        let action = subject.filter(|subject| subject.kind == SubjectKind::Action);
        let query = sqlx::query(
            "INSERT INTO audit (seq, v, at, kind, actor, action_id, subject_kind, subject_id, body, prev, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        );
        let query = query.bind(record.seq).bind(i64::from(record.v)).bind(micros(record.at));
        let query = query.bind(record.kind.as_str()).bind(json(&record.actor).unwrap());
        let query = query.bind(action.map(|subject| &subject.id));
        let query = query.bind(subject.map(|subject| subject.kind.as_str()));
        let query = query.bind(subject.map(|subject| &subject.id)).bind(json(&record.body).unwrap());
        query.bind(&record.prev).bind(&record.hash).execute(db).await.unwrap();
    }

    /// Carries over one batch, as a program that is killed then.
    pub(in super::super::super) async fn begin_only(url: &str, migrations: &Migrator)
    where
        Connection: Migrate,
    {
        let mut db = Connection::connect(url).await.unwrap();
        migrations.run(&mut db).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert_eq!(actions(&mut tx).await.unwrap(), BATCH);
        assert_eq!(records_of_before(&mut tx).await.unwrap(), BATCH);
        tx.commit().await.unwrap();
        db.close().await.unwrap();
    }
}
