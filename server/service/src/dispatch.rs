//! The write path of executors: taking a command under a lease, and writing what became of it.
//!
//! No transaction is open while an executor works. Only the holder of the lease writes the outcome.

use std::sync::{Arc, Mutex};

use domain::SystemAuthority;
use domain::executors::contract::{AnswerKind, ExecutorAnswer};
use domain::{Action, AuditKind, Authorized, Error, Lifecycle, Outcome, RowScope, Status, Transition};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::clock::is_unusable;
use super::decision::{lifecycle_of, next};
use super::ends::keep_end;
use super::executor::{Connected, Order};
use super::targets::{Progress, progress, undone};
use super::twins::Precedence;
use super::{Service, detached, entry, is_bound};
use crash::crash_point;
use store::{Claim, Ended, Guard, Leased, SystemTransaction, Transaction};

/// How long a worker holds a command before another may take it.
const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// After this time nobody who has the executor is going to go on with what may have been sent.
const ABANDONED_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// Letters that are kept of an answer.
const MAX_NOTED: usize = 500;
/// When a command that no executor here can carry out is looked at again.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// How it begins what is said of a command that was provably not sent.
pub(super) const NOT_SENT_YET: &str = "not sent yet";

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
        if is_unusable(&self.clock) {
            return Ok(None);
        }
        loop {
            // Most looks find nothing, which needs no write lock.
            if !self.store.command_is_due(self.clock.now()).await? {
                return Ok(None);
            }
            let mut tx = self.store.begin_system(authority).await?;
            let now = tx.time(self.clock.now()).await?;
            let executors = self.executors.ready(now);
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
                tx.finish(&leased, Ended { status: Status::Cancelled, detail: "called off" }).await?;
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
            let Some(aimed) = aim(&before, &leased) else {
                let detail = "its target is none of the action's";
                self.end(&mut *tx, &by, &leased, Transition::Report(Outcome::Failed), detail, now).await?;
                tx.commit().await?;
                continue;
            };
            let Some(executor) = self.executor_of(&leased, &aimed) else {
                if leased.possibly_sent == 0 {
                    // It waits: whoever looks at the action is told what for.
                    let again = now.saturating_add(LOOK_AGAIN).unwrap_or(now);
                    let why = self.executors.why_none(aimed.action_type, &aimed);
                    tx.retry(&leased, again, &why).await?;
                } else {
                    let detail =
                        "possibly done, and its executor is not connected any more; a person must look";
                    self.end(&mut *tx, &by, &leased, Transition::LoseTrack, detail, now).await?;
                }
                tx.commit().await?;
                continue;
            };
            if !executors.iter().any(|ready| ready == executor.name()) {
                // It was taken as abandoned, and its executor is paused or left alone: it waits on.
                let again = now.saturating_add(LOOK_AGAIN).unwrap_or(now);
                tx.retry(&leased, again, "its executor takes nothing now").await?;
                tx.commit().await?;
                continue;
            }
            if leased.possibly_sent == 0 {
                match self.precedence(&aimed).await? {
                    Precedence::Go => {}
                    Precedence::Wait(_) => {
                        let again = now.saturating_add(LOOK_AGAIN).unwrap_or(now);
                        tx.retry(&leased, again, "one that was decided on before it is not over").await?;
                        tx.commit().await?;
                        continue;
                    }
                    Precedence::Skip(why) => {
                        let skip = Transition::Report(Outcome::Skipped);
                        self.end(&mut *tx, &by, &leased, skip, &why, now).await?;
                        tx.commit().await?;
                        continue;
                    }
                }
            }
            let action =
                begin(&mut *tx, &by, (&before, aimed), lifecycle, (&leased, executor.name()), now).await?;
            let leased = Leased { executor: action.executor.clone(), ..leased };
            tx.commit().await?;
            crash_point!("dispatch.after_lease");
            let busy = Some(executor.begin(now));
            return Ok(Some(Order { leased, executor, busy, action, sent: Mutex::default() }));
        }
    }

    /// Who carries out a command: who was named when it was decided on, or else who serves the asset. What one executor
    /// may have been sent is no other's to answer for.
    fn executor_of(&self, leased: &Leased, action: &Action) -> Option<Arc<Connected>> {
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

    /// Writes that an executor has a command and says later how it ended, if the lease is still ours.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn hand_over(
        &self,
        authority: &SystemAuthority,
        leased: Leased,
        detail: String,
        (report_within, due_within): (Option<SignedDuration>, Option<SignedDuration>),
    ) -> Result<bool, Error> {
        let (service, authority) = (self.clone(), authority.clone());
        detached(async move {
            crash_point!("hand_over.before_commit");
            let mut tx = service.store.begin_system(&authority).await?;
            let now = tx.time(service.clock.now()).await?;
            let at = |within: Option<SignedDuration>| within.and_then(|within| now.checked_add(within).ok());
            if !tx.hand_over(&leased, at(report_within), at(due_within), &detail).await? {
                return Ok(false);
            }
            let before = load(&mut *tx, &leased).await?;
            let by = worker(&authority);
            let more = json!({ "command_id": leased.id, "executor": leased.executor, "detail": detail });
            note(&mut *tx, &before, &leased, AnswerKind::Handed, &detail, now).await?;
            let detail =
                if before.has_targets() { progress(&mut *tx, &before).await?.detail } else { detail };
            let after = Action { status_detail: Some(detail), ..next(&before, lifecycle_of(&before)?, now) };
            write(&mut *tx, &by, &before, &after, now).await?;
            tx.append_audit(&by, entry(now, AuditKind::HandedOver, &after, more)).await?;
            tx.commit().await?;
            crash_point!("hand_over.after_commit");
            Ok(true)
        })
        .await
    }

    /// Ends what was handed over and should have been reported by now: its end is unknown. Returns how many.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn lose_track_of_overdue(&self, authority: &SystemAuthority) -> Result<usize, Error> {
        let mut lost = 0;
        if is_unusable(&self.clock) {
            return Ok(lost);
        }
        loop {
            let (service, by) = (self.clone(), authority.clone());
            let one = detached(async move {
                let mut tx = service.store.begin_system(&by).await?;
                let now = tx.time(service.clock.now()).await?;
                let Some(leased) = tx.overdue(now).await? else { return Ok(false) };
                let detail = "it was handed over, and no report came in time; a person must look";
                let ended =
                    service.end(&mut *tx, &worker(&by), &leased, Transition::LoseTrack, detail, now).await?;
                tx.commit().await?;
                Ok(ended)
            });
            if !one.await? {
                return Ok(lost);
            }
            lost += 1;
        }
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
            let kind = if leased.possibly_sent > 0 { AnswerKind::Uncertain } else { AnswerKind::NotSent };
            note(&mut *tx, &before, &leased, kind, &why, now).await?;
            // Of several targets, each has its own words.
            if before.status_detail.as_deref() != Some(&why) && !before.has_targets() {
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

    pub(super) async fn end(
        &self,
        tx: &mut dyn SystemTransaction,
        by: &Authorized,
        leased: &Leased,
        transition: Transition,
        detail: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let status = match transition {
            Transition::Report(outcome) => outcome.status(),
            _ => Status::Unknown,
        };
        if !tx.finish(leased, Ended { status, detail }).await? {
            return Ok(false);
        }
        let before = load(tx, leased).await?;
        let mut lifecycle = lifecycle_of(&before)?;
        if before.status == Status::Queued {
            lifecycle = apply(lifecycle, Transition::Start)?;
        }
        let executor = leased.executor.as_ref().or(before.executor.as_ref());
        let mut more = json!({ "command_id": leased.id, "executor": executor, "detail": detail });
        let (whole, words) = if before.has_targets() {
            more["target"] = json!(aim(&before, leased).map(|of| of.asset.name));
            more["target_status"] = json!(status);
            let Progress { transition, detail } = progress(tx, &before).await?;
            (transition, detail)
        } else {
            (Some(transition), detail.to_owned())
        };
        if let Some(whole) = whole {
            lifecycle = apply(lifecycle, whole)?;
        }
        let after = Action { status_detail: Some(words.clone()), ..next(&before, lifecycle, now) };
        write(tx, by, &before, &after, now).await?;
        note(tx, &after, leased, answer(transition), detail, now).await?;
        let kind =
            if transition == Transition::LoseTrack { AuditKind::LostTrack } else { AuditKind::Reported };
        tx.append_audit(by, entry(now, kind, &after, more)).await?;
        if let Some(Transition::Report(outcome)) = whole {
            self.report_undo(tx, by, &after, (outcome, &words), now).await?;
            keep_end(tx, by, &after).await?;
        }
        Ok(true)
    }
}

impl Service {
    /// Of an action that reverses another, writes on the other how that ended, and on those whose effect went with it; of a
    /// reverse by itself, on all that it reversed.
    pub(super) async fn report_undo(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        by: &Authorized,
        reverse: &Action,
        (outcome, detail): (Outcome, &str),
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(original) = reverse.undo_of else {
            if reverse.action_type.is_reverse() {
                self.lift_twins(tx, by, reverse, (reverse, outcome), now).await?;
            }
            return Ok(());
        };
        let before = tx
            .action(&RowScope::ALL, original)
            .await?
            .ok_or_else(|| Error::Internal(format!("the action {original} that was undone is gone")))?;
        let transition = if before.has_targets() {
            undone(tx, by, &before, reverse, outcome).await?
        } else {
            Transition::ReportUndo(outcome)
        };
        let lifecycle = apply(lifecycle_of(&before)?, transition)?;
        let undone = next(&before, lifecycle, now);
        write(tx, by, &before, &undone, now).await?;
        let more = json!({ "undone_by": reverse.id, "detail": detail });
        tx.append_audit(by, entry(now, AuditKind::UndoReported, &undone, more)).await?;
        self.lift_twins(tx, by, &undone, (reverse, outcome), now).await
    }
}

/// Keeps how an attempt went, for the page of its executor.
async fn note(
    tx: &mut dyn SystemTransaction,
    action: &Action,
    leased: &Leased,
    result: AnswerKind,
    detail: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let Some(executor) = leased.executor.as_ref().or(action.executor.as_ref()) else { return Ok(()) };
    let detail = detail.chars().take(MAX_NOTED).collect();
    let answer = ExecutorAnswer { at, action: action.id, command: leased.id, result, detail };
    Ok(tx.note_answer(executor, &answer).await?)
}

const fn answer(transition: Transition) -> AnswerKind {
    match transition {
        Transition::Report(Outcome::Completed | Outcome::PartiallyCompleted | Outcome::Skipped) => {
            AnswerKind::Done
        }
        Transition::Report(_) => AnswerKind::Failed,
        _ => AnswerKind::Uncertain,
    }
}

/// Writes that an executor begins with an action, on one of its targets; the action as the executor gets it.
async fn begin(
    tx: &mut dyn SystemTransaction,
    by: &Authorized,
    (before, aimed): (&Action, Action),
    lifecycle: Lifecycle,
    (leased, executor): (&Leased, &str),
    now: Timestamp,
) -> Result<Action, Error> {
    let mut action = aimed;
    if before.status == Status::Queued {
        let mut after = next(before, lifecycle, now);
        if !before.has_targets() {
            after.executor = Some(executor.to_owned());
        }
        write(tx, by, before, &after, now).await?;
        let more = json!({ "command_id": leased.id, "executor": executor });
        tx.append_audit(by, entry(now, AuditKind::Dispatched, &after, more)).await?;
        (action.version, action.status, action.updated_at) = (after.version, after.status, after.updated_at);
    }
    action.executor = Some(executor.to_owned());
    if leased.executor.is_none() {
        tx.name_executor(leased, executor).await?;
    }
    Ok(action)
}

/// The action on the target of a command.
fn aim(action: &Action, leased: &Leased) -> Option<Action> {
    let place = usize::try_from(leased.target).ok()?;
    action.aimed_at(place)
}

pub(super) fn worker(authority: &SystemAuthority) -> Authorized {
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
    if tx.update_state(Guard { by, deciding: false, policy: None, now }, before, after).await? {
        return Ok(());
    }
    // The row was read in this same transaction, which holds the write lock.
    Err(Error::Internal(format!("the action {} changed inside a transaction", before.id)))
}
