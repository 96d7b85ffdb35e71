//! Deciding on many at once: what is asked for, the plan that is shown before, and the job that carries it out.
//!
//! A plan lists its items with the version and digest that were shown, so what is decided is what was shown. The job
//! is the same thing once it was confirmed, under the same id. To add an outcome, add it to [`ItemState`].

pub mod contract;

use serde::{Deserialize, Serialize};

use crate::actions::action::Action;
use crate::actions::catalog::{ActionType, Undo};
use crate::actions::lifecycle::{Decision, Status, UndoState};
use crate::actions::query::ActionQuery;
use crate::core::id::{ActionId, ApprovalId, BulkId};
use crate::core::string_enum::string_enum;
use crate::core::time::{Timestamp, six_decimals};

/// Items of one plan.
pub const MAX_ITEMS: usize = 10_000;

/// Items of a plan or job that one answer lists.
pub const ITEMS_SHOWN: usize = 200;

string_enum! {
    /// What is done to each of them.
    BulkVerb {
        Approve = "approve" "Approve",
        Reject = "reject" "Reject",
        Undo = "undo" "Undo",
        Retry = "retry" "Retry",
    }
}

impl BulkVerb {
    /// Whether a reason must be given.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Reject | Self::Undo)
    }

    /// Whether it can't be taken back for this type of action: only what happens can't be undone.
    #[must_use]
    pub fn is_final(self, of: ActionType) -> bool {
        matches!(self, Self::Approve | Self::Retry) && matches!(of.info().undo, Undo::Never(_))
    }
}

string_enum! {
    /// Where one item stands.
    ItemState {
        LeftOut = "left_out" "Left out",
        Waiting = "waiting" "Waiting",
        Decided = "decided" "Decided",
        Skipped = "skipped" "Skipped",
        Refused = "refused" "Refused",
        Failed = "failed" "Failed",
    }
}

/// What is to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkRequest {
    /// What is done to each.
    pub verb: BulkVerb,
    /// To which.
    pub targets: Targets,
    /// Which rows the list showed where they were chosen, as the query of its URL; empty for all of its tab.
    pub from: String,
}

/// Which actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// These.
    Ids(Vec<ActionId>),
    /// All that a list shows on all its pages, but for some.
    Matching {
        /// The list.
        query: Box<ActionQuery>,
        /// Those that stay out.
        except: Vec<ActionId>,
    },
    /// All that did the same to the same file, this one with them.
    SameFile(ActionId),
}

/// One action in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ActionLine {
    /// Its id.
    pub id: ActionId,
    /// What it does.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// To what.
    pub entity: String,
    /// Where.
    pub asset: String,
}

impl From<&Action> for ActionLine {
    fn from(action: &Action) -> Self {
        Self {
            id: action.id,
            action_type: action.action_type,
            entity: action.entity.title(),
            asset: action.asset.name.clone(),
        }
    }
}

/// What would be decided of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PlanGroup {
    /// The type.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// How many actions.
    pub actions: usize,
    /// How many different assets they hit.
    pub assets: usize,
    /// How many of these assets are of high or very high criticality.
    pub critical_assets: usize,
    /// Whether it can't be taken back.
    pub irreversible: bool,
}

/// Why some are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// A sentence.
    pub reason: String,
    /// How many actions.
    pub actions: usize,
    /// The first few.
    pub examples: Vec<ActionLine>,
}

/// What a plan says before anything happens; it stays as it was shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Preview {
    /// How many actions are in it.
    pub total: usize,
    /// How many of them would be decided.
    pub decidable: usize,
    /// How many different assets these hit.
    pub assets: usize,
    /// How many of the assets are of high or very high criticality.
    pub critical_assets: usize,
    /// By type, the most first.
    pub groups: Vec<PlanGroup>,
    /// What would not be decided, by reason, the most first.
    pub left_out: Vec<LeftOut>,
    /// Of an undo: others that are not among these actions, and whose effect goes with them. Who starts the plan wants
    /// that, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifts: Vec<ActionLine>,
    /// Which rows the list showed where they were chosen, as the query of its URL; empty for all of its tab.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
}

/// One item of a plan or job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BulkItem {
    /// Its place, from 1 on.
    pub position: i64,
    /// The action.
    pub action: ActionLine,
    /// Where it stands.
    pub state: ItemState,
    /// The action's decision now.
    pub decision: Decision,
    /// What became of the action since.
    pub status: Status,
    /// What became of its undo.
    pub undo: UndoState,
    /// Why, where it was not decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A stored plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BulkPlan {
    /// Its id, and that of the job once it is started.
    pub id: BulkId,
    /// What is done to each.
    pub verb: BulkVerb,
    /// What it says.
    pub preview: Preview,
    /// The first of its items that would be decided.
    pub items: Vec<BulkItem>,
    /// Until when it can be started.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub expires_at: Timestamp,
    /// Whether it was.
    pub started: bool,
    /// The server's time of the answer.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}

/// How many items stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Progress {
    /// Never tried: the preview said so.
    pub left_out: usize,
    /// Not tried yet.
    pub waiting: usize,
    /// Done.
    pub decided: usize,
    /// Somebody else was first.
    pub skipped: usize,
    /// Not allowed, or no longer what was shown.
    pub refused: usize,
    /// The server failed.
    pub failed: usize,
}

impl Progress {
    /// The number of one state.
    pub const fn of(&mut self, state: ItemState) -> &mut usize {
        match state {
            ItemState::LeftOut => &mut self.left_out,
            ItemState::Waiting => &mut self.waiting,
            ItemState::Decided => &mut self.decided,
            ItemState::Skipped => &mut self.skipped,
            ItemState::Refused => &mut self.refused,
            ItemState::Failed => &mut self.failed,
        }
    }

    /// What the job has to try in all.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.waiting + self.tried()
    }

    /// What it tried so far.
    #[must_use]
    pub const fn tried(&self) -> usize {
        self.decided + self.skipped + self.refused + self.failed
    }

    /// What may be tried again.
    #[must_use]
    pub const fn undone(&self) -> usize {
        self.refused + self.failed
    }
}

/// What became of the items that were decided: of each action, or of its reverse where it was undone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Execution {
    /// Nothing was to be carried out: rejected.
    pub none: usize,
    /// Waiting for an executor, or being carried out.
    pub running: usize,
    /// Done, also in part or as it was done before.
    pub completed: usize,
    /// Failed, called off, or never sent in time.
    pub failed: usize,
    /// The end is unknown: a person must look.
    pub unknown: usize,
}

impl Execution {
    /// Where one stands, by the status of its action or, of an undo, by the state of that.
    pub const fn of(&mut self, verb: BulkVerb, status: Status, undo: UndoState) -> &mut usize {
        match (verb, undo, status) {
            (BulkVerb::Undo, UndoState::Undone, _) => &mut self.completed,
            (BulkVerb::Undo, UndoState::Failed, _) => &mut self.failed,
            (BulkVerb::Undo, UndoState::Requested | UndoState::None, _)
            | (_, _, Status::Queued | Status::InProgress) => &mut self.running,
            (_, _, Status::None) => &mut self.none,
            (_, _, Status::Completed | Status::PartiallyCompleted | Status::Skipped) => &mut self.completed,
            (_, _, Status::Failed | Status::TimedOut | Status::Cancelled) => &mut self.failed,
            (_, _, Status::Unknown) => &mut self.unknown,
        }
    }
}

/// A plan that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BulkJob {
    /// Its id.
    pub id: BulkId,
    /// What is done to each.
    pub verb: BulkVerb,
    /// The comment or reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What all that it decides shares.
    pub approval_id: ApprovalId,
    /// When it was started.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub started_at: Timestamp,
    /// When the last item was tried; none while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub ended_at: Option<Timestamp>,
    /// Which rows the list showed where they were chosen, as the query of its URL; empty for all of its tab.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// How far it is.
    pub progress: Progress,
    /// What became of what was decided.
    pub execution: Execution,
    /// Why what is left of it waits, as a sentence; none if it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// A page of its items.
    pub items: Vec<BulkItem>,
    /// The position after which the next page begins; none on the last.
    pub next: Option<i64>,
    /// The server's time of the answer.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}

impl BulkJob {
    /// Whether items wait to be tried.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether executors still have some of it.
    #[must_use]
    pub const fn is_executing(&self) -> bool {
        self.execution.running > 0
    }

    /// How many the next plan of the rest holds: what was not decided, with undos that failed; once all is decided, what
    /// was carried out and failed.
    #[must_use]
    pub const fn retriable(&self) -> usize {
        match (self.verb, self.progress.undone()) {
            (BulkVerb::Undo, undecided) => undecided + self.execution.failed,
            (_, 0) => self.execution.failed,
            (_, undecided) => undecided,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_approval_is_final_and_only_of_what_has_no_undo() {
        let table = [
            (BulkVerb::Approve, ActionType::QuarantineFile, false),
            (BulkVerb::Approve, ActionType::HardDeleteEmail, true),
            (BulkVerb::Reject, ActionType::HardDeleteEmail, false),
            (BulkVerb::Undo, ActionType::QuarantineFile, false),
            (BulkVerb::Retry, ActionType::HardDeleteEmail, true),
        ];
        for (verb, of, want) in table {
            assert_eq!(verb.is_final(of), want, "{verb} {of}");
        }
        let needing: Vec<_> = BulkVerb::ALL.iter().filter(|verb| verb.needs_reason()).collect();
        assert_eq!(needing, [&BulkVerb::Reject, &BulkVerb::Undo]);
    }

    #[test]
    fn progress_counts_each_state_once() {
        let mut progress = Progress::default();
        for (count, state) in (1..).zip(ItemState::ALL) {
            *progress.of(*state) = count;
        }
        assert_eq!((progress.left_out, progress.waiting, progress.failed), (1, 2, 6));
        assert_eq!((progress.total(), progress.tried(), progress.undone()), (20, 18, 11));
    }
}
