//! How an execution ended.

use super::Status;

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was done.
    Completed,
    /// Some of it was done.
    PartiallyCompleted,
    /// A definite refusal or failure.
    Failed,
    /// It could not be sent for too long.
    TimedOut,
    /// There was nothing to do.
    Skipped,
    /// Called off before it was sent.
    Cancelled,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Completed,
        Self::PartiallyCompleted,
        Self::Failed,
        Self::TimedOut,
        Self::Skipped,
        Self::Cancelled,
    ];

    /// Whether something changed that can be reversed.
    #[must_use]
    pub const fn had_effect(self) -> bool {
        matches!(self, Self::Completed | Self::PartiallyCompleted)
    }

    /// The status of what ended so.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Completed => Status::Completed,
            Self::PartiallyCompleted => Status::PartiallyCompleted,
            Self::Failed => Status::Failed,
            Self::TimedOut => Status::TimedOut,
            Self::Skipped => Status::Skipped,
            Self::Cancelled => Status::Cancelled,
        }
    }
}
