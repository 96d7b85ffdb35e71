//! How the words of an action look as badges: severity, decision, status, verdict, undo state.
//!
//! To show another vocabulary, implement [`Badged`] for its words.

use domain::{Decision, Severity, Status, UndoState, Verdict};
use kit::badge::BadgeStyle;

/// A word that is shown as a badge.
pub trait Badged: Copy {
    /// The style of its badge.
    fn badge(self) -> BadgeStyle;
}

impl Badged for Severity {
    fn badge(self) -> BadgeStyle {
        let tone = match self {
            Severity::Critical => "critical i-octagon",
            Severity::High => "high i-triangle",
            Severity::Medium => "medium i-diamond",
            Severity::Low => "low i-triangle-down",
            Severity::Informational => "informational i-info",
        };
        BadgeStyle { tone, label: self.label() }
    }
}

impl Badged for Decision {
    fn badge(self) -> BadgeStyle {
        let tone = match self {
            Decision::Pending => "waiting i-clock",
            Decision::Approved => "plain i-check",
            Decision::NotRequired => "plain i-minus",
            Decision::AutoApproved => "plain i-bolt",
            Decision::Rejected => "neutral i-cross",
            Decision::Expired => "dashed i-hourglass",
            Decision::Withdrawn => "neutral i-back",
            Decision::Superseded => "neutral i-forward",
        };
        BadgeStyle { tone, label: self.label() }
    }
}

impl Badged for Status {
    fn badge(self) -> BadgeStyle {
        let tone = match self {
            Status::None => "plain i-minus",
            Status::Queued => "running i-queue",
            Status::InProgress => "running i-play",
            Status::Completed => "done i-check",
            Status::PartiallyCompleted => "waiting i-half",
            Status::Failed => "failed i-cross",
            Status::TimedOut => "failed i-hourglass",
            Status::Skipped => "neutral i-forward",
            Status::Cancelled => "neutral i-cross",
            Status::Unknown => "unknown i-question",
        };
        BadgeStyle { tone, label: self.label() }
    }
}

impl Badged for Verdict {
    fn badge(self) -> BadgeStyle {
        let tone = match self {
            Verdict::Malicious => "high i-bug",
            Verdict::Compromised => "high i-key",
            Verdict::Suspicious => "medium i-eye",
            Verdict::NoThreatsFound => "neutral i-check",
            Verdict::Unknown => "neutral i-question",
        };
        BadgeStyle { tone, label: self.label() }
    }
}

impl Badged for UndoState {
    fn badge(self) -> BadgeStyle {
        let tone = match self {
            UndoState::None => "plain i-minus",
            UndoState::Requested => "undone i-clock",
            UndoState::Undone => "undone i-self",
            UndoState::Failed => "failed i-self",
        };
        BadgeStyle { tone, label: self.label() }
    }
}
