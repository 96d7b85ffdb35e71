//! What happens on one entity over time: what came before an action and after it, what of it stands now, what its
//! proposer changed, and what becomes of it at the end that it names.

use std::collections::{BTreeMap, BTreeSet};

use domain::actions::contract::{Revision, Standing};
use domain::core::time::Timestamp;
use domain::{Action, ActionId, ActionType, ParameterName, UndoState};
use serde_json::Value;
use store::audit::Record;

/// Those that were proposed later, and those that were before; each newest first, as they come.
pub(super) fn split(action: &Action, others: &[Action]) -> (Vec<Action>, Vec<Action>) {
    let order = |of: &Action| (of.proposed_at, of.id);
    others.iter().cloned().partition(|other| order(other) > order(action))
}

/// Which types actions have, by their ids.
pub(super) type Types = BTreeMap<ActionId, ActionType>;

/// The types whose effect an action makes or reverses: its own, or of a reverse that of the action which it undoes. Only
/// one that undoes none reverses all the types that share it.
pub(super) fn effects(of: &Action, types: &Types) -> Vec<ActionType> {
    let reversed: Vec<_> = of.action_type.reverses().collect();
    if reversed.is_empty() {
        return vec![of.action_type];
    }
    match of.undo_of.and_then(|original| types.get(&original)) {
        Some(original) if reversed.contains(original) => vec![*original],
        _ => reversed,
    }
}

/// Whether it did something.
pub(super) fn had_effect(action: &Action) -> bool {
    action.lifecycle().is_ok_and(|lifecycle| lifecycle.state().had_effect())
}

/// What stands of each type that had an effect: the type itself, or nothing where its reverse came last.
pub(super) fn standing(action: &Action, others: &[Action], types: &Types) -> Vec<Standing> {
    let done = || others.iter().chain([action]).filter(|of| had_effect(of));
    let made: BTreeSet<_> = done().map(|of| of.action_type).collect();
    let mut last: BTreeMap<ActionType, Standing> = BTreeMap::new();
    for of in done() {
        // Undoing changes the row once more; when it was done is then known of its reverse alone.
        let at =
            if of.undo == UndoState::None { of.updated_at } else { of.decided_at.unwrap_or(of.proposed_at) };
        let effects = effects(of, types);
        // Of several types that it may have reversed, those are meant of which there was something to reverse.
        let is_meant = |effect: &ActionType| effects.len() == 1 || made.contains(effect);
        for effect in effects.iter().copied().filter(|effect| effect.is_reversible() && is_meant(effect)) {
            let this = Standing { action_type: effect, stands: of.action_type == effect, by: of.id, at };
            if last.get(&effect).is_none_or(|known| (known.at, known.by) < (this.at, this.by)) {
                last.insert(effect, this);
            }
        }
    }
    last.into_values().collect()
}

/// What records of revisions say.
pub(super) fn revisions(records: &[Record]) -> Vec<Revision> {
    let revision = |record: &Record| {
        let facts = record.body["changes"].as_array().into_iter().flatten();
        let sentence = |change: &Value| {
            let text = |field: &str| change[field].as_str().unwrap_or_default().to_owned();
            let name = text("field").trim_end_matches("_id").replace('_', " ");
            match text("before") {
                before if before.is_empty() => format!("{name}: {}", text("after")),
                before => format!("{name}: {before} → {}", text("after")),
            }
        };
        let mut changes: Vec<_> = facts.map(sentence).collect();
        if changes.is_empty() {
            changes.push("type, target or parameters".to_owned());
        }
        Revision { at: record.at, by: record.actor.name.clone(), changes }
    };
    records.iter().map(revision).collect()
}

/// The end that an action names.
pub(super) fn end_of(action: &Action) -> Option<Timestamp> {
    action.parameters.get(&ParameterName::Expiry)?.parse().ok()
}

pub(super) fn end(action: &Action, now: Timestamp) -> Option<String> {
    let end = end_of(action)?;
    let lifecycle = action.lifecycle().ok()?;
    let text = match (end <= now, lifecycle.state().had_effect(), action.undo) {
        (_, true, UndoState::Undone) => "It was undone.",
        (_, true, UndoState::Requested) => "It is being ended.",
        (true, true, UndoState::Failed) => {
            "This end has passed, and what would have ended it failed: undo it."
        }
        (true, true, _) => {
            "This end has passed: it is ended as soon as an executor can, unless another action keeps its effect."
        }
        (true, false, _) => "This end has passed.",
        (false, ..) => "Countersign ends it by itself then; an undo before it leaves nothing to end.",
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{proposal, tester};
    use domain::{Decision, Proposal, Status};

    fn action(number: u128, action_type: &str, minute: i64) -> Action {
        let mut of = proposal("1");
        of["type"] = action_type.into();
        let of: Proposal = serde_json::from_value(of).unwrap();
        let at = Timestamp::from_second(minute * 60).unwrap();
        let action = of.into_action(uuid::Uuid::from_u128(number).into(), String::new(), tester(), at);
        Action { decision: Decision::Approved, status: Status::Completed, decided_at: Some(at), ..action }
    }

    #[test]
    fn what_came_last_stands() {
        let (first, second) = (action(1, "quarantine_file", 1), action(2, "quarantine_file", 2));
        let release = action(3, "release_from_quarantine", 3);
        let failed = Action { status: Status::Failed, ..action(4, "quarantine_file", 4) };
        let of = |action: &Action, others: &[Action]| {
            let standing = standing(action, others, &Types::new());
            standing.iter().map(|of| (of.stands, of.by)).collect::<Vec<_>>()
        };
        assert_eq!(of(&first, std::slice::from_ref(&second)), [(true, second.id)]);
        let undone = Action { undo: UndoState::Undone, updated_at: release.updated_at, ..first.clone() };
        let others = [failed, release.clone(), undone];
        assert_eq!(of(&second, &others), [(false, release.id)], "also for the one that nobody undid");
        assert_eq!(of(&action(5, "request_sample", 5), &[]), []);
        let (later, earlier) = split(&second, &[release.clone(), first.clone()]);
        assert_eq!((later, earlier), (vec![release], vec![first]));
    }

    #[test]
    fn a_reverse_that_types_share_reverses_the_type_that_it_undoes() {
        let (quarantine, stop) = (action(1, "quarantine_file", 1), action(2, "stop_and_quarantine_file", 2));
        let undo_of = Some(stop.id);
        let release = Action { undo_of, ..action(3, "release_from_quarantine", 3) };
        let types = [(quarantine.id, quarantine.action_type), (stop.id, stop.action_type)].into();
        let of = |others: &[Action], types: &Types| {
            let standing = standing(&release, others, types);
            standing.iter().map(|of| (of.action_type, of.stands, of.by)).collect::<Vec<_>>()
        };
        let undone = (ActionType::StopAndQuarantineFile, false, release.id);
        assert_eq!(of(&[], &types), [undone], "it is known of the undone one, though that is not listed");
        assert_eq!(
            of(&[quarantine.clone(), stop.clone()], &types),
            [(ActionType::QuarantineFile, true, quarantine.id), undone]
        );
        // One that undoes no action reverses what there is, and names nothing that never was.
        let alone = Action { undo_of: None, ..release.clone() };
        let of_alone = |others: &[Action]| {
            let standing = standing(&alone, others, &types);
            standing.iter().map(|of| (of.action_type, of.stands)).collect::<Vec<_>>()
        };
        assert_eq!(of_alone(std::slice::from_ref(&stop)), [(ActionType::StopAndQuarantineFile, false)]);
        assert_eq!(of_alone(&[]), []);
    }

    #[test]
    fn what_becomes_of_an_end_is_said() {
        let end_at = |text: &str, undo| {
            let mut block = Action { undo, ..action(1, "quarantine_file", 1) };
            block.parameters.insert(ParameterName::Expiry, text.to_owned());
            end(&block, Timestamp::from_second(600).unwrap()).unwrap()
        };
        assert!(end_at("1970-01-01T00:11:00Z", UndoState::None).contains("ends it by itself then"));
        assert!(end_at("1970-01-01T00:09:00Z", UndoState::None).contains("as soon as an executor can"));
        assert!(end_at("1970-01-01T00:09:00Z", UndoState::Undone).contains("undone"));
        assert!(end_at("1970-01-01T00:09:00Z", UndoState::Failed).contains("failed: undo it"));
        assert_eq!(end(&action(1, "quarantine_file", 1), Timestamp::UNIX_EPOCH), None);
    }
}
