//! A command that was understood: what is to be done, under which id.

use uuid::Uuid;

use super::act;
use super::journal::Verb;
use openc2::Hashes;

/// A command that was understood.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) command_id: Uuid,
    /// SHA-256 of the command in canonical JSON, by which a repeat is told from a reuse.
    pub(super) digest: String,
    pub(super) task: Task,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Files into the vault; before that, the processes that run them are ended if `stop` says so.
    Quarantine { files: Files, stop: bool },
    /// Files back to their places.
    Release(Files),
    /// Anything else.
    Act(act::Task),
}

/// Which files: the one at a path, or all of a content, or the one at the path if it has the content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) path: Option<String>,
    pub(super) hashes: Hashes,
}

impl Task {
    pub(super) const fn verb(&self) -> Verb {
        match self {
            Self::Quarantine { .. } => Verb::Quarantine,
            Self::Release(_) => Verb::Release,
            Self::Act(_) => Verb::Act,
        }
    }

    /// Whether it may take minutes, so that others need not wait for it.
    pub(super) const fn is_long(&self) -> bool {
        matches!(self, Self::Act(task) if task.is_long())
    }
}
