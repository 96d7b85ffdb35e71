//! One page of a list: what is asked for and what comes back.

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::lifecycle::Lane;
use super::time::Timestamp;

/// Rows a page holds where nobody says otherwise.
pub const DEFAULT_LIMIT: u16 = 50;

/// The sizes that a page may have.
pub const LIMITS: [u16; 4] = [25, 50, 100, 200];

/// What a list shows: one lane in its default order, from a cursor on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// The tab.
    pub lane: Lane,
    /// Rows a page, one of [`LIMITS`].
    #[serde(default = "default_limit")]
    pub limit: u16,
    /// An opaque position from an earlier answer's `next` or `prev`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

const fn default_limit() -> u16 {
    DEFAULT_LIMIT
}

impl ListQuery {
    /// The first page of a lane.
    #[must_use]
    pub const fn first(lane: Lane) -> Self {
        Self { lane, limit: DEFAULT_LIMIT, cursor: None }
    }
}

/// One page of actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionPage {
    /// The rows, in the lane's order.
    pub items: Vec<Action>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
    /// Where the page before starts; none on the first.
    pub prev: Option<String>,
    /// The server's time of the answer: relative times count from it.
    pub rendered_at: Timestamp,
}
