//! Incidents: reports come in, people care for them, and the page tells what happened in order.

use async_trait::async_trait;
use domain::actions::contract::Availability;
use domain::cases::{CaseList, CaseQuery};
use domain::core::subject::Current;
use domain::core::text::check_text;
use domain::incidents::contract::{IncidentsBackend, ReportedIncident};
use domain::incidents::{
    IncidentChange, IncidentComment, IncidentReport, IncidentSummary, IncidentView, MAX_COMMENT, StoryLine,
};
use domain::investigations::report::{AlertPiece, EvidencePiece};
use domain::investigations::{InvestigationSummary, PieceKind};
use domain::{Action, AuditKind, Caller, Decision, Denied, Error, RowScope, Subject, SubjectKind};
use serde_json::json;
use store::AuditEntry;
use store::cases::CaseRow;
use store::investigations::{IncidentState, StoredIncident};

use super::detail::sentence;
use super::pieces::MAX_ACTIONS;
use super::{Service, detached};

/// Investigations whose pieces an incident shows.
const MAX_INVESTIGATIONS: usize = 20;
/// Pieces of a kind of each that an incident shows.
const SHOWN_PIECES: u32 = 50;
/// Lines of the story.
const MAX_STORY: usize = 200;

#[async_trait]
impl IncidentsBackend for Service {
    async fn report_incident(
        &self,
        caller: &Caller,
        report: IncidentReport,
    ) -> Result<ReportedIncident, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.report_incident_now(&caller, report).await }).await
    }

    async fn incident(&self, caller: &Caller, id: &str) -> Result<IncidentView, Error> {
        let scope = RowScope::of(caller)?;
        let stored = self.store.incident(&scope, id).await?.ok_or_else(|| no_such(id))?;
        let now = self.clock.now();
        let mut query = CaseQuery::of(CaseList::Investigations);
        query.filter.incident.insert(id.to_owned());
        let investigations: Vec<InvestigationSummary> = self
            .store
            .case_page(&scope, None, &query, None, 100)
            .await?
            .into_iter()
            .filter_map(|(_, row)| match row {
                CaseRow::Investigation(of) => Some(of.summary),
                _ => None,
            })
            .collect();
        let mut alerts = stored.report.alerts.clone();
        let mut evidence: Vec<EvidencePiece> = Vec::new();
        for of in investigations.iter().take(MAX_INVESTIGATIONS) {
            let more: Vec<AlertPiece> =
                self.pieces_of(&scope, &of.id, PieceKind::Alert, SHOWN_PIECES).await?;
            alerts.extend(more);
            let found = self.pieces_of(&scope, &of.id, PieceKind::Evidence, SHOWN_PIECES).await?;
            evidence.extend(self.without_hidden(&scope, &of.id, found).await?);
        }
        // The same from two reports: the one that says when stays.
        alerts.sort_by_key(|alert| (alert.id.clone(), alert.at.is_none(), alert.at));
        alerts.dedup_by(|one, other| one.id == other.id);
        alerts.sort_by_key(|alert| alert.at);
        let actions = self.store.incident_actions(&scope, id, MAX_ACTIONS).await?;
        let pending = self.waiting(caller, &scope, &actions, now).await?;
        let decided: Vec<Action> =
            actions.into_iter().filter(|action| action.decision != Decision::Pending).collect();
        let comments = self.store.comments(id).await?;
        let change = caller.authorize_triage().map(drop).map_err(|error| sentence(&error.into()));
        let waiting = pending.iter().map(|of| &of.action);
        Ok(IncidentView {
            story: story(&alerts, &investigations, waiting.chain(&decided), &comments),
            summary: stored.summary,
            alerts,
            investigations,
            evidence,
            pending,
            decided,
            comments,
            change: Availability::from(change),
            rendered_at: now,
        })
    }

    async fn change_incident(
        &self,
        caller: &Caller,
        id: &str,
        change: IncidentChange,
    ) -> Result<IncidentSummary, Error> {
        let (service, caller, id) = (self.clone(), caller.clone(), id.to_owned());
        detached(async move { service.change_now(&caller, &id, change).await }).await
    }

    async fn comment_incident(
        &self,
        caller: &Caller,
        id: &str,
        text: String,
    ) -> Result<IncidentComment, Error> {
        let (service, caller, id) = (self.clone(), caller.clone(), id.to_owned());
        detached(async move { service.comment_now(&caller, &id, text).await }).await
    }
}

impl Service {
    async fn report_incident_now(
        &self,
        caller: &Caller,
        mut report: IncidentReport,
    ) -> Result<ReportedIncident, Error> {
        let by = caller.authorize_proposal()?;
        let errors = report.check();
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let before = tx.incident(&report.id).await?;
        if before.as_ref().is_some_and(|before| before.principal != by.principal()) {
            let detail = "is the id of an incident that another tool reported; use one of your own";
            return Err(Error::invalid("/id", detail));
        }
        let dropped = report.drop_repeated();
        let version = before.as_ref().map_or(1, |before| before.summary.version + 1);
        let before = before.map(|before| before.report);
        let whole = match before.clone() {
            None => IncidentReport { started_at: report.started_at.or(Some(now)), ..report },
            Some(known) => {
                let mut alerts = known.alerts;
                alerts.retain(|alert| report.alerts.iter().all(|newer| newer.id != alert.id));
                alerts.extend(report.alerts);
                IncidentReport {
                    id: known.id,
                    title: report.title.or(known.title),
                    severity: report.severity.or(known.severity),
                    started_at: report.started_at.or(known.started_at),
                    alerts,
                }
            }
        };
        tx.put_incident(&by, &whole, version, now).await?;
        let changed = before.iter().flat_map(|before| whole.changes(before)).map(str::to_owned);
        let changed: Vec<_> = changed.collect();
        let body = json!({ "version": version, "severity": whole.severity, "alerts": whole.alerts.len(),
            "changed": changed });
        let subject = Some(Subject::new(SubjectKind::Incident, &whole.id));
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::IncidentReported, subject, body })
            .await?;
        let after = tx.incident(&whole.id).await?.ok_or_else(|| no_such(&whole.id))?;
        tx.commit().await?;
        Ok(ReportedIncident { incident: after.summary, created: before.is_none(), changed, dropped })
    }

    async fn change_now(
        &self,
        caller: &Caller,
        id: &str,
        change: IncidentChange,
    ) -> Result<IncidentSummary, Error> {
        let by = caller.authorize_triage()?;
        let errors = change.check();
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let scope = RowScope::of(caller)?;
        self.store.incident(&scope, id).await?.ok_or_else(|| no_such(id))?;
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let before: StoredIncident = tx.incident(id).await?.ok_or_else(|| no_such(id))?;
        if before.summary.version != change.expected_version {
            let detail = format!(
                "the incident changed since it was shown: it is at version {}; load it, then change it anew",
                before.summary.version
            );
            let current = Box::new(Current::named(Subject::new(SubjectKind::Incident, id)));
            return Err(Error::Conflict { detail, current });
        }
        let text = |given: Option<String>, known: Option<String>| match given {
            None => known,
            Some(text) if text.trim().is_empty() => None,
            Some(text) => Some(text),
        };
        let classification = match change.classification.as_deref() {
            None => before.summary.classification,
            Some(word) => word.parse().ok(),
        };
        let state = IncidentState {
            status: change.status.unwrap_or(before.summary.status),
            classification,
            assigned_to: text(change.assigned_to, before.summary.assigned_to.clone()),
        };
        if !tx.set_incident(&by, &before, &state, now).await? {
            return Err(Denied::Revoked.into());
        }
        let IncidentSummary { version, status, classification, assigned_to, .. } = before.summary;
        let before = IncidentState { status, classification, assigned_to };
        let body = json!({ "version": version + 1, "before": said(&before), "after": said(&state) });
        let subject = Some(Subject::new(SubjectKind::Incident, id));
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::IncidentChanged, subject, body }).await?;
        tx.commit().await?;
        // Its numbers are of what the caller sees.
        Ok(self.store.incident(&scope, id).await?.ok_or_else(|| no_such(id))?.summary)
    }

    async fn comment_now(&self, caller: &Caller, id: &str, text: String) -> Result<IncidentComment, Error> {
        let by = caller.authorize_triage()?;
        check_text(&text, MAX_COMMENT).map_err(|detail| Error::invalid("/text", detail))?;
        self.store.incident(&RowScope::of(caller)?, id).await?.ok_or_else(|| no_such(id))?;
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        if !tx.add_comment(&by, id, &text, now).await? {
            return Err(Denied::Revoked.into());
        }
        let subject = Some(Subject::new(SubjectKind::Incident, id));
        let body = json!({ "text": text });
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::Commented, subject, body }).await?;
        tx.commit().await?;
        Ok(IncidentComment { at: now, by: by.actor().label(), text })
    }
}

fn no_such(id: &str) -> Error {
    Error::NotFound(Subject::new(SubjectKind::Incident, id))
}

/// What people say of an incident, as its records have it.
fn said(of: &IncidentState) -> serde_json::Value {
    json!({ "status": of.status, "classification": of.classification, "assigned_to": of.assigned_to })
}

/// What happened, in order.
fn story<'a>(
    alerts: &[AlertPiece],
    investigations: &[InvestigationSummary],
    actions: impl Iterator<Item = &'a Action>,
    comments: &[IncidentComment],
) -> Vec<StoryLine> {
    let mut lines = Vec::new();
    for alert in alerts {
        lines.extend(alert.at.map(|at| StoryLine { at, text: format!("Alert: {}", alert.title) }));
    }
    for of in investigations {
        lines.push(StoryLine {
            at: of.started_at,
            text: format!("Investigation {} began: {}", of.id, of.title),
        });
        let ended =
            |at| StoryLine { at, text: format!("Investigation {} ended: {}", of.id, of.state.label()) };
        lines.extend(of.ended_at.map(ended));
    }
    for action in actions {
        let what = format!("{} on {}", action.action_type.label(), action.asset.name);
        let at = action.proposed_at;
        lines.push(StoryLine { at, text: format!("{what}: proposed by {}", action.proposed_by.label()) });
        if let (Some(at), Some(by)) = (action.decided_at, &action.decided_by) {
            lines.push(StoryLine {
                at,
                text: format!("{what}: {} by {}", action.decision.label().to_lowercase(), by.label()),
            });
        }
    }
    for comment in comments {
        lines.push(StoryLine { at: comment.at, text: format!("{} commented", comment.by) });
    }
    lines.sort_by(|one, other| (one.at, &one.text).cmp(&(other.at, &other.text)));
    let skip = lines.len().saturating_sub(MAX_STORY);
    lines.split_off(skip)
}
