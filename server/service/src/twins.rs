//! Actions that do the same to the same: which of them stand, what waits before a command, and what an undo lifts.
//!
//! It concerns what lasts, such as an isolation: done twice it is there once, and lifted once it is gone for all.

use domain::actions::contract::Twin;
use domain::{
    Action, ActionId, AuditKind, Authorized, Error, Lifecycle, Outcome, RowScope, Status, Transition,
    UndoState,
};
use jiff::Timestamp;
use serde_json::json;

use super::decision::{lifecycle_of, next};
use super::{Service, entry, timeline};
use store::{Guard, Transaction};

/// Other actions on the same entity that are looked at.
const MAX_OTHERS: u32 = 50;

/// What becomes of a command before it is handed to its executor.
pub(super) enum Precedence {
    /// It is its turn.
    Go,
    /// This one was decided on before it, and is not over.
    Wait(ActionId),
    /// There is nothing to do, for this reason.
    Skip(String),
}

impl Service {
    /// Others with the same lasting effect on the same entity of the same asset; none of what does not last.
    async fn others(&self, scope: &RowScope, action: &Action) -> Result<Vec<Action>, Error> {
        let Some(effect) = action.action_type.lasting_effect() else { return Ok(Vec::new()) };
        let mut others = self.store.on_same_entity(scope, action, MAX_OTHERS).await?;
        others.retain(|other| other.action_type.lasting_effect() == Some(effect));
        Ok(others)
    }

    /// Others of the same type whose effect stands now, the latest first.
    pub(super) async fn standing_twins(
        &self,
        scope: &RowScope,
        action: &Action,
    ) -> Result<Vec<Action>, Error> {
        if !action.action_type.is_lasting() {
            return Ok(Vec::new());
        }
        let others = self.others(scope, action).await?;
        Ok(standing(action, others))
    }

    /// What is to be known of others that do the same: for the details.
    pub(super) async fn twins(&self, scope: &RowScope, action: &Action) -> Result<Vec<Twin>, Error> {
        if !action.action_type.is_lasting() {
            return Ok(Vec::new());
        }
        let others = self.others(scope, action).await?;
        let mut twins: Vec<_> = others
            .iter()
            .filter(|other| other.action_type == action.action_type)
            .filter_map(|other| {
                let says = match (other.decision, other.status) {
                    (domain::Decision::Pending, _) => "The same waits for a decision, too.",
                    (_, Status::Queued | Status::InProgress) => "The same is being carried out.",
                    (_, Status::Unknown) => "The same was sent, and its end is unknown.",
                    _ => return None,
                };
                Some(Twin { id: other.id, stands: false, says: says.to_owned() })
            })
            .collect();
        twins.extend(standing(action, others).into_iter().map(|other| {
            let until = timeline::end_of(&other).map(|end| format!(" until {end}")).unwrap_or_default();
            let says = format!("The same already stands{until}, by {}.", by(&other));
            Twin { id: other.id, stands: true, says }
        }));
        Ok(twins)
    }

    /// Whether it is a command's turn: commands with one effect run in the order in which they were decided on, what
    /// stands already is not done again, and what was decided on before a later release is not done after it.
    pub(super) async fn precedence(&self, action: &Action) -> Result<Precedence, Error> {
        let others = self.others(&RowScope::ALL, action).await?;
        let order = |of: &Action| (decided(of), of.id);
        let before = |other: &&Action| {
            matches!(other.status, Status::Queued | Status::InProgress) && order(other) < order(action)
        };
        if let Some(first) = others.iter().find(before) {
            return Ok(Precedence::Wait(first.id));
        }
        if !action.action_type.is_lasting() {
            return Ok(Precedence::Go);
        }
        let later_release = others.iter().find(|other| {
            !other.action_type.is_lasting() && had_effect(other) && order(other) > order(action)
        });
        if let Some(release) = later_release {
            return Ok(Precedence::Skip(format!("superseded by {}, which was decided on later", release.id)));
        }
        let end = timeline::end_of(action);
        // One that stands for a shorter time does not stand for this one.
        let long_enough = |other: &Action| match (timeline::end_of(other), end) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(theirs), Some(ours)) => theirs >= ours,
        };
        let duplicate = standing(action, others).into_iter().find(long_enough);
        Ok(duplicate.map_or(Precedence::Go, |other| {
            Precedence::Skip(format!("duplicate of {}, whose effect already stands", other.id))
        }))
    }

    /// With an undo that was carried out, the effect of others is lifted, too.
    pub(super) async fn lift_twins(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        by: &Authorized,
        original: &Action,
        reverse: &Action,
        now: Timestamp,
    ) -> Result<(), Error> {
        for twin in self.standing_twins(&RowScope::ALL, original).await? {
            // As it is in this transaction.
            let Some(before) = tx.action(&RowScope::ALL, twin.id).await? else { continue };
            let Ok(lifted) = lift(lifecycle_of(&before)?) else { continue };
            let after = Action { undone_by: Some(reverse.id), ..next(&before, lifted, now) };
            if tx.update_state(Guard { by, deciding: false, policy: None, now }, &before, &after).await? {
                let more = json!({ "undone_by": reverse.id, "lifted_with": original.id });
                tx.append_audit(by, entry(now, AuditKind::UndoReported, &after, more)).await?;
            }
        }
        Ok(())
    }
}

fn lift(lifecycle: Lifecycle) -> Result<Lifecycle, domain::Refusal> {
    lifecycle.apply(Transition::RequestUndo)?.apply(Transition::ReportUndo(Outcome::Completed))
}

fn by(action: &Action) -> String {
    action.decided_by.as_ref().unwrap_or(&action.proposed_by).label()
}

/// When it was decided that it happens.
fn decided(action: &Action) -> Timestamp {
    action.decided_at.unwrap_or(action.proposed_at)
}

fn had_effect(action: &Action) -> bool {
    action.lifecycle().is_ok_and(|lifecycle| lifecycle.state().had_effect())
}

/// Of these, those of the type of an action whose effect stands: done, not undone, and not released since.
fn standing(action: &Action, others: Vec<Action>) -> Vec<Action> {
    let released = others.iter().filter(|other| !other.action_type.is_lasting() && had_effect(other));
    let released = released.map(decided).max();
    others
        .into_iter()
        .filter(|other| other.action_type == action.action_type && had_effect(other))
        .filter(|other| matches!(other.undo, UndoState::None | UndoState::Failed))
        .filter(|other| released.is_none_or(|at| decided(other) > at))
        .collect()
}
