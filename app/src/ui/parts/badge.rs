//! A word with an icon on a tint: severity, decision, status, verdict, undo state.
//!
//! To show another vocabulary, add a `From` for its words.

use leptos::prelude::*;

use super::icon::Icon;
use crate::domain::{Decision, ItemState, Severity, Status, UndoState, Verdict};

/// How a badge looks and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) struct Look {
    /// The class that gives the colour.
    tone: &'static str,
    icon: &'static str,
    label: &'static str,
}

impl From<Severity> for Look {
    fn from(severity: Severity) -> Self {
        let (tone, icon) = match severity {
            Severity::Critical => ("badge critical", "octagon"),
            Severity::High => ("badge high", "triangle"),
            Severity::Medium => ("badge medium", "diamond"),
            Severity::Low => ("badge low", "triangle-down"),
            Severity::Informational => ("badge informational", "info"),
        };
        Self { tone, icon, label: severity.label() }
    }
}

impl From<Decision> for Look {
    fn from(decision: Decision) -> Self {
        let (tone, icon) = match decision {
            Decision::Pending => ("badge waiting", "clock"),
            Decision::Approved | Decision::NotRequired => ("badge plain", "check"),
            Decision::AutoApproved => ("badge plain", "bolt"),
            Decision::Rejected => ("badge neutral", "cross"),
            Decision::Expired => ("badge dashed", "hourglass"),
            Decision::Withdrawn => ("badge neutral", "back"),
            Decision::Superseded => ("badge neutral", "forward"),
        };
        Self { tone, icon, label: decision.label() }
    }
}

impl From<Status> for Look {
    fn from(status: Status) -> Self {
        let (tone, icon) = match status {
            Status::None => ("badge plain", "minus"),
            Status::Queued => ("badge running", "queue"),
            Status::InProgress => ("badge running", "play"),
            Status::Completed => ("badge done", "check"),
            Status::PartiallyCompleted => ("badge done", "half"),
            Status::Failed => ("badge failed", "cross"),
            Status::TimedOut => ("badge failed", "hourglass"),
            Status::Skipped => ("badge neutral", "forward"),
            Status::Cancelled => ("badge neutral", "cross"),
            Status::Unknown => ("badge unknown", "question"),
        };
        Self { tone, icon, label: status.label() }
    }
}

impl From<Verdict> for Look {
    fn from(verdict: Verdict) -> Self {
        let (tone, icon) = match verdict {
            Verdict::Malicious => ("badge high", "bug"),
            Verdict::Compromised => ("badge high", "key"),
            Verdict::Suspicious => ("badge medium", "eye"),
            Verdict::NoThreatsFound => ("badge neutral", "check"),
            Verdict::Unknown => ("badge neutral", "question"),
        };
        Self { tone, icon, label: verdict.label() }
    }
}

impl From<UndoState> for Look {
    fn from(undo: UndoState) -> Self {
        let (tone, icon) = match undo {
            UndoState::None => ("badge plain", "minus"),
            UndoState::Requested => ("badge undone", "clock"),
            UndoState::Undone => ("badge undone", "undo"),
            UndoState::Failed => ("badge failed", "undo"),
        };
        Self { tone, icon, label: undo.label() }
    }
}

impl From<ItemState> for Look {
    fn from(state: ItemState) -> Self {
        let (tone, icon) = match state {
            ItemState::LeftOut => ("badge neutral", "minus"),
            ItemState::Waiting => ("badge waiting", "clock"),
            ItemState::Decided => ("badge done", "check"),
            ItemState::Skipped => ("badge neutral", "forward"),
            ItemState::Refused => ("badge medium", "lock"),
            ItemState::Failed => ("badge failed", "cross"),
        };
        Self { tone, icon, label: state.label() }
    }
}

/// One badge.
#[component]
pub(in crate::ui) fn Badge(
    /// What it says.
    #[prop(into)]
    look: Look,
) -> impl IntoView {
    view! {
        <span class=look.tone>
            <Icon name=look.icon/>
            {look.label}
        </span>
    }
}
