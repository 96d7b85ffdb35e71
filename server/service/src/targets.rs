//! Several targets of one action: a command for each, and what the ends of these make of the whole. Which of them an undo,
//! a retry or a settlement means is worked out here, too.

use std::collections::BTreeMap;

use domain::actions::targets::{TargetState, in_words, whole};
use domain::core::canonical;
use domain::core::subject::Current;
use domain::{Action, Asset, CommandId, Error, Status, Transition, UndoState};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Service;
use super::clock::new_id;
use store::{NewCommand, TargetCommand, Transaction};

/// How it stands with an action, by its targets.
pub(super) struct Progress {
    /// What its lifecycle takes, once each target is over.
    pub(super) transition: Option<Transition>,
    /// How many have which status, in words.
    pub(super) detail: String,
}

impl Progress {
    fn of(targets: &[TargetCommand]) -> Self {
        let statuses: Vec<_> = targets.iter().map(|target| target.status).collect();
        Self { transition: whole(&statuses), detail: in_words(&statuses) }
    }
}

/// How it stands with an action now, by its targets.
pub(super) async fn progress(
    tx: &mut (impl Transaction + ?Sized),
    action: &Action,
) -> Result<Progress, Error> {
    Ok(Progress::of(&tx.targets_of(action.id).await?))
}

impl Service {
    /// The commands that carry an action out, one for each of its targets; and who has all of them, if that is one.
    pub(super) fn commands(&self, action: &Action, now: Timestamp) -> (Vec<NewCommand>, Option<String>) {
        let command =
            |target, executor| NewCommand { id: new_id(now), action: action.id, target, at: now, executor };
        let executor = |of: &Action| self.executors.find(of).map(|executor| executor.name().to_owned());
        if !action.has_targets() {
            let executor = executor(action);
            return (vec![command(0, executor.clone())], executor);
        }
        let aimed = (0..).map_while(|place| Some((place, action.aimed_at(usize::try_from(place).ok()?)?)));
        let commands: Vec<_> = aimed.map(|(place, of)| command(place, executor(&of))).collect();
        let first = commands.first().and_then(|command| command.executor.clone());
        let alike = commands.iter().all(|command| command.executor == first);
        (commands, first.filter(|_| alike))
    }

    /// Whether an executor is connected for it; of several targets, for one of them at least.
    pub(super) fn has_executor(&self, action: &Action) -> bool {
        (0..).map_while(|place| action.aimed_at(place)).any(|of| self.executors.find(&of).is_some())
    }

    /// The same for its reverse.
    pub(super) fn has_executor_for(&self, reverse: domain::ActionType, action: &Action) -> bool {
        let mut aimed = (0..).map_while(|place| action.aimed_at(place));
        aimed.any(|of| self.executors.find_for(reverse, &of).is_some())
    }

    /// The refusal of what nobody carries out; of several targets, as it is of the first.
    pub(super) fn no_executor(&self, action_type: domain::ActionType, action: &Action) -> Error {
        Error::NoExecutor(self.executors.why_none(action_type, action))
    }

    /// What is said of a command that is not over, and whose executor is not there any more.
    fn gone_executor(&self, of: &TargetCommand) -> Option<String> {
        let name = of.executor.as_ref().filter(|name| self.executors.named(name).is_none())?;
        matches!(of.status, Status::Queued | Status::InProgress).then(|| gone(name))
    }

    /// Who would carry an action out on one of its targets, or, while that can be decided on, why nobody would.
    fn would_have(&self, action: &Action, place: u32) -> (Option<String>, Option<String>) {
        let aimed = usize::try_from(place).ok().and_then(|place| action.aimed_at(place));
        let Some(aimed) = aimed else { return (None, None) };
        if let Some(executor) = self.executors.find(&aimed) {
            return (Some(executor.name().to_owned()), None);
        }
        let is_open = action.decision == domain::Decision::Pending;
        (None, is_open.then(|| self.executors.why_none(aimed.action_type, &aimed)))
    }

    /// How it stands with each of its targets; none of an action with one.
    pub(super) async fn target_states(&self, action: &Action) -> Result<Vec<TargetState>, Error> {
        if !action.has_targets() {
            return Ok(Vec::new());
        }
        let known: BTreeMap<_, _> =
            self.store.targets_of(action.id).await?.into_iter().map(|of| (of.target, of)).collect();
        let state = |(place, asset): (u32, &Asset)| {
            let of = known.get(&place);
            let (executor, detail) = match of {
                Some(of) => (of.executor.clone(), self.gone_executor(of).or_else(|| of.detail.clone())),
                None => self.would_have(action, place),
            };
            TargetState {
                name: asset.name.clone(),
                criticality: asset.criticality,
                executor,
                status: of.map_or(Status::None, |of| of.status),
                detail,
                undo: of.map_or(UndoState::None, |of| of.undo),
                command_id: of.map(|of| of.command),
            }
        };
        let mut states: Vec<_> = (0..).zip(action.all_targets()).map(state).collect();
        self.correct_targets(&mut states).await?;
        Ok(states)
    }
}

/// What is to be known of a command that was begun, and what to do, where its executor is not there any more.
pub(super) fn gone(executor: &str) -> String {
    format!(
        "Its executor is gone: {executor} is not connected to this server, and nothing is tried meanwhile. Connect it again, \
         or cancel this action and propose it anew."
    )
}

/// The ids of commands, as records name them.
pub(super) fn named(commands: &[NewCommand], mut more: Value) -> Value {
    match commands {
        [] => {}
        [one] => more["command_id"] = json!(one.id),
        several => more["command_ids"] = several.iter().map(|command| json!(command.id)).collect(),
    }
    more
}

/// Of its targets, those of which something holds, and that are named or all where none is.
pub(super) async fn chosen(
    tx: &mut (impl Transaction + ?Sized),
    action: &Action,
    names: &[String],
    holds: impl Fn(&TargetCommand) -> bool,
) -> Result<Vec<TargetCommand>, Error> {
    let assets: Vec<_> = action.all_targets().collect();
    let name = |of: &TargetCommand| {
        let asset = usize::try_from(of.target).ok().and_then(|place| assets.get(place));
        asset.map(|asset| canonical::name(&asset.name)).unwrap_or_default()
    };
    let wanted: Vec<_> = names.iter().map(|name| canonical::name(name)).collect();
    for (index, wanted) in wanted.iter().enumerate() {
        if !assets.iter().any(|asset| canonical::name(&asset.name) == *wanted) {
            return Err(Error::invalid(format!("/targets/{index}"), "is none of the targets of this action"));
        }
    }
    let mut targets = tx.targets_of(action.id).await?;
    targets.retain(|of| holds(of) && (wanted.is_empty() || wanted.contains(&name(of))));
    Ok(targets)
}

/// Whether its effect stands there.
pub(super) fn stands(of: &TargetCommand) -> bool {
    matches!(of.status, Status::Completed | Status::PartiallyCompleted) && of.undo != UndoState::Undone
}

/// The targets on which an undo of an action is carried out. Of one that has a single target, that one.
pub(super) async fn to_undo(
    tx: &mut (impl Transaction + ?Sized),
    action: &Action,
    names: &[String],
) -> Result<Vec<Asset>, Error> {
    if !action.has_targets() {
        let other =
            names.iter().position(|name| canonical::name(name) != canonical::name(&action.asset.name));
        return match other {
            Some(index) => {
                Err(Error::invalid(format!("/targets/{index}"), "is none of the targets of this action"))
            }
            None => Ok(vec![action.asset.clone()]),
        };
    }
    let standing = chosen(tx, action, names, stands).await?;
    let places: Vec<_> = standing.iter().map(|of| of.target).collect();
    let meant = (0..).zip(action.all_targets()).filter(|(place, _)| places.contains(place));
    let assets: Vec<_> = meant.map(|(_, asset)| asset.clone()).collect();
    if assets.is_empty() {
        let detail = "on none of these targets its effect stands".to_owned();
        return Err(Error::Conflict { detail, current: Box::new(Current::new(action.id, action)) });
    }
    Ok(assets)
}

/// Writes on the targets of an action what became of undoing it there; returns what its own lifecycle takes.
pub(super) async fn undone(
    tx: &mut (impl Transaction + ?Sized),
    by: &domain::Authorized,
    original: &Action,
    reverse: &Action,
    outcome: domain::Outcome,
) -> Result<Transition, Error> {
    let mut ends: BTreeMap<String, Status> = BTreeMap::new();
    if reverse.has_targets() {
        let places: Vec<_> = reverse.all_targets().collect();
        for of in tx.targets_of(reverse.id).await? {
            if let Some(asset) = usize::try_from(of.target).ok().and_then(|place| places.get(place)) {
                ends.insert(canonical::name(&asset.name), of.status);
            }
        }
    } else {
        ends.insert(canonical::name(&reverse.asset.name), outcome.status());
    }
    let places: Vec<_> = original.all_targets().collect();
    let (mut gone, mut failed, mut left) = (Vec::new(), Vec::new(), false);
    for of in tx.targets_of(original.id).await? {
        let asset = usize::try_from(of.target).ok().and_then(|place| places.get(place));
        let end = asset.and_then(|asset| ends.get(&canonical::name(&asset.name)));
        match end {
            Some(Status::Completed) => gone.push(of.command),
            Some(_) => failed.push(of.command),
            None => left |= stands(&of),
        }
    }
    tx.set_undo(by, &gone, UndoState::Undone).await?;
    tx.set_undo(by, &failed, UndoState::Failed).await?;
    Ok(match (outcome, left) {
        (domain::Outcome::Completed, true) => Transition::ReportPartlyUndone,
        (outcome, _) => Transition::ReportUndo(outcome),
    })
}

/// The ids of these.
pub(super) fn ids(of: &[TargetCommand]) -> Vec<CommandId> {
    of.iter().map(|of| of.command).collect()
}

/// Whether a target is tried again: it definitely failed, or was called off.
pub(super) fn is_to_be_retried(of: &TargetCommand) -> bool {
    matches!(of.status, Status::Failed | Status::TimedOut | Status::Cancelled)
}

impl Service {
    /// The commands by which an action is tried again, of several targets on those that failed and are named, or on all
    /// that failed; and who has them, if that is one.
    pub(super) async fn commands_again(
        &self,
        tx: &mut dyn Transaction,
        action: &Action,
        names: &[String],
        now: Timestamp,
    ) -> Result<(Option<String>, Vec<NewCommand>), Error> {
        let (mut commands, executor) = self.commands(action, now);
        if action.has_targets() {
            let failed = chosen(tx, action, names, is_to_be_retried).await?;
            commands.retain(|command| failed.iter().any(|of| of.target == command.target));
            if commands.is_empty() {
                let detail = "none of these targets failed".to_owned();
                return Err(Error::Conflict { detail, current: Box::new(Current::new(action.id, action)) });
            }
        }
        Ok((executor, commands))
    }
}
