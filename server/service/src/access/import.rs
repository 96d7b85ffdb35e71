//! Unified RBAC's import: custom roles made of what people hold today, given to those who would lose it when unified RBAC is
//! switched on for a workload.

use std::collections::BTreeSet;

use domain::access::contract::{AccessDifference, Assignments, RoleGroupGrant};
use domain::access::role_group::{MAX_ROLE_GROUPS, RoleGroup, RoleModel, RolePermission, Workload};
use domain::{AuditKind, Caller, DeviceGroupId, Error, Permission, Role, RoleGroupId};
use serde_json::json;

use super::people::keep_an_administrator;
use super::{record, written};
use crate::Service;
use crate::clock::new_id;

/// The custom role of a workload: its name, what it holds, and what it is given in place of.
const fn custom_role(workload: Workload) -> (&'static str, [RolePermission; 2], Permission) {
    match workload {
        Workload::Devices => (
            "Imported: Active remediation actions",
            [RolePermission::SecurityDataBasics, RolePermission::Response],
            Permission::Devices,
        ),
        Workload::Email => (
            "Imported: Search and Purge",
            [RolePermission::EmailMetadata, RolePermission::EmailAdvancedActions],
            Permission::Email,
        ),
    }
}

impl Service {
    pub(super) async fn import_today(
        &self,
        caller: &Caller,
        workload: Workload,
    ) -> Result<Vec<AccessDifference>, Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let (name, permissions, permission) = custom_role(workload);
        let mut who = self.differences(caller, workload, true).await?;
        // Nobody gives themselves anything.
        who.retain(|of| of.loses.contains(&permission) && caller.person != Some(of.person));
        if who.is_empty() {
            return self.differences(caller, workload, true).await;
        }
        let groups = self.store.role_groups().await?;
        let mut known = groups.iter().map(|(group, _)| group);
        let known = known.find(|of| of.model == RoleModel::Unified && of.name == name);
        if known.is_none() && groups.len() >= MAX_ROLE_GROUPS {
            return Err(Error::invalid("", "there are too many custom roles; delete one first"));
        }
        let mut held = Vec::with_capacity(who.len());
        for AccessDifference { person, .. } in who {
            held.push((person, self.person_of(person).await?.assignments));
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let role_group = if let Some(known) = known {
            known.id
        } else {
            let group = RoleGroup {
                id: new_id(now),
                name: name.to_owned(),
                model: RoleModel::Unified,
                permissions: permissions.into(),
                built_in: false,
                version: 1,
            };
            written(tx.put_role_group(&by, &group, now).await?)?;
            let body = json!({ "before": null, "after": group });
            tx.append_audit(&by, record(now, AuditKind::RoleGroupChanged, group.id, body)).await?;
            group.id
        };
        for (person, before) in held {
            let after = with(&before, role_group, workload);
            written(tx.set_assignments(&by, person, &after, now).await?)?;
            let body = json!({ "user": person, "before": before, "after": after });
            tx.append_audit(&by, record(now, AuditKind::AccessChanged, person, body)).await?;
        }
        keep_an_administrator(&mut *tx).await?;
        tx.commit().await?;
        self.differences(caller, workload, true).await
    }
}

/// What somebody holds, with the custom role where what it stands for counted.
fn with(before: &Assignments, role_group: RoleGroupId, workload: Workload) -> Assignments {
    let mut after = before.clone();
    after.role_groups.retain(|of| of.role_group != role_group);
    let device_groups = match workload {
        Workload::Devices => where_it_counts(before),
        Workload::Email => None,
    };
    after.role_groups.push(RoleGroupGrant { role_group, device_groups });
    after
}

/// The device groups in which Active remediation actions counts; none if it does everywhere.
fn where_it_counts(of: &Assignments) -> Option<BTreeSet<DeviceGroupId>> {
    let grants = of.roles.iter().filter(|grant| grant.role == Role::ActiveRemediationActions);
    let mut all = BTreeSet::new();
    for grant in grants {
        all.extend(grant.device_groups.as_ref()?.iter().copied());
    }
    Some(all)
}
