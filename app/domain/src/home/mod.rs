//! What the home page tells: what waits, what was decided, what is stuck.

pub mod contract;

use serde::{Deserialize, Serialize};

use crate::actions::action::{Action, Severity};
use crate::actions::catalog::ActionType;
use crate::actions::entity::AssetKind;
use crate::actions::lifecycle::Lane;
use crate::actions::query::ActionQuery;
use crate::core::id::ActionId;
use crate::core::time::{Timestamp, six_decimals};
use crate::investigations::InvestigationState;
use crate::investigations::feedback::RuleQuality;

/// Days of decisions that the page tells of, today included. Days are those of UTC.
pub const DAYS: usize = 30;

/// Minutes after which what is queued or in progress counts as stuck.
pub const SLOW_MINUTES: i64 = 15;

/// A number, and the list whose rows it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// So many rows; if `more`, there are more.
    pub count: u64,
    /// Whether counting ended early.
    pub more: bool,
    /// The list's tab.
    pub lane: Lane,
    /// What the list shows, as [`ActionQuery::shows`] writes it.
    pub shows: String,
}

impl Number {
    /// The number of rows of a list.
    #[must_use]
    pub fn of(query: &ActionQuery, count: u64, more: bool) -> Self {
        Self { count, more, lane: query.lane, shows: query.shows() }
    }
}

/// An action that waits for a decision, as far as the page names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its id.
    pub id: ActionId,
    /// What would be done.
    pub action_type: ActionType,
    /// On what.
    pub entity: String,
    /// Where that lives.
    pub asset: String,
    /// How bad the finding is.
    pub severity: Severity,
    /// When it was asked for.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub proposed_at: Timestamp,
    /// Until when it can be decided.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub expires_at: Timestamp,
}

impl From<&Action> for Waiting {
    fn from(action: &Action) -> Self {
        Self {
            id: action.id,
            action_type: action.action_type,
            entity: action.entity.title(),
            asset: action.asset.name.clone(),
            severity: action.severity,
            proposed_at: action.proposed_at,
            expires_at: action.expires_at,
        }
    }
}

/// The decisions of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// For example `2026-11-22`.
    pub date: String,
    /// By people.
    pub approved: u64,
    /// By people.
    pub rejected: u64,
    /// Approved by a rule.
    pub automatic: u64,
    /// Decided by nobody in time.
    pub expired: u64,
}

/// The whole page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeView {
    /// What waits, most severe first.
    pub waiting: Vec<(Severity, Number)>,
    /// How many different assets of each kind the waiting actions are on; kinds without any are left out.
    pub affected: Vec<(AssetKind, u64)>,
    /// What waits longest.
    pub oldest: Option<Waiting>,
    /// What expires next, soonest first.
    pub expiring: Vec<Waiting>,
    /// The last [`DAYS`] days, oldest first. Without decisions for a caller who does not see every row.
    pub days: Vec<Day>,
    /// The median time from proposal to a person's decision within 7 days, in minutes, rounded down as the page shows
    /// it; none if nobody decided.
    pub median_week: Option<i64>,
    /// The same within [`DAYS`] days.
    pub median_month: Option<i64>,
    /// Sent, no trustworthy answer.
    pub unknown: Number,
    /// Queued or in progress, unchanged for more than [`SLOW_MINUTES`].
    pub slow: Number,
    /// Failed or timed out within 24 hours.
    pub failed: Number,
    /// How many investigations are in each state, as lists show it; states without any are left out.
    pub investigations: Vec<(InvestigationState, u64)>,
    /// The rules that were wrong most often within [`DAYS`] days. None for a caller who does not see every row.
    pub noisiest: Vec<RuleQuality>,
    /// The server's time of the answer.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}

impl HomeView {
    /// How many wait in all; whether counting ended early does not occur here.
    #[must_use]
    pub fn total_waiting(&self) -> u64 {
        self.waiting.iter().map(|(_, number)| number.count).sum()
    }
}
