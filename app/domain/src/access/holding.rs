//! What people hold, and what it amounts to: the decision table of the product.
//!
//! Directory roles always count. Of the others, `Active remediation actions` and `Search and Purge` count until unified
//! RBAC is switched on for their workload; from then on its custom roles count in their place.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::access::role::{Permission, Role};
use crate::access::role_group::{RoleGroup, RoleModel, RolePermission, Workload};

/// On which devices something is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// On all.
    #[default]
    Everywhere,
    /// On those of the device groups of these names; of none if it is empty.
    Groups(BTreeSet<String>),
}

impl Reach {
    /// The names of its device groups; none if it is everywhere.
    #[must_use]
    pub const fn groups(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::Everywhere => None,
            Self::Groups(groups) => Some(groups),
        }
    }

    /// Whether devices of a group are among them; names are the same in either case of letters.
    #[must_use]
    pub fn has(&self, group: &str) -> bool {
        let group = group.to_lowercase();
        self.groups().is_none_or(|groups| groups.iter().any(|known| known.to_lowercase() == group))
    }

    /// What either has.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Groups(a), Self::Groups(b)) => Self::Groups(a.union(b).cloned().collect()),
            _ => Self::Everywhere,
        }
    }

    /// What both have.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Everywhere, other) => other.clone(),
            (some, Self::Everywhere) => some.clone(),
            (Self::Groups(groups), other) => {
                Self::Groups(groups.iter().filter(|group| other.has(group)).cloned().collect())
            }
        }
    }
}

/// All that a person holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Directory roles and single permissions, each where it counts.
    pub roles: Vec<(Role, Reach)>,
    /// Role groups and custom roles, each where it counts.
    pub role_groups: Vec<(RoleGroup, Reach)>,
    /// The device groups to which the person is limited, whatever else they hold.
    pub limit: Reach,
    /// For what unified RBAC is switched on.
    pub unified: BTreeSet<Workload>,
}

impl Holdings {
    fn role(&self, role: Role) -> Option<Reach> {
        union(self.roles.iter().filter(|(held, _)| *held == role).map(|(_, reach)| reach))
    }

    /// Where a permission counts that role groups of its model give.
    fn granted(&self, permission: RolePermission) -> Option<Reach> {
        let groups = self.role_groups.iter().filter(|(group, _)| {
            group.model == permission.model() && group.permissions.contains(&permission)
        });
        union(groups.map(|(_, reach)| reach))
    }

    /// What it amounts to.
    #[must_use]
    pub fn access(&self) -> Access {
        let on = |workload| self.unified.contains(&workload);
        let (devices, email) = (on(Workload::Devices), on(Workload::Email));
        let unified = |counts: bool, permission| if counts { self.granted(permission) } else { None };
        let global = self.role(Role::GlobalAdministrator);
        let administers = either(global.as_ref(), self.role(Role::SecurityAdministrator).as_ref());
        let operates = either(
            self.role(Role::SecurityAdministrator).as_ref(),
            self.role(Role::SecurityOperator).as_ref(),
        );
        let responds = either(global.as_ref(), operates.as_ref());
        let remediates = if devices { None } else { self.role(Role::ActiveRemediationActions) };
        let response = unified(devices, RolePermission::Response);
        let purges = either(
            self.role(Role::SearchAndPurge).as_ref(),
            self.granted(RolePermission::SearchAndPurge).as_ref(),
        );
        let mails = if email {
            unified(true, RolePermission::EmailAdvancedActions)
                .and(unified(true, RolePermission::EmailMetadata))
        } else {
            operates.clone().and(purges.clone())
        };
        let reads = either(self.role(Role::SecurityReader).as_ref(), remediates.as_ref());
        let reads =
            either(reads.as_ref(), unified(devices || email, RolePermission::SecurityDataBasics).as_ref());
        let sees = either(responds.as_ref(), reads.as_ref()).map(|reach| reach.and(&self.limit));
        let acts = either(either(responds.as_ref(), remediates.as_ref()).as_ref(), response.as_ref());

        let mut permissions = BTreeMap::new();
        if let Some(sees) = &sees {
            permissions.insert(Permission::View, sees.clone());
            permissions.extend(acts.map(|reach| (Permission::Devices, reach.and(sees))));
            let mut grant = |permission, held: bool| {
                permissions.extend(held.then_some((permission, Reach::Everywhere)));
            };
            grant(Permission::Email, either(global.as_ref(), mails.as_ref()).is_some());
            grant(Permission::Users, either(responds.as_ref(), response.as_ref()).is_some());
        }
        let any = devices || email;
        for (permission, unified_one) in [
            (Permission::Administer, RolePermission::Authorization),
            (Permission::Configure, RolePermission::CoreSettings),
        ] {
            let held = either(administers.as_ref(), unified(any, unified_one).as_ref());
            permissions.extend(held.map(|_| (permission, Reach::Everywhere)));
        }
        let groups = self.role_groups.iter().map(|(group, _)| (group.name.clone(), group.model)).collect();
        Access {
            permissions,
            limit: self.limit.clone(),
            role_groups: groups,
            purges: purges.is_some(),
            unified: self.unified.clone(),
        }
    }
}

fn union<'a>(mut all: impl Iterator<Item = &'a Reach>) -> Option<Reach> {
    let first = all.next()?.clone();
    Some(all.fold(first, |so_far, next| so_far.or(next)))
}

fn either(a: Option<&Reach>, b: Option<&Reach>) -> Option<Reach> {
    union(a.into_iter().chain(b))
}

/// What all that somebody holds amounts to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Each permission, and where it counts.
    pub permissions: BTreeMap<Permission, Reach>,
    /// The device groups to which they are limited, whatever they hold.
    pub limit: Reach,
    /// The names of the role groups and custom roles that are held.
    pub role_groups: Vec<(String, RoleModel)>,
    /// Whether Search and Purge is held, by whichever way.
    pub purges: bool,
    /// For what unified RBAC is switched on.
    pub unified: BTreeSet<Workload>,
}

impl Access {
    /// That of roles which count everywhere.
    #[must_use]
    pub fn of_roles(roles: &BTreeSet<Role>) -> Self {
        let roles = roles.iter().map(|role| (*role, Reach::Everywhere)).collect();
        Holdings { roles, ..Holdings::default() }.access()
    }

    /// The permissions, wherever they count.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<Permission> {
        self.permissions.keys().copied().collect()
    }

    /// Where a permission counts; none if it is not held.
    #[must_use]
    pub fn reach(&self, permission: Permission) -> Option<&Reach> {
        self.permissions.get(&permission)
    }

    /// The device groups to which they are limited, whatever they hold.
    #[must_use]
    pub const fn limit(&self) -> &Reach {
        &self.limit
    }

    /// The same within the device groups of a token.
    #[must_use]
    pub fn within(mut self, reach: &Reach) -> Self {
        for of in [Permission::View, Permission::Devices] {
            if let Some(held) = self.permissions.get_mut(&of) {
                *held = held.and(reach);
            }
        }
        self.limit = self.limit.and(reach);
        self
    }

    /// What a person who holds this would need for a permission, in the shortest true words.
    #[must_use]
    pub fn needs(&self, roles: &BTreeSet<Role>, permission: Permission) -> String {
        let operates =
            roles.contains(&Role::SecurityAdministrator) || roles.contains(&Role::SecurityOperator);
        let on = |workload| self.unified.contains(&workload);
        let any = !self.unified.is_empty();
        let or_role = |needs: &str, counts: bool, permission: &str| {
            if counts { format!("{needs}, or a custom role with {permission}") } else { needs.to_owned() }
        };
        let sees = self.reach(Permission::View).is_some();
        let needs = match permission {
            Permission::View => or_role("Security Reader", any, "Security data basics (read)"),
            Permission::Devices if on(Workload::Devices) => {
                or_role("Security Operator", true, "Response (manage)")
            }
            Permission::Devices => "Security Operator or Active remediation actions".to_owned(),
            Permission::Email if on(Workload::Email) => {
                "a custom role with Email & collaboration advanced actions (manage) and Email & collaboration \
                 metadata (read)"
                    .to_owned()
            }
            Permission::Email if operates => "Search and Purge".to_owned(),
            Permission::Email if self.purges => {
                "Security Operator or Security Administrator, a directory role".to_owned()
            }
            Permission::Email => "Security Operator together with Search and Purge".to_owned(),
            Permission::Users => or_role("Security Operator", on(Workload::Devices), "Response (manage)"),
            Permission::Administer => or_role("Security Administrator", any, "Authorization (manage)"),
            Permission::Configure => or_role("Security Administrator", any, "Core security settings (manage)"),
        };
        let email_alone = self.role_groups.iter().find(|(_, model)| *model == RoleModel::EmailCollaboration);
        match email_alone {
            Some((name, _)) if !sees => format!(
                "{needs}; the Email & collaboration role group {name} gives no access to the Action center by itself"
            ),
            _ => needs,
        }
    }
}

#[cfg(test)]
mod tests;
