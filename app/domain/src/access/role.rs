//! The words of who may do what: directory roles, what they let a person do, and what a token may be used for.

use crate::core::string_enum::string_enum;

string_enum! {
    /// A role or permission that an administrator gives to a person.
    Role {
        GlobalAdministrator = "global_administrator" "Global Administrator",
        SecurityAdministrator = "security_administrator" "Security Administrator",
        SecurityOperator = "security_operator" "Security Operator",
        SecurityReader = "security_reader" "Security Reader",
        ActiveRemediationActions = "active_remediation_actions" "Active remediation actions",
        SearchAndPurge = "search_and_purge" "Search and Purge",
    }
}

string_enum! {
    /// What a role lets a person do.
    Permission {
        View = "view" "View",
        Devices = "devices" "Decide on devices",
        Email = "email" "Decide on email",
        Users = "users" "Decide on users",
        Administer = "administer" "Administer people and roles",
        Configure = "configure" "Change device groups and settings",
    }
}

string_enum! {
    /// What an API token may be used for. It never exceeds what its owner may do.
    Scope {
        Propose = "actions:propose" "Propose actions and see them",
        Read = "actions:read" "Read all actions",
        Decide = "actions:decide" "Approve, reject and undo as its owner",
        Record = "actions:record" "Record what was done elsewhere, and see it",
        Executors = "executors:manage" "Set up executors as its owner",
        Notifications = "notifications:manage" "Keep rules of notifications as its owner",
        Administer = "access:administer" "Administer people, roles and settings as its owner",
        Provision = "scim" "Bring in people and groups of a directory (SCIM)",
    }
}

impl Scope {
    /// Whether a token with it does what only people answer for, as its owner: without one it could do nothing.
    #[must_use]
    pub const fn needs_owner(self) -> bool {
        matches!(self, Self::Decide | Self::Executors | Self::Notifications | Self::Administer)
    }
}
