//! Investigations: reports come in as parts, and pages are made of what is there.

use async_trait::async_trait;
use domain::core::subject::Current;
use domain::core::text::pluralize;
use domain::investigations::contract::{EachReported, InvestigationsBackend, Reported};
use domain::investigations::email::EmailView;
use domain::investigations::feedback::{Feedback, FeedbackList, Judged, WrongVerdict};
use domain::investigations::report::InvestigationReport;
use domain::investigations::{InvestigationState, InvestigationSummary};
use domain::{AuditKind, Caller, Denied, Error, FieldError, RowScope, Subject, SubjectKind};
use jiff::Timestamp;
use serde_json::json;
use store::AuditEntry;
use store::investigations::StoredInvestigation;

use super::access::device_groups::{place_proposals, place_report};
use super::intake::{Intake, OnError, check, known};
use super::pieces::pieces;
use super::{Service, detached};

#[async_trait]
impl InvestigationsBackend for Service {
    async fn report_investigation(
        &self,
        caller: &Caller,
        report: InvestigationReport,
    ) -> Result<Reported, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        let taken =
            detached(async move { Box::pin(service.report_now(&caller, report, OnError::Stop)).await });
        let (reported, results) = taken.await?;
        Ok(Reported { actions: results.into_iter().collect::<Result<_, _>>()?, ..reported })
    }

    async fn report_each(&self, caller: &Caller, report: InvestigationReport) -> Result<EachReported, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { Box::pin(service.report_now(&caller, report, OnError::GoOn)).await }).await
    }

    async fn investigation(&self, caller: &Caller, id: &str) -> Result<InvestigationSummary, Error> {
        Ok(self.seen(caller, id).await?.1.summary)
    }

    async fn email(&self, caller: &Caller, id: &str) -> Result<EmailView, Error> {
        self.email_now(caller, id).await
    }

    async fn report_verdict(
        &self,
        caller: &Caller,
        judged: Judged,
        kind: WrongVerdict,
        comment: Option<String>,
    ) -> Result<Feedback, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.feedback_now(&caller, judged, kind, comment).await }).await
    }

    async fn feedback(&self, caller: &Caller, after: i64) -> Result<FeedbackList, Error> {
        self.feedback_after(&RowScope::of(caller)?, after).await
    }

    async fn end_investigation(&self, caller: &Caller, id: &str) -> Result<InvestigationSummary, Error> {
        let (service, caller, id) = (self.clone(), caller.clone(), id.to_owned());
        detached(async move { service.end_now(&caller, &id).await }).await
    }
}

impl Service {
    /// The investigation, as far as the caller sees it.
    pub(super) async fn seen(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(RowScope, StoredInvestigation), Error> {
        let scope = RowScope::of(caller)?;
        let stored = self.store.investigation(&scope, id).await?;
        Ok((scope, stored.ok_or_else(|| no_such(id))?))
    }

    async fn report_now(
        &self,
        caller: &Caller,
        mut report: InvestigationReport,
        on_error: OnError,
    ) -> Result<EachReported, Error> {
        let by = caller.authorize_proposal()?;
        let now = self.clock.now();
        let mut errors = report.check();
        let mut proposals = std::mem::take(&mut report.actions);
        if proposals.len() > domain::actions::proposal::MAX_ACTIONS {
            let detail =
                format!("has {} items; at most {}", proposals.len(), domain::actions::proposal::MAX_ACTIONS);
            errors.push(FieldError::new("/actions", detail));
        }
        for proposal in &mut proposals {
            proposal.investigation_id = Some(report.id.clone());
            proposal.incident_id = report.incident_id.clone().or(proposal.incident_id.take());
        }
        let mut checked: Vec<_> =
            proposals.into_iter().enumerate().map(|(at, of)| check(at, of, now)).collect();
        if on_error == OnError::Stop {
            errors.extend(checked.iter().filter_map(|of| of.as_ref().err()).flatten().cloned());
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let mut tx = self.store.begin().await?;
        let now = tx.time(now).await?;
        let before = tx.investigation(&report.id).await?;
        if before.as_ref().is_some_and(|before| before.principal != by.principal()) {
            let detail = "is the id of an investigation that another tool reported; use one of your own";
            return Err(Error::invalid("/id", detail));
        }
        place_report(&mut *tx, &by, &mut report.devices, now).await?;
        place_proposals(&mut *tx, &by, &mut checked, now).await?;
        let (pieces, dropped) = pieces(&mut report, now)?;
        let version = before.as_ref().map_or(1, |before| before.summary.version + 1);
        let before = before.map(|before| before.report);
        let whole = merged(before.clone(), report, now);
        tx.put_investigation(&by, &whole, version, now).await?;
        let new_pieces = tx.put_pieces(&by, &whole.id, &pieces).await?;
        let compare = |before: &InvestigationReport| {
            whole.changes(before).into_iter().chain(new_pieces.iter().map(|kind| kind.list()))
        };
        let changed: Vec<_> = before.iter().flat_map(compare).map(str::to_owned).collect();
        let body = json!({ "version": version, "state": whole.state, "severity": whole.severity,
            "incident_id": whole.incident_id, "pieces": pieces.len(), "actions": checked.len(), "changed": changed });
        let subject = Some(Subject::new(SubjectKind::Investigation, &whole.id));
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::InvestigationReported, subject, body })
            .await?;
        let times = tx.decision_times().await?;
        let known = known(&mut *tx, &by, &checked).await?;
        let mut intake = Intake { caller, by: &by, now, times, known, fresh: Vec::new() };
        let on_users = tx.compromised_users().await?;
        let mut results = Vec::with_capacity(checked.len());
        for (index, proposal) in checked.into_iter().enumerate() {
            let one = match proposal {
                Ok(proposal) => {
                    self.take_in_automated(&mut *tx, &mut intake, &on_users, proposal, index).await
                }
                Err(errors) => Err(Error::Invalid(errors)),
            };
            results.push(on_error.result(one)?);
        }
        intake.write(&mut *tx).await?;
        let after = tx.investigation(&whole.id).await?.ok_or_else(|| no_such(&whole.id))?;
        tx.commit().await?;
        let (investigation, created) = (after.summary, before.is_none());
        Ok((Reported { investigation, created, changed, dropped, actions: Vec::new() }, results))
    }

    async fn end_now(&self, caller: &Caller, id: &str) -> Result<InvestigationSummary, Error> {
        let (scope, seen) = self.seen(caller, id).await?;
        let by = caller.authorize_triage()?;
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let before = tx.investigation(id).await?.ok_or_else(|| no_such(id))?;
        let refuse = |detail: String| Error::Conflict {
            detail,
            current: Box::new(Current::named(Subject::new(SubjectKind::Investigation, id))),
        };
        if before.summary.waiting > 0 {
            // Not how many wait that the caller does not see.
            let waiting = match seen.summary.waiting {
                0 => "something waits".to_owned(),
                seen => pluralize(seen, "action waits", "actions wait"),
            };
            return Err(refuse(format!(
                "{waiting} for a decision: an investigation ends when each is decided"
            )));
        }
        if !before.summary.state.is_open() {
            return Err(refuse("the investigation has ended".to_owned()));
        }
        if !tx.end_investigation(&by, &before, InvestigationState::TerminatedByUser, now).await? {
            return Err(Denied::Revoked.into());
        }
        let subject = Some(Subject::new(SubjectKind::Investigation, id));
        let body = json!({ "version": before.summary.version + 1, "before": before.summary.state });
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::InvestigationEnded, subject, body })
            .await?;
        tx.commit().await?;
        let after = self.store.investigation(&scope, id).await?;
        Ok(after.ok_or_else(|| no_such(id))?.summary)
    }
}

pub(super) fn no_such(id: &str) -> Error {
    Error::NotFound(Subject::new(SubjectKind::Investigation, id))
}

/// What is known with what a report says of it: what it leaves out stays.
fn merged(
    before: Option<InvestigationReport>,
    report: InvestigationReport,
    now: Timestamp,
) -> InvestigationReport {
    let Some(before) = before else {
        return InvestigationReport { started_at: report.started_at.or(Some(now)), ..report };
    };
    let goes_on = report.state.is_some_and(InvestigationState::is_open);
    InvestigationReport {
        title: report.title.or(before.title),
        state: report.state.or(before.state),
        severity: report.severity.or(before.severity),
        category: report.category.or(before.category),
        detection_source: report.detection_source.or(before.detection_source),
        incident_id: report.incident_id.or(before.incident_id),
        started_at: report.started_at.or(before.started_at),
        ended_at: report.ended_at.or(before.ended_at.filter(|_| !goes_on)),
        queue_time: report.queue_time.or(before.queue_time),
        ..InvestigationReport::of(before.id)
    }
}
