//! The one table of what lists of actions show, sort, filter and count: names, labels, types, and what the API says of
//! them. From it come [`Column`], [`SortKey`], [`Facet`] and [`Filter`] with its text form.
//!
//! To add a column or a filter, add a row here, its row in the store's table (`actions_fields`) with a migration for what
//! it stores, and for a column its cell. Names stand in URLs, saved views and exports: they never change.

use super::action::{Severity, Source};
use super::catalog::ActionType;
use super::entity::EntityKind;
use super::lifecycle::{Decision, Lane, Status, UndoState};
use crate::core::id::ActionId;
use crate::core::string_enum::{Word, string_enum};
use crate::core::time::Timestamp;
use crate::list::{
    FieldValue, ListLane, ListSpec, Moment, Period, QueryError, Sort, list_fields, moment, search, word,
};

list_fields! {
    orders {
        Urgency = "urgency" "Urgency";
    }
    columns {
        Updated = "updated" "Action update time": Timestamp {
            sort Descending
        }
        Investigation = "investigation" "Investigation ID": String {
            sort Ascending
            uncounted investigation "Ids of investigations."
        }
        Approval = "approval" "Approval ID": String {
            sort Ascending
            uncounted approval "Approval ids."
        }
        ActionType = "type" "Action type": ActionType {
            sort Ascending
            counted action_type "Action types; like every field that follows, it may stand several times."
        }
        EntityKind = "entity_type" "Entity type": EntityKind {
            sort Ascending
            counted entity_kind "Kinds of entity."
        }
        Entity = "entity" "Entity": String {
            sort Ascending
        }
        Asset = "asset" "Asset": String {
            sort Ascending
            counted asset "Names of assets, without regard to case."
        }
        Decision = "decision" "Decision": Decision {
            sort Ascending
            counted decision "Decisions."
        }
        DecidedBy = "decided_by" "Decided by": String {
            sort Ascending
            counted decided_by "Names of deciders; automation is `Automation`."
        }
        Source = "source" "Action source": Source {
            sort Ascending
            counted source "Where actions came from."
        }
        Status = "status" "Status": Status {
            sort Ascending
            counted status "What executors did."
        }
        Severity = "severity" "Severity": Severity {
            sort Descending
            counted severity "How bad the finding is."
        }
        ProposedBy = "proposed_by" "Proposed by": String {
            sort Ascending
        }
        Proposed = "proposed" "Proposed at": Timestamp {
            sort Descending
        }
        Expires = "expires" "Expires": Timestamp {
            sort Ascending
        }
        Incident = "incident" "Incident": String {
            sort Ascending
        }
        DeviceGroup = "device_group" "Device group": String {
            sort Ascending
            counted device_group "Names of device groups; `Ungrouped devices` for none."
        }
        Undo = "undo" "Undo": UndoState {
            sort Ascending
        }
        Technique = "technique" "MITRE ATT&CK technique": String {
            sort Ascending
        }
        Comment = "comment" "Comment": String {}
        Id = "id" "Action ID": String {}
        Version = "version" "Version": String {}
        ExternalId = "external_id" "External ID": String {}
        Decided = "decided" "Decided at": Timestamp {}
        Reason = "reason" "Reason": String {}
        BreakGlass = "break_glass" "Break-glass": String {}
        DecidedByPerson = "decided_by_person" "Decided by person": String {}
        DecidedByToken = "decided_by_token" "Decided by token": String {}
        Hash = "hash" "Hash": String {}
        MessageId = "message_id" "Message ID": String {}
        EntityDetails = "entity_details" "Entity details": String {}
        Reverses = "undo_of" "Reverses": String {}
        ReversedBy = "undone_by" "Reversed by": String {}
        Parameters = "parameters" "Parameters": String {}
        Result = "result" "Result": String {}
        Digest = "digest" "Digest": String {}
    }
    filters {
        Undoable = "undoable" "Undo possible": Undoable {
            counted undoable "Whether they can be undone now."
        }
        Token = "token" "API token": String {
            counted token "Names of API tokens by which they were proposed or decided; an undo is an action of its own."
        }
    }
    once {
        similar = "similar" "Similar to": ActionId {
            word, "The id of an action: what is similar to it, and itself. Once, as everything that follows."
        }
        period = "period" "Updated": Period { word, "Changed within this time before now." }
        from = "from" "Updated from": Moment { moment, "Changed at or after this time (RFC 3339) or day (of UTC)." }
        to = "to" "Updated until": Moment { moment, "Changed before this time, or before the end of this day." }
        search = "q" "Search": String {
            search,
            "Part of what names the entity or asset (hashes, Message-IDs, addresses, pids included) or of the external id, \
             in any spelling and also defanged, from three characters on; its beginning before; or the beginning of an id."
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

/// Lists of actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actions {}

impl ListSpec for Actions {
    type Lane = Lane;
    type Column = Column;
    type SortKey = SortKey;
    type Filter = Filter;

    const DEFAULT_COLUMNS: &'static [Column] = Column::DEFAULT;

    fn default_sort(lane: Lane) -> Sort<SortKey> {
        Sort::of(lane)
    }

    fn check(filter: &Filter) -> Result<(), QueryError> {
        if filter.period.is_some() && (filter.from.is_some() || filter.to.is_some()) {
            return Err(QueryError::new("period", "does not go together with from and to"));
        }
        Ok(())
    }
}

impl ListLane for Lane {
    const NAME: &'static str = <Self as Word>::NAME;
    const LANES: &'static [Self] = Self::ALL;

    fn name(self) -> Option<&'static str> {
        Some(self.as_str())
    }
}

impl Filter {
    /// The device group of what belongs to none.
    pub const UNGROUPED: &'static str = "Ungrouped devices";

    /// The fields that the filter panel sets: those with several values, and the range of time.
    pub const IN_PANEL: &'static [&'static str] = &{
        let mut names = ["from"; Self::CHOICES.len() + 2];
        let mut at = 0;
        while at < Self::CHOICES.len() {
            names[at] = Self::CHOICES[at];
            at += 1;
        }
        names[at] = "to";
        names
    };
}

impl Sort<SortKey> {
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

impl Column {
    /// The columns of a query that names none.
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

    /// The columns of an export that names none: which action on what, who decided when and why, and what came of it.
    pub const OF_EXPORT: &'static [Self] = &[
        Self::Id,
        Self::Version,
        Self::ExternalId,
        Self::Updated,
        Self::Investigation,
        Self::Incident,
        Self::Approval,
        Self::ActionType,
        Self::EntityKind,
        Self::Entity,
        Self::Hash,
        Self::MessageId,
        Self::EntityDetails,
        Self::Asset,
        Self::Parameters,
        Self::Severity,
        Self::Source,
        Self::ProposedBy,
        Self::Proposed,
        Self::Expires,
        Self::Comment,
        Self::Decision,
        Self::DecidedBy,
        Self::DecidedByPerson,
        Self::DecidedByToken,
        Self::Decided,
        Self::Reason,
        Self::BreakGlass,
        Self::Status,
        Self::Result,
        Self::Undo,
        Self::Reverses,
        Self::ReversedBy,
        Self::Digest,
    ];

    /// The columns of a tab's table where nobody chose any.
    #[must_use]
    pub const fn of_lane(lane: Lane) -> &'static [Self] {
        match lane {
            Lane::Pending => &[
                Self::Severity,
                Self::ActionType,
                Self::EntityKind,
                Self::Entity,
                Self::Asset,
                Self::ProposedBy,
                Self::Proposed,
                Self::Expires,
            ],
            Lane::InProgress => &[
                Self::ActionType,
                Self::EntityKind,
                Self::Entity,
                Self::Asset,
                Self::Status,
                Self::DecidedBy,
                Self::Updated,
            ],
            Lane::History => Self::DEFAULT,
        }
    }
}

impl Facet {
    /// The facets that say something about a tab, in the order in which they are offered there.
    #[must_use]
    pub const fn of_lane(lane: Lane) -> &'static [Self] {
        match lane {
            Lane::Pending => &[
                Self::Severity,
                Self::ActionType,
                Self::EntityKind,
                Self::Asset,
                Self::Source,
                Self::DeviceGroup,
                Self::Token,
            ],
            Lane::InProgress => &[
                Self::Status,
                Self::ActionType,
                Self::EntityKind,
                Self::Asset,
                Self::Severity,
                Self::DecidedBy,
                Self::Source,
                Self::DeviceGroup,
                Self::Token,
            ],
            Lane::History => &[
                Self::Status,
                Self::Decision,
                Self::ActionType,
                Self::EntityKind,
                Self::Severity,
                Self::DecidedBy,
                Self::Asset,
                Self::Source,
                Self::DeviceGroup,
                Self::Undoable,
                Self::Token,
            ],
        }
    }
}

impl FieldValue for ActionId {
    /// The beginning of an id is its time; the end tells it from others.
    fn label_of(text: &str) -> &str {
        text.rsplit('-').next().unwrap_or(text)
    }

    #[cfg(feature = "ssr")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::Ref::from_schema_name("ActionId").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_labels_and_names_stay() {
        let table = [
            ("type", "isolate_device", "Isolate device"),
            ("severity", "high", "High"),
            ("undo", "None", "Not undone"),
            ("period", "7d", "Past week"),
            ("undoable", "yes", "Can be undone"),
            ("similar", "01890a5d-ac96-774b-bcce-b302099a8057", "b302099a8057"),
            ("asset", "isolate_device", "isolate_device"),
            ("type", "explode", "explode"),
            ("colour", "red", "red"),
        ];
        for (field, value, label) in table {
            assert_eq!(value_label(field, value), label, "{field}");
        }
    }

    #[test]
    fn a_field_has_one_label_wherever_it_is_named() {
        for column in Column::ALL {
            let (field, name) = (column.field(), column.as_str());
            assert_eq!((field.as_str(), field.label()), (name, column.label()));
            if let Some(key) = column.sort_key() {
                assert_eq!((key.as_str(), key.label(), key.field()), (name, column.label(), field));
            }
        }
        for facet in Facet::ALL {
            assert_eq!(facet.field().facet(), Some(*facet));
            assert_eq!(field_label(facet.as_str()), facet.label());
            assert_eq!(facet.field().label(), facet.label());
            let shown = Lane::ALL.iter().any(|lane| Facet::of_lane(*lane).contains(facet));
            assert!(shown, "{facet} is offered nowhere");
        }
        assert_eq!(field_label("investigation"), Column::Investigation.label());
        assert_eq!(field_label("colour"), "colour");
    }

    /// What URLs, saved views and the API say, and in which order it is written.
    #[test]
    fn names_and_their_order_stay() {
        let words = |of: &[&'static str]| of.join(" ");
        let fields: Vec<_> =
            <Filter as crate::list::ListFilter>::FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(
            words(&fields),
            "type entity_type asset decision decided_by source status severity device_group investigation \
             approval undoable token similar period from to q"
        );
        assert_eq!(format!("{} to from", words(Filter::CHOICES)), words(Filter::IN_PANEL));
        let columns: Vec<_> = Column::ALL.iter().map(|column| column.as_str()).collect();
        let names = "updated investigation approval type entity_type entity asset decision decided_by source \
                     status severity proposed_by proposed expires incident device_group undo technique";
        let evidence = "id version external_id decided reason break_glass decided_by_person decided_by_token hash message_id \
                     entity_details undo_of undone_by parameters result digest";
        assert_eq!(words(&columns), format!("{names} comment {evidence}"));
        let keys: Vec<_> = SortKey::ALL.iter().map(|key| key.as_str()).collect();
        assert_eq!(words(&keys), format!("urgency {names}"));
        let facets: Vec<_> = Facet::ALL.iter().map(|facet| facet.as_str()).collect();
        assert_eq!(
            words(&facets),
            "type entity_type asset decision decided_by source status severity device_group undoable token"
        );
        let descending = SortKey::ALL.iter().filter(|key| key.begins_descending());
        assert_eq!(
            descending.collect::<Vec<_>>(),
            [&SortKey::Updated, &SortKey::Severity, &SortKey::Proposed]
        );
    }
}
