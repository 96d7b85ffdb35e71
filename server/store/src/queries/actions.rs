//! Statements on actions.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use domain::{Action, ActionId, Asset, AssetKind, Authorized, Lane, Purpose, RowScope, Source, UserId};
use jiff::Timestamp;
use sqlx::query_builder::Separated;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::SqlStore;
use super::assets;
use super::counts::CountChanges;
use super::evidence;
use super::guard::{person, push_check, push_reach, user};
use super::keying::{self, push_keys};
use super::rows::{self, action_columns};
use super::rule_counts;
use super::same_entity;
use super::scope::push_scope;
use super::states;
use super::transaction::SqlTransaction;
use super::{Connection, Db, corrupt, decided_by, digest, json, micros, optional_id};
use crate::actor_text;
use crate::keys::urgency;
use crate::row_keys::Keys;
use crate::vocabulary::{number, severity_rank};
use crate::{Guard, Result, StateChange, filter_bits};
use crate::{ReadActions, WriteActions};

#[async_trait]
impl ReadActions for SqlStore {
    async fn action(&self, scope: &RowScope, id: ActionId) -> Result<Option<Action>> {
        find(&mut *self.reader.acquire().await?, scope, id).await
    }

    async fn version(&self, id: ActionId) -> Result<Option<i64>> {
        let query = sqlx::query_scalar("SELECT version FROM actions WHERE id = $1").bind(Uuid::from(id));
        Ok(query.fetch_optional(&mut *self.reader.acquire().await?).await?)
    }

    async fn proposer(&self, id: ActionId) -> Result<Option<UserId>> {
        proposer(&mut *self.reader.acquire().await?, id).await
    }

    async fn on_same_entity(&self, scope: &RowScope, action: &Action, limit: u32) -> Result<Vec<Action>> {
        same_entity::find(&mut *self.reader.acquire().await?, scope, action, limit).await
    }

    async fn that_share_entities(&self, actions: &[&Action]) -> Result<BTreeSet<ActionId>> {
        same_entity::shared(&mut *self.reader.acquire().await?, actions).await
    }

    async fn recent_assets(&self, scope: &RowScope, actions: u32) -> Result<Vec<Asset>> {
        assets::recent(&mut *self.reader.acquire().await?, scope, actions).await
    }

    async fn known_asset(&self, kind: AssetKind, name: &str) -> Result<Option<Asset>> {
        assets::known(&mut *self.reader.acquire().await?, kind, name).await
    }

    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<ActionId>> {
        let query = sqlx::query_scalar::<_, Uuid>(
            "SELECT id FROM actions WHERE lane = 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
        );
        let ids = query.bind(micros(now)).bind(i64::from(limit)).fetch_all(&self.reader).await?;
        Ok(ids.into_iter().map(Into::into).collect())
    }
}

#[async_trait]
impl WriteActions for SqlTransaction {
    async fn action(&mut self, scope: &RowScope, id: ActionId) -> Result<Option<Action>> {
        find(&mut self.tx, scope, id).await
    }

    async fn actions(&mut self, scope: &RowScope, ids: &[ActionId]) -> Result<Vec<(Action, Option<UserId>)>> {
        find_all(&mut self.tx, scope, ids).await
    }

    async fn actions_by_external_ids(
        &mut self,
        principal: &str,
        names: &[(Source, &str)],
    ) -> Result<Vec<Action>> {
        find_external(&mut self.tx, principal, names).await
    }

    async fn insert_actions(&mut self, by: &Authorized, actions: &[Action]) -> Result<()> {
        by.allow(Purpose::Propose)
            .or_else(|_| by.allow(Purpose::Decide))
            .or_else(|_| by.allow(Purpose::Report))?;
        let first = self.take_numbers(actions.len()).await?;
        let Self { tx, counts, .. } = self;
        insert(tx, by, first, actions, counts.as_mut()).await?;
        rule_counts::note(tx, by, actions).await
    }

    async fn may_still_take(&mut self, by: &Authorized, id: ActionId, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Decide)?;
        let mut sql = QueryBuilder::<Db>::new("SELECT 1 FROM actions WHERE id = ");
        sql.push_bind(Uuid::from(id));
        push_check(&mut sql, by, micros(now));
        push_reach(&mut sql, by);
        Ok(sql.build().fetch_optional(&mut *self.tx).await?.is_some())
    }

    async fn revise_action(&mut self, by: &Authorized, before: &Action, after: &Action) -> Result<bool> {
        by.allow(Purpose::Propose)?;
        let keys = Keys::of(after);
        let written = revise(&mut self.tx, by, before, after, &keys).await?;
        if written && let Some(counts) = &mut self.counts {
            // The version that the statement names makes sure that the row was as `before` says.
            counts.note(before, &Keys::of(before), -1)?;
            counts.note(after, &keys, 1)?;
        }
        Ok(written)
    }

    async fn update_states(
        &mut self,
        guard: Guard<'_>,
        changes: &[StateChange<'_>],
    ) -> Result<Vec<ActionId>> {
        // Who decides is checked by the statement; what follows from a rule or a record decides on nothing that waits.
        let beside = |misused| {
            if guard.deciding {
                return Err(misused);
            }
            guard.by.allow(Purpose::Report).or_else(|_| guard.by.allow(Purpose::Automate))
        };
        guard.by.allow(Purpose::Decide).or_else(|_| guard.by.allow(Purpose::Withdraw)).or_else(beside)?;
        let Self { tx, counts, .. } = self;
        states::update(tx, guard, changes, counts.as_mut()).await
    }
}

pub(super) async fn find(db: &mut Connection, scope: &RowScope, id: ActionId) -> Result<Option<Action>> {
    let mut sql = QueryBuilder::<Db>::new(concat!("SELECT ", action_columns!(), " FROM actions WHERE id = "));
    sql.push_bind(Uuid::from(id));
    push_scope(&mut sql, scope);
    let row = sql.build().fetch_optional(db).await?;
    row.as_ref().map(rows::action).transpose()
}

/// Those of these actions that the scope shows, in this order, each with the person who proposed it.
pub(super) async fn find_all(
    db: &mut Connection,
    scope: &RowScope,
    ids: &[ActionId],
) -> Result<Vec<(Action, Option<UserId>)>> {
    let mut found = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(NAMES) {
        let mut sql = QueryBuilder::<Db>::new(concat!(
            "SELECT ",
            action_columns!(),
            ", proposed_by_person FROM actions WHERE id IN ("
        ));
        let mut list = sql.separated(", ");
        for id in ids {
            list.push_bind(Uuid::from(*id));
        }
        sql.push(")");
        push_scope(&mut sql, scope);
        for row in sql.build().fetch_all(&mut *db).await? {
            let person: Option<Uuid> = row.try_get("proposed_by_person")?;
            let action = rows::action(&row)?;
            found.insert(action.id, (action, person.map(Into::into)));
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

pub(super) async fn find_external(
    db: &mut Connection,
    principal: &str,
    names: &[(Source, &str)],
) -> Result<Vec<Action>> {
    let mut found = Vec::new();
    for names in names.chunks(NAMES) {
        let mut sql = QueryBuilder::<Db>::new("WITH asked (of_source, of_name) AS (");
        sql.push_values(names, |mut row, (source, name)| {
            row.push_bind(number(*source)).push_bind(*name);
        });
        sql.push(concat!(
            ") SELECT ",
            action_columns!(),
            " FROM asked CROSS JOIN actions WHERE source = of_source AND ",
            external_id_is!("of_name"),
            " AND is_twin = 0 AND proposed_by_id = "
        ));
        sql.push_bind(principal);
        for row in sql.build().fetch_all(&mut *db).await? {
            found.push(rows::action(&row)?);
        }
    }
    Ok(found)
}

pub(super) async fn proposer(db: &mut Connection, id: ActionId) -> Result<Option<UserId>> {
    let query = sqlx::query_scalar::<_, Option<Uuid>>("SELECT proposed_by_person FROM actions WHERE id = $1");
    let person = query.bind(Uuid::from(id)).fetch_optional(db).await?.flatten();
    Ok(person.map(Into::into))
}

/// Ids in one statement.
const NAMES: usize = 500;
/// Rows in one statement: few statements, and none with more values than a database takes.
const ROWS: usize = 50;

/// Rows with the numbers from `first` on. While one statement runs, the next is put together.
pub(super) async fn insert<'a>(
    db: &mut Connection,
    by: &Authorized,
    first: i64,
    actions: &'a [Action],
    counts: Option<&mut CountChanges>,
) -> Result<()> {
    let row = |(number, action): (i64, &'a Action)| {
        let decider = action.decided_by.as_ref().and_then(user);
        let principal = by.principal_of(&action.proposed_by);
        Row::of(number, action, principal, person(by, &action.proposed_by), decider)
    };
    let rows = (first..).zip(actions).map(row).collect::<Result<Vec<_>>>()?;
    if let Some(counts) = counts {
        rows.iter().try_for_each(|row| counts.note(row.action, &row.keys, 1))?;
    }
    insert_rows(db, rows).await
}

/// The same for rows that are put together.
pub(super) async fn insert_rows(db: &mut Connection, mut rows: Vec<Row<'_>>) -> Result<()> {
    let found: Vec<_> = rows.iter_mut().filter_map(Row::take_evidence).collect();
    let targets: Vec<_> = rows.iter().flat_map(|row| same_entity::of(row.number, row.action)).collect();
    let mut rows = rows.into_iter();
    let mut next = insertion(&mut rows);
    while let Some(mut insertion_now) = next {
        let (done, following) =
            tokio::join!(insertion_now.build().execute(&mut *db), async { insertion(&mut rows) });
        done?;
        next = following;
    }
    evidence::insert(db, &found).await?;
    same_entity::insert(db, &targets).await
}

fn insertion<'a>(rows: &mut impl Iterator<Item = Row<'a>>) -> Option<QueryBuilder<Db>> {
    let rows: Vec<_> = rows.take(ROWS).collect();
    if rows.is_empty() {
        return None;
    }
    let mut query = QueryBuilder::<Db>::new(
        "INSERT INTO actions (number, id, lane, filter_bits, updated_at, proposed_at, expires_at, decided_at, \
         urgency, version, type, entity_kind, asset_kind, asset_criticality, severity, source, verdict, decision, \
         status, undo, is_twin, digest, proposed_by_person, decided_by_person, \
         approval_id, undo_of, undone_by, entity, entity_title, asset_name, device_group, parameters, comment, \
         campaign, investigation_id, incident_id, proposed_by_id, proposed_by, decided_by, status_detail, reason, executor, external_id, targets, break_glass",
    );
    for column in keying::columns() {
        query.push(", ").push(column);
    }
    query.push(") ");
    query.push_values(rows, |mut values, row| row.push(&mut values));
    Some(query)
}

/// What of a row is made from its action: numbers, JSON and keys.
pub(super) struct Row<'a> {
    number: i64,
    action: &'a Action,
    digest: Vec<u8>,
    entity: String,
    parameters: String,
    /// Further targets, if there are any.
    targets: Option<String>,
    /// What was found and the alert, if there is either.
    evidence: Option<evidence::Found>,
    /// Whose proposals these are.
    principal: String,
    pub(super) is_twin: bool,
    proposed_by: String,
    decided_by: Option<String>,
    proposer: Option<Uuid>,
    decider: Option<Uuid>,
    lane: Lane,
    keys: Keys,
}

impl<'a> Row<'a> {
    /// The row of an action, with the persons behind its proposal and its decision.
    pub(super) fn of(
        number: i64,
        action: &'a Action,
        principal: &str,
        proposer: Option<Uuid>,
        decider: Option<Uuid>,
    ) -> Result<Self> {
        Ok(Self {
            number,
            digest: digest(action)?,
            entity: json(&action.entity)?,
            parameters: json(&action.parameters)?,
            targets: targets(action)?,
            evidence: evidence::of(action)?,
            principal: principal.to_owned(),
            is_twin: false,
            proposed_by: actor_text::write(&action.proposed_by).map_err(corrupt)?,
            decided_by: decided_by(action)?,
            proposer,
            decider,
            lane: super::lane(action)?,
            keys: Keys::of(action),
            action,
        })
    }

    fn take_evidence(&mut self) -> Option<(i64, evidence::Found)> {
        self.evidence.take().map(|found| (self.number, found))
    }

    fn push(self, values: &mut Separated<'_, Db, &'static str>) {
        let Self { action, keys, .. } = self;
        values
            .push_bind(self.number)
            .push_bind(Uuid::from(action.id))
            .push_bind(number(self.lane))
            .push_bind(filter_bits::pack(action, &keys))
            .push_bind(micros(action.updated_at))
            .push_bind(micros(action.proposed_at))
            .push_bind(micros(action.expires_at))
            .push_bind(action.decided_at.map(micros))
            .push_bind(urgency(action))
            .push_bind(action.version)
            .push_bind(number(action.action_type))
            .push_bind(number(action.entity.kind()))
            .push_bind(number(action.asset.kind))
            .push_bind(action.asset.criticality.map(number))
            .push_bind(severity_rank(action.severity))
            .push_bind(number(action.source))
            .push_bind(action.verdict.map(number))
            .push_bind(number(action.decision))
            .push_bind(number(action.status))
            .push_bind(number(action.undo))
            .push_bind(i16::from(self.is_twin))
            .push_bind(self.digest)
            .push_bind(self.proposer)
            .push_bind(self.decider)
            .push_bind(optional_id(action.approval_id).unwrap_or_default())
            .push_bind(optional_id(action.undo_of))
            .push_bind(optional_id(action.undone_by))
            .push_bind(self.entity)
            .push_bind(action.entity.title())
            .push_bind(action.asset.name.clone())
            .push_bind(action.asset.device_group.clone())
            .push_bind(self.parameters)
            .push_bind(action.comment.clone())
            .push_bind(action.campaign.clone())
            .push_bind(action.investigation_id.clone())
            .push_bind(action.incident_id.clone())
            .push_bind(self.principal)
            .push_bind(self.proposed_by)
            .push_bind(self.decided_by)
            .push_bind(action.status_detail.clone())
            .push_bind(action.reason.clone())
            .push_bind(action.executor.clone())
            .push_bind(action.external_id.clone())
            .push_bind(self.targets)
            .push_bind(i16::from(action.break_glass));
        keying::values(&keys).for_each(|value| value.push(values));
    }
}

/// Its further targets as they are stored.
fn targets(action: &Action) -> Result<Option<String>> {
    if action.targets.is_empty() { Ok(None) } else { Ok(Some(json(&action.targets)?)) }
}

pub(super) async fn revise(
    db: &mut Connection,
    by: &Authorized,
    before: &Action,
    after: &Action,
    keys: &Keys,
) -> Result<bool> {
    let mut query = QueryBuilder::<Db>::new("UPDATE actions SET version = ");
    query.push_bind(after.version);
    query.push(", digest = ").push_bind(digest(after)?);
    query.push(", type = ").push_bind(number(after.action_type));
    query.push(", entity = ").push_bind(json(&after.entity)?);
    query.push(", entity_kind = ").push_bind(number(after.entity.kind()));
    query.push(", entity_title = ").push_bind(after.entity.title());
    query.push(", asset_kind = ").push_bind(number(after.asset.kind));
    query.push(", asset_name = ").push_bind(&after.asset.name);
    query.push(", asset_criticality = ").push_bind(after.asset.criticality.map(number));
    query.push(", device_group = ").push_bind(&after.asset.device_group);
    query.push(", parameters = ").push_bind(json(&after.parameters)?);
    query.push(", targets = ").push_bind(targets(after)?);
    query.push(", comment = ").push_bind(&after.comment);
    query.push(", severity = ").push_bind(severity_rank(after.severity));
    query.push(", verdict = ").push_bind(after.verdict.map(number));
    query.push(", campaign = ").push_bind(&after.campaign);
    query.push(", investigation_id = ").push_bind(&after.investigation_id);
    query.push(", incident_id = ").push_bind(&after.incident_id);
    query.push(", expires_at = ").push_bind(micros(after.expires_at));
    query.push(", updated_at = ").push_bind(micros(after.updated_at));
    query.push(", urgency = ").push_bind(urgency(after));
    push_keys(&mut query, after, keys);
    query.push(" WHERE lane = 0 AND id = ").push_bind(Uuid::from(before.id));
    query.push(" AND version = ").push_bind(before.version);
    push_check(&mut query, by, micros(after.updated_at));
    query.push(" RETURNING number");
    let Some(number) = query.build_query_scalar::<i64>().fetch_optional(&mut *db).await? else {
        return Ok(false);
    };
    evidence::replace(db, number, after).await?;
    if before.has_targets() || after.has_targets() {
        same_entity::replace(db, number, after).await?;
    }
    Ok(true)
}
