//! Actions that do the same to the same: which of them stand, what waits before a command, and what an undo lifts.
//!
//! It concerns what lasts, such as an isolation: done twice it is there once, and lifted once it is gone for all. Of an
//! action on several targets each target counts by itself.

use std::collections::{BTreeMap, BTreeSet};

use domain::actions::contract::Twin;
use domain::actions::targets::TargetState;
use domain::core::canonical;
use domain::{
    Action, ActionId, Asset, AuditKind, Authorized, Error, Lifecycle, Outcome, RowScope, Status, Transition,
    UndoState,
};
use jiff::Timestamp;
use serde_json::json;

use super::decision::{lifecycle_of, next};
use super::{Service, entry, targets, timeline};
use store::{Guard, TargetCommand, Transaction};

/// Other actions on the same entity that are looked at.
const MAX_OTHERS: u32 = 50;
/// The same for an action on many targets.
const MAX_ON_TARGETS: u32 = 2_000;
/// Targets that a sentence names.
const MAX_NAMED: usize = 3;

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
    /// Others with the same lasting effect on the same entity, each as it is on a target that both have; none of what
    /// does not last.
    async fn others(&self, scope: &RowScope, action: &Action) -> Result<Vec<Action>, Error> {
        let Some(effect) = action.action_type.lasting_effect() else { return Ok(Vec::new()) };
        let limit = MAX_OTHERS.saturating_mul(action.target_count.unwrap_or(1)).min(MAX_ON_TARGETS);
        let mut others = self.store.on_same_entity(scope, action, limit).await?;
        others.retain(|other| other.action_type.lasting_effect() == Some(effect));
        let ours: BTreeSet<_> = action.all_targets().map(place).collect();
        let mut seen = Vec::with_capacity(others.len());
        for other in others {
            if other.has_targets() {
                let known = self.store.targets_of(other.id).await?;
                seen.extend(on_each(&other, &known).filter(|other| ours.contains(&place(&other.asset))));
            } else {
                seen.push(other);
            }
        }
        Ok(seen)
    }

    /// Others of the same type whose effect stands now on one of these targets, or of all where none is named; each as it
    /// is on its target, the latest first.
    pub(super) async fn standing_twins(
        &self,
        scope: &RowScope,
        action: &Action,
        on: &[Asset],
    ) -> Result<Vec<Action>, Error> {
        if !action.action_type.is_lasting() {
            return Ok(Vec::new());
        }
        let on: BTreeSet<_> = on.iter().map(place).collect();
        let mut others = self.others(scope, action).await?;
        others.retain(|other| on.is_empty() || on.contains(&place(&other.asset)));
        Ok(standing(action, others))
    }

    /// What is to be known of others that do the same: for the details.
    pub(super) async fn twins(&self, scope: &RowScope, action: &Action) -> Result<Vec<Twin>, Error> {
        if !action.action_type.is_lasting() {
            return Ok(Vec::new());
        }
        let others = self.others(scope, action).await?;
        let mut found: Vec<(ActionId, bool, String, Vec<String>)> = Vec::new();
        let mut note = |other: &Action, stands: bool, says: String| {
            let name = other.asset.name.clone();
            let same = |(id, stood, said, _): &&mut (ActionId, bool, String, Vec<String>)| {
                (*id, *stood, said.as_str()) == (other.id, stands, says.as_str())
            };
            match found.iter_mut().find(same) {
                Some((.., names)) => names.push(name),
                None => found.push((other.id, stands, says, vec![name])),
            }
        };
        for other in others.iter().filter(|other| other.action_type == action.action_type) {
            let says = match (other.decision, other.status) {
                (domain::Decision::Pending, _) => "The same waits for a decision, too",
                (_, Status::Queued | Status::InProgress) => "The same is being carried out",
                (_, Status::Unknown) => "The same was sent, and its end is unknown",
                _ => continue,
            };
            note(other, false, says.to_owned());
        }
        for other in standing(action, others) {
            let until = timeline::end_of(&other).map(|end| format!(" until {end}")).unwrap_or_default();
            note(&other, true, format!("The same already stands{until}, by {}", by(&other)));
        }
        let twin = |(id, stands, says, names): (ActionId, bool, String, Vec<String>)| {
            let on = if action.has_targets() { in_words(&names) } else { String::new() };
            Twin { id, stands, says: format!("{says}{on}.") }
        };
        Ok(found.into_iter().map(twin).collect())
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
            Precedence::Skip(format!("{} whose effect already stands", duplicate_of(other.id)))
        }))
    }

    /// With an undo that was carried out, the effect of others is lifted, too: on the targets on which it was.
    pub(super) async fn lift_twins(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        by: &Authorized,
        original: &Action,
        (reverse, outcome): (&Action, Outcome),
        now: Timestamp,
    ) -> Result<(), Error> {
        let on = done_on(tx, reverse, outcome).await?;
        if on.is_empty() {
            return Ok(());
        }
        let mut seen = BTreeSet::new();
        for twin in self.standing_twins(&RowScope::ALL, original, &on).await? {
            if !seen.insert(twin.id) {
                continue;
            }
            // As it is in this transaction.
            let Some(before) = tx.action(&RowScope::ALL, twin.id).await? else { continue };
            let names = lift_targets(tx, by, &before, &on).await?;
            let transition = if names.as_ref().is_some_and(|(_, left)| *left) {
                Transition::ReportPartlyUndone
            } else {
                Transition::ReportUndo(Outcome::Completed)
            };
            let Ok(lifted) = lift(lifecycle_of(&before)?, transition) else { continue };
            let undone_by = match transition {
                Transition::ReportPartlyUndone => before.undone_by,
                _ => Some(reverse.id),
            };
            let after = Action { undone_by, ..next(&before, lifted, now) };
            if tx.update_state(Guard { by, deciding: false, policy: None, now }, &before, &after).await? {
                let mut more = json!({ "undone_by": reverse.id, "lifted_with": original.id });
                if let Some((names, _)) = names {
                    more["targets"] = json!(names);
                }
                tx.append_audit(by, entry(now, AuditKind::UndoReported, &after, more)).await?;
            }
        }
        seen.insert(original.id);
        Box::pin(self.correct_duplicates(tx, by, original, (reverse, &seen, &on), now)).await
    }

    /// Says of targets on which an action was skipped as a duplicate that the other's effect does not stand there any more,
    /// where it was undone since.
    pub(super) async fn correct_targets(&self, states: &mut [TargetState]) -> Result<(), Error> {
        let carriers: Vec<_> =
            states.iter().filter_map(carrier_of).collect::<BTreeSet<_>>().into_iter().collect();
        if carriers.is_empty() {
            return Ok(());
        }
        for (carrier, _) in self.store.actions(&RowScope::ALL, &carriers).await? {
            let Some(reverse) = carrier.undone_by else { continue };
            let Some(reverse) = self.store.action(&RowScope::ALL, reverse).await? else { continue };
            let known =
                if carrier.has_targets() { self.store.targets_of(carrier.id).await? } else { Vec::new() };
            let undone = on_each(&carrier, &known).filter(|of| of.undo == UndoState::Undone);
            let undone: BTreeSet<_> = undone.map(|of| place(&of.asset)).collect();
            let duplicates = states.iter_mut().filter(|state| carrier_of(state) == Some(carrier.id));
            for state in duplicates.filter(|state| undone.contains(&canonical::name(&state.name))) {
                // The last reverse may be of other targets.
                let is_of = reverse.all_targets().any(|of| place(of) == canonical::name(&state.name));
                state.detail = Some(lifted_by(carrier.id, is_of.then_some(&reverse)));
            }
        }
        Ok(())
    }

    /// Says on what was skipped as a duplicate of what is lifted now that its effect does not stand any more, and what to
    /// do.
    async fn correct_duplicates(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        by: &Authorized,
        original: &Action,
        (reverse, lifted, on): (&Action, &BTreeSet<ActionId>, &[Asset]),
        now: Timestamp,
    ) -> Result<(), Error> {
        let on: BTreeSet<_> = on.iter().map(place).collect();
        let stood_through = |action: &Action| {
            let told = action.status_detail.as_deref().filter(|_| action.status == Status::Skipped)?;
            lifted.iter().copied().find(|id| told.starts_with(&duplicate_of(*id)))
        };
        for other in self.store.on_same_entity(&RowScope::ALL, original, MAX_ON_TARGETS).await? {
            if stood_through(&other).is_none() || !on.contains(&place(&other.asset)) {
                continue;
            }
            // As it is in this transaction.
            let Some(before) = tx.action(&RowScope::ALL, other.id).await? else { continue };
            let Some(carrier) = stood_through(&before) else { continue };
            let detail = lifted_by(carrier, Some(reverse));
            let after = Action { status_detail: Some(detail), ..next(&before, lifecycle_of(&before)?, now) };
            if tx.update_state(Guard { by, deciding: false, policy: None, now }, &before, &after).await? {
                let more = json!({ "undone_by": reverse.id, "duplicate_of": carrier, "detail": after.status_detail });
                tx.append_audit(by, entry(now, AuditKind::UndoReported, &after, more)).await?;
            }
        }
        Ok(())
    }
}

/// How it begins what is said of an action that was skipped since another did the same.
fn duplicate_of(id: ActionId) -> String {
    format!("{DUPLICATE_OF}{id},")
}

const DUPLICATE_OF: &str = "duplicate of ";

/// What is said of it once the other's effect is lifted; by which reverse, where that is known.
fn lifted_by(carrier: ActionId, reverse: Option<&Action>) -> String {
    let lifted = reverse.map(|reverse| {
        let at = reverse.updated_at.strftime("%F %H:%M:%S UTC");
        format!("which {} undid at {at}", reverse.proposed_by.label())
    });
    format!(
        "{} {}: its effect no longer stands; where it is still needed, take the action anew",
        duplicate_of(carrier),
        lifted.unwrap_or_else(|| "which was undone".to_owned()),
    )
}

/// The action of which that was skipped as a duplicate of which this is said.
fn carrier_of(state: &TargetState) -> Option<ActionId> {
    let said = state.detail.as_deref().filter(|_| state.status == Status::Skipped)?;
    said.strip_prefix(DUPLICATE_OF)?.split_once(',')?.0.parse().ok()
}

/// On which targets a reverse was carried out.
async fn done_on(
    tx: &mut (impl Transaction + ?Sized),
    reverse: &Action,
    outcome: Outcome,
) -> Result<Vec<Asset>, Error> {
    if !reverse.has_targets() {
        return Ok(if outcome == Outcome::Completed { vec![reverse.asset.clone()] } else { Vec::new() });
    }
    let known = tx.targets_of(reverse.id).await?;
    let done = on_each(reverse, &known).filter(|of| of.status == Status::Completed);
    Ok(done.map(|of| of.asset).collect())
}

/// Writes on the targets of one that has several that its effect is lifted there. Their names, and whether it stands on
/// others still; none for one that has a single target.
async fn lift_targets(
    tx: &mut (impl Transaction + ?Sized),
    by: &Authorized,
    twin: &Action,
    on: &[Asset],
) -> Result<Option<(Vec<String>, bool)>, Error> {
    if !twin.has_targets() {
        return Ok(None);
    }
    let on: BTreeSet<_> = on.iter().map(place).collect();
    let assets: Vec<_> = twin.all_targets().collect();
    let asset = |of: &TargetCommand| usize::try_from(of.target).ok().and_then(|place| assets.get(place));
    let standing: Vec<_> = tx.targets_of(twin.id).await?.into_iter().filter(targets::stands).collect();
    let (lifted, left): (Vec<_>, Vec<_>) =
        standing.into_iter().partition(|of| asset(of).is_some_and(|asset| on.contains(&place(asset))));
    tx.set_undo(by, &targets::ids(&lifted), UndoState::Undone).await?;
    let names = lifted.iter().filter_map(asset).map(|asset| asset.name.clone()).collect();
    Ok(Some((names, !left.is_empty())))
}

/// An action on several targets as it is on each of them.
fn on_each<'a>(action: &'a Action, known: &'a [TargetCommand]) -> impl Iterator<Item = Action> + 'a {
    (0..).map_while(move |place| action.aimed_at(place)).zip(0_u32..).map(move |(aimed, place)| {
        match known.iter().find(|of| of.target == place) {
            Some(of) => Action { status: of.status, undo: of.undo, ..aimed },
            None => aimed,
        }
    })
}

/// The name by which a target is the same one.
fn place(asset: &Asset) -> String {
    canonical::name(&asset.name)
}

/// On which of several targets.
fn in_words(names: &[String]) -> String {
    let shown = names.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => format!(", on {shown}"),
        more => format!(", on {shown} and {more} more"),
    }
}

fn lift(lifecycle: Lifecycle, transition: Transition) -> Result<Lifecycle, domain::Refusal> {
    lifecycle.apply(Transition::RequestUndo)?.apply(transition)
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

/// Of these, those of the type of an action whose effect stands: done, not undone, and not released since on their
/// target.
fn standing(action: &Action, others: Vec<Action>) -> Vec<Action> {
    let mut released: BTreeMap<String, Timestamp> = BTreeMap::new();
    for other in others.iter().filter(|other| !other.action_type.is_lasting() && had_effect(other)) {
        let last = released.entry(place(&other.asset)).or_insert_with(|| decided(other));
        *last = decided(other).max(*last);
    }
    others
        .into_iter()
        .filter(|other| other.action_type == action.action_type && had_effect(other))
        .filter(|other| matches!(other.undo, UndoState::None | UndoState::Failed))
        .filter(|other| released.get(&place(&other.asset)).is_none_or(|at| decided(other) > *at))
        .collect()
}
