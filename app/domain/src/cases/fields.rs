//! The one table of what the lists of incidents, investigations and the tabs of an investigation show, sort and filter:
//! names, labels and types. From it come [`Column`], [`SortKey`], [`Facet`] and [`Filter`] with its text form.
//!
//! To add a column, add a row here, name it in [`Column::of_list`], add its cell in `cells` beside this file and in the
//! page's `rows`, and what it is sorted by in the store's `case_fields`. Names stand in URLs and in what people saved:
//! they never change.

use super::CaseList;
use crate::actions::action::{Severity, Verdict};
use crate::actions::catalog::ActionType;
use crate::actions::entity::EntityKind;
use crate::actions::lifecycle::{Decision, Status};
use crate::core::string_enum::Word;
use crate::core::time::Timestamp;
use crate::incidents::{Classification, IncidentStatus};
use crate::investigations::{InvestigationState, Remediation};
use crate::list::{ListLane, ListQuery, ListSpec, SEARCH, Sort, TabbedList, list_fields, search};

list_fields! {
    orders {
        Own = "own" "Own order";
    }
    columns {
        Id = "id" "ID": String { sort Ascending }
        Title = "title" "Title": String { sort Ascending }
        State = "state" "State": InvestigationState {
            sort Ascending
            counted state "Only those in these states, as they are shown."
        }
        Status = "status" "Status": IncidentStatus {
            sort Ascending
            counted status "Only those of these statuses."
        }
        Severity = "severity" "Severity": Severity {
            sort Descending
            counted severity "How bad it is."
        }
        Classification = "classification" "Classification": Classification {
            sort Ascending
            counted classification "What incidents turned out to be."
        }
        AssignedTo = "assigned_to" "Assigned to": String { sort Ascending }
        Investigations = "investigations" "Investigations": String {}
        Waiting = "waiting" "Actions waiting": String {}
        Category = "category" "Category": String { sort Ascending }
        DetectionSource = "detection_source" "Detection source": String { sort Ascending }
        Incident = "incident" "Incident": String {
            sort Ascending
            uncounted incident "Only those of these incidents."
        }
        Started = "started" "Started": Timestamp { sort Descending }
        Updated = "updated" "Updated": Timestamp { sort Descending }
        Alert = "alert" "Alert": String { sort Ascending }
        Raised = "raised" "Raised": Timestamp { sort Descending }
        Device = "device" "Device": String { sort Ascending }
        Os = "os" "Operating system": String { sort Ascending }
        DeviceGroup = "device_group" "Device group": String { sort Ascending }
        Criticality = "criticality" "Criticality": String { sort Ascending }
        Level = "level" "Remediation level": String {}
        Mailbox = "mailbox" "Mailbox": String { sort Ascending }
        Owner = "owner" "Owner": String { sort Ascending }
        User = "user" "User": String { sort Ascending }
        Entity = "entity" "Entity": String { sort Ascending }
        EntityKind = "entity_type" "Kind": EntityKind {
            sort Ascending
            counted entity_kind "Kinds of entity."
        }
        Verdict = "verdict" "Verdict": Verdict {
            sort Ascending
            counted verdict "What was found."
        }
        Remediation = "remediation" "Remediation status": Remediation {
            sort Ascending
            counted remediation "What became of it."
        }
        Assets = "assets" "Impacted assets": String { sort Ascending }
        Origin = "detection_origin" "Detection origin": String { sort Ascending }
        FirstSeen = "first_seen" "First seen": Timestamp { sort Descending }
        Total = "total" "Total": String { sort Descending }
        Remediated = "remediated" "Remediated": String { sort Descending }
        Malicious = "malicious" "Malicious": String { sort Descending }
        Suspicious = "suspicious" "Suspicious": String { sort Descending }
        Verified = "verified" "Verified": String { sort Descending }
        Clean = "no_threats_found" "No threats found": String { sort Descending }
        Unknown = "unknown" "Unknown": String { sort Descending }
        Action = "action" "Action": String { sort Ascending }
        StepType = "step_type" "Type": String { sort Ascending }
        StepStatus = "step_status" "Status": String { sort Ascending }
        Description = "description" "Description": String { sort Ascending }
        Created = "created" "Created": Timestamp { sort Descending }
        Duration = "duration" "Duration": String { sort Descending }
        Pending = "pending" "Pending": String { sort Descending }
        Queued = "queued" "Queued": String { sort Descending }
        ActionType = "type" "Action type": ActionType {
            sort Ascending
            counted action_type "Action types."
        }
        Asset = "asset" "Asset": String { sort Ascending }
        ProposedBy = "proposed_by" "Proposed by": String { sort Ascending }
        Proposed = "proposed" "Proposed": Timestamp { sort Descending }
        Expires = "expires" "Expires": Timestamp { sort Ascending }
        Decision = "decision" "Decision": Decision {
            sort Ascending
            counted decision "Decisions."
        }
        ActionStatus = "action_status" "Status": Status {
            sort Ascending
            counted action_status "What executors did."
        }
        WaitTime = "wait_time" "Wait time": String { sort Descending }
        HandledBy = "handled_by" "Handled by": String { sort Ascending }
        Why = "why" "Why": String {}
        Time = "time" "Time": Timestamp { sort Descending }
    }
    filters {}
    once {
        search = "q" "Search": String { search, "What a cell holds, in either case of letters." }
    }
}

/// The lists of incidents, of investigations, and of an investigation's tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cases {}

/// The query of one of these lists.
pub type CaseQuery = ListQuery<Cases>;

impl ListSpec for Cases {
    type Lane = CaseList;
    type Column = Column;
    type SortKey = SortKey;
    type Filter = Filter;

    const DEFAULT_COLUMNS: &'static [Column] = Column::of_list(CaseList::Investigations);

    fn default_sort(list: CaseList) -> Sort<SortKey> {
        match list {
            CaseList::Investigations | CaseList::Incidents => {
                Sort { key: SortKey::Updated, descending: true }
            }
            CaseList::History => Sort { key: SortKey::Time, descending: true },
            _ => Sort { key: SortKey::Own, descending: false },
        }
    }
}

impl TabbedList for Cases {
    type Facet = Facet;

    fn kept_as(list: CaseList) -> String {
        list.to_string()
    }

    fn columns(list: CaseList) -> &'static [Column] {
        Column::of_list(list)
    }

    fn facets(list: CaseList) -> &'static [Facet] {
        Facet::of_list(list)
    }

    fn sort_key(column: Column) -> Option<SortKey> {
        column.sort_key()
    }

    fn begins_descending(key: SortKey) -> bool {
        key.begins_descending()
    }

    fn sorts(list: CaseList, key: SortKey) -> bool {
        let own = !matches!(list, CaseList::Investigations | CaseList::Incidents);
        (own && key == SortKey::Own)
            || Column::of_list(list).iter().any(|column| column.sort_key() == Some(key))
    }

    fn filters(list: CaseList, field: &str) -> bool {
        field == SEARCH
            || (list == CaseList::Investigations && field == Field::Incident.as_str())
            || Facet::of_list(list).iter().any(|facet| facet.as_str() == field)
    }
}

impl ListLane for CaseList {
    const NAME: &'static str = <Self as Word>::NAME;
    const LANES: &'static [Self] = Self::ALL;

    fn name(self) -> Option<&'static str> {
        Some(self.as_str())
    }
}

impl Column {
    /// The columns that a list has, in the order in which it shows them where nobody chose any.
    #[must_use]
    pub const fn of_list(list: CaseList) -> &'static [Self] {
        match list {
            CaseList::Investigations => &[
                Self::Id,
                Self::Title,
                Self::State,
                Self::Severity,
                Self::Waiting,
                Self::DetectionSource,
                Self::Incident,
                Self::Started,
                Self::Updated,
                Self::Category,
            ],
            CaseList::Incidents => &[
                Self::Id,
                Self::Title,
                Self::Status,
                Self::Severity,
                Self::Classification,
                Self::AssignedTo,
                Self::Investigations,
                Self::Waiting,
                Self::Started,
                Self::Updated,
            ],
            CaseList::Alerts => &[Self::Alert, Self::Id, Self::Severity, Self::Category, Self::Raised],
            CaseList::Devices => &[Self::Device, Self::Os, Self::DeviceGroup, Self::Criticality, Self::Level],
            CaseList::Mailboxes => &[Self::Mailbox, Self::Owner],
            CaseList::Users => &[Self::User, Self::Verdict],
            CaseList::Evidence => &[
                Self::Entity,
                Self::EntityKind,
                Self::Verdict,
                Self::Remediation,
                Self::Assets,
                Self::Origin,
                Self::FirstSeen,
            ],
            CaseList::Entities => &[
                Self::EntityKind,
                Self::Total,
                Self::Remediated,
                Self::Malicious,
                Self::Suspicious,
                Self::Verified,
                Self::Clean,
                Self::Unknown,
            ],
            CaseList::Log => &[
                Self::Action,
                Self::StepType,
                Self::StepStatus,
                Self::Device,
                Self::Description,
                Self::Created,
                Self::Started,
                Self::Duration,
                Self::Pending,
                Self::Queued,
            ],
            CaseList::Pending => &[
                Self::ActionType,
                Self::Entity,
                Self::Asset,
                Self::Severity,
                Self::ProposedBy,
                Self::Proposed,
                Self::Expires,
            ],
            CaseList::History => &[
                Self::ActionType,
                Self::Entity,
                Self::Decision,
                Self::ActionStatus,
                Self::WaitTime,
                Self::HandledBy,
                Self::Why,
                Self::Time,
            ],
        }
    }
}

impl Facet {
    /// The filters that a list offers, in their order.
    #[must_use]
    pub const fn of_list(list: CaseList) -> &'static [Self] {
        match list {
            CaseList::Investigations => &[Self::State, Self::Severity],
            CaseList::Incidents => &[Self::Status, Self::Severity, Self::Classification],
            CaseList::Alerts => &[Self::Severity],
            CaseList::Users => &[Self::Verdict],
            CaseList::Evidence => &[Self::EntityKind, Self::Verdict, Self::Remediation],
            CaseList::Pending => &[Self::Severity, Self::ActionType],
            CaseList::History => &[Self::Decision, Self::ActionStatus, Self::ActionType],
            CaseList::Devices | CaseList::Mailboxes | CaseList::Entities | CaseList::Log => &[],
        }
    }
}

impl SortKey {
    /// Whether a list can be sorted by this key.
    #[must_use]
    pub fn is_of(self, list: CaseList) -> bool {
        Cases::sorts(list, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::ListFilter as _;

    #[test]
    fn each_list_has_its_columns_and_filters() {
        for &list in CaseList::ALL {
            let columns = Column::of_list(list);
            assert!(!columns.is_empty(), "{list}");
            assert!(Cases::default_sort(list).key.is_of(list), "{list}");
            for facet in Facet::of_list(list) {
                assert_eq!(facet.field().facet(), Some(*facet));
                assert!(columns.iter().any(|column| column.field() == facet.field()), "{list} {facet}");
            }
        }
        for facet in Facet::ALL {
            assert!(CaseList::ALL.iter().any(|list| Facet::of_list(*list).contains(facet)), "{facet}");
        }
        for column in Column::ALL {
            assert!(CaseList::ALL.iter().any(|list| Column::of_list(*list).contains(column)), "{column}");
        }
    }

    #[test]
    fn a_query_reads_back() {
        let pairs = [
            ("lane", "evidence"),
            ("entity_type", "file"),
            ("verdict", "malicious"),
            ("q", "x y"),
            ("sort", "-entity"),
            ("cols", "verdict,entity"),
        ];
        let query = CaseQuery::from_pairs(pairs).unwrap();
        let back: Vec<_> = query.pairs();
        assert_eq!(back, pairs.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(query.filter.without(Facet::Verdict).unwrap().choices().len(), Filter::CHOICES.len());
        assert_eq!(field_label("verdict"), "Verdict");
        assert_eq!(value_label("verdict", "malicious"), "Malicious");
        assert!(Filter::FIELDS.iter().any(|field| field.name == "incident"));
    }
}
