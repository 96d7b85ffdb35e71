//! What executors say later of what they were handed: signed, so that who sends it is known by the key alone.

use async_trait::async_trait;
use domain::executors::contract::{Report, ReportTaken, ReportsBackend, SealedReport};
use domain::{Action, AuditKind, Authorized, CommandId, Error, Outcome, RowScope, Status, Transition};
use jiff::Timestamp;
use serde_json::json;

use super::decision::{lifecycle_of, next};
use super::ends::keep_end;
use super::executor::SignedReport;
use super::targets::{Progress, progress};
use super::{Service, detached, entry};
use crash::crash_point;
use store::{Ended, Guard, Leased, SystemTransaction};

#[async_trait]
impl ReportsBackend for Service {
    async fn take_report(&self, report: SealedReport) -> Result<ReportTaken, Error> {
        let service = self.clone();
        detached(async move { service.read_report(&report).await }).await
    }
}

impl Service {
    async fn read_report(&self, sealed: &SealedReport) -> Result<ReportTaken, Error> {
        let SealedReport { id, timestamp, signature, body } = sealed;
        // Whatever is wrong with who sent it has one answer: which commands there are is not told.
        let report: Report = serde_json::from_slice(body).map_err(|_| Error::NotSignedIn)?;
        let handed = self.store.command(report.command_id).await?.ok_or(Error::NotSignedIn)?;
        let name = handed.command.executor.clone().ok_or(Error::NotSignedIn)?;
        let executor = self.executors.named(&name).ok_or(Error::NotSignedIn)?;
        let adapter = executor.adapter().map_err(|_| Error::NotSignedIn)?;
        let signed = SignedReport { id, timestamp, signature, body };
        adapter.verify_report(&signed).map_err(|why| {
            tracing::warn!(executor = name, why, "a report is not believed");
            Error::NotSignedIn
        })?;
        self.write_report(&name, &report, handed.is_done).await
    }

    /// Settles what nobody knew the end of, by a report that came late and knows more. False if it changed meanwhile.
    pub(super) async fn settle_late(
        &self,
        tx: &mut dyn SystemTransaction,
        by: &Authorized,
        (before, command): (&Action, CommandId),
        (outcome, told): (Outcome, &str),
        now: Timestamp,
    ) -> Result<bool, Error> {
        let detail = format!("reported late: {told}");
        let ended = Ended { status: outcome.status(), detail: &detail };
        let settled = tx.settle_commands(by, &[command], ended).await?;
        let (outcome, words) = if before.has_targets() {
            if settled == 0 {
                return Ok(false);
            }
            let Progress { transition, detail } = progress(&mut *tx, before).await?;
            // While others are not over, or unknown, the whole stays as it is.
            let outcome = match transition {
                Some(Transition::Report(outcome)) if before.status == Status::Unknown => Some(outcome),
                _ => None,
            };
            (outcome, detail)
        } else {
            (Some(outcome), detail.clone())
        };
        let lifecycle = lifecycle_of(before)?;
        let lifecycle = outcome.map_or(Ok(lifecycle), |outcome| lifecycle.apply(Transition::Settle(outcome)));
        let lifecycle = lifecycle.map_err(|refusal| Error::Internal(refusal.to_string()))?;
        let after = Action { status_detail: Some(words.clone()), ..next(before, lifecycle, now) };
        if !tx.update_state(Guard { by, deciding: false, policy: None, now }, before, &after).await? {
            return Ok(false);
        }
        let more = json!({ "command_id": command, "executor": before.executor, "detail": detail });
        tx.append_audit(by, entry(now, AuditKind::Settled, &after, more)).await?;
        if let Some(outcome) = outcome {
            self.report_undo(tx, by, &after, (outcome, &words), now).await?;
            keep_end(tx, by, &after).await?;
        }
        Ok(true)
    }

    async fn write_report(&self, name: &str, report: &Report, is_done: bool) -> Result<ReportTaken, Error> {
        let Some(authority) = &self.authority else {
            return Err(Error::Internal("this server takes no reports".to_owned()));
        };
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        let command = self.store.command(report.command_id).await?.ok_or(Error::NotSignedIn)?.command;
        let before = tx.action(&RowScope::ALL, command.action_id).await?;
        let before =
            before.ok_or_else(|| Error::Internal(format!("command {} has no action", command.id)))?;
        let unchanged = || ReportTaken { action_id: before.id, status: before.status, changed: false };
        let Some(outcome) = report.status.outcome() else {
            return Ok(unchanged());
        };
        let by = Authorized::system(authority, name, name);
        let last = self.store.command_of(before.id).await?;
        let told = report.in_words();
        if is_unknown(&before, command.id, last.as_ref())
            && self.settle_late(&mut *tx, &by, (&before, command.id), (outcome, &told), now).await?
        {
            tx.commit().await?;
            return Ok(ReportTaken { action_id: before.id, status: status(outcome), changed: true });
        }
        if is_done || before.status != Status::InProgress {
            return Ok(unchanged());
        }
        let transition = Transition::Report(outcome);
        if !self.end(&mut *tx, &by, &command, transition, &report.in_words(), now).await? {
            return Ok(unchanged());
        }
        crash_point!("signed_report.before_commit");
        tx.commit().await?;
        crash_point!("signed_report.after_commit");
        Ok(ReportTaken { action_id: before.id, status: status(outcome), changed: true })
    }
}

/// Whether the end of this command may be unknown: it is the last of its action, or one of several of it.
pub(super) fn is_unknown(action: &Action, command: CommandId, last: Option<&Leased>) -> bool {
    if action.has_targets() {
        return matches!(action.status, Status::Unknown | Status::InProgress);
    }
    action.status == Status::Unknown && last.is_some_and(|last| last.id == command)
}

const fn status(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Completed => Status::Completed,
        Outcome::PartiallyCompleted => Status::PartiallyCompleted,
        Outcome::Failed => Status::Failed,
        Outcome::TimedOut => Status::TimedOut,
        Outcome::Skipped => Status::Skipped,
        Outcome::Cancelled => Status::Cancelled,
    }
}
