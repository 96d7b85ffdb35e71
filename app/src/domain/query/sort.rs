//! The orders that a list can have.

use crate::domain::lifecycle::Lane;
use crate::domain::words::words;

words! {
    /// What a list is sorted by: every column but the comment, and the default order of Pending.
    SortKey {
        Urgency = "urgency" "Urgency",
        Updated = "updated" "Action update time",
        Investigation = "investigation" "Investigation ID",
        Approval = "approval" "Approval ID",
        ActionType = "type" "Action type",
        EntityKind = "entity_type" "Entity type",
        Entity = "entity" "Entity",
        Asset = "asset" "Asset",
        Decision = "decision" "Decision",
        DecidedBy = "decided_by" "Decided by",
        Source = "source" "Action source",
        Status = "status" "Status",
        Severity = "severity" "Severity",
        ProposedBy = "proposed_by" "Proposed by",
        Proposed = "proposed" "Proposed at",
        Expires = "expires" "Expires",
        Incident = "incident" "Incident",
        DeviceGroup = "device_group" "Device group",
        Undo = "undo" "Undo",
        Technique = "technique" "MITRE ATT&CK technique",
    }
}

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
