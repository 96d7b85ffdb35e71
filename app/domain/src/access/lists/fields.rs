//! The one table of what the lists of people, tokens, sessions, role groups and device groups show, sort and filter: names,
//! labels and types. From it come [`Column`], [`SortKey`], [`Facet`] and [`Filter`] with its text form.
//!
//! To add a column, add a row here, name it in [`Column::of_list`], add its cell in `cells` beside this file and in the
//! page's rows, and what it is sorted by in the store's `admin_lists`. Names stand in URLs and in what people saved: they
//! never change.

use super::{AdminList, PersonState, TokenOwner};
use crate::access::device_group::RemediationLevel;
use crate::access::role::Permission;
use crate::access::role_group::{RoleModel, RolePermission};
use crate::core::string_enum::Word;
use crate::core::time::Timestamp;
use crate::list::{ListLane, ListQuery, ListSpec, Sort, TabbedList, list_fields, search};

list_fields! {
    orders {}
    columns {
        Name = "name" "Name": String { sort Ascending }
        SignInName = "sign_in_name" "Signs in as": String { sort Ascending }
        State = "state" "State": PersonState {
            sort Ascending
            counted state "Only people in these states."
        }
        Can = "can" "Can": Permission {
            counted can "Only people who can do this."
        }
        LastSignIn = "last_sign_in" "Last sign-in": Timestamp { sort Descending }
        Added = "added" "Added": Timestamp { sort Descending }
        Sessions = "sessions" "Sessions": String {}
        Tokens = "tokens" "Tokens": String {}
        Whose = "whose" "Whose": TokenOwner {
            sort Ascending
            counted whose "Only tokens of tools, or of people."
        }
        Scopes = "scopes" "May be used for": String {}
        DeviceGroups = "device_groups" "Device groups": String {}
        Made = "made" "Made": Timestamp { sort Descending }
        Person = "person" "Person": String { sort Ascending }
        Begun = "begun" "Begun": Timestamp { sort Descending }
        LastUsed = "last_used" "Last used": Timestamp { sort Descending }
        Ends = "ends" "Ends": Timestamp { sort Ascending }
        Model = "model" "Kind": RoleModel {
            sort Ascending
            counted model "Only role groups of this kind."
        }
        Holds = "holds" "Holds": RolePermission {
            counted holds "Only role groups that hold one of these."
        }
        Members = "members" "People": String { sort Descending }
        Note = "note" "Note": String {}
        Rank = "rank" "Rank": String { sort Ascending }
        Rule = "rule" "Rule": String {}
        Level = "level" "Remediation level": RemediationLevel {
            counted level "Only device groups of these levels."
        }
        Devices = "devices" "Devices": String { sort Descending }
    }
    filters {}
    once {
        search = "q" "Search": String { search, "What a name holds, in either case of letters." }
    }
}

/// The lists of people, tokens, sessions, role groups and device groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Administered {}

/// The query of one of these lists.
pub type AdminQuery = ListQuery<Administered>;

impl ListSpec for Administered {
    type Lane = AdminList;
    type Column = Column;
    type SortKey = SortKey;
    type Filter = Filter;

    const DEFAULT_COLUMNS: &'static [Column] = Column::of_list(AdminList::People);

    fn default_sort(list: AdminList) -> Sort<SortKey> {
        match list {
            AdminList::People | AdminList::Roles => Sort { key: SortKey::Name, descending: false },
            AdminList::DeviceGroups => Sort { key: SortKey::Rank, descending: false },
            AdminList::Tokens | AdminList::Sessions => Sort { key: SortKey::LastUsed, descending: true },
        }
    }
}

impl TabbedList for Administered {
    type Facet = Facet;

    fn kept_as(list: AdminList) -> String {
        format!("admin:{list}")
    }

    fn columns(list: AdminList) -> &'static [Column] {
        Column::of_list(list)
    }

    fn facets(list: AdminList) -> &'static [Facet] {
        Facet::of_list(list)
    }

    fn sort_key(column: Column) -> Option<SortKey> {
        column.sort_key()
    }

    fn begins_descending(key: SortKey) -> bool {
        key.begins_descending()
    }
}

impl ListLane for AdminList {
    const NAME: &'static str = <Self as Word>::NAME;
    const LANES: &'static [Self] = Self::ALL;

    fn name(self) -> Option<&'static str> {
        Some(self.as_str())
    }
}

impl Column {
    /// The columns that a list has, in the order in which it shows them where nobody chose any.
    #[must_use]
    pub const fn of_list(list: AdminList) -> &'static [Self] {
        match list {
            AdminList::People => &[
                Self::Name,
                Self::SignInName,
                Self::State,
                Self::Can,
                Self::LastSignIn,
                Self::Added,
                Self::Sessions,
                Self::Tokens,
            ],
            AdminList::Tokens => &[
                Self::Name,
                Self::Whose,
                Self::Scopes,
                Self::DeviceGroups,
                Self::Made,
                Self::LastUsed,
                Self::Ends,
            ],
            AdminList::Sessions => &[Self::Person, Self::Begun, Self::LastUsed, Self::Ends],
            AdminList::Roles => &[Self::Name, Self::Model, Self::Holds, Self::Members, Self::Note],
            AdminList::DeviceGroups => &[Self::Rank, Self::Name, Self::Rule, Self::Level, Self::Devices],
        }
    }
}

impl Facet {
    /// The filters that a list offers, in their order.
    #[must_use]
    pub const fn of_list(list: AdminList) -> &'static [Self] {
        match list {
            AdminList::People => &[Self::State, Self::Can],
            AdminList::Tokens => &[Self::Whose],
            AdminList::Sessions => &[],
            AdminList::Roles => &[Self::Model, Self::Holds],
            AdminList::DeviceGroups => &[Self::Level],
        }
    }
}

impl SortKey {
    /// Whether a list can be sorted by this key.
    #[must_use]
    pub fn is_of(self, list: AdminList) -> bool {
        Administered::sorts(list, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::contract::{CredentialSort, CredentialView, DeviceGroupView, RoleGroupView};
    use crate::access::device_group::{DeviceGroup, parse_rule};
    use crate::access::lists::cells::cells;
    use crate::access::lists::{AdminRows, PersonSummary};
    use crate::access::role_group::RoleGroup;

    #[test]
    fn each_list_has_its_columns_filters_and_cells() {
        let at = Timestamp::UNIX_EPOCH;
        let id = uuid::Uuid::nil();
        let person = PersonSummary {
            id: id.into(),
            name: "ana".to_owned(),
            display_name: "Ana".to_owned(),
            state: PersonState::Enabled,
            can: vec![Permission::View, Permission::Devices],
            created_at: at,
            last_sign_in_at: None,
            sessions: 1,
            tokens: 0,
        };
        let credential = CredentialView {
            id: id.into(),
            sort: CredentialSort::Token,
            name: "scanner".to_owned(),
            owner: None,
            owner_name: None,
            scopes: [crate::access::Scope::Read].into(),
            device_groups: None,
            created_at: at,
            last_used_at: at,
            expires_at: at,
            current: false,
        };
        let role = RoleGroupView {
            group: RoleGroup {
                id: id.into(),
                name: "Purgers".to_owned(),
                model: RoleModel::EmailCollaboration,
                permissions: [RolePermission::SearchAndPurge].into(),
                built_in: false,
                version: 1,
            },
            note: None,
            members: 2,
        };
        let devices = DeviceGroupView {
            group: DeviceGroup {
                id: id.into(),
                rank: 1,
                name: "Servers".to_owned(),
                level: RemediationLevel::Full,
                rule: parse_rule("name starts_with web-").unwrap(),
                version: 1,
            },
            devices: 3,
        };
        for &list in AdminList::ALL {
            let columns = Column::of_list(list);
            assert!(Administered::default_sort(list).key.is_of(list), "{list}");
            for facet in Facet::of_list(list) {
                assert!(columns.iter().any(|column| column.field() == facet.field()), "{list} {facet}");
            }
            let rows = match list {
                AdminList::People => AdminRows::People(vec![person.clone()]),
                AdminList::Tokens => AdminRows::Tokens(vec![credential.clone()]),
                AdminList::Sessions => AdminRows::Sessions(vec![credential.clone()]),
                AdminList::Roles => AdminRows::Roles(vec![role.clone()]),
                AdminList::DeviceGroups => AdminRows::DeviceGroups(vec![devices.clone()]),
            };
            assert_eq!(cells(&rows)[0].len(), columns.len(), "{list}");
        }
        for column in Column::ALL {
            assert!(AdminList::ALL.iter().any(|list| Column::of_list(*list).contains(column)), "{column}");
        }
        assert_eq!(cells(&AdminRows::People(vec![person]))[0][3], "View, Decide on devices");
        let token = cells(&AdminRows::Tokens(vec![credential])).remove(0);
        assert_eq!(token[1], "A tool");
        assert_eq!(token[4..], ["1970-01-01T00:00:00.000000Z"; 3], "times as in all exports");
    }

    #[test]
    fn a_query_reads_back() {
        let pairs =
            [("lane", "people"), ("state", "disabled"), ("can", "devices"), ("q", "x y"), ("sort", "-added")];
        let query = AdminQuery::from_pairs(pairs).unwrap();
        assert_eq!(query.pairs(), pairs.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(value_label("state", "disabled"), "Disabled");
        assert!(AdminQuery::from_pairs([("lane", "people"), ("can", "fly")]).is_err());
        assert!(query.filter.without(Facet::State).is_some());
        assert_eq!((field_label("can"), Filter::CHOICES.len()), ("Can", 6));
    }
}
