//! The write path of executors: taking a command under a lease, and writing what became of it.
//!
//! No transaction is open while an executor works. Only the holder of the lease writes the outcome.

use std::sync::Arc;

use domain::SystemAuthority;
use domain::{Action, AuditKind, Authorized, Error, Lifecycle, Outcome, RowScope, Status, Transition};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::decision::{lifecycle_of, next};
use super::executor::{Executor, Order};
use super::{Service, detached, entry, is_bound};
use crash::crash_point;
use store::{Claim, Guard, Leased, SystemTransaction, Transaction};

/// How long a worker holds a command before another may take it.
const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// After this time nobody who has the executor is going to go on with what may have been sent.
const ABANDONED_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// When a command that no executor here can carry out is looked at again.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);

impl Service {
    /// Leases the next command, and marks its action as in progress.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn take_order(&self, authority: &SystemAuthority) -> Result<Option<Order>, Error> {
        let (service, authority) = (self.clone(), authority.clone());
        detached(async move { service.take_order_now(&authority).await }).await
    }

    async fn take_order_now(&self, authority: &SystemAuthority) -> Result<Option<Order>, Error> {
        let by = worker(authority);
        loop {
            let mut tx = self.store.begin_system(authority).await?;
            let now = tx.time(self.clock.now()).await?;
            let executors = self.executors.ready();
            let claim = Claim {
                now,
                until: now.saturating_add(LEASE).unwrap_or(now),
                executors: &executors,
                abandoned: now.saturating_sub(ABANDONED_AFTER).unwrap_or(now),
            };
            let Some(leased) = tx.lease(claim).await? else {
                return Ok(None);
            };
            let before = load(&mut *tx, &leased).await?;
            let Ok(lifecycle) = lifecycle_of(&before)?.apply(Transition::Start) else {
                // Called off meanwhile: nothing is left to do for this command.
                tx.finish(&leased).await?;
                tx.commit().await?;
                continue;
            };
            if !is_bound(&before)? {
                let (transition, detail) = if leased.possibly_sent == 0 {
                    let detail = "what is stored is not what was decided on; nothing was sent";
                    (Transition::Report(Outcome::Failed), detail)
                } else {
                    let detail = "what is stored is not what was decided on, and may have been sent before; a person must look";
                    (Transition::LoseTrack, detail)
                };
                self.end(&mut *tx, &by, &leased, transition, detail, now).await?;
                tx.commit().await?;
                continue;
            }
            let Some(executor) = self.executor_of(&leased, &before) else {
                if leased.possibly_sent == 0 {
                    // It waits: whoever looks at the action is told what for.
                    let again = now.saturating_add(LOOK_AGAIN).unwrap_or(now);
                    tx.retry(&leased, again, "no executor is connected for this").await?;
                } else {
                    let detail =
                        "possibly done, and its executor is not connected any more; a person must look";
                    self.end(&mut *tx, &by, &leased, Transition::LoseTrack, detail, now).await?;
                }
                tx.commit().await?;
                continue;
            };
            let mut action = before.clone();
            if before.status == Status::Queued {
                action = next(&before, lifecycle, now);
                action.executor = Some(executor.name().to_owned());
                write(&mut *tx, &by, &before, &action, now).await?;
                let more = json!({ "command_id": leased.id, "executor": action.executor });
                tx.append_audit(&by, entry(now, AuditKind::Dispatched, &action, more)).await?;
            }
            tx.commit().await?;
            crash_point!("dispatch.after_lease");
            return Ok(Some(Order { leased, executor, action }));
        }
    }

    /// Who carries out a command: who was named when it was decided on, or else who serves the asset. What one executor
    /// may have been sent is no other's to answer for.
    fn executor_of(&self, leased: &Leased, action: &Action) -> Option<Arc<dyn Executor>> {
        match leased.executor.as_ref().or(action.executor.as_ref()) {
            Some(name) => self.executors.named(name),
            None => self.executors.find(action).filter(|_| leased.possibly_sent == 0),
        }
    }

    /// Writes how a command ended, if the lease is still ours. False if it is not.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn report(
        &self,
        authority: &SystemAuthority,
        leased: Leased,
        transition: Transition,
        detail: String,
    ) -> Result<bool, Error> {
        let (service, authority) = (self.clone(), authority.clone());
        detached(async move {
            crash_point!("report.before_commit");
            let mut tx = service.store.begin_system(&authority).await?;
            let now = tx.time(service.clock.now()).await?;
            if !service.end(&mut *tx, &worker(&authority), &leased, transition, &detail, now).await? {
                return Ok(false);
            }
            tx.commit().await?;
            crash_point!("report.after_commit");
            Ok(true)
        })
        .await
    }

    /// Gives a command back to be tried again later, if the lease is still ours.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn retry(
        &self,
        authority: &SystemAuthority,
        leased: Leased,
        ready_at: Timestamp,
        why: String,
    ) -> Result<bool, Error> {
        let (service, authority) = (self.clone(), authority.clone());
        detached(async move {
            let mut tx = service.store.begin_system(&authority).await?;
            let now = tx.time(service.clock.now()).await?;
            if !tx.retry(&leased, ready_at, &why).await? {
                return Ok(false);
            }
            let before = load(&mut *tx, &leased).await?;
            if before.status_detail.as_deref() != Some(&why) {
                let by = worker(&authority);
                let more = json!({ "command_id": leased.id, "executor": before.executor, "detail": why });
                let after = Action { status_detail: Some(why), ..next(&before, lifecycle_of(&before)?, now) };
                write(&mut *tx, &by, &before, &after, now).await?;
                tx.append_audit(&by, entry(now, AuditKind::Postponed, &after, more)).await?;
            }
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn end(
        &self,
        tx: &mut dyn SystemTransaction,
        by: &Authorized,
        leased: &Leased,
        transition: Transition,
        detail: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        if !tx.finish(leased).await? {
            return Ok(false);
        }
        let before = load(tx, leased).await?;
        let mut lifecycle = lifecycle_of(&before)?;
        if before.status == Status::Queued {
            lifecycle = apply(lifecycle, Transition::Start)?;
        }
        let lifecycle = apply(lifecycle, transition)?;
        let after = Action { status_detail: Some(detail.to_owned()), ..next(&before, lifecycle, now) };
        write(tx, by, &before, &after, now).await?;
        let kind =
            if transition == Transition::LoseTrack { AuditKind::LostTrack } else { AuditKind::Reported };
        let more = json!({ "command_id": leased.id, "executor": after.executor, "detail": detail });
        tx.append_audit(by, entry(now, kind, &after, more)).await?;
        if let Transition::Report(outcome) = transition {
            report_undo(tx, by, &after, outcome, detail, now).await?;
        }
        Ok(true)
    }
}

/// Of an action that reverses another, writes on the other how that ended.
pub(super) async fn report_undo(
    tx: &mut (impl Transaction + ?Sized),
    by: &Authorized,
    reverse: &Action,
    outcome: Outcome,
    detail: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(original) = reverse.undo_of else { return Ok(()) };
    let before = tx
        .action(&RowScope::ALL, original)
        .await?
        .ok_or_else(|| Error::Internal(format!("the action {original} that was undone is gone")))?;
    let lifecycle = apply(lifecycle_of(&before)?, Transition::ReportUndo(outcome))?;
    let undone = next(&before, lifecycle, now);
    write(tx, by, &before, &undone, now).await?;
    let more = json!({ "undone_by": reverse.id, "detail": detail });
    tx.append_audit(by, entry(now, AuditKind::UndoReported, &undone, more)).await?;
    Ok(())
}

fn worker(authority: &SystemAuthority) -> Authorized {
    Authorized::system(authority, "worker", "Countersign")
}

async fn load(tx: &mut dyn Transaction, leased: &Leased) -> Result<Action, Error> {
    let action = tx.action(&RowScope::ALL, leased.action_id).await?;
    action.ok_or_else(|| Error::Internal(format!("command {} has no action", leased.id)))
}

fn apply(lifecycle: Lifecycle, transition: Transition) -> Result<Lifecycle, Error> {
    lifecycle.apply(transition).map_err(|refusal| Error::Internal(refusal.to_string()))
}

async fn write(
    tx: &mut (impl Transaction + ?Sized),
    by: &Authorized,
    before: &Action,
    after: &Action,
    now: Timestamp,
) -> Result<(), Error> {
    if tx.update_state(Guard { by, deciding: false, now }, before, after).await? {
        return Ok(());
    }
    // The row was read in this same transaction, which holds the write lock.
    Err(Error::Internal(format!("the action {} changed inside a transaction", before.id)))
}
