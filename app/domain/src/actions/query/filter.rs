//! Which rows a list shows.

use std::collections::BTreeSet;

use super::facet::Facet;
use crate::actions::action::{Severity, Source};
use crate::actions::catalog::ActionType;
use crate::actions::entity::EntityKind;
use crate::actions::lifecycle::{Decision, Status};
use crate::core::id::ActionId;
use crate::core::string_enum::string_enum;
use crate::core::time::Timestamp;

string_enum! {
    /// A time period that ends now, on Action update time.
    Period {
        Day = "24h" "Past day",
        Week = "7d" "Past week",
        Month = "30d" "Past 30 days",
        HalfYear = "180d" "Past 6 months",
    }
}

impl Period {
    /// Its length.
    #[must_use]
    pub const fn hours(self) -> i64 {
        match self {
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
            Self::HalfYear => 180 * 24,
        }
    }
}

string_enum! {
    /// Whether an action can be undone now.
    Undoable {
        Yes = "yes" "Can be undone",
        No = "no" "Can't be undone",
    }
}

/// Every field narrows the list; several values of one field widen it. An empty field lets all pass. Names are
/// compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Action types.
    pub action_type: BTreeSet<ActionType>,
    /// Kinds of entity.
    pub entity_kind: BTreeSet<EntityKind>,
    /// Names of assets.
    pub asset: BTreeSet<String>,
    /// Decisions.
    pub decision: BTreeSet<Decision>,
    /// Names of deciders; automation is one of them.
    pub decided_by: BTreeSet<String>,
    /// Where actions came from.
    pub source: BTreeSet<Source>,
    /// What executors did.
    pub status: BTreeSet<Status>,
    /// How bad the finding is.
    pub severity: BTreeSet<Severity>,
    /// Names of device groups; [`Filter::UNGROUPED`] for none.
    pub device_group: BTreeSet<String>,
    /// Ids of investigations.
    pub investigation: BTreeSet<String>,
    /// Approval ids.
    pub approval: BTreeSet<String>,
    /// Whether they can be undone.
    pub undoable: BTreeSet<Undoable>,
    /// Similar to this action, which is one of them; nothing if the reader does not see it, or nothing can be similar.
    pub similar: Option<ActionId>,
    /// Changed within this time.
    pub period: Option<Period>,
    /// Changed at or after this time; not together with a period.
    pub from: Option<Timestamp>,
    /// Changed before this time; not together with a period.
    pub to: Option<Timestamp>,
    /// A part of the entity or the asset, or an id or its beginning.
    pub search: Option<String>,
}

impl Filter {
    /// The device group of what belongs to none.
    pub const UNGROUPED: &'static str = "Ungrouped devices";

    /// The same without the values of that facet; none if it has none.
    #[must_use]
    pub fn without(&self, facet: Facet) -> Option<Self> {
        let mut filter = self.clone();
        match facet {
            Facet::ActionType => filter.action_type.clear(),
            Facet::EntityKind => filter.entity_kind.clear(),
            Facet::Asset => filter.asset.clear(),
            Facet::Decision => filter.decision.clear(),
            Facet::DecidedBy => filter.decided_by.clear(),
            Facet::Source => filter.source.clear(),
            Facet::Status => filter.status.clear(),
            Facet::Severity => filter.severity.clear(),
            Facet::DeviceGroup => filter.device_group.clear(),
            Facet::Undoable => filter.undoable.clear(),
        }
        (filter != *self).then_some(filter)
    }
}
