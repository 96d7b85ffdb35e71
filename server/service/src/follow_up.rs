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

use super::call_off::Called;
use super::decide::refused;
use super::decision::{check_seen, conflict, device_group, lifecycle_of, next};
use super::ends::keep_end;
use super::policies::{self, Course};
use super::targets::{Progress, chosen, ids, is_to_be_retried, named, progress};
use super::{Service, detached, entry, replay, timeline};
use crash::crash_point;
use store::{Ended, Guard, PolicyGuard, TargetCommand, Transaction};

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
        detached(async move { Box::pin(service.take_follow_up(&caller, id, &seen, &what)).await }).await
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
        let taken = self.try_follow_up(caller, id, seen, what).await;
        if let Err(error) = &taken
            && let Some(entry) = refused(id, what.verb.as_str(), error, self.clock.now())
            && self.refusals.may_record(&caller.principal(), id)
        {
            let mut tx = self.store.begin().await?;
            tx.append_audit(&caller.recorded(), entry).await?;
            tx.commit().await?;
        }
        taken
    }

    async fn try_follow_up(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: &Seen,
        what: &FollowUp,
    ) -> Result<Action, Error> {
        // No transaction is open while an executor is asked.
        let asked = self.ask_to_call_off(caller, id, seen, what).await?;
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let after = Box::pin(self.write_follow_up(&mut *tx, caller, (id, seen), (what, &asked), now)).await?;
        replay::settle_in(&mut *tx, &after).await?;
        crash_point!("follow_up.before_commit");
        tx.commit().await?;
        crash_point!("follow_up.after_commit");
        Ok(after)
    }

    async fn write_follow_up(
        &self,
        tx: &mut dyn Transaction,
        caller: &Caller,
        (id, seen): (ActionId, &Seen),
        (what, asked): (&FollowUp, &Called),
        now: Timestamp,
    ) -> Result<Action, Error> {
        let scope = RowScope::of(caller)?;
        let found = tx.actions(&scope, &[id]).await?.pop();
        let (before, proposer) = found.ok_or_else(|| Error::NotFound(id.into()))?;
        let (by, lifecycle) = self.check_follow_up(caller, &before, proposer, what.verb, now)?;
        check_seen(&before, seen)?;
        let (policy, course) = ask_policies(tx, caller, (&before, proposer), what).await?;
        if let Course::First(says) = &course {
            return first_of_two(tx, caller, (&by, &before), (policy, says), what, now).await;
        }
        if let Some(other) = what.replaced_by {
            check_replacement(tx, caller, &scope, other, id).await?;
        }
        let said = in_words(what, caller, asked);
        let is_asked = self.write_commands(tx, &by, &before, caller, (what, asked), &said).await?;
        let transition = what.verb.transition(before.status);
        let (transition, lifecycle, words) = if before.has_targets() && ends(transition) {
            let Progress { transition, detail } = progress(tx, &before).await?;
            let lifecycle = lifecycle_of(&before)?;
            let transition = transition.and_then(|whole| of_whole(what.verb, before.status, whole));
            let lifecycle = transition.map_or(Ok(lifecycle), |transition| lifecycle.apply(transition));
            let lifecycle = lifecycle.map_err(|refusal| conflict(&before, refusal))?;
            (transition, lifecycle, format!("{detail}. {said}"))
        } else if is_asked {
            (None, lifecycle_of(&before)?, asked.says.clone())
        } else {
            (Some(transition), lifecycle, said)
        };
        let mut after = next(&before, lifecycle, now);
        let mut commands = Vec::new();
        match what.verb {
            FollowUpVerb::Withdraw | FollowUpVerb::Supersede => {
                after.decided_by = Some(caller.actor.clone());
                after.decided_at = Some(now);
                let replaced = what.replaced_by.map(|other| format!("Replaced by {other}"));
                after.reason =
                    [what.reason.clone(), replaced].into_iter().flatten().reduce(|a, b| a + "\n" + &b);
            }
            FollowUpVerb::Retry => {
                (after.executor, commands) = self.commands_again(tx, &before, &what.targets, now).await?;
                after.status_detail = None;
            }
            FollowUpVerb::Take => {}
            _ => after.status_detail = Some(words),
        }
        if !tx.update_state(Guard { by: &by, deciding: false, policy, now }, &before, &after).await? {
            return Err(Denied::Revoked.into());
        }
        if matches!(course, Course::Second) {
            tx.complete_first_approval(&by, id, now).await?;
        }
        let mut more = json!({ "reason": what.reason, "replaced_by": what.replaced_by });
        if !what.targets.is_empty() {
            more["targets"] = json!(what.targets);
        }
        if let Some(assignee) = &what.assignee {
            more["assignee"] = json!(assignee);
        }
        let kind = if is_asked { AuditKind::CallOffAsked } else { kind(what.verb) };
        tx.append_audit(&by, entry(now, kind, &after, named(&commands, more))).await?;
        if !commands.is_empty() {
            tx.enqueue(&by, &commands).await?;
        }
        self.close_undo(tx, &by, &after, now).await?;
        let ended = match transition {
            Some(Transition::Settle(outcome) | Transition::Report(outcome)) => Some(outcome),
            Some(Transition::Cancel) => Some(Outcome::Cancelled),
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

    /// Writes on the commands of an action what is asked of it. Whether it goes on until its executor has answered.
    async fn write_commands(
        &self,
        tx: &mut dyn Transaction,
        by: &Authorized,
        before: &Action,
        caller: &Caller,
        (what, asked): (&FollowUp, &Called),
        said: &str,
    ) -> Result<bool, Error> {
        let id = before.id;
        let refuse = |detail: &str| {
            let current = Box::new(Current::new(id, before));
            Err(Error::Conflict { detail: detail.to_owned(), current })
        };
        let ended = |status| Ended { status, detail: said };
        match what.verb {
            FollowUpVerb::Take => {
                let to = self.assignee(caller, before, what.assignee.as_deref()).await?;
                if !self.is_by_hand(before) || !tx.assign(by, id, &to).await? {
                    return refuse("it is not to be done by hand now");
                }
                Ok(false)
            }
            FollowUpVerb::Done | FollowUpVerb::NotDone => {
                let done = what.verb == FollowUpVerb::Done;
                let status = if done { Status::Completed } else { Status::Failed };
                let hands = self.executors.of_kind(ExecutorKind::Manual);
                match tx.take_back(by, id, &hands, ended(status)).await? {
                    0 => refuse("it is not to be done by hand now"),
                    _ => Ok(false),
                }
            }
            FollowUpVerb::Cancel => {
                let over = tx.call_off(by, id).await? + tx.call_off_sent(by, &asked.not_done).await?;
                match (over, asked.asked.is_empty()) {
                    (0, true) => Err(asked.refusal(before)),
                    (over, _) => Ok(over == 0),
                }
            }
            FollowUpVerb::ItHappened | FollowUpVerb::ItDidNotHappen => {
                let happened = what.verb == FollowUpVerb::ItHappened;
                let status = if happened { Status::Completed } else { Status::Failed };
                let unknown = |of: &TargetCommand| of.status == Status::Unknown;
                let unknown = chosen(tx, before, &what.targets, unknown).await?;
                if unknown.is_empty() && before.has_targets() {
                    return refuse("of none of these targets the end is unknown");
                }
                tx.settle_commands(by, &ids(&unknown), ended(status)).await?;
                Ok(false)
            }
            _ => Ok(false),
        }
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
            if action.status == Status::PartiallyCompleted && !action.has_targets() {
                let detail = "a part of it was done, and it has a single target".to_owned();
                return Err(Error::Conflict { detail, current: current() });
            }
            if action.undo_of.is_some() {
                let detail = "a failed undo is tried again by undoing the original once more".to_owned();
                return Err(Error::Conflict { detail, current: current() });
            }
            if let Some(end) = timeline::end_of(action).filter(|end| *end <= now) {
                let detail = format!("the end that it names, {end}, has passed");
                return Err(Error::Conflict { detail, current: current() });
            }
            if !self.has_executor(action) {
                return Err(self.no_executor(action.action_type, action));
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
            if verb == FollowUpVerb::Cancel && action.status == Status::InProgress && !action.has_targets() {
                let command = self.store.command_of(action.id).await?;
                let can_be_asked = |executor: Option<String>| {
                    self.can_call_off(executor.or_else(|| action.executor.clone()).as_deref())
                };
                if command.is_none_or(|of| of.possibly_sent > 0 && !can_be_asked(of.executor)) {
                    continue;
                }
            }
            if action.has_targets() && !self.some_target(action, verb).await? {
                continue;
            }
            offered.push(verb);
        }
        Ok(offered)
    }
}

impl Service {
    /// Whether one of several targets stands as the verb needs it.
    async fn some_target(&self, action: &Action, verb: FollowUpVerb) -> Result<bool, Error> {
        let fits = |of: &TargetCommand| match verb {
            FollowUpVerb::Cancel => {
                of.status == Status::Queued
                    || (of.status == Status::InProgress && self.can_call_off(of.executor.as_deref()))
            }
            FollowUpVerb::Retry => is_to_be_retried(of),
            FollowUpVerb::ItHappened | FollowUpVerb::ItDidNotHappen => of.status == Status::Unknown,
            _ => true,
        };
        let targets = self.store.targets_of(action.id).await?;
        Ok(targets.is_empty() || targets.iter().any(fits))
    }

    /// Whether people carry it out; of several targets, on one of them at least.
    pub(super) fn is_by_hand(&self, action: &Action) -> bool {
        if action.has_targets() {
            let mut aimed = (0..).map_while(|place| action.aimed_at(place));
            let is_by_hand =
                |of: &Action| self.executors.find(of).is_some_and(|of| of.kind() == ExecutorKind::Manual);
            return action.status == Status::InProgress && aimed.any(|of| is_by_hand(&of));
        }
        let executor = action.executor.as_ref().and_then(|name| self.executors.named(name));
        action.status == Status::InProgress
            && executor.is_some_and(|executor| executor.kind() == ExecutorKind::Manual)
    }
}

/// Whether it says how something ended.
const fn ends(transition: Transition) -> bool {
    matches!(transition, Transition::Cancel | Transition::Report(_) | Transition::Settle(_))
}

/// What the lifecycle takes when a person's word made the whole come to its end. What is still unknown of it stays so.
fn of_whole(verb: FollowUpVerb, status: Status, whole: Transition) -> Option<Transition> {
    match (whole, status) {
        (Transition::LoseTrack, Status::Unknown) => None,
        (Transition::Report(outcome), Status::Unknown) => Some(Transition::Settle(outcome)),
        (_, Status::Queued) if verb == FollowUpVerb::Cancel => Some(Transition::Cancel),
        (whole, _) => Some(whole),
    }
}

/// What policies make of it, and the guard by which the statement repeats that: trying again is doing it.
async fn ask_policies(
    tx: &mut dyn Transaction,
    caller: &Caller,
    (before, proposer): (&Action, Option<UserId>),
    what: &FollowUp,
) -> Result<(Option<PolicyGuard>, Course), Error> {
    if what.verb != FollowUpVerb::Retry {
        return Ok((None, Course::Alone));
    }
    let policies = tx.policies().await?;
    let first = tx.first_approval(before.id).await?;
    let course =
        policies::course_again(caller, &policies, before, (proposer, first.as_ref()), &what.targets)?;
    let second = matches!(course, Course::Second);
    Ok((Some(PolicyGuard { revision: policies.revision, second }), course))
}

/// Writes that the first of two people wants an action tried again; it stays as it is until the second does.
async fn first_of_two(
    tx: &mut dyn Transaction,
    caller: &Caller,
    (by, before): (&Authorized, &Action),
    (policy, says): (Option<PolicyGuard>, &str),
    what: &FollowUp,
    now: Timestamp,
) -> Result<Action, Error> {
    let said = format!("{says} {} wants it tried again.", caller.actor.label());
    let ended = before.status_detail.as_deref().map(|detail| detail.trim_end_matches('.'));
    let after = Action {
        version: before.version + 1,
        updated_at: now.max(before.updated_at),
        status_detail: Some(ended.map_or_else(|| said.clone(), |ended| format!("{ended}. {said}"))),
        ..before.clone()
    };
    if !tx.update_state(Guard { by, deciding: false, policy, now }, before, &after).await? {
        return Err(Denied::Revoked.into());
    }
    let more = json!({ "command": what.verb.as_str(), "reason": what.reason, "policy": says });
    tx.append_audit(by, entry(now, AuditKind::ApprovedFirst, &after, more)).await?;
    tx.note_first_approval(by, after.id, after.version, after.updated_at).await?;
    Ok(after)
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

fn in_words(what: &FollowUp, caller: &Caller, asked: &Called) -> String {
    let (who, reason) = (caller.actor.label(), what.reason.as_deref());
    let what = match what.verb {
        FollowUpVerb::ItHappened => format!("{who} looked: it happened"),
        FollowUpVerb::ItDidNotHappen => format!("{who} looked: it did not happen"),
        FollowUpVerb::Done => format!("done by hand by {who}"),
        FollowUpVerb::NotDone => format!("could not be done by hand, says {who}"),
        _ if !asked.says.is_empty() => format!("called off by {who}; {}", asked.says),
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
