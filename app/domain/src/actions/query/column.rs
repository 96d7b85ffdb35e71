//! The columns that a list can show and an export can hold, and the keys that it can be sorted by.

use crate::core::string_enum::string_enum;

/// Both vocabularies from one table: a column and what its heading sorts by have one name.
macro_rules! columns {
    ($($name:ident = $word:literal $label:literal,)*) => {
        string_enum! {
            /// A column, named as on the screen.
            Column {
                $($name = $word $label,)*
                Comment = "comment" "Comment",
            }
        }

        string_enum! {
            /// What a list is sorted by: every column but the comment, and the default order of Pending.
            SortKey {
                Urgency = "urgency" "Urgency",
                $($name = $word $label,)*
            }
        }

        impl Column {
            /// What its heading sorts by; none for the comment.
            #[must_use]
            pub const fn sort_key(self) -> Option<SortKey> {
                match self {
                    $(Self::$name => Some(SortKey::$name),)*
                    Self::Comment => None,
                }
            }
        }
    };
}

columns! {
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
}
