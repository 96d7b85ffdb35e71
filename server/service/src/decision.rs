//! What a decision is: the rules of approve, reject and undo, and what each of them changes.
//!
//! Nothing is read or written here. A [`Change`] comes of an action as it stands, of who wants to decide, and of what
//! was shown; `change` writes it, alone or with others.

use std::collections::BTreeSet;

use domain::actions::break_glass::check_reason;
use domain::actions::contract::UndoRequest;
use domain::actions::proposal;
use domain::core::subject::Current;
use domain::policies::Policies;
use domain::{
    Action, ActionId, ActionType, Actor, ApprovalId, Asset, AssetKind, AuditKind, Authorized, Caller,
    Decision, Denied, Error, FollowUpVerb, Lifecycle, Permission, Refusal, RowScope, Seen, Source, Status,
    Transition, UndoState, UserId,
};
use jiff::Timestamp;
use serde_json::json;

use super::change::Change;
use super::clock::new_id;
use super::policies::{self, Asked, Beside, Course};
use super::targets::named;
use super::{Service, digest, entry, timeline};
use store::policies::FirstApproval;
use store::{NewCommand, PolicyGuard};

/// The group of the device on which it is; none of what is on no device, which no group limits.
pub(super) fn device_group(action: &Action) -> Option<&str> {
    let Asset { kind, device_group, .. } = &action.asset;
    (*kind == AssetKind::Device).then(|| device_group.as_deref().unwrap_or(RowScope::UNGROUPED))
}

/// What a person decides.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    Approve { comment: Option<String>, alone: bool },
    Reject { reason: String },
    Undo(UndoRequest),
    Retry { comment: Option<String> },
}

impl Verb {
    pub(super) const fn transition(&self) -> Transition {
        match self {
            Self::Approve { .. } => Transition::Approve,
            Self::Reject { .. } => Transition::Reject,
            Self::Undo(_) => Transition::RequestUndo,
            Self::Retry { .. } => Transition::Retry,
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Self::Approve { comment, .. } | Self::Retry { comment } => comment.clone(),
            Self::Reject { reason } | Self::Undo(UndoRequest { reason, .. }) => Some(reason.clone()),
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Approve { comment, alone: true } => {
                let text = comment.as_deref().unwrap_or_default();
                let checked = check_reason(text).and_then(|()| proposal::check_comment(text));
                checked.map_err(|detail| Error::invalid("/reason", detail))
            }
            Self::Approve { comment: None, .. } | Self::Retry { comment: None } => Ok(()),
            Self::Approve { comment: Some(text), .. } | Self::Retry { comment: Some(text) } => {
                proposal::check_comment(text).map_err(|detail| Error::invalid("/comment", detail))
            }
            Self::Reject { reason } | Self::Undo(UndoRequest { reason, .. }) => {
                proposal::check_comment(reason).map_err(|detail| Error::invalid("/reason", detail))
            }
        }
    }
}

/// One attempt to decide, on one action or on many.
pub(super) struct DecisionAttempt<'a> {
    pub(super) caller: &'a Caller,
    pub(super) verb: &'a Verb,
    /// What all that is decided together shares.
    pub(super) together: Option<ApprovalId>,
    /// Actions of which who asked for an undo was told that it lifts them, too.
    pub(super) lifts: BTreeSet<ActionId>,
    /// What is protected.
    pub(super) policies: Policies,
    pub(super) now: Timestamp,
}

impl Service {
    /// What trying an action again changes, by these commands, sent to whoever carries it out now.
    pub(super) fn retrial(
        &self,
        attempt: &DecisionAttempt<'_>,
        before: Action,
        proposer: Option<UserId>,
        seen: &Seen,
        (executor, commands): (Option<String>, Vec<NewCommand>),
    ) -> Result<Change, Error> {
        let &DecisionAttempt { caller, verb, ref policies, now, .. } = attempt;
        let (by, lifecycle) = self.check_follow_up(caller, &before, proposer, FollowUpVerb::Retry, now)?;
        check_seen(&before, seen)?;
        policies::by_itself(policies, &before, false)?;
        let after = Action { executor, status_detail: None, ..next(&before, lifecycle, now) };
        let more = json!({ "reason": verb.reason(), "replaced_by": null });
        let entries = vec![entry(now, AuditKind::Retried, &after, named(&commands, more))];
        let policy = Some(PolicyGuard { revision: policies.revision, second: false });
        let beside = Beside::Nothing;
        Ok(Change { by, deciding: false, policy, beside, before, after, reverse: None, entries, commands })
    }

    pub(super) fn decision(
        &self,
        attempt: &DecisionAttempt<'_>,
        before: Action,
        (proposer, first): (Option<UserId>, Option<FirstApproval>),
        seen: &Seen,
    ) -> Result<Change, Error> {
        let &DecisionAttempt { caller, verb, together, ref policies, now, .. } = attempt;
        let transition = verb.transition();
        let (by, lifecycle) = self.check_decision(caller, &before, proposer, transition, now)?;
        check_seen(&before, seen)?;
        let asked = Asked {
            caller,
            policies,
            approves: transition == Transition::Approve,
            alone: matches!(verb, Verb::Approve { alone: true, .. }),
            together: together.is_some(),
        };
        let course = policies::course(&asked, &before, proposer, first.as_ref())?;
        let second = matches!(course, Course::Second);
        let policy = Some(PolicyGuard { revision: policies.revision, second });
        if let Course::First(says) = course {
            let said = format!("{says} {} approved it first.", caller.actor.label());
            let after = Action {
                version: before.version + 1,
                updated_at: now.max(before.updated_at),
                status_detail: Some(said),
                ..before.clone()
            };
            let more = json!({ "reason": verb.reason(), "policy": says });
            let entries = vec![entry(now, AuditKind::ApprovedFirst, &after, more)];
            let (beside, reverse, commands) = (Beside::First, None, Vec::new());
            return Ok(Change {
                by,
                deciding: true,
                policy,
                beside,
                before,
                after,
                reverse,
                entries,
                commands,
            });
        }
        let mut after = Action {
            decided_by: Some(caller.actor.clone()),
            decided_at: Some(now),
            reason: verb.reason(),
            approval_id: Some(together.unwrap_or_else(|| new_id(now))),
            // Why no rule decided is over.
            status_detail: None,
            ..next(&before, lifecycle, now)
        };
        let mut commands = Vec::new();
        let kind = match transition {
            Transition::Approve => {
                (commands, after.executor) = self.commands(&after, now);
                AuditKind::Approved
            }
            _ => AuditKind::Rejected,
        };
        let mut beside = if second { Beside::Second } else { Beside::Nothing };
        let mut more = json!({ "reason": after.reason, "approval_id": after.approval_id });
        if let (Course::Second, Some(first)) = (&course, &first) {
            more["approved_first_by"] = json!(first.actor);
        }
        let mut entries = vec![];
        if let Course::BreakGlass(of) = course {
            after.break_glass = true;
            let reason = after.reason.clone().unwrap_or_default();
            entries.push(policies::broken(now, &after, &of, &reason));
            beside = Beside::BreakGlass(after.id, of, reason);
        }
        entries.insert(0, entry(now, kind, &after, named(&commands, more)));
        Ok(Change { by, deciding: true, policy, beside, before, after, reverse: None, entries, commands })
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
        let by = caller.authorize_on(action.permission(), device_group(action))?;
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
        if transition == Transition::Approve && !self.has_executor(action) {
            return Err(self.no_executor(action.action_type, action));
        }
        Ok((by, lifecycle))
    }

    /// What asking for the undo of an action changes, on these of its targets.
    pub(super) fn undo_request(
        &self,
        attempt: &DecisionAttempt<'_>,
        before: Action,
        seen: &Seen,
        (reason, alone, targets): (&str, bool, Vec<Asset>),
    ) -> Result<Change, Error> {
        let &DecisionAttempt { caller, together, ref policies, now, .. } = attempt;
        let (by, lifecycle, reverse_type) = self.check_undo(caller, &before)?;
        check_seen(&before, seen)?;
        let (reverse, mut commands) =
            self.reverse(&caller.actor, &before, (reverse_type, targets), reason, now)?;
        let mut reverse = Action { approval_id: together, ..reverse };
        if together.is_some() {
            policies::by_itself(policies, &before, true)?;
        }
        let beside = policies::at_once(caller, policies, &mut reverse, (alone, reason), now)?;
        if reverse.decision == Decision::Pending {
            commands.clear();
        }
        let mut change = undoing(by, before, lifecycle, reverse, commands, now);
        if let (Beside::BreakGlass(_, of, reason), Some(reverse)) = (&beside, &change.reverse) {
            change.entries.push(policies::broken(now, reverse, of, reason));
        }
        let policy = Some(PolicyGuard { revision: policies.revision, second: false });
        Ok(Change { policy, beside, ..change })
    }

    /// Whether the caller may undo the action as it stands, and by which type; also what the screen offers.
    pub(super) fn check_undo(
        &self,
        caller: &Caller,
        action: &Action,
    ) -> Result<(Authorized, Lifecycle, ActionType), Error> {
        let by = caller.authorize_on(action.permission(), device_group(action))?;
        let refuse = |detail| Error::Conflict { detail, current: Box::new(Current::new(action.id, action)) };
        let reverse = action.undoable().map_err(refuse)?;
        let lifecycle = lifecycle_of(action)?;
        let lifecycle =
            lifecycle.apply(Transition::RequestUndo).map_err(|refusal| conflict(action, refusal))?;
        if !self.has_executor_for(reverse, action) {
            return Err(self.no_executor(reverse, action));
        }
        Ok((by, lifecycle, reverse))
    }

    /// The reverse action: its own row, decided by nobody else, dispatched at once.
    pub(super) fn reverse(
        &self,
        actor: &Actor,
        of: &Action,
        (action_type, targets): (ActionType, Vec<Asset>),
        reason: &str,
        now: Timestamp,
    ) -> Result<(Action, Vec<NewCommand>), Error> {
        let parameters = std::collections::BTreeMap::new();
        let of = of.clone().with_targets(targets);
        let reverse = Action {
            id: new_id(now),
            version: 1,
            digest: digest(action_type, &of.entity, &of.asset, &of.targets, &parameters)?,
            external_id: None,
            action_type,
            parameters,
            comment: Some(reason.to_owned()),
            source: match of.permission() {
                Permission::Email => Source::ManualEmail,
                Permission::Users => Source::ManualUser,
                _ => Source::ManualDevice,
            },
            proposed_by: actor.clone(),
            proposed_at: now,
            updated_at: now,
            decision: Decision::NotRequired,
            status: Status::Queued,
            status_detail: None,
            undo: UndoState::None,
            decided_by: None,
            decided_at: None,
            reason: None,
            break_glass: false,
            approval_id: None,
            undo_of: Some(of.id),
            undone_by: None,
            ..of
        };
        let (commands, executor) = self.commands(&reverse, now);
        Ok((Action { executor, ..reverse }, commands))
    }
}

/// What the undo of an action changes, by a reverse and its commands.
pub(super) fn undoing(
    by: Authorized,
    before: Action,
    lifecycle: Lifecycle,
    reverse: Action,
    commands: Vec<NewCommand>,
    now: Timestamp,
) -> Change {
    let after = Action { undone_by: Some(reverse.id), ..next(&before, lifecycle, now) };
    let mut requested = json!({ "undone_by": reverse.id, "reason": reverse.comment });
    let mut proposed =
        json!({ "undo_of": before.id, "type": reverse.action_type, "comment": reverse.comment });
    if before.has_targets() {
        let names: Vec<_> = reverse.all_targets().map(|target| &target.name).collect();
        requested["targets"] = json!(names);
        proposed["asset"] = json!(reverse.asset);
        proposed["targets"] = json!(reverse.targets);
    }
    let entries = vec![
        entry(now, AuditKind::UndoRequested, &after, named(&commands, requested)),
        entry(now, AuditKind::Proposed, &reverse, proposed),
    ];
    let (policy, beside) = (None, Beside::Nothing);
    Change { by, deciding: false, policy, beside, before, after, reverse: Some(reverse), entries, commands }
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

pub(super) fn check_seen(action: &Action, seen: &Seen) -> Result<(), Error> {
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

pub(super) fn conflict(action: &Action, refusal: Refusal) -> Error {
    let by = action.decided_by.as_ref().map(|actor| format!(" by {}", actor.label())).unwrap_or_default();
    let at = action.decided_at.map(|at| at.strftime(" at %F %H:%M:%S UTC").to_string()).unwrap_or_default();
    let detail = format!("{refusal}{by}{at}");
    Error::Conflict { detail, current: Box::new(Current::new(action.id, action)) }
}
