//! Statements on incidents, comments and feedback.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::access::device_group::RemediationLevel;
use domain::incidents::{IncidentComment, IncidentReport, IncidentStatus, IncidentSummary};
use domain::investigations::feedback::Feedback;
use domain::investigations::report::InvestigationReport;
use domain::investigations::{InvestigationState, PieceKind};
use domain::{Action, Authorized, Lane, Purpose, RowScope, Severity};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::guard::push_check;
use super::rows::{self, Row};
use super::transaction::SqlTransaction;
use super::{Connection, Db, SqlStore, corrupt, investigations, json, micros, rule_counts, scope};
use crate::Result;
use crate::actor_text;
use crate::case_fields::{optional_key, search_text};
use crate::investigations::{
    IncidentState, Piece, ReadIncidents, StoredIncident, StoredInvestigation, WriteInvestigations,
};
use crate::keys::{key, natural};
use crate::vocabulary::{self, number, severity_of_rank, severity_rank};

#[async_trait]
impl ReadIncidents for SqlStore {
    async fn incident(&self, scope: &RowScope, id: &str) -> Result<Option<StoredIncident>> {
        find(&mut *self.reader.acquire().await?, scope, id).await
    }

    async fn incident_actions(&self, scope: &RowScope, id: &str, limit: u32) -> Result<Vec<Action>> {
        let mut sql = QueryBuilder::<Db>::new(concat!(
            "SELECT ",
            rows::action_columns!(),
            " FROM actions WHERE number IN ("
        ));
        let key = natural(id);
        for lane in Lane::ALL {
            // Each lane has an index of its own.
            let begin = if *lane == Lane::Pending { "" } else { " UNION ALL " };
            sql.push(format!("{begin}SELECT number FROM actions WHERE lane = {}", number(*lane)));
            sql.push(" AND incident_key = ").push_bind(key.clone());
        }
        sql.push(") AND incident_id = ").push_bind(id.to_owned());
        scope::push_scope(&mut sql, scope);
        sql.push(" ORDER BY proposed_at DESC, number DESC LIMIT ").push_bind(i64::from(limit));
        sql.build().fetch_all(&self.reader).await?.iter().map(rows::action).collect()
    }

    async fn comments(&self, id: &str) -> Result<Vec<IncidentComment>> {
        let query = sqlx::query(
            "SELECT at, by_name, text FROM incident_comments WHERE incident_id = $1 ORDER BY position",
        );
        let rows = query.bind(id).fetch_all(&self.reader).await?;
        rows.iter()
            .map(|row| {
                Ok(IncidentComment {
                    at: rows::time(row, "at")?,
                    by: row.try_get("by_name")?,
                    text: row.try_get("text")?,
                })
            })
            .collect()
    }

    async fn feedback(&self, principal: Option<&str>, after: i64, limit: u32) -> Result<Vec<Feedback>> {
        let mut sql = QueryBuilder::<Db>::new("SELECT position, body FROM feedback WHERE position > ");
        sql.push_bind(after);
        if let Some(principal) = principal {
            sql.push(" AND principal = ").push_bind(principal.to_owned());
        }
        sql.push(" ORDER BY position LIMIT ").push_bind(i64::from(limit));
        let rows = sql.build().fetch_all(&self.reader).await?;
        rows.iter()
            .map(|row| Ok(Feedback { position: row.try_get("position")?, ..rows::json(row, "body")? }))
            .collect()
    }
}

#[async_trait]
impl WriteInvestigations for SqlTransaction {
    async fn investigation(&mut self, id: &str) -> Result<Option<StoredInvestigation>> {
        investigations::find(&mut self.tx, &RowScope::ALL, id).await
    }

    async fn put_investigation(
        &mut self,
        by: &Authorized,
        report: &InvestigationReport,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        investigations::put(&mut self.tx, by, report, version, now).await
    }

    async fn put_pieces(
        &mut self,
        by: &Authorized,
        id: &str,
        pieces: &[Piece],
    ) -> Result<BTreeSet<PieceKind>> {
        investigations::put_pieces(&mut self.tx, by, id, pieces).await
    }

    async fn end_investigation(
        &mut self,
        by: &Authorized,
        before: &StoredInvestigation,
        state: InvestigationState,
        now: Timestamp,
    ) -> Result<bool> {
        investigations::end(&mut self.tx, by, before, state, now).await
    }

    async fn level_of(&mut self, group: Option<&str>) -> Result<RemediationLevel> {
        investigations::level(&mut self.tx, group).await
    }

    async fn incident(&mut self, id: &str) -> Result<Option<StoredIncident>> {
        find(&mut self.tx, &RowScope::ALL, id).await
    }

    async fn put_incident(
        &mut self,
        by: &Authorized,
        report: &IncidentReport,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        by.allow(Purpose::Propose)?;
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO incidents (id, principal, version, status, severity, incident_key, started_at, updated_at, body, \
             title_key, search_text) VALUES (",
        );
        let mut values = sql.separated(", ");
        values.push_bind(report.id.clone()).push_bind(by.principal().to_owned()).push_bind(version);
        values.push_bind(number(IncidentStatus::Active));
        values.push_bind(severity_rank(report.severity.unwrap_or(Severity::Medium)));
        values.push_bind(natural(&report.id)).push_bind(micros(report.started_at.unwrap_or(now)));
        values.push_bind(micros(now)).push_bind(json(report)?);
        let title = shown_title(report);
        values.push_bind(key(&title)).push_bind(search_text([report.id.as_str(), &title]));
        sql.push(
            ") ON CONFLICT (id) DO UPDATE SET version = excluded.version, severity = excluded.severity, \
             started_at = excluded.started_at, updated_at = excluded.updated_at, body = excluded.body, \
             title_key = excluded.title_key, search_text = excluded.search_text",
        );
        sql.build().execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn set_incident(
        &mut self,
        by: &Authorized,
        before: &StoredIncident,
        state: &IncidentState,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Triage)?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE incidents SET version = version + 1, status = ");
        sql.push_bind(number(state.status));
        sql.push(", classification = ").push_bind(state.classification.map(number));
        sql.push(", class_rank = ").push_bind(state.classification.map_or(0, |of| number(of) + 1));
        sql.push(", assigned_to = ").push_bind(state.assigned_to.clone());
        sql.push(", assigned_key = ").push_bind(optional_key(state.assigned_to.as_ref()));
        sql.push(", updated_at = ").push_bind(micros(now));
        sql.push(" WHERE id = ").push_bind(before.report.id.clone());
        sql.push(" AND version = ").push_bind(before.summary.version);
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn add_comment(&mut self, by: &Authorized, id: &str, text: &str, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Triage)?;
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO incident_comments (incident_id, position, at, by_name, text) \
             SELECT id, (SELECT COUNT(*) + 1 FROM incident_comments c WHERE c.incident_id = incidents.id), ",
        );
        sql.push_bind(micros(now)).push(", ").push_bind(by.actor().label()).push(", ");
        sql.push_bind(text.to_owned()).push(" FROM incidents WHERE id = ").push_bind(id.to_owned());
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn add_feedback(&mut self, by: &Authorized, of: &Feedback, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Triage)?;
        let found = match (of.action_id, &of.investigation_id) {
            (Some(id), _) => {
                let query = sqlx::query_as("SELECT proposed_by_id, proposed_by FROM actions WHERE id = $1");
                query.bind(Uuid::from(id)).fetch_optional(&mut *self.tx).await?
            }
            (None, Some(id)) => {
                let query = sqlx::query_as("SELECT principal, principal FROM investigations WHERE id = $1");
                query.bind(id).fetch_optional(&mut *self.tx).await?
            }
            (None, None) => None,
        };
        let Some((principal, source)) = found as Option<(String, String)> else { return Ok(false) };
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO feedback (position, principal, at, body) \
             SELECT (SELECT COALESCE(MAX(position), 0) + 1 FROM feedback), ",
        );
        sql.push_bind(principal.clone()).push(", ");
        sql.push_bind(micros(now)).push(", ").push_bind(json(of)?).push(" WHERE 1 = 1");
        push_check(&mut sql, by, micros(now));
        if sql.build().execute(&mut *self.tx).await?.rows_affected() != 1 {
            return Ok(false);
        }
        let source = actor_text::read(&source).ok().flatten().map_or(source.clone(), |actor| actor.name);
        let source = source.strip_prefix("tool:").unwrap_or(&source);
        if let Some(rule) = &of.rule {
            rule_counts::note_wrong(&mut self.tx, (&principal, source, rule), of.kind, now).await?;
        }
        Ok(true)
    }
}

/// The columns of the incident `n`, with how much of it the scope shows.
pub(super) fn push_columns(sql: &mut QueryBuilder<Db>, scope: &RowScope) {
    sql.push("n.*, (SELECT COUNT(*) FROM investigations i WHERE i.incident_id = n.id");
    investigations::push_scope(sql, scope);
    sql.push(") AS investigations, (SELECT COUNT(*) FROM actions WHERE lane = 0");
    sql.push(OF_INCIDENT);
    scope::push_scope(sql, scope);
    sql.push(") AS waiting");
}

/// That an action belongs to the incident `n`.
const OF_INCIDENT: &str = " AND actions.incident_key = n.incident_key AND actions.incident_id = n.id";

/// An incident is seen by whose it is, and with actions or investigations only by those who see one of them.
pub(super) fn push_scope(sql: &mut QueryBuilder<Db>, scope: &RowScope) {
    if let Some(proposer) = &scope.proposer {
        sql.push(" AND n.principal = ").push_bind(proposer.clone());
    }
    if scope.device_groups.is_none() {
        return;
    }
    let begin = |sql: &mut QueryBuilder<Db>, lane: Lane| {
        // Each lane has an index of its own.
        sql.push(format!("EXISTS (SELECT 1 FROM actions WHERE lane = {}", number(lane))).push(OF_INCIDENT);
    };
    sql.push(" AND (NOT (EXISTS (SELECT 1 FROM investigations i WHERE i.incident_id = n.id)");
    for lane in Lane::ALL {
        sql.push(" OR ");
        begin(sql, *lane);
        sql.push(")");
    }
    sql.push(") OR EXISTS (SELECT 1 FROM investigations i WHERE i.incident_id = n.id");
    investigations::push_scope(sql, scope);
    sql.push(")");
    for lane in Lane::ALL {
        sql.push(" OR ");
        begin(sql, *lane);
        scope::push_scope(sql, scope);
        sql.push(")");
    }
    sql.push(")");
}

async fn find(db: &mut Connection, scope: &RowScope, id: &str) -> Result<Option<StoredIncident>> {
    let mut sql = QueryBuilder::<Db>::new("SELECT ");
    push_columns(&mut sql, scope);
    sql.push(" FROM incidents n WHERE n.id = ").push_bind(id.to_owned());
    push_scope(&mut sql, scope);
    sql.build().fetch_optional(db).await?.as_ref().map(stored).transpose()
}

/// What an incident is called.
pub(super) fn shown_title(report: &IncidentReport) -> String {
    report.title.clone().unwrap_or_else(|| format!("Incident {}", report.id))
}

pub(super) fn stored(row: &Row) -> Result<StoredIncident> {
    let report: IncidentReport = rows::json(row, "body")?;
    let severity = severity_of_rank(row.try_get("severity")?);
    let number =
        |column: &str| -> Result<u64> { u64::try_from(row.try_get::<i64, _>(column)?).map_err(corrupt) };
    Ok(StoredIncident {
        principal: row.try_get("principal")?,
        summary: IncidentSummary {
            id: report.id.clone(),
            title: shown_title(&report),
            severity: severity.ok_or_else(|| corrupt("no severity has this rank"))?,
            status: rows::numbered(row, "status")?,
            classification: row.try_get::<Option<i16>, _>("classification")?.and_then(vocabulary::word),
            assigned_to: row.try_get("assigned_to")?,
            started_at: rows::time(row, "started_at")?,
            updated_at: rows::time(row, "updated_at")?,
            investigations: number("investigations")?,
            waiting: number("waiting")?,
            version: row.try_get("version")?,
        },
        report,
    })
}
