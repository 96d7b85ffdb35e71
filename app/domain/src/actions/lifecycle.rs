//! The only transition table: which command leads from which state to which.
//!
//! Decision and status are two columns, "approved" never means "done". Their legal pairs are all that [`State`] can
//! express, so an illegal pair cannot be built; [`State::from_pair`] refuses one that comes from outside. A verb
//! consumes the lifecycle and returns the next one, or a [`Refusal`] that names state and command. To add a command,
//! add it to [`Transition`], its door and its arms to [`Lifecycle::apply`]; the exhaustive tests then ask for its row and for the
//! route behind its door.

use crate::core::string_enum::string_enum;

mod outcome;

pub use outcome::Outcome;

string_enum! {
    /// Who let the action happen, or why it will not.
    Decision {
        Pending = "Pending" "Pending",
        Approved = "Approved" "Approved",
        Rejected = "Rejected" "Rejected",
        Expired = "Expired" "Expired",
        AutoApproved = "AutoApproved" "Auto-approved",
        NotRequired = "NotRequired" "Not required",
        Withdrawn = "Withdrawn" "Withdrawn",
        Superseded = "Superseded" "Superseded",
    }
}

string_enum! {
    /// What the executor did.
    Status {
        None = "None" "Not started",
        Queued = "Queued" "Queued",
        InProgress = "InProgress" "In progress",
        Completed = "Completed" "Completed",
        PartiallyCompleted = "PartiallyCompleted" "Partially completed",
        Failed = "Failed" "Failed",
        TimedOut = "TimedOut" "Timed out",
        Skipped = "Skipped" "Skipped",
        Cancelled = "Cancelled" "Cancelled",
        Unknown = "Unknown" "Unknown",
    }
}

string_enum! {
    /// The tab on which the action stands; derived, stored for the lists.
    Lane {
        Pending = "pending" "Pending",
        InProgress = "in_progress" "In progress",
        History = "history" "History",
    }
}

string_enum! {
    /// What became of undoing the action.
    UndoState {
        None = "None" "Not undone",
        Requested = "UndoRequested" "Undo requested",
        Undone = "Undone" "Undone",
        Failed = "UndoFailed" "Undo failed",
    }
}

/// How a decision that lets the action happen was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// A person approved.
    Approved,
    /// Policy approved.
    AutoApproved,
    /// Nobody else had to decide.
    NotRequired,
}

/// Why the action will never happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// A person rejected it.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// The proposer took it back.
    Withdrawn,
    /// Another action took its place.
    Superseded,
}

/// How far the executor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// Waits for its executor.
    Queued,
    /// An executor has it.
    InProgress,
    /// Sent, no trustworthy answer: a person must look.
    Unknown,
    /// Over.
    Ended(Outcome),
}

/// The legal pairs of decision and status, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for a decision.
    Pending,
    /// Will never happen.
    Closed(Closed),
    /// May happen, and so far did.
    Granted(Grant, Execution),
}

/// What can be asked of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Let it happen.
    Approve,
    /// Refuse it.
    Reject,
    /// Its time to be decided is over.
    Expire,
    /// Its proposer takes it back.
    Withdraw,
    /// Another action replaces it.
    Supersede,
    /// An executor takes it (again, after a lost lease).
    Start,
    /// The executor says how it ended.
    Report(Outcome),
    /// The executor cannot tell how it ended.
    LoseTrack,
    /// A person who looked says how it ended.
    Settle(Outcome),
    /// Who recorded what was done elsewhere says anew how it ended.
    Correct(Outcome),
    /// Call it off before it is sent.
    Cancel,
    /// Try again what failed.
    Retry,
    /// Ask for its reverse.
    RequestUndo,
    /// The reverse action ended.
    ReportUndo(Outcome),
    /// The reverse of some of its targets ended; the others stand.
    ReportPartlyUndone,
}

impl Transition {
    /// Every command, for the exhaustive tests.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let plain = [
            Self::Approve,
            Self::Reject,
            Self::Expire,
            Self::Withdraw,
            Self::Supersede,
            Self::Start,
            Self::LoseTrack,
            Self::Cancel,
            Self::Retry,
            Self::RequestUndo,
            Self::ReportPartlyUndone,
        ];
        let ended = |make: fn(Outcome) -> Self| Outcome::ALL.into_iter().map(make);
        plain
            .into_iter()
            .chain(ended(Self::Report))
            .chain(ended(Self::Settle))
            .chain(ended(Self::Correct))
            .chain(ended(Self::ReportUndo))
            .collect()
    }

    /// The verb on the screen and in refusals.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Expire => "expire",
            Self::Withdraw => "withdraw",
            Self::Supersede => "supersede",
            Self::Start => "start",
            Self::Report(_) => "report",
            Self::LoseTrack => "lose track of",
            Self::Settle(_) => "settle",
            Self::Correct(_) => "correct",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::RequestUndo => "undo",
            Self::ReportUndo(_) => "report the undo of",
            Self::ReportPartlyUndone => "report the undo of a part of",
        }
    }
}

impl Transition {
    /// Where people and tools ask for it, the last part of a path of the API; none for what the product does by itself.
    #[must_use]
    pub const fn door(self) -> Option<&'static str> {
        match self {
            Self::Approve
            | Self::Reject
            | Self::Withdraw
            | Self::Supersede
            | Self::Settle(_)
            | Self::Cancel
            | Self::Retry
            | Self::Report(_)
            | Self::RequestUndo => Some(self.verb()),
            // A correction is a repeat of what was recorded.
            Self::Correct(_)
            | Self::Expire
            | Self::Start
            | Self::LoseTrack
            | Self::ReportUndo(_)
            | Self::ReportPartlyUndone => None,
        }
    }
}

/// A decision and a status that do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("decision {0} does not go with status {1}")]
pub struct IllegalPair(pub Decision, pub Status);

/// A command that the state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("can't {}: the action is {} with status {}{}", .command.verb(), .decision.label(), .status.label(), .undo.suffix())]
pub struct Refusal {
    /// What was asked.
    pub command: Transition,
    /// The decision at that time.
    pub decision: Decision,
    /// The status at that time.
    pub status: Status,
    /// The undo state at that time.
    pub undo: UndoState,
}

impl UndoState {
    const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Requested => ", undo requested",
            Self::Undone => ", undone",
            Self::Failed => ", undo failed",
        }
    }
}

impl State {
    /// Every state, for the exhaustive tests.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Decision::ALL
            .iter()
            .flat_map(|&decision| Status::ALL.iter().map(move |&status| Self::from_pair(decision, status)))
            .filter_map(Result::ok)
            .collect()
    }

    /// Reads a stored or received pair.
    ///
    /// # Errors
    /// [`IllegalPair`] if the two do not go together.
    pub fn from_pair(decision: Decision, status: Status) -> Result<Self, IllegalPair> {
        let grant = match decision {
            Decision::Pending if status == Status::None => return Ok(Self::Pending),
            Decision::Rejected if status == Status::None => return Ok(Self::Closed(Closed::Rejected)),
            Decision::Expired if status == Status::None => return Ok(Self::Closed(Closed::Expired)),
            Decision::Withdrawn if status == Status::None => return Ok(Self::Closed(Closed::Withdrawn)),
            Decision::Superseded if status == Status::None => return Ok(Self::Closed(Closed::Superseded)),
            Decision::Approved => Grant::Approved,
            Decision::AutoApproved => Grant::AutoApproved,
            Decision::NotRequired => Grant::NotRequired,
            _ => return Err(IllegalPair(decision, status)),
        };
        let execution = match status {
            Status::None => return Err(IllegalPair(decision, status)),
            Status::Queued => Execution::Queued,
            Status::InProgress => Execution::InProgress,
            Status::Unknown => Execution::Unknown,
            Status::Completed => Execution::Ended(Outcome::Completed),
            Status::PartiallyCompleted => Execution::Ended(Outcome::PartiallyCompleted),
            Status::Failed => Execution::Ended(Outcome::Failed),
            Status::TimedOut => Execution::Ended(Outcome::TimedOut),
            Status::Skipped => Execution::Ended(Outcome::Skipped),
            Status::Cancelled => Execution::Ended(Outcome::Cancelled),
        };
        Ok(Self::Granted(grant, execution))
    }

    /// The decision column.
    #[must_use]
    pub const fn decision(self) -> Decision {
        match self {
            Self::Pending => Decision::Pending,
            Self::Closed(Closed::Rejected) => Decision::Rejected,
            Self::Closed(Closed::Expired) => Decision::Expired,
            Self::Closed(Closed::Withdrawn) => Decision::Withdrawn,
            Self::Closed(Closed::Superseded) => Decision::Superseded,
            Self::Granted(Grant::Approved, _) => Decision::Approved,
            Self::Granted(Grant::AutoApproved, _) => Decision::AutoApproved,
            Self::Granted(Grant::NotRequired, _) => Decision::NotRequired,
        }
    }

    /// The status column.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Pending | Self::Closed(_) => Status::None,
            Self::Granted(_, Execution::Queued) => Status::Queued,
            Self::Granted(_, Execution::InProgress) => Status::InProgress,
            Self::Granted(_, Execution::Unknown) => Status::Unknown,
            Self::Granted(_, Execution::Ended(outcome)) => outcome.status(),
        }
    }

    /// The tab.
    #[must_use]
    pub const fn lane(self) -> Lane {
        match self {
            Self::Pending => Lane::Pending,
            Self::Granted(_, Execution::Queued | Execution::InProgress | Execution::Unknown) => {
                Lane::InProgress
            }
            Self::Closed(_) | Self::Granted(_, Execution::Ended(_)) => Lane::History,
        }
    }

    /// Whether the execution changed something that can be reversed.
    #[must_use]
    pub const fn had_effect(self) -> bool {
        matches!(self, Self::Granted(_, Execution::Ended(outcome)) if outcome.had_effect())
    }
}

/// Where an action stands: its state, and what became of undoing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    state: State,
    undo: UndoState,
}

impl Lifecycle {
    /// A proposal that waits for a decision.
    pub const PENDING: Self = Self { state: State::Pending, undo: UndoState::None };

    /// An action that nobody else has to decide (Undo, Take action): dispatched at once.
    pub const NOT_REQUIRED: Self =
        Self { state: State::Granted(Grant::NotRequired, Execution::Queued), undo: UndoState::None };

    /// Reads a stored or received lifecycle.
    ///
    /// # Errors
    /// [`IllegalPair`] if decision and status do not go together, or if something is undone that had no effect.
    pub fn from_columns(decision: Decision, status: Status, undo: UndoState) -> Result<Self, IllegalPair> {
        let state = State::from_pair(decision, status)?;
        if undo != UndoState::None && !state.had_effect() {
            return Err(IllegalPair(decision, status));
        }
        Ok(Self { state, undo })
    }

    /// The state.
    #[must_use]
    pub const fn state(self) -> State {
        self.state
    }

    /// What became of undoing it.
    #[must_use]
    pub const fn undo(self) -> UndoState {
        self.undo
    }

    /// The next lifecycle.
    ///
    /// # Errors
    /// [`Refusal`] if the command does not fit where the action stands.
    pub fn apply(self, command: Transition) -> Result<Self, Refusal> {
        use Execution::{Ended, InProgress, Queued, Unknown};
        use State::{Granted, Pending};

        let state = match (self.state, command) {
            (Pending, Transition::Approve) => Granted(Grant::Approved, Queued),
            (Pending, Transition::Reject) => State::Closed(Closed::Rejected),
            (Pending, Transition::Expire) => State::Closed(Closed::Expired),
            (Pending, Transition::Withdraw) => State::Closed(Closed::Withdrawn),
            (Pending, Transition::Supersede) => State::Closed(Closed::Superseded),
            (Granted(grant, Queued | InProgress), Transition::Start) => Granted(grant, InProgress),
            (Granted(grant, Queued), Transition::Cancel) => Granted(grant, Ended(Outcome::Cancelled)),
            (Granted(grant, Ended(Outcome::Failed | Outcome::TimedOut)), Transition::Retry) => {
                Granted(grant, Queued)
            }
            // The targets that failed; what is undone of the others would be lost sight of.
            (Granted(grant, Ended(Outcome::PartiallyCompleted)), Transition::Retry)
                if self.undo == UndoState::None =>
            {
                Granted(grant, Queued)
            }
            (Granted(grant, InProgress), Transition::Report(outcome))
            | (Granted(grant, Unknown), Transition::Settle(outcome)) => Granted(grant, Ended(outcome)),
            (Granted(grant, InProgress), Transition::LoseTrack) => Granted(grant, Unknown),
            (Granted(Grant::NotRequired, Ended(_)), Transition::Correct(outcome))
                if self.undo == UndoState::None =>
            {
                Granted(Grant::NotRequired, Ended(outcome))
            }
            (state, Transition::RequestUndo)
                if state.had_effect() && matches!(self.undo, UndoState::None | UndoState::Failed) =>
            {
                return Ok(Self { state, undo: UndoState::Requested });
            }
            (state, Transition::ReportUndo(outcome)) if self.undo == UndoState::Requested => {
                // Half an undo is not undone: the original can be tried again.
                let undo = if outcome == Outcome::Completed { UndoState::Undone } else { UndoState::Failed };
                return Ok(Self { state, undo });
            }
            (state, Transition::ReportPartlyUndone) if self.undo == UndoState::Requested => {
                return Ok(Self { state, undo: UndoState::None });
            }
            _ => return Err(self.refuse(command)),
        };
        Ok(Self { state, undo: self.undo })
    }

    const fn refuse(self, command: Transition) -> Refusal {
        Refusal { command, decision: self.state.decision(), status: self.state.status(), undo: self.undo }
    }
}

#[cfg(test)]
mod tests;
