//! Pages: how many rows they have, and where the next begins.

use serde::{Deserialize, Serialize};

use crate::core::time::{Timestamp, six_decimals};

/// Rows a page holds where nobody says otherwise.
pub const DEFAULT_LIMIT: u16 = 50;

/// The sizes that a page may have.
pub const LIMITS: [u16; 4] = [25, 50, 100, 200];

/// One page of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows, in the order that was asked for.
    pub items: Vec<T>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
    /// Where the page before starts; none on the first.
    pub prev: Option<String>,
    /// The server's time of the answer: relative times count from it.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}
