//! The one write path of people: approve, reject, undo; of one action, and item by item of many (`bulk`).
//!
//! Load in the caller's scope, authorize, apply the lifecycle, write state + audit + outbox in one transaction,
//! commit, and only then answer. What the check found is repeated by the statement itself.

use std::slice::from_ref;

use async_trait::async_trait;
use domain::actions::contract::DecideActions;
use domain::actions::proposal;
use domain::core::subject::Current;
use domain::{
    Action, ActionId, ActionType, ApprovalId, AuditKind, Authorized, Caller, Decision, Denied, Error,
    ErrorCode, Lifecycle, Permission, Refusal, RowScope, Seen, Source, Status, Transition, UndoState, UserId,
};
use jiff::Timestamp;
use serde_json::json;

use super::clock::new_id;
use super::{Service, detached, digest, entry, timeline};
use crash::crash_point;
use store::{AuditEntry, Guard, Transaction};

/// What a person decides.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    Approve { comment: Option<String> },
    Reject { reason: String },
    Undo { reason: String },
}

impl Verb {
    pub(super) const fn transition(&self) -> Transition {
        match self {
            Self::Approve { .. } => Transition::Approve,
            Self::Reject { .. } => Transition::Reject,
            Self::Undo { .. } => Transition::RequestUndo,
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Self::Approve { comment } => comment.clone(),
            Self::Reject { reason } | Self::Undo { reason } => Some(reason.clone()),
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Approve { comment: None } => Ok(()),
            Self::Approve { comment: Some(text) } => {
                proposal::check_comment(text).map_err(|detail| Error::invalid("/comment", detail))
            }
            Self::Reject { reason } | Self::Undo { reason } => {
                proposal::check_comment(reason).map_err(|detail| Error::invalid("/reason", detail))
            }
        }
    }
}

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
        detached(async move { service.decide(&caller, id, seen, Verb::Approve { comment }).await }).await
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

    async fn undo(&self, caller: &Caller, id: ActionId, seen: Seen, reason: String) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.decide(&caller, id, seen, Verb::Undo { reason }).await }).await
    }
}

/// One attempt to decide.
struct DecisionAttempt<'a> {
    caller: &'a Caller,
    scope: RowScope,
    seen: &'a Seen,
    together: Option<ApprovalId>,
    now: Timestamp,
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
        let mut tx = self.store.begin().await?;
        match self.write(&mut *tx, caller, id, &seen, &verb, None).await {
            Ok(after) => {
                tx.commit().await?;
                match verb {
                    Verb::Approve { .. } => crash_point!("approve.after_commit"),
                    Verb::Reject { .. } => {}
                    Verb::Undo { .. } => crash_point!("undo.after_commit"),
                }
                Ok(after)
            }
            Err(error) => {
                drop(tx);
                if let Some(entry) = refused(id, verb.transition(), &error, self.clock.now()) {
                    let mut tx = self.store.begin().await?;
                    tx.append_audit(&caller.recorded(), entry).await?;
                    tx.commit().await?;
                }
                Err(error)
            }
        }
    }

    /// Writes one decision, whoever opened the transaction and commits it. What is decided together shares an id.
    pub(super) async fn write(
        &self,
        tx: &mut dyn Transaction,
        caller: &Caller,
        id: ActionId,
        seen: &Seen,
        verb: &Verb,
        together: Option<ApprovalId>,
    ) -> Result<Action, Error> {
        let scope = RowScope::of(caller)?;
        let attempt =
            DecisionAttempt { caller, scope, seen, together, now: tx.time(self.clock.now()).await? };
        let before = tx.action(&attempt.scope, id).await?.ok_or_else(|| Error::NotFound(id.into()))?;
        match verb {
            Verb::Approve { .. } | Verb::Reject { .. } => {
                self.write_decision(tx, &attempt, before, verb).await
            }
            Verb::Undo { reason } => self.write_undo(tx, &attempt, before, reason).await,
        }
    }

    async fn write_decision(
        &self,
        tx: &mut dyn Transaction,
        attempt: &DecisionAttempt<'_>,
        before: Action,
        verb: &Verb,
    ) -> Result<Action, Error> {
        let &DecisionAttempt { caller, ref scope, seen, together, now } = attempt;
        let (id, transition) = (before.id, verb.transition());
        let proposer = tx.proposer(id).await?;

        let (by, lifecycle) = self.check_decision(caller, &before, proposer, transition, now)?;
        check_seen(&before, seen)?;

        let mut after = Action {
            decided_by: Some(caller.actor.clone()),
            decided_at: Some(now),
            reason: verb.reason(),
            approval_id: Some(together.unwrap_or_else(|| new_id(now))),
            ..next(&before, lifecycle, now)
        };
        let command_id = new_id(now);
        let kind = match transition {
            Transition::Approve => {
                after.executor = self.executors.find(&after).map(|executor| executor.name().to_owned());
                AuditKind::Approved
            }
            _ => AuditKind::Rejected,
        };
        if !tx.update_state(Guard { by: &by, deciding: true, now }, &before, &after).await? {
            return Err(self.refusal(tx, scope, id, now, transition).await?);
        }
        let more = json!({
            "reason": after.reason,
            "approval_id": after.approval_id,
            "command_id": (transition == Transition::Approve).then_some(command_id),
        });
        tx.append_audit(&by, entry(now, kind, &after, more)).await?;
        if transition == Transition::Approve {
            tx.enqueue(&by, command_id, id, now).await?;
            crash_point!("approve.before_commit");
        }
        Ok(after)
    }

    /// Whether the caller may take this decision on the action as it stands; also what the screen offers.
    pub(super) fn check_decision(
        &self,
        caller: &Caller,
        action: &Action,
        proposer: Option<UserId>,
        transition: Transition,
        now: Timestamp,
    ) -> Result<(Authorized, Lifecycle), Error> {
        let by = caller.authorize(action.permission())?;
        if action.decision == Decision::Expired
            || (action.decision == Decision::Pending && action.expires_at <= now)
        {
            return Err(Error::Expired { current: Box::new(Current::new(action.id, action)) });
        }
        let lifecycle =
            lifecycle_of(action)?.apply(transition).map_err(|refusal| conflict(action, refusal))?;
        if proposer.is_some() && proposer == caller.person {
            return Err(Denied::OwnProposal.into());
        }
        if transition == Transition::Approve
            && let Some(end) = timeline::end_of(action).filter(|end| *end <= now)
        {
            let detail =
                format!("the end that it names, {end}, has passed: what is approved now would have none");
            return Err(Error::Conflict { detail, current: Box::new(Current::new(action.id, action)) });
        }
        if transition == Transition::Approve && self.executors.find(action).is_none() {
            return Err(Error::NoExecutor);
        }
        Ok((by, lifecycle))
    }

    async fn write_undo(
        &self,
        tx: &mut dyn Transaction,
        attempt: &DecisionAttempt<'_>,
        before: Action,
        reason: &str,
    ) -> Result<Action, Error> {
        let &DecisionAttempt { caller, ref scope, seen, together, now } = attempt;
        let id = before.id;
        let (by, lifecycle, reverse_type) = match self.check_undo(caller, &before) {
            Ok(checked) => checked,
            Err(error) => return Err(undone_before(tx, scope, &before, error).await?),
        };
        check_seen(&before, seen)?;

        let reverse = self.reverse(caller, &before, reverse_type, reason, now)?;
        let reverse = Action { approval_id: together, ..reverse };
        let after = Action { undone_by: Some(reverse.id), ..next(&before, lifecycle, now) };
        let command_id = new_id(now);
        tx.insert_actions(&by, from_ref(&reverse)).await?;
        if !tx.update_state(Guard { by: &by, deciding: false, now }, &before, &after).await? {
            return Err(self.refusal(tx, scope, id, now, Transition::RequestUndo).await?);
        }
        let more = json!({ "undone_by": reverse.id, "command_id": command_id, "reason": reverse.comment });
        tx.append_audit(&by, entry(now, AuditKind::UndoRequested, &after, more)).await?;
        let more = json!({ "undo_of": id, "type": reverse.action_type, "comment": reverse.comment });
        tx.append_audit(&by, entry(now, AuditKind::Proposed, &reverse, more)).await?;
        tx.enqueue(&by, command_id, reverse.id, now).await?;
        crash_point!("undo.before_commit");
        Ok(after)
    }

    /// Whether the caller may undo the action as it stands, and by which type; also what the screen offers.
    pub(super) fn check_undo(
        &self,
        caller: &Caller,
        action: &Action,
    ) -> Result<(Authorized, Lifecycle, ActionType), Error> {
        let by = caller.authorize(action.permission())?;
        let refuse = |detail| Error::Conflict { detail, current: Box::new(Current::new(action.id, action)) };
        let reverse = action.undoable().map_err(refuse)?;
        let lifecycle = lifecycle_of(action)?;
        let lifecycle =
            lifecycle.apply(Transition::RequestUndo).map_err(|refusal| conflict(action, refusal))?;
        if self.executors.find_for(reverse, action).is_none() {
            return Err(Error::NoExecutor);
        }
        Ok((by, lifecycle, reverse))
    }

    /// The reverse action: its own row, decided by nobody else, dispatched at once.
    fn reverse(
        &self,
        caller: &Caller,
        of: &Action,
        action_type: ActionType,
        reason: &str,
        now: Timestamp,
    ) -> Result<Action, Error> {
        let parameters = std::collections::BTreeMap::new();
        let executor = self.executors.find_for(action_type, of).map(|executor| executor.name().to_owned());
        Ok(Action {
            id: new_id(now),
            version: 1,
            digest: digest(action_type, &of.entity, &of.asset, &parameters)?,
            external_id: None,
            action_type,
            parameters,
            comment: Some(reason.to_owned()),
            source: match of.permission() {
                Permission::Email => Source::ManualEmail,
                Permission::Users => Source::ManualUser,
                _ => Source::ManualDevice,
            },
            proposed_by: caller.actor.clone(),
            proposed_at: now,
            updated_at: now,
            decision: Decision::NotRequired,
            status: Status::Queued,
            status_detail: None,
            undo: UndoState::None,
            decided_by: None,
            decided_at: None,
            reason: None,
            approval_id: None,
            undo_of: Some(of.id),
            undone_by: None,
            executor,
            ..of.clone()
        })
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
    let detail = format!("{detail} (asked for by {})", reverse.proposed_by.label());
    Ok(Error::Conflict { detail, current: current.clone() })
}

/// A refused attempt is part of the record. What hides from the caller stays out of it, like what never existed.
pub(super) fn refused(
    id: ActionId,
    transition: Transition,
    error: &Error,
    at: Timestamp,
) -> Option<AuditEntry> {
    if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Internal) || error.is_transient() {
        return None;
    }
    Some(AuditEntry {
        at,
        kind: AuditKind::Refused,
        subject: Some(id.into()),
        body: json!({ "command": transition.verb(), "code": error.code(), "detail": error.to_string() }),
    })
}

/// The action with the lifecycle's columns, one version on.
pub(super) fn next(before: &Action, lifecycle: Lifecycle, now: Timestamp) -> Action {
    Action {
        version: before.version + 1,
        decision: lifecycle.state().decision(),
        status: lifecycle.state().status(),
        undo: lifecycle.undo(),
        // Two changes in one microsecond, or a clock that was set back, must not make the row look older.
        updated_at: now.max(before.updated_at),
        ..before.clone()
    }
}

pub(super) fn lifecycle_of(action: &Action) -> Result<Lifecycle, Error> {
    action.lifecycle().map_err(|pair| Error::Internal(pair.to_string()))
}

fn check_seen(action: &Action, seen: &Seen) -> Result<(), Error> {
    if action.version == seen.expected_version && action.digest == seen.digest {
        return Ok(());
    }
    Err(Error::Conflict {
        detail: format!(
            "the action changed since it was shown: it is at version {}, not {}{}",
            action.version,
            seen.expected_version,
            decided(action)
        ),
        current: Box::new(Current::new(action.id, action)),
    })
}

/// Who decided, and how, as the end of a sentence.
fn decided(action: &Action) -> String {
    let by = action.decided_by.as_ref();
    by.map(|by| format!(" ({} by {})", action.decision.label().to_lowercase(), by.label()))
        .unwrap_or_default()
}

fn conflict(action: &Action, refusal: Refusal) -> Error {
    let by = action.decided_by.as_ref().map(|actor| format!(" by {}", actor.label())).unwrap_or_default();
    let detail = format!("{refusal}{by}");
    Error::Conflict { detail, current: Box::new(Current::new(action.id, action)) }
}
