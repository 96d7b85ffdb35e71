//! What a reverse lifts beside the action that it undoes: the effect of others that do the same to the same, and what was
//! skipped for one of them. A reverse that undoes no action lifts all that stands of what it reverses.

use std::collections::BTreeSet;

use domain::actions::targets::TargetState;
use domain::core::canonical;
use domain::{
    Action, ActionId, Asset, AuditKind, Authorized, Error, Lifecycle, Outcome, RowScope, Status, Transition,
    UndoState,
};
use jiff::Timestamp;
use serde_json::json;

use super::decision::{lifecycle_of, next};
use super::twins::{DUPLICATE_OF, MAX_ON_TARGETS, decided, duplicate_of, on_each, place};
use super::{Service, entry, targets};
use store::{Guard, TargetCommand, Transaction};

impl Service {
    /// With a reverse that was carried out, the effect of others is lifted, too: of those that stand beside the action that
    /// it undoes, or, where it undoes none and is itself the `original`, of all that it reverses. On the targets on which
    /// it was.
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
            // What was decided on after it had come to its end is not reversed by it.
            if decided(&before) > reverse.updated_at {
                continue;
            }
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

/// What is said of it once the other's effect is lifted; by which reverse, where that is known.
fn lifted_by(carrier: ActionId, reverse: Option<&Action>) -> String {
    let lifted = reverse.map(|reverse| {
        let at = reverse.updated_at.strftime("%F %H:%M:%S UTC");
        format!("which {} undid at {at}", reverse.taken_by().unwrap_or(&reverse.proposed_by).label())
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

fn lift(lifecycle: Lifecycle, transition: Transition) -> Result<Lifecycle, domain::Refusal> {
    lifecycle.apply(Transition::RequestUndo)?.apply(transition)
}
