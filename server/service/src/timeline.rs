//! What happens on one entity over time: what came before an action and after it, what of it stands now, what its
//! proposer changed, and what becomes of it at the end that it names.

use std::collections::{BTreeMap, BTreeSet};

use domain::actions::contract::{Revision, Standing};
use domain::core::time::Timestamp;
use domain::{Action, ActionId, ActionType, Lane, ParameterName, UndoState};
use jiff::SignedDuration;
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

/// The end that an action names, or that its type has once it is let happen.
pub(super) fn end_of(action: &Action) -> Option<Timestamp> {
    if let Some(end) = action.parameters.get(&ParameterName::Expiry) {
        return end.parse().ok();
    }
    let days = action.action_type.lasting_days()?;
    action.taken_at()?.checked_add(SignedDuration::from_hours(24 * days)).ok()
}

/// What becomes of an action at its end; none where nothing has one.
pub(super) fn end(action: &Action, now: Timestamp) -> Option<String> {
    let days = action.action_type.lasting_days().filter(|_| !names_end(action));
    let state = action.lifecycle().ok()?.state();
    let had_effect = state.had_effect();
    if state.lane() == Lane::History && !had_effect {
        return None;
    }
    let Some(end) = end_of(action) else {
        let days = days?;
        return Some(format!("Countersign ends it by itself {days} days after it is approved."));
    };
    if had_effect && action.executor.is_none() {
        return Some("It was done elsewhere, and is ended there: here it is only on record.".to_owned());
    }
    let is_open = matches!(action.undo, UndoState::None | UndoState::Failed);
    if let Some(days) = days.filter(|_| is_open) {
        let at = end.strftime("%Y-%m-%d %H:%M:%S UTC");
        return Some(if end <= now {
            format!("Its {days} days were over at {at}: undo it if its effect still stands.")
        } else {
            format!("Countersign ends it by itself at {at}; an undo before it leaves nothing to end.")
        });
    }
    let text = match (end <= now, had_effect, action.undo) {
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

fn names_end(action: &Action) -> bool {
    action.parameters.contains_key(&ParameterName::Expiry)
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
            let executor = Some("firewall".to_owned());
            let mut block = Action { undo, executor, ..action(1, "quarantine_file", 1) };
            block.parameters.insert(ParameterName::Expiry, text.to_owned());
            end(&block, Timestamp::from_second(600).unwrap()).unwrap()
        };
        assert!(end_at("1970-01-01T00:11:00Z", UndoState::None).contains("ends it by itself then"));
        assert!(end_at("1970-01-01T00:09:00Z", UndoState::None).contains("as soon as an executor can"));
        assert!(end_at("1970-01-01T00:09:00Z", UndoState::Undone).contains("undone"));
        assert!(end_at("1970-01-01T00:09:00Z", UndoState::Failed).contains("failed: undo it"));
        assert_eq!(end(&action(1, "quarantine_file", 1), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn a_user_is_contained_for_five_days_where_no_end_is_named() {
        let executor = Some("people".to_owned());
        let contained =
            Action { action_type: ActionType::ContainUser, executor, ..action(1, "quarantine_file", 0) };
        let after = |days: i64| Timestamp::from_second(days * 86_400).unwrap();
        assert_eq!(end_of(&contained), Some(after(5)));
        let says = |action: &Action, days| end(action, after(days)).unwrap();
        assert!(says(&contained, 1).contains("by itself at 1970-01-06 00:00:00 UTC"));
        assert!(says(&contained, 6).contains("undo it if its effect still stands"));
        let undone = Action { undo: UndoState::Undone, ..contained.clone() };
        assert_eq!(says(&undone, 1), "It was undone.");
        let elsewhere = Action { executor: None, ..contained.clone() };
        assert!(says(&elsewhere, 1).contains("done elsewhere"));
        let mut named = contained.clone();
        named.parameters.insert(ParameterName::Expiry, "1970-01-03T00:00:00Z".to_owned());
        assert_eq!(end_of(&named), Some(after(2)));
        let waiting = Action {
            decision: Decision::Pending,
            status: Status::None,
            decided_at: None,
            ..contained.clone()
        };
        assert_eq!(
            (end_of(&waiting), says(&waiting, 1).contains("5 days after it is approved")),
            (None, true)
        );
        let rejected = Action { decision: Decision::Rejected, status: Status::None, ..contained };
        assert_eq!(end(&rejected, after(1)), None);
    }
}
