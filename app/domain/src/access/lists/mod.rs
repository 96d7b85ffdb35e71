//! The lists that administrators have: people, API tokens, sessions, role groups and device groups, page by page, in any
//! order, with the columns that the reader chose. What they show, sort and filter is one table, [`fields`].

#[cfg(feature = "ssr")]
pub mod cells;
pub mod contract;
#[cfg(feature = "ssr")]
pub mod fields;

use serde::{Deserialize, Serialize};

use crate::access::contract::{CredentialView, DeviceGroupView, RoleGroupView};
use crate::access::role::Permission;
use crate::core::id::UserId;
use crate::core::string_enum::string_enum;
use crate::core::time::Timestamp;
use crate::list::ListView;

string_enum! {
    /// A list of what is administered.
    AdminList {
        People = "people" "People",
        Tokens = "tokens" "API tokens",
        Sessions = "sessions" "Sessions",
        Roles = "roles" "Role groups and custom roles",
        DeviceGroups = "device_groups" "Device groups",
    }
}

impl AdminList {
    /// The path of its page.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::People => "/settings/people",
            Self::Tokens => "/settings/tokens",
            Self::Sessions => "/settings/sessions",
            Self::Roles => "/settings/roles",
            Self::DeviceGroups => "/settings/device-groups",
        }
    }
}

string_enum! {
    /// Whether a person may sign in and act.
    PersonState {
        Disabled = "disabled" "Disabled",
        Enabled = "enabled" "Enabled",
    }
}

string_enum! {
    /// Whose a token is.
    TokenOwner {
        Tool = "tool" "A tool's",
        Person = "person" "A person's",
    }
}

/// A person as a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonSummary {
    /// The person's id.
    pub id: UserId,
    /// The name to sign in with.
    pub name: String,
    /// The name to show.
    pub display_name: String,
    /// Whether the person may sign in and act.
    pub state: PersonState,
    /// What all that they hold amounts to.
    pub can: Vec<Permission>,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they signed in last.
    pub last_sign_in_at: Option<Timestamp>,
    /// Their sessions that are open.
    pub sessions: u32,
    /// Their tokens that are alive.
    pub tokens: u32,
}

/// The rows of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminRows {
    /// People.
    People(Vec<PersonSummary>),
    /// Tokens.
    Tokens(Vec<CredentialView>),
    /// Sessions.
    Sessions(Vec<CredentialView>),
    /// Role groups and custom roles.
    Roles(Vec<RoleGroupView>),
    /// Device groups.
    DeviceGroups(Vec<DeviceGroupView>),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminPage {
    /// Its rows.
    pub rows: AdminRows,
    /// How they are shown.
    pub view: ListView,
    /// The server's time of the answer.
    pub rendered_at: Timestamp,
}
