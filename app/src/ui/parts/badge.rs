//! A word with an icon, on a tint or in a cell: severity, decision, status, verdict, undo state.
//!
//! To show another vocabulary, add a `From` for its words.

use leptos::prelude::*;

use super::markup::Markup;
use domain::{Decision, ItemState, Severity, Status, UndoState, Verdict};

/// How a badge looks and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) struct Look {
    /// The classes of its colour and of its icon, which the style draws before the word.
    pub(super) tone: &'static str,
    /// The word.
    pub(super) label: &'static str,
}

impl From<Severity> for Look {
    fn from(severity: Severity) -> Self {
        let tone = match severity {
            Severity::Critical => "critical i-octagon",
            Severity::High => "high i-triangle",
            Severity::Medium => "medium i-diamond",
            Severity::Low => "low i-triangle-down",
            Severity::Informational => "informational i-info",
        };
        Self { tone, label: severity.label() }
    }
}

impl From<Decision> for Look {
    fn from(decision: Decision) -> Self {
        let tone = match decision {
            Decision::Pending => "waiting i-clock",
            Decision::Approved => "plain i-check",
            Decision::NotRequired => "plain i-minus",
            Decision::AutoApproved => "plain i-bolt",
            Decision::Rejected => "neutral i-cross",
            Decision::Expired => "dashed i-hourglass",
            Decision::Withdrawn => "neutral i-back",
            Decision::Superseded => "neutral i-forward",
        };
        Self { tone, label: decision.label() }
    }
}

impl From<Status> for Look {
    fn from(status: Status) -> Self {
        let tone = match status {
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
        Self { tone, label: status.label() }
    }
}

impl From<Verdict> for Look {
    fn from(verdict: Verdict) -> Self {
        let tone = match verdict {
            Verdict::Malicious => "high i-bug",
            Verdict::Compromised => "high i-key",
            Verdict::Suspicious => "medium i-eye",
            Verdict::NoThreatsFound => "neutral i-check",
            Verdict::Unknown => "neutral i-question",
        };
        Self { tone, label: verdict.label() }
    }
}

impl From<UndoState> for Look {
    fn from(undo: UndoState) -> Self {
        let tone = match undo {
            UndoState::None => "plain i-minus",
            UndoState::Requested => "undone i-clock",
            UndoState::Undone => "undone i-undo",
            UndoState::Failed => "failed i-undo",
        };
        Self { tone, label: undo.label() }
    }
}

impl From<ItemState> for Look {
    fn from(state: ItemState) -> Self {
        let tone = match state {
            ItemState::LeftOut => "neutral i-minus",
            ItemState::Waiting => "waiting i-clock",
            ItemState::Decided => "done i-check",
            ItemState::Skipped => "neutral i-forward",
            ItemState::Refused => "medium i-lock",
            ItemState::Failed => "failed i-cross",
        };
        Self { tone, label: state.label() }
    }
}

/// One badge.
#[component]
pub(in crate::ui) fn Badge(
    /// What it says.
    #[prop(into)]
    look: Look,
) -> impl IntoView {
    Markup::new("span").with("class", format!("badge {}", look.tone)).text(look.label)
}
