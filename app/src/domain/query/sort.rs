//! The orders that a list can have.

use super::SortKey;
use crate::domain::lifecycle::Lane;

/// A key and a direction. Rows with equal keys come in the order of their ids, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Largest, newest or most severe first.
    pub descending: bool,
}

impl Sort {
    /// The default order of a tab: Pending most urgent first (severity, then expiry, then age), the others newest
    /// change first.
    #[must_use]
    pub const fn of(lane: Lane) -> Self {
        match lane {
            Lane::Pending => Self { key: SortKey::Urgency, descending: false },
            Lane::InProgress | Lane::History => Self { key: SortKey::Updated, descending: true },
        }
    }
}
