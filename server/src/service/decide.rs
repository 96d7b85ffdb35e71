//! The one write path of people: approve, reject, undo.
//!
//! Load in the caller's scope, authorize, apply the lifecycle, write state + audit + outbox in one transaction,
//! commit, and only then answer. What the check found is repeated by the statement itself.

use std::slice::from_ref;

use app::domain::{
    Action, ActionId, ActionType, AuditKind, Authorized, Caller, Command, Decision, Denied, Error, ErrorCode,
    Lifecycle, Permission, Refusal, RowScope, Seen, Source, Status, UndoState, UserId, proposal,
};
use jiff::Timestamp;
use serde_json::json;

use super::clock::new_id;
use super::{Service, digest, entry};
use crate::crash_point;
use crate::store::{AuditEntry, Guard, Transaction};

/// What a person decides.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    Approve { comment: Option<String> },
    Reject { reason: String },
}

impl Verb {
    const fn command(&self) -> Command {
        match self {
            Self::Approve { .. } => Command::Approve,
            Self::Reject { .. } => Command::Reject,
        }
    }

    fn into_reason(self) -> Option<String> {
        match self {
            Self::Approve { comment } => comment,
            Self::Reject { reason } => Some(reason),
        }
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Approve { comment: None } => Ok(()),
            Self::Approve { comment: Some(text) } => {
                proposal::check_comment(text).map_err(|detail| Error::invalid("/comment", detail))
            }
            Self::Reject { reason } => {
                proposal::check_comment(reason).map_err(|detail| Error::invalid("/reason", detail))
            }
        }
    }
}

impl Service {
    pub(super) async fn decide(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        verb: Verb,
    ) -> Result<Action, Error> {
        verb.check()?;
        let command = verb.command();
        let result = self.try_decide(caller, id, &seen, verb).await;
        self.audit_refusal(caller, id, command, result).await
    }

    async fn try_decide(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: &Seen,
        verb: Verb,
    ) -> Result<Action, Error> {
        let (now, command) = (self.clock.now(), verb.command());
        let scope = caller.row_scope()?;
        let mut tx = self.store.begin().await?;
        let before = tx.action(&scope, id).await?.ok_or(Error::NotFound)?;
        let proposer = tx.proposer(id).await?;

        let (by, lifecycle) = self.check_decision(caller, &before, proposer, command, now)?;
        check_seen(&before, seen)?;

        let mut after = Action {
            decided_by: Some(caller.actor.clone()),
            decided_at: Some(now),
            reason: verb.into_reason(),
            approval_id: Some(new_id(now)),
            ..next(&before, lifecycle, now)
        };
        let command_id = new_id(now);
        let kind = match command {
            Command::Approve => {
                after.executor = self.executors.find(&after).map(|executor| executor.name().to_owned());
                AuditKind::Approved
            }
            _ => AuditKind::Rejected,
        };
        if !tx.update_state(Guard { by: &by, deciding: true, now }, &before, &after).await? {
            return Err(self.refusal(&mut *tx, &scope, id, now, command).await?);
        }
        let more = json!({
            "reason": after.reason,
            "approval_id": after.approval_id,
            "command_id": (command == Command::Approve).then_some(command_id),
        });
        tx.append_audit(entry(now, kind, &by, &after, more)).await?;
        if command == Command::Approve {
            tx.enqueue(&by, command_id, id, now).await?;
            crash_point!("approve.before_commit");
        }
        tx.commit().await?;
        if command == Command::Approve {
            crash_point!("approve.after_commit");
        }
        Ok(after)
    }

    /// Whether the caller may take this decision on the action as it stands; also what the screen offers.
    pub(super) fn check_decision(
        &self,
        caller: &Caller,
        action: &Action,
        proposer: Option<UserId>,
        command: Command,
        now: Timestamp,
    ) -> Result<(Authorized, Lifecycle), Error> {
        let by = caller.authorize(action.permission())?;
        if action.decision == Decision::Expired
            || (action.decision == Decision::Pending && action.expires_at <= now)
        {
            return Err(Error::Expired { current: Box::new(action.clone()) });
        }
        let lifecycle = lifecycle_of(action)?.apply(command).map_err(|refusal| conflict(action, refusal))?;
        if proposer.is_some() && proposer == caller.person {
            return Err(Denied::OwnProposal.into());
        }
        if command == Command::Approve && self.executors.find(action).is_none() {
            return Err(Error::NoExecutor);
        }
        Ok((by, lifecycle))
    }

    pub(super) async fn start_undo(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        reason: String,
    ) -> Result<Action, Error> {
        proposal::check_comment(&reason).map_err(|detail| Error::invalid("/reason", detail))?;
        let result = self.try_undo(caller, id, &seen, reason).await;
        self.audit_refusal(caller, id, Command::RequestUndo, result).await
    }

    async fn try_undo(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: &Seen,
        reason: String,
    ) -> Result<Action, Error> {
        let now = self.clock.now();
        let scope = caller.row_scope()?;
        let mut tx = self.store.begin().await?;
        let before = tx.action(&scope, id).await?.ok_or(Error::NotFound)?;

        let (by, lifecycle, reverse_type) = self.check_undo(caller, &before)?;
        check_seen(&before, seen)?;

        let reverse = self.reverse(caller, &before, reverse_type, reason, now)?;
        let after = Action { undone_by: Some(reverse.id), ..next(&before, lifecycle, now) };
        let command_id = new_id(now);
        tx.insert_actions(&by, from_ref(&reverse)).await?;
        if !tx.update_state(Guard { by: &by, deciding: false, now }, &before, &after).await? {
            return Err(self.refusal(&mut *tx, &scope, id, now, Command::RequestUndo).await?);
        }
        let more = json!({ "undone_by": reverse.id, "command_id": command_id, "reason": reverse.comment });
        tx.append_audit(entry(now, AuditKind::UndoRequested, &by, &after, more)).await?;
        let more = json!({ "undo_of": id, "type": reverse.action_type, "comment": reverse.comment });
        tx.append_audit(entry(now, AuditKind::Proposed, &by, &reverse, more)).await?;
        tx.enqueue(&by, command_id, reverse.id, now).await?;
        crash_point!("undo.before_commit");
        tx.commit().await?;
        crash_point!("undo.after_commit");
        Ok(after)
    }

    /// Whether the caller may undo the action as it stands, and by which type; also what the screen offers.
    pub(super) fn check_undo(
        &self,
        caller: &Caller,
        action: &Action,
    ) -> Result<(Authorized, Lifecycle, ActionType), Error> {
        let by = caller.authorize(action.permission())?;
        let refuse = |detail| Error::Conflict { detail, current: Some(Box::new(action.clone())) };
        let reverse = action.undoable().map_err(refuse)?;
        let lifecycle = lifecycle_of(action)?;
        let lifecycle = lifecycle.apply(Command::RequestUndo).map_err(|refusal| conflict(action, refusal))?;
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
        reason: String,
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
            comment: Some(reason),
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
        command: Command,
    ) -> Result<Error, Error> {
        let current = tx.action(scope, id).await?.ok_or(Error::NotFound)?;
        if current.decision == Decision::Pending && current.expires_at <= now {
            return Ok(Error::Expired { current: Box::new(current) });
        }
        Ok(match lifecycle_of(&current)?.apply(command) {
            Err(refusal) => conflict(&current, refusal),
            Ok(_) => Denied::Revoked.into(),
        })
    }

    /// A refused attempt is part of the record. What hides from the caller stays out of it, like what never existed.
    async fn audit_refusal(
        &self,
        caller: &Caller,
        id: ActionId,
        command: Command,
        result: Result<Action, Error>,
    ) -> Result<Action, Error> {
        let Err(error) = &result else { return result };
        if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Internal | ErrorCode::Busy) {
            return result;
        }
        let entry = AuditEntry {
            at: self.clock.now(),
            kind: AuditKind::Refused,
            actor: caller.actor.clone(),
            action_id: Some(id),
            body: json!({ "command": command.verb(), "code": error.code(), "detail": error.to_string() }),
        };
        let mut tx = self.store.begin().await?;
        tx.append_audit(entry).await?;
        tx.commit().await?;
        result
    }
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
            "the action changed since it was shown: it is at version {}, not {}",
            action.version, seen.expected_version
        ),
        current: Some(Box::new(action.clone())),
    })
}

fn conflict(action: &Action, refusal: Refusal) -> Error {
    let by = action.decided_by.as_ref().map(|actor| format!(" by {}", actor.name)).unwrap_or_default();
    let detail = format!("{refusal}{by}");
    Error::Conflict { detail, current: Some(Box::new(action.clone())) }
}
