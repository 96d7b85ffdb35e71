//! Actions that do the same to the same: which of them stand, and what waits before a command.
//!
//! What was done twice is there once, and what reverses it reverses it for all (`lift`). What lasts, such as an isolation,
//! is besides not done again while it stands; a file or a message may be there again. Of an action on several targets each
//! target counts by itself.

use std::collections::{BTreeMap, BTreeSet};

use domain::actions::contract::Twin;
use domain::core::canonical;
use domain::{Action, ActionId, ActionType, Asset, Decision, Entity, Error, RowScope, Status, UndoState};
use jiff::Timestamp;

use super::Service;
use super::timeline::{self, Types, effects, had_effect};
use store::TargetCommand;

/// Other actions on the same entity that are looked at.
const MAX_OTHERS: u32 = 50;
/// The same for an action on many targets.
pub(super) const MAX_ON_TARGETS: u32 = 2_000;
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

/// Others on the entity of an action, and which types the actions have that they undo.
struct Others {
    actions: Vec<Action>,
    types: Types,
}

impl Service {
    /// The types of these actions, and of those that they undo.
    pub(super) async fn types_of<'a>(
        &self,
        of: impl Iterator<Item = &'a Action> + Clone + Send,
    ) -> Result<Types, Error> {
        let mut types: Types = of.clone().map(|action| (action.id, action.action_type)).collect();
        let undone = of.filter_map(|action| action.undo_of).filter(|id| !types.contains_key(id));
        let undone: Vec<_> = undone.collect::<BTreeSet<_>>().into_iter().collect();
        if !undone.is_empty() {
            let found = self.store.actions(&RowScope::ALL, &undone).await?;
            types.extend(found.into_iter().map(|(action, _)| (action.id, action.action_type)));
        }
        Ok(types)
    }

    /// Others on the same entity that make or reverse what an action makes or reverses, each as it is on a target that both
    /// have.
    async fn others(&self, scope: &RowScope, action: &Action) -> Result<Others, Error> {
        let limit = MAX_OTHERS.saturating_mul(action.target_count.unwrap_or(1)).min(MAX_ON_TARGETS);
        let mut found = self.store.on_same_entity(scope, action, limit).await?;
        let types = self.types_of(found.iter().chain([action])).await?;
        let ours = effects(action, &types);
        found.retain(|other| effects(other, &types).iter().any(|effect| ours.contains(effect)));
        let on: BTreeSet<_> = action.all_targets().map(place).collect();
        let mut actions = Vec::with_capacity(found.len());
        for other in found {
            if other.has_targets() {
                let known = self.store.targets_of(other.id).await?;
                actions.extend(on_each(&other, &known).filter(|other| on.contains(&place(&other.asset))));
            } else {
                actions.push(other);
            }
        }
        Ok(Others { actions, types })
    }

    /// Others whose effect stands now, and goes with the undo of an action, or with an action that reverses them; on one of
    /// these targets, or on all where none is named. Each as it is on its target, the latest first.
    pub(super) async fn standing_twins(
        &self,
        scope: &RowScope,
        action: &Action,
        on: &[Asset],
    ) -> Result<Vec<Action>, Error> {
        if !action.action_type.is_reversible() && !action.action_type.is_reverse() {
            return Ok(Vec::new());
        }
        let on: BTreeSet<_> = on.iter().map(place).collect();
        let mut others = self.others(scope, action).await?;
        others.actions.retain(|other| on.is_empty() || on.contains(&place(&other.asset)));
        let effects = effects(action, &others.types);
        let standing = effects.into_iter().flat_map(|effect| others.standing(effect));
        Ok(standing.filter(|other| goes_with(action, other)).collect())
    }

    /// What is to be known of others that do the same: for the details.
    pub(super) async fn twins(&self, scope: &RowScope, action: &Action) -> Result<Vec<Twin>, Error> {
        if !action.action_type.has_twins() {
            return Ok(Vec::new());
        }
        let mut others = self.others(scope, action).await?;
        others.actions.retain(|other| concern_one_thing(action, other));
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
        let of_type = || others.actions.iter().filter(|other| other.action_type == action.action_type);
        for other in of_type() {
            let says = match (other.decision, other.status) {
                (Decision::Pending, _) => "The same waits for a decision, too",
                (_, Status::Queued | Status::InProgress) => "The same is being carried out",
                (_, Status::Unknown) => "The same was sent, and its end is unknown",
                _ => continue,
            };
            note(other, false, says.to_owned());
        }
        if action.action_type.is_reversible() {
            for other in others.standing(action.action_type) {
                let until = timeline::end_of(&other).map(|end| format!(" until {end}")).unwrap_or_default();
                let says = format!("The same already stands{until}, by {}", by(&other));
                note(&other, goes_with(action, &other), says);
            }
        } else if action.decision == Decision::Pending
            && let Some(last) = of_type().find(|other| had_effect(other))
        {
            note(last, false, format!("The same was done before, by {}", by(last)));
        }
        let twin = |(id, stands, says, names): (ActionId, bool, String, Vec<String>)| {
            let on = if action.has_targets() { in_words(&names) } else { String::new() };
            Twin { id, stands, says: format!("{says}{on}.") }
        };
        Ok(found.into_iter().map(twin).collect())
    }

    /// Whether it is a command's turn: commands with one lasting effect run in the order in which they were decided on, what
    /// stands already is not done again, and what was decided on before a later release is not done after it.
    pub(super) async fn precedence(&self, action: &Action) -> Result<Precedence, Error> {
        if !is_of_what_lasts(action.action_type) {
            return Ok(Precedence::Go);
        }
        let others = self.others(&RowScope::ALL, action).await?;
        let order = |of: &Action| (decided(of), of.id);
        let before = |other: &&Action| {
            matches!(other.status, Status::Queued | Status::InProgress) && order(other) < order(action)
        };
        if let Some(first) = others.actions.iter().find(before) {
            return Ok(Precedence::Wait(first.id));
        }
        if !action.action_type.is_lasting() {
            return Ok(Precedence::Go);
        }
        let later_release = others.actions.iter().find(|other| {
            other.action_type.is_reverse() && had_effect(other) && order(other) > order(action)
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
        let duplicate = others.standing(action.action_type).into_iter().find(long_enough);
        Ok(duplicate.map_or(Precedence::Go, |other| {
            Precedence::Skip(format!("{} whose effect already stands", duplicate_of(other.id)))
        }))
    }
}

impl Others {
    /// Those of a type whose effect stands: done, not undone, and not released since on their target.
    fn standing(&self, effect: ActionType) -> Vec<Action> {
        let mut releases: BTreeMap<String, Vec<&Action>> = BTreeMap::new();
        for other in self.actions.iter().filter(|other| other.action_type.is_reverse() && had_effect(other)) {
            if effects(other, &self.types).contains(&effect) {
                releases.entry(place(&other.asset)).or_default().push(other);
            }
        }
        let is_released = |other: &Action| {
            let mut since = releases.get(&place(&other.asset)).into_iter().flatten();
            since.any(|release| decided(release) >= decided(other) && goes_with(release, other))
        };
        let of_type = self.actions.iter().filter(|other| other.action_type == effect && had_effect(other));
        of_type
            .filter(|other| matches!(other.undo, UndoState::None | UndoState::Failed))
            .filter(|other| !is_released(other))
            .cloned()
            .collect()
    }
}

/// Whether it makes or reverses what lasts.
fn is_of_what_lasts(of: ActionType) -> bool {
    of.is_lasting() || of.reverses().any(ActionType::is_lasting)
}

/// Whether what another did on the same entity goes with the reversal of an action: of a file that is named by its path
/// that one alone comes back, of one that is named by its content every one. What lasts is known by the content.
fn goes_with(action: &Action, other: &Action) -> bool {
    if is_of_what_lasts(action.action_type) || is_of_what_lasts(other.action_type) {
        return true;
    }
    let path = |of: &Action| match of.entity.canonical() {
        Entity::File { path, .. } => path,
        _ => None,
    };
    path(action).is_none_or(|of| path(other).is_some_and(|other| other == of))
}

/// Whether two actions on the same entity may be about one thing.
pub(super) fn concern_one_thing(one: &Action, other: &Action) -> bool {
    goes_with(one, other) || goes_with(other, one)
}

/// How it begins what is said of an action that was skipped since another did the same.
pub(super) fn duplicate_of(id: ActionId) -> String {
    format!("{DUPLICATE_OF}{id},")
}

pub(super) const DUPLICATE_OF: &str = "duplicate of ";

/// An action on several targets as it is on each of them.
pub(super) fn on_each<'a>(
    action: &'a Action,
    known: &'a [TargetCommand],
) -> impl Iterator<Item = Action> + 'a {
    (0..).map_while(move |place| action.aimed_at(place)).zip(0_u32..).map(move |(aimed, place)| {
        match known.iter().find(|of| of.target == place) {
            Some(of) => Action { status: of.status, undo: of.undo, ..aimed },
            None => aimed,
        }
    })
}

/// The name by which a target is the same one.
pub(super) fn place(asset: &Asset) -> String {
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

fn by(action: &Action) -> String {
    action.decided_by.as_ref().unwrap_or(&action.proposed_by).label()
}

/// When it was decided that it happens.
pub(super) fn decided(action: &Action) -> Timestamp {
    action.decided_at.unwrap_or(action.proposed_at)
}
