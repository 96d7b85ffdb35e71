//! Rows into domain values. Only column combinations that the domain can express are accepted.

use std::str::FromStr;

use domain::{
    Action, ActionId, Asset, Decision, Lifecycle, Parameters, ScopedRow, Status, Subject, SubjectKind,
    UndoState,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::{Database, Decode, Row as _, Type};

use super::{Db, corrupt};
use crate::audit::Record;
use crate::{Changed, Credential, CredentialKind, Followed, Leased, Result};

pub(super) type Row = <Db as Database>::Row;

/// The columns that [`action`] reads; `$prefix` is empty.
macro_rules! action_columns {
    () => {
        "id, version, digest, external_id, type, entity, asset_kind, asset_name, asset_criticality, device_group, \
         parameters, comment, severity, source, verdict, evidence, alert, campaign, investigation_id, incident_id, \
         proposed_by, proposed_at, expires_at, updated_at, decision, status, status_detail, undo, decided_by, \
         decided_at, reason, approval_id, undo_of, undone_by, executor"
    };
}
pub(super) use action_columns;

fn get<'r, T: Decode<'r, Db> + Type<Db>>(row: &'r Row, column: &str) -> Result<T> {
    Ok(row.try_get(column)?)
}

pub(super) fn word<T: FromStr<Err: std::fmt::Display>>(row: &Row, column: &str) -> Result<T> {
    get::<&str>(row, column)?.parse().map_err(corrupt)
}

fn optional_word<T: FromStr<Err: std::fmt::Display>>(row: &Row, column: &str) -> Result<Option<T>> {
    get::<Option<&str>>(row, column)?.map(|text| text.parse().map_err(corrupt)).transpose()
}

pub(super) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    serde_json::from_str(get(row, column)?).map_err(corrupt)
}

fn optional_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>> {
    get::<Option<&str>>(row, column)?.map(|text| serde_json::from_str(text).map_err(corrupt)).transpose()
}

pub(super) fn time(row: &Row, column: &str) -> Result<Timestamp> {
    Timestamp::from_microsecond(get(row, column)?).map_err(corrupt)
}

pub(super) fn optional_time(row: &Row, column: &str) -> Result<Option<Timestamp>> {
    get::<Option<i64>>(row, column)?
        .map(|micros| Timestamp::from_microsecond(micros).map_err(corrupt))
        .transpose()
}

/// The actor of a JSON.
pub(super) fn actor(json: &str) -> Result<domain::Actor> {
    serde_json::from_str(json).map_err(corrupt)
}

pub(super) fn action(row: &Row) -> Result<Action> {
    let decision: Decision = word(row, "decision")?;
    let status: Status = word(row, "status")?;
    let undo: UndoState = word(row, "undo")?;
    Lifecycle::from_columns(decision, status, undo).map_err(corrupt)?;
    Ok(Action {
        id: word(row, "id")?,
        version: get(row, "version")?,
        digest: get(row, "digest")?,
        external_id: get(row, "external_id")?,
        action_type: word(row, "type")?,
        entity: json(row, "entity")?,
        asset: Asset {
            kind: word(row, "asset_kind")?,
            name: get(row, "asset_name")?,
            criticality: optional_word(row, "asset_criticality")?,
            device_group: get(row, "device_group")?,
        },
        parameters: json::<Parameters>(row, "parameters")?,
        comment: get(row, "comment")?,
        severity: word(row, "severity")?,
        source: word(row, "source")?,
        verdict: optional_word(row, "verdict")?,
        evidence: json(row, "evidence")?,
        alert: optional_json(row, "alert")?,
        campaign: get(row, "campaign")?,
        investigation_id: get(row, "investigation_id")?,
        incident_id: get(row, "incident_id")?,
        proposed_by: json(row, "proposed_by")?,
        proposed_at: time(row, "proposed_at")?,
        expires_at: time(row, "expires_at")?,
        updated_at: time(row, "updated_at")?,
        decision,
        status,
        status_detail: get(row, "status_detail")?,
        undo,
        decided_by: optional_json(row, "decided_by")?,
        decided_at: optional_time(row, "decided_at")?,
        reason: get(row, "reason")?,
        approval_id: optional_word(row, "approval_id")?,
        undo_of: optional_word(row, "undo_of")?,
        undone_by: optional_word(row, "undone_by")?,
        executor: get(row, "executor")?,
    })
}

pub(super) fn record(row: &Row) -> Result<Record> {
    Ok(Record {
        v: u32::try_from(get::<i64>(row, "v")?).map_err(corrupt)?,
        seq: get(row, "seq")?,
        at: time(row, "at")?,
        kind: word(row, "kind")?,
        actor: json(row, "actor")?,
        subject: subject(row)?,
        body: json(row, "body")?,
        prev: get(row, "prev")?,
        hash: get(row, "hash")?,
    })
}

fn subject(row: &Row) -> Result<Option<Subject>> {
    // A record of version 1 has an action or nothing.
    let kind = optional_word(row, "subject_kind")?.unwrap_or(SubjectKind::Action);
    let id: Option<String> = get::<Option<String>>(row, "subject_id")?.or(get(row, "action_id")?);
    Ok(id.map(|id| Subject { kind, id }))
}

/// What the body of a record holds that changed an action; others, such as a refused attempt's, lack some of it.
#[derive(serde::Deserialize)]
struct Facts {
    version: i64,
    decision: Decision,
    status: Status,
    undo: UndoState,
}

pub(super) fn followed(row: &Row) -> Result<Followed> {
    let id: Option<ActionId> = optional_word(row, "action_id")?;
    let proposed_by: Option<String> = get(row, "proposed_by_id")?;
    let asset_kind = optional_word(row, "asset_kind")?;
    let device_group: Option<String> = get(row, "device_group")?;
    let facts = serde_json::from_str::<Facts>(get(row, "body")?).ok();
    let changed = id.zip(proposed_by).zip(facts).and_then(|((id, proposed_by), facts)| {
        let lifecycle = Lifecycle::from_columns(facts.decision, facts.status, facts.undo).ok()?;
        let lane = lifecycle.state().lane();
        let row =
            ScopedRow { proposed_by, lane, asset_kind: asset_kind?, device_group: device_group.clone() };
        Some(Changed { id, version: facts.version, row })
    });
    Ok(Followed { seq: get(row, "seq")?, kind: word(row, "kind")?, by: json(row, "actor")?, changed })
}

/// Sequence number, hash and time of the last audit row.
pub(super) fn head(row: &Row) -> Result<(i64, String, Timestamp)> {
    Ok((get(row, "seq")?, get(row, "hash")?, time(row, "at")?))
}

pub(super) fn leased(row: &Row) -> Result<Leased> {
    Ok(Leased {
        id: word(row, "id")?,
        action_id: word(row, "action_id")?,
        generation: get(row, "generation")?,
        created_at: time(row, "created_at")?,
        possibly_sent: get(row, "possibly_sent")?,
        not_sent: get(row, "not_sent")?,
    })
}

pub(super) fn credential(row: &Row) -> Result<Credential> {
    Ok(Credential {
        id: word(row, "id")?,
        kind: match get::<&str>(row, "kind")? {
            "session" => CredentialKind::Session,
            "token" => CredentialKind::Token,
            other => return Err(corrupt(format!("credential kind {other:?}"))),
        },
        secret_hash: get(row, "secret_hash")?,
        user: optional_word(row, "user_id")?,
        name: get(row, "name")?,
        scopes: json(row, "scopes")?,
        created_at: time(row, "created_at")?,
        last_seen_at: time(row, "last_seen_at")?,
        expires_at: time(row, "expires_at")?,
    })
}
