//! How many rows each choice of a filter has.

use serde::{Deserialize, Serialize};

use crate::core::string_enum::string_enum;

string_enum! {
    /// A filter whose values are offered with their counts, under the filter's name. Ids of investigations and
    /// approvals are not among them: there are as many as rows.
    Facet {
        ActionType = "type" "Action type",
        EntityKind = "entity_type" "Entity type",
        Asset = "asset" "Asset",
        Decision = "decision" "Decision",
        DecidedBy = "decided_by" "Decided by",
        Source = "source" "Action source",
        Status = "status" "Status",
        Severity = "severity" "Severity",
        DeviceGroup = "device_group" "Device group",
        Undoable = "undoable" "Undo possible",
    }
}

/// The counts of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Rows that match the query; if `more`, there are more than so many.
    pub matches: u64,
    /// Whether counting ended early. Then values have no counts, and a value may have no row that matches.
    pub more: bool,
    /// Each facet.
    pub facets: Vec<FacetCounts>,
}

impl Counts {
    /// Where counting the matches of a filter ends.
    pub const MOST: u64 = 10_000;
    /// Values of a facet: the most frequent ones.
    pub const MOST_VALUES: usize = 200;

    /// The same, with that value the first of its facet if it is among them.
    #[must_use]
    pub fn led_by(mut self, facet: Facet, value: &str) -> Self {
        if let Some(of) = self.facets.iter_mut().find(|of| of.facet == facet) {
            of.values.sort_by_key(|known| known.value != value);
        }
        self
    }
}

/// The values of a facet, most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FacetCounts {
    /// Which filter.
    pub facet: Facet,
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
