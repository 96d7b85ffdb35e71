//! How many rows each choice of a filter has.

use serde::{Deserialize, Serialize};

/// The counts of a list with facets `F`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts<F> {
    /// Rows that match the query; if `more`, there are more than so many.
    pub matches: u64,
    /// Whether counting ended early. Then values have no counts, and a value may have no row that matches.
    pub more: bool,
    /// Each facet.
    pub facets: Vec<FacetCounts<F>>,
}

impl<F: PartialEq> Counts<F> {
    /// Where counting the matches of a filter ends.
    pub const MAX_MATCHES: u64 = 10_000;
    /// Values of a facet: the most frequent ones.
    pub const MAX_VALUES: usize = 200;

    /// The same, with that value the first of its facet if it is among them.
    #[must_use]
    pub fn led_by(mut self, facet: F, value: &str) -> Self {
        if let Some(of) = self.facets.iter_mut().find(|of| of.facet == facet) {
            of.values.sort_by_key(|known| known.value != value);
        }
        self
    }
}

/// The values of a facet, most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetCounts<F> {
    /// Which filter.
    pub facet: F,
    /// What it may be set to.
    pub values: Vec<FacetValue>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FacetValue {
    /// As the filter takes it.
    pub value: String,
    /// Rows that have it.
    pub count: Option<u64>,
}
