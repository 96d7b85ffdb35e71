//! A job as it is carried out: step by step, each in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{Action, BulkVerb, Decision, Error, ItemState, RowScope, SystemAuthority, UndoState};
use tokio_util::sync::CancellationToken;

use super::{POLL_INTERVAL, STEP, TRIED, verb};
use crate::change::write_rows;
use crate::decide::refused;
use crate::decision::{DecisionAttempt, Verb};
use crate::detail::sentence;
use crate::{Service, session};
use crash::crash_point;
use store::{StepItem, Transaction};

/// Where an item stands since, and why if it was not decided.
type Outcome = (ItemState, Option<String>);

impl Service {
    /// Carries out jobs until `stop` is cancelled, also those that a process before left behind.
    pub async fn carry_out(self, authority: SystemAuthority, stop: CancellationToken) {
        let mut look = tokio::time::interval(POLL_INTERVAL);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.started.notified() => {}
                _ = look.tick() => {}
            }
            loop {
                match self.step(&authority).await {
                    Ok(true) if !stop.is_cancelled() => {}
                    Ok(_) => break,
                    Err(Error::Internal(text)) => {
                        tracing::error!(text, "a step of a job failed");
                        break;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a step of a job failed");
                        break;
                    }
                }
            }
        }
    }

    /// Decides on the next items of the job whose slot it is. False if no job has more to do.
    ///
    /// # Errors
    /// If the store fails; nothing of the step happened then.
    pub async fn step(&self, authority: &SystemAuthority) -> Result<bool, Error> {
        // A job of a database that went back in time decides nothing more by itself, either.
        if !self.store.bulk_is_running().await? || self.dispatch_pause().await?.is_some() {
            return Ok(false);
        }
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        let most = u32::try_from(STEP).unwrap_or(u32::MAX);
        let Some(step) = tx.step_bulk(now, most).await? else { return Ok(false) };
        let (credential, user) = tx
            .principal(step.credential)
            .await?
            .ok_or_else(|| Error::Internal(format!("job {} was started by nobody", step.id)))?;
        // With the roles of now: one that was taken away since the start stops the rest.
        let caller = session::caller(&credential, user);
        let mut lifts: BTreeSet<_> = step.preview.lifts.iter().map(|of| of.id).collect();
        if step.verb == BulkVerb::Undo {
            // What stands together and is undone together lifts nothing else.
            lifts.extend(self.store.bulk_actions(step.id, TRIED).await?);
        }
        let verb = verb(step.verb, step.reason);
        let (together, policies) = (Some(step.approval_id), tx.policies().await?);
        let attempt = DecisionAttempt { caller: &caller, verb: &verb, together, lifts, policies, now };
        let outcomes = self.decide_items(&mut *tx, &attempt, &step.items).await?;
        let mut settled: BTreeMap<Outcome, Vec<i64>> = BTreeMap::new();
        for (item, outcome) in step.items.iter().zip(outcomes) {
            settled.entry(outcome).or_default().push(item.position);
        }
        for ((state, detail), positions) in settled {
            tx.settle_items(step.id, state, detail.as_deref(), &positions).await?;
        }
        if step.items.len() < STEP {
            tx.end_bulk(step.id, self.clock.now()).await?;
        }
        crash_point!("bulk.before_commit");
        tx.commit().await?;
        crash_point!("bulk.after_commit");
        Ok(true)
    }

    /// Decides on all of them together; and where that does not go through, on each by itself, so that none of them
    /// sinks the others.
    async fn decide_items(
        &self,
        tx: &mut dyn Transaction,
        attempt: &DecisionAttempt<'_>,
        items: &[StepItem],
    ) -> Result<Vec<Outcome>, Error> {
        tx.begin_savepoint().await?;
        match Box::pin(self.decide_together(tx, attempt, items)).await {
            Ok(Some(outcomes)) => {
                tx.end_savepoint(true).await?;
                return Ok(outcomes);
            }
            // It goes away, and the whole step is tried again.
            Err(error) if error.is_transient() => return Err(error),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "the items of a step are decided one by one"),
        }
        tx.end_savepoint(false).await?;
        let mut outcomes = Vec::with_capacity(items.len());
        for item in items {
            outcomes.push(self.decide_item(tx, attempt, item).await?);
        }
        Ok(outcomes)
    }

    /// None if a statement found less than the rules had seen.
    async fn decide_together(
        &self,
        tx: &mut dyn Transaction,
        attempt: &DecisionAttempt<'_>,
        items: &[StepItem],
    ) -> Result<Option<Vec<Outcome>>, Error> {
        let ids: Vec<_> = items.iter().map(|item| item.action).collect();
        let scope = RowScope::of(attempt.caller)?;
        let found = tx.actions(&scope, &ids).await?;
        let mut found: HashMap<_, _> = found.into_iter().map(|found| (found.0.id, found)).collect();
        let mut changes = Vec::with_capacity(items.len());
        for item in items {
            changes.push(match found.remove(&item.action) {
                Some(found) => self.try_change(tx, attempt, &scope, found, &item.seen).await,
                None => Err(Error::NotFound(item.action.into())),
            });
        }
        // A database that failed at one of them fails at all: then each is tried by itself.
        if changes.iter().any(|change| matches!(change, Err(error) if error.is_transient() || matches!(error, Error::Internal(_)))) {
            return Ok(None);
        }
        let allowed: Vec<_> = changes.iter().flatten().collect();
        if !write_rows(tx, attempt.now, &allowed).await? {
            return Ok(None);
        }
        let mut outcomes = Vec::with_capacity(items.len());
        for (item, change) in items.iter().zip(changes) {
            outcomes.push(match change {
                Ok(change) => {
                    self.record(tx, change, attempt.now).await?;
                    (ItemState::Decided, None)
                }
                Err(error) => refuse(tx, attempt, item, &error).await?,
            });
        }
        if matches!(attempt.verb, Verb::Approve { .. }) {
            crash_point!("approve.before_commit");
        }
        Ok(Some(outcomes))
    }

    async fn decide_item(
        &self,
        tx: &mut dyn Transaction,
        attempt: &DecisionAttempt<'_>,
        item: &StepItem,
    ) -> Result<Outcome, Error> {
        tx.begin_savepoint().await?;
        match Box::pin(self.write(tx, attempt, item.action, &item.seen)).await {
            Ok(_) => {
                tx.end_savepoint(true).await?;
                Ok((ItemState::Decided, None))
            }
            Err(error) if error.is_transient() => Err(error),
            Err(error) => {
                tx.end_savepoint(false).await?;
                refuse(tx, attempt, item, &error).await
            }
        }
    }
}

/// Records an attempt that was refused, and says where its item stands.
async fn refuse(
    tx: &mut dyn Transaction,
    attempt: &DecisionAttempt<'_>,
    item: &StepItem,
    error: &Error,
) -> Result<Outcome, Error> {
    if let Some(entry) = refused(item.action, attempt.verb.transition().verb(), error, attempt.now) {
        tx.append_audit(&attempt.caller.recorded(), entry).await?;
    }
    if let Error::Internal(text) = error {
        tracing::error!(text, action = %item.action, "an item of a job failed");
    }
    let (state, detail) = outcome(attempt.verb, error);
    Ok((state, Some(detail)))
}

/// Where an item stands that was not decided, and why.
fn outcome(verb: &Verb, error: &Error) -> (ItemState, String) {
    let current: Option<Action> = match error {
        Error::Conflict { current, .. } => current.read(),
        _ => None,
    };
    let state = match (error, current, verb) {
        (Error::Internal(_), ..) => ItemState::Failed,
        (_, Some(current), Verb::Undo(_))
            if matches!(current.undo, UndoState::Requested | UndoState::Undone) =>
        {
            ItemState::Skipped
        }
        (_, Some(current), Verb::Approve { .. } | Verb::Reject { .. })
            if current.decision != Decision::Pending =>
        {
            let by = current.decided_by.as_ref().map(|actor| format!(" by {}", actor.label()));
            let detail = format!("{}{}.", current.decision.label(), by.unwrap_or_default());
            return (ItemState::Skipped, detail);
        }
        _ => ItemState::Refused,
    };
    (state, sentence(error))
}
