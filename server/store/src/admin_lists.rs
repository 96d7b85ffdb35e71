//! Lists of people, tokens, sessions, role groups and device groups: pages in any order, at any depth. For each field of
//! the domain's table (`access::lists::fields`) its column or expression, and the keys that rows have.

use async_trait::async_trait;
use domain::access::contract::CredentialView;
use domain::access::lists::fields::{AdminQuery, SortKey};
use domain::access::lists::{AdminList, PersonSummary};
use domain::access::role_group::RoleGroup;
use domain::{Authorized, DeviceGroup};
use jiff::Timestamp;

use crate::case_fields::{SortField, search_text, text, whole};
use crate::error::Result;
use crate::keys::natural;
use crate::position::RowPosition;

/// The place of a row in an order, from which a page goes on.
pub type AdminPosition = RowPosition<SortKey, String>;

impl AdminPosition {
    /// Whether it can be a place in that order of that list: a cursor is what a stranger sends.
    #[must_use]
    pub fn fits(&self, list: AdminList, sort: SortKey) -> bool {
        self.is_of(sort, sorted_by(list, sort)) && !self.id.contains('\0')
    }
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminRow {
    /// A person, with their own.
    Person(Box<PersonSummary>),
    /// A token or a session that is alive.
    Credential(Box<CredentialView>),
    /// A role group or custom role, with how many people hold it.
    Role(Box<RoleGroup>, u64),
    /// A device group, with how many known devices are in it.
    DeviceGroup(Box<DeviceGroup>, u64),
}

/// Reads of lists, for who administers: the statement asks for that once more.
#[async_trait]
pub trait ReadAdminLists: Send + Sync {
    /// Up to `limit` rows of the query's list from a place on; in the list's order also for a page before the place.
    /// `now` tells which sessions and tokens are alive.
    async fn admin_page(
        &self,
        by: &Authorized,
        query: &AdminQuery,
        from: Option<&AdminPosition>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<(AdminPosition, AdminRow)>>;
}

/// What a list is sorted by under a key; none if it can't be.
pub(crate) fn sorted_by(list: AdminList, sort: SortKey) -> Option<SortField> {
    if !sort.is_of(list) {
        return None;
    }
    Some(match (list, sort) {
        (AdminList::People, SortKey::Name) => text("shown_key"),
        (_, SortKey::Name | SortKey::SignInName) => text("name_key"),
        (_, SortKey::State) => whole("enabled"),
        (_, SortKey::LastSignIn) => whole("COALESCE(last_sign_in_at, -1)"),
        (_, SortKey::Added | SortKey::Made | SortKey::Begun) => whole("created_at"),
        (_, SortKey::Whose | SortKey::Person) => text("owner_key"),
        (_, SortKey::LastUsed) => whole("last_seen_at"),
        (_, SortKey::Ends) => whole("expires_at"),
        (_, SortKey::Model) => text("model"),
        (_, SortKey::Members) => whole("members"),
        (_, SortKey::Rank) => whole("place"),
        (_, SortKey::Devices) => whole("devices"),
    })
}

/// The keys of a person: of the name to sign in with, of the name to show, and what is searched.
pub(crate) fn person_keys(name: &str, display_name: &str) -> [String; 3] {
    [natural(name), natural(display_name), search_text([name, display_name])]
}

/// The keys of a token, by its name, and what is searched; a session has none.
pub(crate) fn credential_keys(name: &str, is_token: bool) -> [String; 2] {
    if is_token { [natural(name), search_text([name])] } else { Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyValue;

    #[test]
    fn each_order_of_a_list_has_its_column() {
        for &list in AdminList::ALL {
            for sort in SortKey::ALL {
                assert_eq!(sorted_by(list, *sort).is_some(), sort.is_of(list), "{list} {sort}");
            }
        }
    }

    #[test]
    fn keys_are_without_case_and_in_the_order_of_numbers() {
        let [name, shown, search] = person_keys("B10", "Ana Ångström");
        assert!(person_keys("b9", "")[0] < name);
        assert!(shown.starts_with("ana "));
        assert_eq!(search, format!("\nb10\n{}\n", crate::keys::fold("Ana Ångström")));
        assert_eq!(credential_keys("Ana's browser", false), ["", ""]);
        assert_eq!(credential_keys("Scanner", true)[1], "\nscanner\n");
    }

    #[test]
    fn a_cursor_of_another_order_does_not_fit() {
        let at = |sort, key| AdminPosition { sort, key, id: "1".to_owned(), before: false };
        let name = || KeyValue::Text("ana".to_owned());
        assert!(at(SortKey::Name, name()).fits(AdminList::People, SortKey::Name));
        assert!(!at(SortKey::Name, name()).fits(AdminList::People, SortKey::Added));
        assert!(!at(SortKey::Added, name()).fits(AdminList::People, SortKey::Added));
        assert!(!at(SortKey::Name, KeyValue::Text("\0".to_owned())).fits(AdminList::People, SortKey::Name));
        assert!(!at(SortKey::Person, name()).fits(AdminList::People, SortKey::Person));
    }
}
