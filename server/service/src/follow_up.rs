//! The write path of what people ask of an action beside the decision on it: to take it back, to replace it, to call it
//! off, to try it again, to say how it ended.
//!
//! As in `decide`: load in the caller's scope, authorize, apply the lifecycle, write state, audit and outbox in one
//! transaction, commit, and only then answer. A refused attempt is recorded.

use async_trait::async_trait;
use domain::actions::contract::FollowUpActions;
use domain::core::subject::Current;
use domain::executors::ExecutorKind;
use domain::{
    Action, ActionId, AuditKind, Authorized, Caller, Decision, Denied, Error, FollowUp, FollowUpVerb,
    Lifecycle, Outcome, RowScope, Seen, Status, Transition, UserId,
};
use jiff::Timestamp;
use serde_json::json;

use super::decide::refused;
use super::decision::{check_seen, conflict, device_group, lifecycle_of, next};
use super::ends::keep_end;
use super::{Service, detached, entry, replay, timeline};
use store::{Guard, Transaction};

#[async_trait]
impl FollowUpActions for Service {
    async fn follow_up(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        what: FollowUp,
    ) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.take_follow_up(&caller, id, &seen, &what).await }).await
    }
}

impl Service {
    async fn take_follow_up(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: &Seen,
        what: &FollowUp,
    ) -> Result<Action, Error> {
        what.check()?;
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        match self.write_follow_up(&mut *tx, caller, (id, seen), what, now).await {
            Ok(after) => {
                replay::settle_in(&mut *tx, &after).await?;
                tx.commit().await?;
                Ok(after)
            }
            Err(error) => {
                drop(tx);
                if let Some(entry) = refused(id, what.verb.as_str(), &error, self.clock.now())
                    && self.refusals.may_record(&caller.principal(), id)
                {
                    let mut tx = self.store.begin().await?;
                    tx.append_audit(&caller.recorded(), entry).await?;
                    tx.commit().await?;
                }
                Err(error)
            }
        }
    }

    async fn write_follow_up(
        &self,
        tx: &mut dyn Transaction,
        caller: &Caller,
        (id, seen): (ActionId, &Seen),
        what: &FollowUp,
        now: Timestamp,
    ) -> Result<Action, Error> {
        let scope = RowScope::of(caller)?;
        let found = tx.actions(&scope, &[id]).await?.pop();
        let (before, proposer) = found.ok_or_else(|| Error::NotFound(id.into()))?;
        let (by, lifecycle) = self.check_follow_up(caller, &before, proposer, what.verb, now)?;
        check_seen(&before, seen)?;
        if let Some(other) = what.replaced_by {
            check_replacement(tx, caller, &scope, other, id).await?;
        }
        if matches!(what.verb, FollowUpVerb::Done | FollowUpVerb::NotDone | FollowUpVerb::Take) {
            let (in_hand, me) = (self.is_by_hand(&before), caller.actor.label());
            let found = match what.verb {
                FollowUpVerb::Take => in_hand && tx.assign(&by, id, &me).await?,
                _ => in_hand && tx.take_back(&by, id).await?,
            };
            if !found {
                let detail = "it is not to be done by hand now".to_owned();
                return Err(Error::Conflict { detail, current: Box::new(Current::new(id, &before)) });
            }
        }
        if what.verb == FollowUpVerb::Cancel && !tx.call_off(&by, id).await? {
            let detail = "its executor may have it already, so it can't be called off".to_owned();
            return Err(Error::Conflict { detail, current: Box::new(Current::new(id, &before)) });
        }
        let mut after = next(&before, lifecycle, now);
        let mut command = None;
        match what.verb {
            FollowUpVerb::Withdraw | FollowUpVerb::Supersede => {
                after.decided_by = Some(caller.actor.clone());
                after.decided_at = Some(now);
                let replaced = what.replaced_by.map(|other| format!("Replaced by {other}"));
                after.reason =
                    [what.reason.clone(), replaced].into_iter().flatten().reduce(|a, b| a + "\n" + &b);
            }
            FollowUpVerb::Retry => {
                let (again, new) = self.queued_again(after, now);
                (after, command) = (again, Some(new));
            }
            FollowUpVerb::Take => {}
            verb => after.status_detail = Some(in_words(verb, caller, what.reason.as_deref())),
        }
        if !tx.update_state(Guard { by: &by, deciding: false, now }, &before, &after).await? {
            return Err(Denied::Revoked.into());
        }
        let more = json!({
            "reason": what.reason,
            "replaced_by": what.replaced_by,
            "command_id": command.as_ref().map(|command| command.id),
        });
        tx.append_audit(&by, entry(now, kind(what.verb), &after, more)).await?;
        if let Some(command) = command {
            tx.enqueue(&by, &[command]).await?;
        }
        let ended = match what.verb.transition(before.status) {
            Transition::Settle(outcome) | Transition::Report(outcome) => Some(outcome),
            Transition::Cancel => Some(Outcome::Cancelled),
            _ => None,
        };
        if let Some(outcome) = ended {
            {
                let detail = after.status_detail.as_deref().unwrap_or_default();
                self.report_undo(tx, &by, &after, (outcome, detail), now).await?;
                keep_end(tx, &by, &after).await?;
            }
        }
        Ok(after)
    }

    /// Whether the caller may ask this of the action as it stands; also what the screen offers.
    pub(super) fn check_follow_up(
        &self,
        caller: &Caller,
        action: &Action,
        proposer: Option<UserId>,
        verb: FollowUpVerb,
        now: Timestamp,
    ) -> Result<(Authorized, Lifecycle), Error> {
        let by = match verb {
            FollowUpVerb::Withdraw | FollowUpVerb::Supersede => {
                let by = caller.authorize_withdrawal()?;
                if !caller.proposed(&action.proposed_by, proposer) {
                    return Err(Denied::NotProposer.into());
                }
                by
            }
            _ => caller.authorize_on(action.permission(), device_group(action))?,
        };
        let current = || Box::new(Current::new(action.id, action));
        if action.decision == Decision::Pending && action.expires_at <= now {
            return Err(Error::Expired { current: current() });
        }
        let transition = verb.transition(action.status);
        let lifecycle =
            lifecycle_of(action)?.apply(transition).map_err(|refusal| conflict(action, refusal))?;
        if verb == FollowUpVerb::Retry {
            if action.undo_of.is_some() {
                let detail = "a failed undo is tried again by undoing the original once more".to_owned();
                return Err(Error::Conflict { detail, current: current() });
            }
            if let Some(end) = timeline::end_of(action).filter(|end| *end <= now) {
                let detail = format!("the end that it names, {end}, has passed");
                return Err(Error::Conflict { detail, current: current() });
            }
            if self.executors.find(action).is_none() {
                return Err(Error::NoExecutor);
            }
        }
        Ok((by, lifecycle))
    }

    /// What else the caller may ask of the action now.
    pub(super) async fn follow_ups(
        &self,
        caller: &Caller,
        action: &Action,
        proposer: Option<UserId>,
        now: Timestamp,
    ) -> Result<Vec<FollowUpVerb>, Error> {
        let mut offered = Vec::new();
        let by_hand = self.is_by_hand(action) && self.store.handed_over(action.id).await?.is_some();
        for verb in FollowUpVerb::ALL.iter().copied() {
            // What takes its place has to be there first; tools say so.
            if verb == FollowUpVerb::Supersede
                || (matches!(verb, FollowUpVerb::Done | FollowUpVerb::NotDone | FollowUpVerb::Take)
                    && !by_hand)
                || self.check_follow_up(caller, action, proposer, verb, now).is_err()
            {
                continue;
            }
            if verb == FollowUpVerb::Cancel && action.status == Status::InProgress {
                let command = self.store.command_of(action.id).await?;
                if command.is_none_or(|command| command.possibly_sent > 0) {
                    continue;
                }
            }
            offered.push(verb);
        }
        Ok(offered)
    }
}

impl Service {
    /// Whether people carry it out.
    pub(super) fn is_by_hand(&self, action: &Action) -> bool {
        let executor = action.executor.as_ref().and_then(|name| self.executors.named(name));
        action.status == Status::InProgress
            && executor.is_some_and(|executor| executor.kind() == ExecutorKind::Manual)
    }
}

/// What takes the place of an action is another of the same proposer, and not over.
async fn check_replacement(
    tx: &mut dyn Transaction,
    caller: &Caller,
    scope: &RowScope,
    other: ActionId,
    id: ActionId,
) -> Result<(), Error> {
    let found = if other == id { None } else { tx.actions(scope, &[other]).await?.pop() };
    let is_open = |action: &Action| matches!(action.decision, Decision::Pending | Decision::Approved);
    match found {
        Some((action, proposer)) if caller.proposed(&action.proposed_by, proposer) && is_open(&action) => {
            Ok(())
        }
        _ => Err(Error::invalid(
            "/by",
            "names no other action of yours that waits or was approved; propose that one first",
        )),
    }
}

fn in_words(verb: FollowUpVerb, caller: &Caller, reason: Option<&str>) -> String {
    let who = caller.actor.label();
    let what = match verb {
        FollowUpVerb::ItHappened => format!("{who} looked: it happened"),
        FollowUpVerb::ItDidNotHappen => format!("{who} looked: it did not happen"),
        FollowUpVerb::Done => format!("done by hand by {who}"),
        FollowUpVerb::NotDone => format!("could not be done by hand, says {who}"),
        _ => format!("called off by {who}; nothing was sent"),
    };
    reason.map_or_else(|| what.clone(), |reason| format!("{what}. {reason}"))
}

const fn kind(verb: FollowUpVerb) -> AuditKind {
    match verb {
        FollowUpVerb::Withdraw => AuditKind::Withdrawn,
        FollowUpVerb::Supersede => AuditKind::Superseded,
        FollowUpVerb::Cancel => AuditKind::Cancelled,
        FollowUpVerb::Retry => AuditKind::Retried,
        FollowUpVerb::ItHappened | FollowUpVerb::ItDidNotHappen => AuditKind::Settled,
        FollowUpVerb::Done | FollowUpVerb::NotDone => AuditKind::Reported,
        FollowUpVerb::Take => AuditKind::Assigned,
    }
}
