//! The one write path of people: approve, reject, undo; of one action, and of many (`bulk`).
//!
//! Load in the caller's scope, authorize, apply the lifecycle (`decision`), write state + audit + outbox in one
//! transaction (`change`), commit, and only then answer. What the check found is repeated by the statement itself.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::actions::contract::{DecideActions, UndoRequest};
use domain::core::subject::Current;
use domain::{
    Action, ActionId, Asset, AuditKind, Caller, Decision, Denied, Error, ErrorCode, RowScope, Seen,
    Transition, UserId,
};
use jiff::Timestamp;
use serde_json::json;

use super::change::{self, Change};
use super::decision::{DecisionAttempt, Verb, check_seen, conflict, lifecycle_of};
use super::decision_times::give_time;
use super::targets::to_undo;
use super::{Service, detached, replay};
use crash::crash_point;
use store::{AuditEntry, Transaction};

#[async_trait]
impl DecideActions for Service {
    async fn approve(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        comment: Option<String>,
    ) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(
            async move { service.decide(&caller, id, seen, Verb::Approve { comment, alone: false }).await },
        )
        .await
    }

    async fn reject(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        reason: String,
    ) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.decide(&caller, id, seen, Verb::Reject { reason }).await }).await
    }

    async fn undo(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        undo: UndoRequest,
    ) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.decide(&caller, id, seen, Verb::Undo(undo)).await }).await
    }
}

impl Service {
    /// Decides on one action, in a transaction of its own.
    pub(super) async fn decide(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        verb: Verb,
    ) -> Result<Action, Error> {
        verb.check()?;
        let decided = match self.too_late(caller, id, &seen, &verb).await {
            Ok(()) => self.decide_as_seen(caller, id, &seen, &verb).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &decided
            && let Some(entry) = refused(id, verb.transition().verb(), error, self.clock.now())
            && self.refusals.may_record(&caller.principal(), id)
        {
            let mut tx = self.store.begin().await?;
            tx.append_audit(&caller.recorded(), entry).await?;
            tx.commit().await?;
        }
        decided
    }

    /// Refuses who decides on another version than there is, without the lock that all writes share: however many come
    /// too late, they hold up nobody. Whatever else is wrong is found by the decision itself.
    ///
    /// # Errors
    /// What the decision would answer: a conflict, or why the caller may not decide at all.
    async fn too_late(&self, caller: &Caller, id: ActionId, seen: &Seen, verb: &Verb) -> Result<(), Error> {
        let is_first = matches!(verb, Verb::Approve { .. } | Verb::Reject { .. });
        if !is_first || self.store.version(id).await?.is_none_or(|version| version == seen.expected_version) {
            return Ok(());
        }
        let found = self.store.actions(&RowScope::of(caller)?, &[id]).await?.pop();
        let (action, proposer) = found.ok_or_else(|| Error::NotFound(id.into()))?;
        self.check_decision(caller, &action, proposer, verb.transition(), self.clock.now())?;
        check_seen(&action, seen)
    }

    /// Decides in a transaction of its own.
    async fn decide_as_seen(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: &Seen,
        verb: &Verb,
    ) -> Result<Action, Error> {
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let policies = tx.policies().await?;
        let attempt = DecisionAttempt { caller, verb, together: None, lifts: BTreeSet::new(), policies, now };
        let after = Box::pin(self.write(&mut *tx, &attempt, id, seen)).await?;
        replay::settle_in(&mut *tx, &after).await?;
        tx.commit().await?;
        tracing::info!(action = %id, verb = verb.transition().verb(), version = after.version, "decided");
        match verb {
            Verb::Approve { .. } => crash_point!("approve.after_commit"),
            Verb::Reject { .. } | Verb::Retry { .. } => {}
            Verb::Undo(_) => crash_point!("undo.after_commit"),
        }
        Ok(after)
    }

    /// Writes one decision, whoever opened the transaction and commits it.
    pub(super) async fn write(
        &self,
        tx: &mut dyn Transaction,
        attempt: &DecisionAttempt<'_>,
        id: ActionId,
        seen: &Seen,
    ) -> Result<Action, Error> {
        let &DecisionAttempt { verb, now, .. } = attempt;
        let scope = RowScope::of(attempt.caller)?;
        let found = tx.actions(&scope, &[id]).await?.pop();
        let (before, proposer) = found.ok_or_else(|| Error::NotFound(id.into()))?;
        let change = Box::pin(self.try_change(tx, attempt, &scope, (before, proposer), seen)).await?;
        if !change::write_rows(tx, now, &[&change]).await? {
            return Err(Box::pin(self.refusal(tx, &scope, id, now, verb.transition())).await?);
        }
        let after = self.record(tx, change, now).await?;
        match verb {
            Verb::Approve { .. } => crash_point!("approve.before_commit"),
            Verb::Reject { .. } | Verb::Retry { .. } => {}
            Verb::Undo(_) => crash_point!("undo.before_commit"),
        }
        Ok(after)
    }

    /// What the attempt changes of an action as it was read, or why it changes nothing: of an undo that is not the first,
    /// with who was.
    pub(super) async fn try_change(
        &self,
        tx: &mut dyn Transaction,
        attempt: &DecisionAttempt<'_>,
        scope: &RowScope,
        (before, proposer): (Action, Option<UserId>),
        seen: &Seen,
    ) -> Result<Change, Error> {
        if matches!(attempt.verb, Verb::Undo(_))
            && let Err(error) = self.check_undo(attempt.caller, &before)
        {
            return Err(undone_before(tx, scope, &before, error).await?);
        }
        match attempt.verb {
            Verb::Approve { .. } | Verb::Reject { .. } => {
                let protected = attempt.policies.on(&before).is_some();
                let first = if protected { tx.first_approval(before.id).await? } else { None };
                self.decision(attempt, before, (proposer, first), seen)
            }
            Verb::Undo(UndoRequest { reason, targets, lift_others, break_glass }) => {
                let targets = to_undo(tx, &before, targets).await?;
                if !lift_others {
                    self.check_lifts_nothing_else(scope, &before, &targets, &attempt.lifts).await?;
                }
                let mut change = self.undo_request(attempt, before, seen, (reason, *break_glass, targets))?;
                if let Some(reverse) = &mut change.reverse {
                    give_time(tx, reverse, attempt.now).await?;
                }
                Ok(change)
            }
            Verb::Retry { .. } => {
                let again = self.commands_again(tx, &before, &[], attempt.now).await?;
                self.retrial(attempt, before, proposer, seen, again)
            }
        }
    }

    /// An undo also lifts what stands by another action on the same targets, which who asks for it must want: of those that
    /// they were told of, they do.
    async fn check_lifts_nothing_else(
        &self,
        scope: &RowScope,
        before: &Action,
        on: &[Asset],
        told: &BTreeSet<ActionId>,
    ) -> Result<(), Error> {
        let twins = self.standing_twins(scope, before, on).await?;
        let Some(twin) = twins.iter().find(|twin| !told.contains(&twin.id)) else { return Ok(()) };
        let place = if before.has_targets() { format!(" on {}", twin.asset.name) } else { String::new() };
        let detail = format!(
            "the same also stands{place} by {}, and undoing this one lifts it for both; say so (lift_others)",
            twin.id
        );
        Err(Error::Conflict { detail, current: Box::new(Current::new(before.id, before)) })
    }

    /// Says why the guarded statement found no row.
    async fn refusal(
        &self,
        tx: &mut dyn Transaction,
        scope: &RowScope,
        id: ActionId,
        now: Timestamp,
        transition: Transition,
    ) -> Result<Error, Error> {
        let current = tx.action(scope, id).await?.ok_or_else(|| Error::NotFound(id.into()))?;
        if current.decision == Decision::Pending && current.expires_at <= now {
            return Ok(Error::Expired { current: Box::new(Current::new(current.id, &current)) });
        }
        Ok(match lifecycle_of(&current)?.apply(transition) {
            Err(refusal) => conflict(&current, refusal),
            Ok(_) => Denied::Revoked.into(),
        })
    }
}

/// The refusal of an undo, with who was first if there is one already.
async fn undone_before(
    tx: &mut dyn Transaction,
    scope: &RowScope,
    action: &Action,
    error: Error,
) -> Result<Error, Error> {
    let (Error::Conflict { detail, current }, Some(reverse)) = (&error, action.undone_by) else {
        return Ok(error);
    };
    let Some(reverse) = tx.action(scope, reverse).await? else { return Ok(error) };
    let detail = format!("{} by {}.", detail.trim_end_matches('.'), reverse.proposed_by.label());
    Ok(Error::Conflict { detail, current: current.clone() })
}

/// A refused attempt is part of the record. What hides from the caller stays out of it, like what never existed.
pub(super) fn refused(id: ActionId, verb: &str, error: &Error, at: Timestamp) -> Option<AuditEntry> {
    if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Internal) || error.is_transient() {
        return None;
    }
    Some(AuditEntry {
        at,
        kind: AuditKind::Refused,
        subject: Some(id.into()),
        body: json!({ "command": verb, "code": error.code(), "detail": error.to_string() }),
    })
}
