//! Statements on actions.

use async_trait::async_trait;
use domain::{
    Action, ActionId, Actor, ActorKind, Authorized, Criticality, Lane, Lifecycle, Purpose, RowScope, Source,
    UserId, Verdict,
};
use jiff::Timestamp;
use sqlx::QueryBuilder;
use sqlx::query_builder::Separated;

use super::SqlStore;
use super::keying::{self, push_keys};
use super::rows::{self, action_columns};
use super::scope::push_scope;
use super::transaction::SqlTransaction;
use super::{Connection, Db, corrupt, json, micros};
use crate::keys::{identity, urgency};
use crate::row_keys::Keys;
use crate::{Guard, Result, filter_bits};
use crate::{ReadActions, WriteActions};

#[async_trait]
impl ReadActions for SqlStore {
    async fn action(&self, scope: &RowScope, id: ActionId) -> Result<Option<Action>> {
        find(&mut *self.reader.acquire().await?, scope, id).await
    }

    async fn proposer(&self, id: ActionId) -> Result<Option<UserId>> {
        proposer(&mut *self.reader.acquire().await?, id).await
    }

    async fn on_same_entity(&self, scope: &RowScope, action: &Action, limit: u32) -> Result<Vec<Action>> {
        on_same_entity(&mut *self.reader.acquire().await?, scope, action, limit).await
    }

    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<ActionId>> {
        let query = sqlx::query_scalar::<_, String>(
            "SELECT id FROM actions WHERE lane = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
        );
        let ids = query.bind(micros(now)).bind(i64::from(limit)).fetch_all(&self.reader).await?;
        ids.iter().map(|id| id.parse().map_err(corrupt)).collect()
    }
}

#[async_trait]
impl WriteActions for SqlTransaction {
    async fn action(&mut self, scope: &RowScope, id: ActionId) -> Result<Option<Action>> {
        find(&mut self.tx, scope, id).await
    }

    async fn proposer(&mut self, id: ActionId) -> Result<Option<UserId>> {
        proposer(&mut self.tx, id).await
    }

    async fn action_by_external_id(
        &mut self,
        principal: &str,
        source: Source,
        external_id: &str,
    ) -> Result<Option<Action>> {
        find_external(&mut self.tx, principal, source, external_id).await
    }

    async fn insert_actions(&mut self, by: &Authorized, actions: &[Action]) -> Result<()> {
        by.allow(Purpose::Propose).or_else(|_| by.allow(Purpose::Decide))?;
        insert(&mut self.tx, by, actions).await?;
        actions.iter().try_for_each(|action| self.note(action, 1))
    }

    async fn revise_action(&mut self, by: &Authorized, before: &Action, after: &Action) -> Result<bool> {
        by.allow(Purpose::Propose)?;
        let written = revise(&mut self.tx, by, before, after).await?;
        self.changed(written, before, after)
    }

    async fn update_state(&mut self, guard: Guard<'_>, before: &Action, after: &Action) -> Result<bool> {
        guard.by.allow(Purpose::Decide)?;
        let written = update_state(&mut self.tx, guard, before, after).await?;
        self.changed(written, before, after)
    }
}

pub(super) async fn find(db: &mut Connection, scope: &RowScope, id: ActionId) -> Result<Option<Action>> {
    let mut sql = QueryBuilder::<Db>::new(concat!("SELECT ", action_columns!(), " FROM actions WHERE id = "));
    sql.push_bind(id.to_string());
    push_scope(&mut sql, scope);
    let row = sql.build().fetch_optional(db).await?;
    row.as_ref().map(rows::action).transpose()
}

pub(super) async fn find_external(
    db: &mut Connection,
    principal: &str,
    source: Source,
    external_id: &str,
) -> Result<Option<Action>> {
    let query = sqlx::query(concat!(
        "SELECT ",
        action_columns!(),
        " FROM actions WHERE proposed_by_id = $1 AND source = $2 AND external_id = $3 AND is_twin = 0"
    ));
    let row = query.bind(principal).bind(source.as_str()).bind(external_id).fetch_optional(db).await?;
    row.as_ref().map(rows::action).transpose()
}

pub(super) async fn proposer(db: &mut Connection, id: ActionId) -> Result<Option<UserId>> {
    let query =
        sqlx::query_scalar::<_, Option<String>>("SELECT proposed_by_person FROM actions WHERE id = $1");
    let person = query.bind(id.to_string()).fetch_optional(db).await?.flatten();
    person.map(|id| id.parse().map_err(corrupt)).transpose()
}

pub(super) async fn on_same_entity(
    db: &mut Connection,
    scope: &RowScope,
    action: &Action,
    limit: u32,
) -> Result<Vec<Action>> {
    let (key, name) = identity(action);
    let mut sql = QueryBuilder::<Db>::new(concat!(
        "SELECT ",
        action_columns!(),
        " FROM actions WHERE id IN (SELECT id FROM actions WHERE identity_key <> '' AND identity_key = "
    ));
    sql.push_bind(key);
    sql.push(" UNION SELECT id FROM actions WHERE identity_name <> '' AND identity_name = ").push_bind(name);
    sql.push(") AND id <> ").push_bind(action.id.to_string());
    push_scope(&mut sql, scope);
    sql.push(" ORDER BY proposed_at DESC, id DESC LIMIT ").push_bind(i64::from(limit) * NAMESAKES);
    let rows = sql.build().fetch_all(db).await?;
    let found = rows.iter().map(rows::action).collect::<Result<Vec<_>>>()?;
    let identity = action.entity.identity();
    let same = found.into_iter().filter(|other| other.entity.identity().is_same(&identity));
    Ok(same.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

/// So many times as many are looked at as are asked for: of the same name, some are another content.
const NAMESAKES: i64 = 4;

/// The person an actor stands for: a user, or the owner behind a personal token.
fn person(by: &Authorized, actor: &Actor) -> Option<String> {
    match (by.check().and_then(|check| check.person), actor.kind) {
        (Some(person), _) => Some(person.to_string()),
        (None, ActorKind::User) => Some(actor.id.clone()),
        (None, _) => None,
    }
}

fn lifecycle(action: &Action) -> Result<Lifecycle> {
    action.lifecycle().map_err(corrupt)
}

/// Rows in one statement: few statements, and none with more values than a database takes.
const ROWS: usize = 50;

/// While one statement runs, the next is put together.
pub(super) async fn insert(db: &mut Connection, by: &Authorized, actions: &[Action]) -> Result<()> {
    let mut chunks = actions.chunks(ROWS).map(|actions| insertion(by, actions));
    let mut next = chunks.next().transpose()?;
    while let Some(mut insertion) = next {
        let (done, following) =
            tokio::join!(insertion.build().execute(&mut *db), async { chunks.next().transpose() });
        done?;
        next = following?;
    }
    Ok(())
}

fn insertion(by: &Authorized, actions: &[Action]) -> Result<QueryBuilder<Db>> {
    let rows: Vec<_> = actions.iter().map(|action| Row::of(by, action)).collect::<Result<_>>()?;
    let mut query = QueryBuilder::<Db>::new(concat!(
        "INSERT INTO actions (",
        action_columns!(),
        ", entity_kind, entity_title, proposed_by_id, proposed_by_person, decided_by_person, lane, urgency, filter_bits"
    ));
    for column in keying::columns() {
        query.push(", ").push(column);
    }
    query.push(") ");
    query.push_values(rows, |mut values, row| row.push(&mut values));
    Ok(query)
}

/// What of a row is made from its action: JSON and keys.
struct Row<'a> {
    action: &'a Action,
    entity: String,
    parameters: String,
    evidence: String,
    alert: Option<String>,
    proposed_by: String,
    decided_by: Option<String>,
    principal: String,
    person: Option<String>,
    lane: Lane,
    keys: Keys,
}

impl<'a> Row<'a> {
    fn of(by: &Authorized, action: &'a Action) -> Result<Self> {
        Ok(Self {
            entity: json(&action.entity)?,
            parameters: json(&action.parameters)?,
            evidence: json(&action.evidence)?,
            alert: action.alert.as_ref().map(json).transpose()?,
            proposed_by: json(&action.proposed_by)?,
            decided_by: action.decided_by.as_ref().map(json).transpose()?,
            principal: by.principal_of(&action.proposed_by).to_owned(),
            person: person(by, &action.proposed_by),
            lane: lifecycle(action)?.state().lane(),
            keys: Keys::of(action),
            action,
        })
    }

    fn push(self, values: &mut Separated<'_, Db, &'static str>) {
        let Self { action, ref keys, .. } = self;
        let decider = action.decided_by.as_ref().filter(|actor| actor.kind == ActorKind::User);
        values
            .push_bind(action.id.to_string())
            .push_bind(action.version)
            .push_bind(action.digest.clone())
            .push_bind(action.external_id.clone())
            .push_bind(action.action_type.as_str())
            .push_bind(self.entity)
            .push_bind(action.asset.kind.as_str())
            .push_bind(action.asset.name.clone())
            .push_bind(action.asset.criticality.map(Criticality::as_str))
            .push_bind(action.asset.device_group.clone())
            .push_bind(self.parameters)
            .push_bind(action.comment.clone())
            .push_bind(action.severity.as_str())
            .push_bind(action.source.as_str())
            .push_bind(action.verdict.map(Verdict::as_str))
            .push_bind(self.evidence)
            .push_bind(self.alert)
            .push_bind(action.campaign.clone())
            .push_bind(action.investigation_id.clone())
            .push_bind(action.incident_id.clone())
            .push_bind(self.proposed_by)
            .push_bind(micros(action.proposed_at))
            .push_bind(micros(action.expires_at))
            .push_bind(micros(action.updated_at))
            .push_bind(action.decision.as_str())
            .push_bind(action.status.as_str())
            .push_bind(action.status_detail.clone())
            .push_bind(action.undo.as_str())
            .push_bind(self.decided_by)
            .push_bind(action.decided_at.map(micros))
            .push_bind(action.reason.clone())
            .push_bind(action.approval_id.map(|id| id.to_string()))
            .push_bind(action.undo_of.map(|id| id.to_string()))
            .push_bind(action.undone_by.map(|id| id.to_string()))
            .push_bind(action.executor.clone())
            .push_bind(action.entity.kind().as_str())
            .push_bind(action.entity.title())
            .push_bind(self.principal)
            .push_bind(self.person)
            .push_bind(decider.map(|actor| actor.id.clone()))
            .push_bind(self.lane.as_str())
            .push_bind(urgency(action))
            .push_bind(filter_bits::pack(action, keys));
        for key in keying::values(keys) {
            values.push_bind(key.to_owned());
        }
    }
}

pub(super) async fn revise(
    db: &mut Connection,
    by: &Authorized,
    before: &Action,
    after: &Action,
) -> Result<bool> {
    let mut query = QueryBuilder::<Db>::new("UPDATE actions SET version = ");
    query.push_bind(after.version);
    query.push(", digest = ").push_bind(&after.digest);
    query.push(", type = ").push_bind(after.action_type.as_str());
    query.push(", entity = ").push_bind(json(&after.entity)?);
    query.push(", entity_kind = ").push_bind(after.entity.kind().as_str());
    query.push(", entity_title = ").push_bind(after.entity.title());
    query.push(", asset_kind = ").push_bind(after.asset.kind.as_str());
    query.push(", asset_name = ").push_bind(&after.asset.name);
    query.push(", asset_criticality = ").push_bind(after.asset.criticality.map(Criticality::as_str));
    query.push(", device_group = ").push_bind(&after.asset.device_group);
    query.push(", parameters = ").push_bind(json(&after.parameters)?);
    query.push(", comment = ").push_bind(&after.comment);
    query.push(", severity = ").push_bind(after.severity.as_str());
    query.push(", verdict = ").push_bind(after.verdict.map(Verdict::as_str));
    query.push(", evidence = ").push_bind(json(&after.evidence)?);
    query.push(", alert = ").push_bind(after.alert.as_ref().map(json).transpose()?);
    query.push(", campaign = ").push_bind(&after.campaign);
    query.push(", investigation_id = ").push_bind(&after.investigation_id);
    query.push(", incident_id = ").push_bind(&after.incident_id);
    query.push(", expires_at = ").push_bind(micros(after.expires_at));
    query.push(", updated_at = ").push_bind(micros(after.updated_at));
    query.push(", urgency = ").push_bind(urgency(after));
    push_keys(&mut query, after);
    query.push(" WHERE lane = 'pending' AND id = ").push_bind(before.id.to_string());
    query.push(" AND version = ").push_bind(before.version);
    push_check(&mut query, by, micros(after.updated_at));
    Ok(query.build().execute(db).await?.rows_affected() == 1)
}

pub(super) async fn update_state(
    db: &mut Connection,
    guard: Guard<'_>,
    before: &Action,
    after: &Action,
) -> Result<bool> {
    let lane = lifecycle(after)?.state().lane();
    let decider = after.decided_by.as_ref().map(|actor| person(guard.by, actor));
    let mut query = QueryBuilder::<Db>::new("UPDATE actions SET version = ");
    query.push_bind(after.version);
    query.push(", lane = ").push_bind(lane.as_str());
    query.push(", decision = ").push_bind(after.decision.as_str());
    query.push(", status = ").push_bind(after.status.as_str());
    query.push(", status_detail = ").push_bind(&after.status_detail);
    query.push(", undo = ").push_bind(after.undo.as_str());
    query.push(", decided_by = ").push_bind(after.decided_by.as_ref().map(json).transpose()?);
    if guard.deciding {
        query.push(", decided_by_person = ").push_bind(decider.flatten());
    }
    query.push(", decided_at = ").push_bind(after.decided_at.map(micros));
    query.push(", reason = ").push_bind(&after.reason);
    query.push(", approval_id = ").push_bind(after.approval_id.map(|id| id.to_string()));
    query.push(", undone_by = ").push_bind(after.undone_by.map(|id| id.to_string()));
    query.push(", executor = ").push_bind(&after.executor);
    push_keys(&mut query, after);
    query.push(", updated_at = ").push_bind(micros(after.updated_at));
    query.push(" WHERE id = ").push_bind(before.id.to_string());
    query.push(" AND version = ").push_bind(before.version);
    query.push(" AND digest = ").push_bind(&before.digest);
    let now = micros(guard.now);
    if guard.deciding {
        query.push(" AND lane = 'pending' AND expires_at > ").push_bind(now);
        if let Some(person) = guard.by.check().and_then(|check| check.person) {
            query.push(" AND (proposed_by_person IS NULL OR proposed_by_person <> ");
            query.push_bind(person.to_string()).push(")");
        }
    }
    push_check(&mut query, guard.by, now);
    Ok(query.build().execute(db).await?.rows_affected() == 1)
}

/// Repeats what the caller's authority rests on, so that a change since the check is caught by the statement itself.
pub(super) fn push_check(query: &mut QueryBuilder<Db>, by: &Authorized, now: i64) {
    let Some(check) = by.check() else { return };
    query
        .push(" AND EXISTS (SELECT 1 FROM credentials c WHERE c.id = ")
        .push_bind(check.credential.to_string());
    query.push(" AND c.revoked_at IS NULL AND c.expires_at > ").push_bind(now).push(")");
    if let Some(person) = check.person {
        query.push(" AND EXISTS (SELECT 1 FROM users u WHERE u.enabled = 1 AND u.id = ");
        query.push_bind(person.to_string()).push(")");
        if let Some(permission) = check.permission {
            query.push(" AND EXISTS (SELECT 1 FROM user_permissions p WHERE p.user_id = ");
            query.push_bind(person.to_string());
            query.push(" AND p.permission = ").push_bind(permission.as_str()).push(")");
        }
    }
}
