//! What a list shows: one tab, a filter, an order, a page. One type for the URL, server functions, REST and the store.
//!
//! `filter` says which rows, `sort` in which order, `facet` how many each choice has, `text` is the only place that reads
//! and writes the names that the outside sees. To add a filter, add it to [`Filter`] and to the table in `text`.

mod column;
mod facet;
mod filter;
mod label;
mod sort;
mod text;

use serde::{Deserialize, Serialize};

use crate::actions::action::Action;
use crate::actions::lifecycle::Lane;
use crate::core::time::Timestamp;

pub use column::{Column, SortKey};
pub use facet::{Counts, Facet, FacetCounts, FacetValue};
pub use filter::{Filter, Period, Undoable};
pub use label::{field_label, value_label};
pub use sort::Sort;
pub use text::{QueryError, push_encoded, push_pair};

/// Rows a page holds where nobody says otherwise.
pub const DEFAULT_LIMIT: u16 = 50;

/// The sizes that a page may have.
pub const LIMITS: [u16; 4] = [25, 50, 100, 200];

/// What a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionQuery {
    /// The tab.
    pub lane: Lane,
    /// Which rows of it.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// With which columns, in this order; none means [`Column::DEFAULT`].
    pub columns: Vec<Column>,
    /// Rows a page, one of [`LIMITS`]; none means what the person prefers, or [`DEFAULT_LIMIT`].
    pub limit: Option<u16>,
    /// An opaque position from an earlier answer's `next` or `prev`.
    pub cursor: Option<String>,
}

impl ActionQuery {
    /// The first page of a tab, all of it, in its default order.
    #[must_use]
    pub fn of(lane: Lane) -> Self {
        Self {
            lane,
            filter: Filter::default(),
            sort: Sort::of(lane),
            columns: Vec::new(),
            limit: None,
            cursor: None,
        }
    }

    /// The columns to show.
    #[must_use]
    pub fn shown_columns(&self) -> &[Column] {
        if self.columns.is_empty() { Column::DEFAULT } else { &self.columns }
    }
}

/// One page of actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionPage {
    /// The rows, in the order that was asked for.
    pub items: Vec<Action>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
    /// Where the page before starts; none on the first.
    pub prev: Option<String>,
    /// The server's time of the answer: relative times count from it.
    pub rendered_at: Timestamp,
}
