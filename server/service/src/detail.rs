//! One action, with what the caller may do with it now.

use async_trait::async_trait;
use domain::actions::contract::{ActionDetail, Availability, ExecutorView, HandTask, ShowAction};
use domain::actions::targets::TargetState;
use domain::core::canonical;
use domain::executors::contract::Health;
use domain::{
    Action, ActionId, AuditKind, Caller, Decision, Error, ErrorCode, FollowUpVerb, RowScope, Status,
    Transition, UndoState, UserId,
};
use jiff::Timestamp;

use super::dispatch::NOT_SENT_YET;
use super::executor::Found;
use super::policies::{by_two, reverse_of};
use super::targets::gone;
use super::twins::{Precedence, concern_one_thing};
use super::{Service, timeline};

/// Other actions on the same entity that are looked at.
const MAX_OTHERS: u32 = 20;
/// Changes by the proposer that the flyout shows.
const MAX_REVISIONS: u32 = 10;

#[async_trait]
impl ShowAction for Service {
    async fn action(&self, caller: &Caller, id: ActionId) -> Result<Action, Error> {
        let action = self.store.action(&RowScope::of(caller)?, id).await?;
        action.map(|action| self.with_hold(action)).ok_or_else(|| Error::NotFound(id.into()))
    }

    async fn targets(&self, caller: &Caller, id: ActionId) -> Result<Vec<TargetState>, Error> {
        let action = ShowAction::action(self, caller, id).await?;
        if action.has_targets() {
            return self.target_states(&action).await;
        }
        // One target is told of in the same form.
        let of = self.store.targets_of(id).await?.pop();
        Ok(vec![TargetState {
            name: action.asset.name.clone(),
            criticality: action.asset.criticality,
            executor: self.executor_view(&action).map(|executor| executor.name),
            status: action.status,
            detail: action.status_detail.clone(),
            undo: action.undo,
            command_id: of.map(|of| of.command),
        }])
    }

    async fn undo_waits(&self, caller: &Caller, action: &Action) -> Result<Option<String>, Error> {
        self.waits_of(&RowScope::of(caller)?, action).await
    }

    async fn detail(&self, caller: &Caller, id: ActionId) -> Result<ActionDetail, Error> {
        let scope = RowScope::of(caller)?;
        let now = self.clock.now();
        let action = self.store.action(&scope, id).await?.ok_or_else(|| Error::NotFound(id.into()))?;
        let proposer = self.store.proposer(id).await?;
        let offer = |result: Result<(), Error>| Availability::from(result.map_err(|error| sentence(&error)));
        let decision = |command| self.check_decision(caller, &action, proposer, command, now).map(drop);
        let (protection, not_alone) = self.protection(caller, &action, proposer, now).await?;
        let mut follow_ups = self.follow_ups(caller, &action, proposer, now).await?;
        if not_alone.is_err() {
            follow_ups.retain(|verb| *verb != FollowUpVerb::Retry);
        }
        let approve = decision(Transition::Approve).and(not_alone);
        let undo = offer(self.check_undo(caller, &action).map(drop));
        let others = self.store.on_same_entity(&scope, &action, MAX_OTHERS).await?;
        let types = self.types_of(others.iter().chain([&action])).await?;
        let (later, earlier) = timeline::split(&action, &others);
        let on_asset = |other: &&Action| {
            canonical::name(&other.asset.name) == canonical::name(&action.asset.name)
                && concern_one_thing(&action, other)
        };
        let others: Vec<_> = others.iter().filter(on_asset).cloned().collect();
        Ok(ActionDetail {
            instances: if undo.is_allowed() { self.instances(&scope, &action).await? } else { 0 },
            impact: self.impact(&scope, &action).await?,
            break_glass: if action.break_glass { self.store.break_glass(id).await? } else { None },
            protection,
            deciders: self.deciders(&action, proposer, &approve, now).await?,
            hunt: self.hunt.as_ref().map(|link| link.of(&action)),
            follow_ups,
            held: self.held(&action).await?,
            undo_waits: self.waits_of(&scope, &action).await?,
            targets: self.target_states(&action).await?,
            approve: offer(approve),
            reject: offer(decision(Transition::Reject)),
            undo,
            report_verdict: offer(caller.authorize_triage().map(drop).map_err(Error::from)),
            executor: self.executor_view(&action),
            unserved: self.unserved(&action),
            task: self.task(&action).await?,
            standing: timeline::standing(&action, &others, &types),
            later,
            earlier,
            revisions: timeline::revisions(
                &self.store.records_of(id, AuditKind::Revised, MAX_REVISIONS).await?,
            ),
            packages: self.store.packages_of(id).await?,
            download: offer(Self::check_download(caller, &action).map(drop)),
            end: self.end_in_words(&action, proposer, now).await?,
            twins: self.twins(&scope, &action).await?,
            looking: self.presence.look(caller, &action, now),
            action,
            rendered_at: now,
        })
    }
}

impl Service {
    /// Who carries it out or would, and how that is; of what is under way, who has it.
    fn executor_view(&self, action: &Action) -> Option<ExecutorView> {
        let has_it = action.executor.as_ref().filter(|_| action.status != Status::None);
        match has_it.map(|name| self.executors.named(name)) {
            Some(executor) => Some(Found { executor: executor?, rule: None }.view()),
            None => self.executors.found(action.action_type, action).map(|found| found.view()),
        }
    }

    /// Why nobody would carry it out, as a sentence.
    fn unserved(&self, action: &Action) -> Option<String> {
        let is_asked = action.decision == Decision::Pending && !self.has_executor(action);
        is_asked.then(|| sentence(&self.no_executor(action.action_type, action)))
    }

    /// What is to be done by hand.
    async fn task(&self, action: &Action) -> Result<Option<HandTask>, Error> {
        if !self.is_by_hand(action) {
            return Ok(None);
        }
        let handed = self.store.handed_over(action.id).await?;
        Ok(handed.map(|of| HandTask { assigned_to: of.assigned_to, due_at: of.due_at }))
    }

    /// What the reverse of an action waits for, once its undo was asked for: somebody else, a person, its executor, or the
    /// end of a pause.
    pub(super) async fn waits_of(&self, scope: &RowScope, action: &Action) -> Result<Option<String>, Error> {
        let Some(reverse) = action.undone_by.filter(|_| action.undo == UndoState::Requested) else {
            return Ok(None);
        };
        match self.store.action(scope, reverse).await? {
            Some(reverse) => self.held(&reverse).await,
            None => Ok(None),
        }
    }

    /// What becomes of an action at the end that it names, and what its release waits for then.
    async fn end_in_words(
        &self,
        action: &Action,
        proposer: Option<UserId>,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        let Some(text) = timeline::end(action, now) else { return Ok(None) };
        let reverse = reverse_of(action).filter(|_| action.undo == UndoState::None);
        let Some(reverse) = reverse else { return Ok(Some(text)) };
        // Of what is not decided on, as many people as policies ask for will have let it happen.
        let by_two = action.decision == Decision::Pending
            || by_two(action, proposer, self.store.first_approval(action.id).await?.as_ref());
        let policies = self.store.policies().await?;
        let Some(protection) = policies.at_end(&reverse, by_two) else { return Ok(Some(text)) };
        let is_over = timeline::end_of(action).is_none_or(|end| end <= now);
        let text = if is_over { text.as_str() } else { "Its release waits for a decision then." };
        Ok(Some(format!("{text} {}", protection.says())))
    }

    /// What an action waits for before its executor gets it, or before a rule decides on it.
    pub(super) async fn held(&self, action: &Action) -> Result<Option<String>, Error> {
        if action.decision == Decision::Pending {
            return Ok(action.status_detail.clone());
        }
        if action.status == Status::InProgress {
            return Ok(self.held_in_progress(action));
        }
        if action.status != Status::Queued {
            return Ok(None);
        }
        if let Some(why) = self.waits_for_dispatch().await? {
            return Ok(Some(why));
        }
        if let Some(why) = self.held_by_executor(action) {
            return Ok(Some(why));
        }
        if action.has_targets() {
            // Each target says for itself what it waits for.
            return Ok(None);
        }
        Ok(match self.precedence(action).await? {
            Precedence::Wait(first) => {
                Some(format!("It waits until {first} is over, which was decided on before it."))
            }
            Precedence::Go | Precedence::Skip(_) => None,
        })
    }

    /// The action as lists show it: of what was approved and waits for an executor that is paused, the detail says so.
    pub(super) fn with_hold(&self, action: Action) -> Action {
        match action.executor.as_deref().filter(|_| action.status == Status::Queued) {
            Some(name) if self.executors.named(name).is_some_and(|executor| executor.is_paused()) => {
                let said = format!("Held: executor {name} is paused");
                Action { status_detail: Some(said), ..action }
            }
            _ => action,
        }
    }

    /// What is said of a command that was begun is true for as long as its executor is there: what becomes of it depends
    /// on that.
    fn held_in_progress(&self, action: &Action) -> Option<String> {
        let name = action.executor.as_ref()?;
        let Some(executor) = self.executors.named(name) else { return Some(gone(name)) };
        let not_sent = action.status_detail.as_deref().is_some_and(|detail| detail.starts_with(NOT_SENT_YET));
        not_sent.then(|| {
            if executor.is_paused() {
                format!("It is tried again once {name} is resumed.")
            } else {
                "It is tried again by itself, for 3 days.".to_owned()
            }
        })
    }

    fn held_by_executor(&self, action: &Action) -> Option<String> {
        match &action.executor {
            Some(name) => {
                let Some(executor) = self.executors.named(name) else {
                    return Some(format!(
                        "It waits: {name} is not connected to this server. Nothing was sent; it starts when that is back. \
                         Or cancel this action and propose it anew."
                    ));
                };
                let (health, says) = executor.health();
                matches!(health, Health::Paused | Health::Broken | Health::Failing)
                    .then(|| format!("It waits for {name}. {says}"))
            }
            None if self.executors.find(action).is_none() => {
                let why = self.executors.why_none(action.action_type, action);
                Some(format!("It waits: {why}. Nothing was sent."))
            }
            _ => None,
        }
    }
}

/// Why a button is missing, as a sentence.
pub(super) fn sentence(error: &Error) -> String {
    let text = match error.code() {
        ErrorCode::Expired | ErrorCode::NoExecutor | ErrorCode::Forbidden | ErrorCode::Conflict => {
            error.to_string()
        }
        code => code.label().to_owned(),
    };
    let mut chars = text.chars();
    let mut text: String =
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default();
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}
