//! Several targets: one action on a file that is carried out on many devices, on each by a command of its own. The asset is
//! the first of them; how it stands with the whole follows from how it stands with each.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::actions::action::Action;
use crate::actions::entity::{Asset, Criticality};
use crate::actions::lifecycle::{Outcome, Status, Transition, UndoState};
use crate::core::id::CommandId;
use crate::core::text::{format_count, pluralize};

/// Devices that one action may name.
pub const MAX_TARGETS: usize = 1_000;

/// How it stands with one target of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TargetState {
    /// The device.
    pub name: String,
    /// How much depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criticality: Option<Criticality>,
    /// Who carries it out there, or would; none if no executor is connected for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executor: Option<String>,
    /// What its executor did.
    pub status: Status,
    /// Its executor's words about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What became of undoing it there.
    pub undo: UndoState,
    /// The command that carries it out there, once it was decided on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
}

impl Action {
    /// Whether it is carried out on several targets.
    #[must_use]
    pub const fn has_targets(&self) -> bool {
        self.target_count.is_some()
    }

    /// All its targets; the asset is the first.
    pub fn all_targets(&self) -> impl Iterator<Item = &Asset> {
        std::iter::once(&self.asset).chain(&self.targets)
    }

    /// The action as it is on one of its targets, by its place among them, for whoever carries it out there.
    #[must_use]
    pub fn aimed_at(&self, place: usize) -> Option<Self> {
        let target = self.all_targets().nth(place)?.clone();
        // The group is that of all of them.
        let asset = Asset { device_group: self.asset.device_group.clone(), ..target };
        Some(Self { asset, targets: Vec::new(), target_count: None, ..self.clone() })
    }

    /// The same action on these targets, of which there is at least one.
    #[must_use]
    pub fn with_targets(self, mut targets: Vec<Asset>) -> Self {
        if targets.is_empty() {
            return self;
        }
        let first = targets.remove(0);
        let target_count = target_count(&targets);
        let asset = Asset { device_group: self.asset.device_group.clone(), ..first };
        Self { asset, targets, target_count, ..self }
    }
}

/// How many targets there are with so many beside the asset; none where the asset is the only one.
#[must_use]
pub fn target_count(further: &[Asset]) -> Option<u32> {
    if further.is_empty() { None } else { u32::try_from(further.len() + 1).ok() }
}

/// What the whole came to, if each of its targets is over; none while one is not. What is unknown of one is unknown of
/// the whole.
#[must_use]
pub fn whole(of: &[Status]) -> Option<Transition> {
    let is_over = |status: &Status| !matches!(status, Status::None | Status::Queued | Status::InProgress);
    if of.is_empty() || !of.iter().all(is_over) {
        return None;
    }
    if of.contains(&Status::Unknown) {
        return Some(Transition::LoseTrack);
    }
    let alike = Outcome::ALL.into_iter().find(|outcome| of.iter().all(|status| *status == outcome.status()));
    let had_effect = of.iter().any(|status| matches!(status, Status::Completed | Status::PartiallyCompleted));
    let mixed = if had_effect { Outcome::PartiallyCompleted } else { Outcome::Failed };
    Some(Transition::Report(alike.unwrap_or(mixed)))
}

/// How many targets have which status, in words.
#[must_use]
pub fn in_words(of: &[Status]) -> String {
    let mut text = String::new();
    for status in Status::ALL {
        let count = of.iter().filter(|of| *of == status).count();
        if count > 0 {
            let separator = if text.is_empty() { "" } else { ", " };
            // Writing to a text can't fail.
            let _ =
                write!(text, "{separator}{} {}", format_count(count as u64), status.label().to_lowercase());
        }
    }
    format!("On {}: {text}", pluralize(of.len() as u64, "device", "devices"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_follows_from_its_targets() {
        use Status::{
            Cancelled, Completed, Failed, InProgress, PartiallyCompleted, Queued, Skipped, TimedOut, Unknown,
        };
        let report = |outcome| Some(Transition::Report(outcome));
        let table: [(&[Status], Option<Transition>); 13] = [
            (&[], None),
            (&[Completed, Queued], None),
            (&[Unknown, InProgress], None),
            (&[Completed, Completed], report(Outcome::Completed)),
            (&[Completed, Unknown], Some(Transition::LoseTrack)),
            (&[Failed, Unknown], Some(Transition::LoseTrack)),
            (&[Completed, Failed], report(Outcome::PartiallyCompleted)),
            (&[Completed, Skipped], report(Outcome::PartiallyCompleted)),
            (&[PartiallyCompleted, Failed], report(Outcome::PartiallyCompleted)),
            (&[Failed, Failed], report(Outcome::Failed)),
            (&[TimedOut, TimedOut], report(Outcome::TimedOut)),
            (&[Cancelled, Cancelled], report(Outcome::Cancelled)),
            (&[Failed, Cancelled], report(Outcome::Failed)),
        ];
        for (of, want) in table {
            assert_eq!(whole(of), want, "{of:?}");
        }
    }

    #[test]
    fn counts_read_as_words() {
        let of = [Status::Completed, Status::Failed, Status::Completed];
        assert_eq!(in_words(&of), "On 3 devices: 2 completed, 1 failed");
    }
}
