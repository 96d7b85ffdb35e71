//! Role groups of Email & collaboration, and custom roles of unified RBAC: named sets of permissions.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::core::error::FieldError;
use crate::core::id::RoleGroupId;
use crate::core::string_enum::string_enum;
use crate::core::text::check_text;

/// Role groups and custom roles that can be defined.
pub const MAX_ROLE_GROUPS: usize = 200;
const MAX_NAME: usize = 100;

string_enum! {
    /// Which way of saying who may do what a role group belongs to.
    RoleModel {
        EmailCollaboration = "email_collaboration" "Email & collaboration role group",
        Unified = "unified" "Unified RBAC custom role",
    }
}

string_enum! {
    /// What a role group can hold.
    RolePermission {
        SearchAndPurge = "search_and_purge" "Search and Purge",
        SecurityDataBasics = "security_data_basics_read" "Security operations / Security data / Security data basics (read)",
        Response = "response_manage" "Security operations / Security data / Response (manage)",
        EmailAdvancedActions = "email_advanced_actions_manage" "Security operations / Security data / Email & collaboration advanced actions (manage)",
        EmailMetadata = "email_metadata_read" "Security operations / Raw data (email & collaboration) / Email & collaboration metadata (read)",
        Authorization = "authorization_manage" "Authorization and settings / Authorization (manage)",
        CoreSettings = "core_security_settings_manage" "Authorization and settings / Core security settings (manage)",
    }
}

impl RolePermission {
    /// The model whose role groups can hold it.
    #[must_use]
    pub const fn model(self) -> RoleModel {
        match self {
            Self::SearchAndPurge => RoleModel::EmailCollaboration,
            _ => RoleModel::Unified,
        }
    }
}

string_enum! {
    /// What unified roles can be switched on for.
    Workload {
        Devices = "devices" "Devices and users",
        Email = "email" "Email & collaboration",
    }
}

/// A role group or a custom role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RoleGroup {
    /// Its id.
    pub id: RoleGroupId,
    /// Its name.
    pub name: String,
    /// Which way of saying who may do what it belongs to.
    pub model: RoleModel,
    /// What it holds.
    pub permissions: BTreeSet<RolePermission>,
    /// Whether it is one that every organisation has: it is neither renamed nor deleted.
    pub built_in: bool,
    /// Grows with each change.
    pub version: i64,
}

impl RoleGroup {
    /// What people should know of it before they give it to somebody.
    #[must_use]
    pub fn note(&self) -> Option<&'static str> {
        (self.model == RoleModel::EmailCollaboration
            && !self.permissions.contains(&RolePermission::SearchAndPurge))
        .then_some(NO_ACCESS)
    }
}

/// What membership in an Email & collaboration role group without Search and Purge means here.
pub const NO_ACCESS: &str = "Gives no access to the Action center by itself: the directory role is needed, and for \
    email actions Search and Purge, too";

/// A role group as an administrator writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RoleGroupForm {
    /// Its name.
    pub name: String,
    /// Which way of saying who may do what it belongs to; it stays what it was.
    pub model: RoleModel,
    /// What it holds.
    pub permissions: BTreeSet<RolePermission>,
}

impl RoleGroupForm {
    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        if let Err(detail) = check_text(&self.name, MAX_NAME) {
            found.push(FieldError::new("/name", detail));
        }
        for permission in self.permissions.iter().filter(|permission| permission.model() != self.model) {
            let detail = format!(
                "can't hold {:?} in a {}: it belongs to a {}",
                permission.as_str(),
                self.model.label(),
                permission.model().label()
            );
            found.push(FieldError::new("/permissions", detail));
        }
        found
    }
}
