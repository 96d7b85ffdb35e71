//! The columns that a list can show and an export can hold.

use super::SortKey;
use crate::domain::words::words;

words! {
    /// A column, named as on the screen.
    Column {
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
        Comment = "comment" "Comment",
        Undo = "undo" "Undo",
        Technique = "technique" "MITRE ATT&CK technique",
    }
}

impl Column {
    /// The columns where nobody chose any.
    pub const DEFAULT: &'static [Self] = &[
        Self::Updated,
        Self::Investigation,
        Self::Approval,
        Self::ActionType,
        Self::EntityKind,
        Self::Entity,
        Self::Asset,
        Self::Decision,
        Self::DecidedBy,
        Self::Source,
        Self::Status,
    ];

    /// What its heading sorts by: a column and its sort key have one name. None for the comment.
    #[must_use]
    pub fn sort_key(self) -> Option<SortKey> {
        self.as_str().parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_but_the_comment_sorts() {
        let unsorted: Vec<_> = Column::ALL.iter().filter(|column| column.sort_key().is_none()).collect();
        assert_eq!(unsorted, [&Column::Comment]);
        for column in Column::ALL {
            assert!(column.sort_key().is_none_or(|key| key.label() == column.label()), "{column}");
        }
        let without: Vec<_> =
            SortKey::ALL.iter().filter(|key| key.as_str().parse::<Column>().is_err()).collect();
        assert_eq!(without, [&SortKey::Urgency]);
    }
}
