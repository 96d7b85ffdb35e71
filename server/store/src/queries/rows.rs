//! Rows into domain values. Only column combinations that the domain can express are accepted.

use std::str::FromStr;

use domain::actions::targets::target_count;
use domain::core::string_enum::Word;
use domain::dispatch::WaitingCommand;
use domain::{
    Action, Actor, Asset, Decision, Lifecycle, Parameters, ScopedRow, Status, Subject, SubjectKind, UndoState,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::{Database, Decode, Row as _, Type};
use uuid::Uuid;

use super::{Db, corrupt};
use crate::actor_text;
use crate::audit::Record;
use crate::vocabulary::{self, severity_of_rank};
use crate::{Changed, Credential, CredentialKind, Followed, HandedOver, Leased, Result};

pub(super) type Row = <Db as Database>::Row;

/// The columns that [`action`] reads, in its order, of a statement whose rows are `actions`.
macro_rules! action_columns {
    () => {
        "id, version, digest, external_id, type, entity, asset_kind, asset_name, asset_criticality, device_group, \
         parameters, comment, severity, source, verdict, \
         (SELECT evidence FROM evidence WHERE evidence.number = actions.number) AS evidence, \
         (SELECT alert FROM evidence WHERE evidence.number = actions.number) AS alert, campaign, \
         investigation_id, incident_id, proposed_by, proposed_at, expires_at, \
         updated_at, decision, status, status_detail, undo, decided_by, decided_at, reason, approval_id, undo_of, undone_by, executor, break_glass, targets"
    };
}
pub(super) use action_columns;

/// Asks whether a row of `commands` or `notifications` is ready and not leased at the time `$1`. Times of what is written
/// are never before the last record's, also where a clock is.
macro_rules! is_due {
    ($table:literal) => {
        concat!(
            "SELECT EXISTS (SELECT 1 FROM ",
            $table,
            " WHERE state = 'open' \
             AND (ready_at <= $1 OR ready_at <= (SELECT at FROM audit ORDER BY seq DESC LIMIT 1)) \
             AND (leased_until <= $1 OR leased_until <= (SELECT at FROM audit ORDER BY seq DESC LIMIT 1)))"
        )
    };
}

pub(super) use is_due;

/// The columns of a row, one after the other.
struct Cells<'r> {
    row: &'r Row,
    next: usize,
}

impl<'r> Cells<'r> {
    fn get<T: Decode<'r, Db> + Type<Db>>(&mut self) -> Result<T> {
        let value = self.row.try_get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    fn word<W: Word>(&mut self) -> Result<W> {
        let number = self.get()?;
        vocabulary::word(number).ok_or_else(|| unknown::<W>(number))
    }

    fn optional_word<W: Word>(&mut self) -> Result<Option<W>> {
        let number = self.get::<Option<i16>>()?;
        number.map(|number| vocabulary::word(number).ok_or_else(|| unknown::<W>(number))).transpose()
    }

    fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        serde_json::from_str(self.get()?).map_err(corrupt)
    }

    fn optional_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let json = self.get::<Option<&str>>()?;
        json.map(|text| serde_json::from_str(text).map_err(corrupt)).transpose()
    }

    fn time(&mut self) -> Result<Timestamp> {
        Timestamp::from_microsecond(self.get()?).map_err(corrupt)
    }

    fn optional_time(&mut self) -> Result<Option<Timestamp>> {
        let micros = self.get::<Option<i64>>()?;
        micros.map(|micros| Timestamp::from_microsecond(micros).map_err(corrupt)).transpose()
    }

    fn hex(&mut self) -> Result<String> {
        Ok(hex::encode(self.get::<&[u8]>()?))
    }

    fn actor(&mut self) -> Result<Actor> {
        actor(self.get()?)
    }

    fn optional_actor(&mut self) -> Result<Option<Actor>> {
        self.get::<Option<&str>>()?.map(actor).transpose()
    }
}

/// The actor of a text.
pub(super) fn actor(text: &str) -> Result<Actor> {
    actor_text::read(text).map_err(corrupt)?.ok_or_else(|| corrupt("an actor of no known kind"))
}

fn unknown<W: Word>(number: i16) -> crate::StoreError {
    corrupt(format!("no {} has the number {number}", W::NAME))
}

fn get<'r, T: Decode<'r, Db> + Type<Db>>(row: &'r Row, column: &str) -> Result<T> {
    Ok(row.try_get(column)?)
}

/// A word, or an id, that is stored as a text.
pub(super) fn word<T: FromStr<Err: std::fmt::Display>>(row: &Row, column: &str) -> Result<T> {
    get::<&str>(row, column)?.parse().map_err(corrupt)
}

fn optional_word<T: FromStr<Err: std::fmt::Display>>(row: &Row, column: &str) -> Result<Option<T>> {
    get::<Option<&str>>(row, column)?.map(|text| text.parse().map_err(corrupt)).transpose()
}

/// A word that is stored as a number.
pub(super) fn numbered<W: Word>(row: &Row, column: &str) -> Result<W> {
    let number = get(row, column)?;
    vocabulary::word(number).ok_or_else(|| unknown::<W>(number))
}

/// An id of 16 bytes.
pub(super) fn id<T: From<Uuid>>(row: &Row, column: &str) -> Result<T> {
    Ok(get::<Uuid>(row, column)?.into())
}

pub(super) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    serde_json::from_str(get(row, column)?).map_err(corrupt)
}

pub(super) fn time(row: &Row, column: &str) -> Result<Timestamp> {
    Timestamp::from_microsecond(get(row, column)?).map_err(corrupt)
}

pub(super) fn optional_time(row: &Row, column: &str) -> Result<Option<Timestamp>> {
    get::<Option<i64>>(row, column)?
        .map(|micros| Timestamp::from_microsecond(micros).map_err(corrupt))
        .transpose()
}

/// The id in a column in which all zeros are none.
pub(super) fn unless_nil(id: Uuid) -> Option<Uuid> {
    (!id.is_nil()).then_some(id)
}

/// An action of which the statement selects [`action_columns`] first.
pub(super) fn action(row: &Row) -> Result<Action> {
    let mut cells = Cells { row, next: 0 };
    let mut action = Action {
        id: cells.get::<Uuid>()?.into(),
        version: cells.get()?,
        digest: cells.hex()?,
        external_id: cells.get()?,
        action_type: cells.word()?,
        entity: cells.json()?,
        asset: Asset {
            kind: cells.word()?,
            name: cells.get()?,
            criticality: cells.optional_word()?,
            device_group: cells.get()?,
        },
        targets: Vec::new(),
        target_count: None,
        parameters: cells.json::<Parameters>()?,
        comment: cells.get()?,
        severity: severity_of_rank(cells.get()?).ok_or_else(|| corrupt("no severity has this rank"))?,
        source: cells.word()?,
        verdict: cells.optional_word()?,
        evidence: cells.optional_json()?.unwrap_or_default(),
        alert: cells.optional_json()?,
        campaign: cells.get()?,
        investigation_id: cells.get()?,
        incident_id: cells.get()?,
        proposed_by: cells.actor()?,
        proposed_at: cells.time()?,
        expires_at: cells.time()?,
        updated_at: cells.time()?,
        decision: cells.word()?,
        status: cells.word()?,
        status_detail: cells.get()?,
        undo: cells.word()?,
        decided_by: cells.optional_actor()?,
        decided_at: cells.optional_time()?,
        reason: cells.get()?,
        approval_id: unless_nil(cells.get()?).map(Into::into),
        undo_of: cells.get::<Option<Uuid>>()?.map(Into::into),
        undone_by: cells.get::<Option<Uuid>>()?.map(Into::into),
        executor: cells.get()?,
        break_glass: cells.get::<i16>()? == 1,
    };
    action.targets = cells.optional_json()?.unwrap_or_default();
    action.target_count = target_count(&action.targets);
    Lifecycle::from_columns(action.decision, action.status, action.undo).map_err(corrupt)?;
    Ok(action)
}

/// The columns that [`record`] reads, in its order.
macro_rules! record_columns {
    () => {
        "v, seq, at, kind, actor, subject_kind, action_id, subject_id, body, prev, hash"
    };
}
pub(super) use record_columns;

pub(super) fn record(row: &Row) -> Result<Record> {
    let mut cells = Cells { row, next: 0 };
    Ok(Record {
        v: u32::try_from(cells.get::<i16>()?).map_err(corrupt)?,
        seq: cells.get()?,
        at: cells.time()?,
        kind: cells.word()?,
        actor: cells.actor()?,
        subject: subject(&mut cells)?,
        body: cells.json()?,
        prev: cells.hex()?,
        hash: cells.hex()?,
    })
}

fn subject(cells: &mut Cells<'_>) -> Result<Option<Subject>> {
    let (kind, action, other) = (cells.optional_word()?, cells.get::<Option<Uuid>>()?, cells.get()?);
    let id: Option<String> = action.map(|id| id.to_string()).or(other);
    Ok(id.map(|id| Subject { kind: kind.unwrap_or(SubjectKind::Action), id }))
}

/// What the body of a record holds that changed an action; others, such as a refused attempt's, lack some of it.
#[derive(serde::Deserialize)]
struct Facts {
    version: i64,
    decision: Decision,
    status: Status,
    undo: UndoState,
}

/// The columns that [`followed`] reads, in its order.
macro_rules! followed_columns {
    () => {
        "audit.seq, audit.kind, audit.actor, audit.action_id, audit.body, \
         actions.proposed_by_id, actions.asset_kind, actions.device_group"
    };
}
pub(super) use followed_columns;

pub(super) fn followed(row: &Row) -> Result<Followed> {
    let mut cells = Cells { row, next: 0 };
    let (seq, kind, by) = (cells.get()?, cells.word()?, cells.actor()?);
    let id = cells.get::<Option<Uuid>>()?.map(Into::into);
    let facts = serde_json::from_str::<Facts>(cells.get()?).ok();
    let proposed_by: Option<String> = cells.get()?;
    let asset_kind = cells.optional_word()?;
    let device_group: Option<String> = cells.get()?;
    let changed = id.zip(proposed_by).zip(facts).and_then(|((id, proposed_by), facts)| {
        let lifecycle = Lifecycle::from_columns(facts.decision, facts.status, facts.undo).ok()?;
        let lane = lifecycle.state().lane();
        let row =
            ScopedRow { proposed_by, lane, asset_kind: asset_kind?, device_group: device_group.clone() };
        Some(Changed { id, version: facts.version, row })
    });
    Ok(Followed { seq, kind, by, changed })
}

/// Sequence number, hash and time of the last audit row.
pub(super) fn head(row: &Row) -> Result<(i64, String, Timestamp)> {
    Ok((get(row, "seq")?, hex::encode(get::<&[u8]>(row, "hash")?), time(row, "at")?))
}

pub(super) fn leased(row: &Row) -> Result<Leased> {
    Ok(Leased {
        id: id(row, "id")?,
        action_id: id(row, "action_id")?,
        target: u32::try_from(get::<i64>(row, "target")?).map_err(corrupt)?,
        generation: get(row, "generation")?,
        created_at: time(row, "created_at")?,
        possibly_sent: get(row, "possibly_sent")?,
        not_sent: get(row, "not_sent")?,
        executor: get(row, "executor")?,
    })
}

pub(super) fn handed_over(row: &Row) -> Result<HandedOver> {
    Ok(HandedOver {
        command: leased(row)?,
        is_done: get::<&str>(row, "state")? == "done",
        assigned_to: get(row, "assigned_to")?,
        due_at: optional_time(row, "due_at")?,
    })
}

/// A command with its action, as [`WaitingCommand`] has them.
pub(super) fn waiting_command(row: &Row) -> Result<WaitingCommand> {
    let mut cells = Cells { row, next: 0 };
    Ok(WaitingCommand {
        command_id: cells.get::<Uuid>()?.into(),
        action_id: cells.get::<Uuid>()?.into(),
        action_type: cells.word()?,
        entity: cells.get()?,
        asset: cells.get()?,
        created_at: cells.time()?,
        possibly_sent: cells.get::<i64>()? > 0,
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
        device_groups: None,
        reach: domain::access::Reach::Everywhere,
        created_at: time(row, "created_at")?,
        last_seen_at: time(row, "last_seen_at")?,
        expires_at: time(row, "expires_at")?,
    })
}
