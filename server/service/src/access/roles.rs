//! Role groups, custom roles, and for what unified RBAC is switched on.

use domain::access::contract::{AccessDifference, RoleGroupView, RolesView};
use domain::access::role_group::{MAX_ROLE_GROUPS, RoleGroup, RoleGroupForm, Workload};
use domain::{AuditKind, Caller, Error, Permission, Role, RoleGroupId, Subject, SubjectKind};
use serde_json::json;

use super::people::keep_an_administrator;
use super::{record, written};
use crate::Service;
use crate::clock::new_id;

/// More who can do everything than this are worth advice.
const MANY_GLOBAL: usize = 4;

impl Service {
    pub(super) async fn list_roles(&self, caller: &Caller) -> Result<RolesView, Error> {
        caller.require_administration(Permission::Administer)?;
        let role_groups = self.store.role_groups().await?.into_iter().map(RoleGroupView::of).collect();
        let holders = self.store.holdings().await?;
        let is_global = |role: &Role| *role == Role::GlobalAdministrator;
        let global = holders
            .iter()
            .filter(|holder| holder.enabled && holder.holdings.roles.iter().any(|(role, _)| is_global(role)))
            .count();
        let advice = (global > MANY_GLOBAL).then(|| {
            format!(
                "{global} people are Global Administrators, who decide and change everything; \
                 {MANY_GLOBAL} or fewer are advised"
            )
        });
        Ok(RolesView {
            role_groups,
            unified: self.store.unified().await?,
            advice: advice.into_iter().collect(),
        })
    }

    pub(super) async fn put_role_group(
        &self,
        caller: &Caller,
        id: Option<RoleGroupId>,
        form: RoleGroupForm,
    ) -> Result<RoleGroup, Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let groups: Vec<_> = self.store.role_groups().await?.into_iter().map(|(group, _)| group).collect();
        let before = match id {
            Some(id) => {
                Some(groups.iter().find(|group| group.id == id).ok_or_else(|| Error::NotFound(id.into()))?)
            }
            None => None,
        };
        let mut found = form.check();
        let wrong = |pointer: &str, detail: &str| domain::FieldError::new(pointer, detail);
        if let Some(before) = before {
            if before.built_in {
                found.push(wrong("", "is built in and stays as it is; make a role group of your own"));
            }
            if before.model != form.model {
                found.push(wrong("/model", "stays what it was"));
            }
        } else if groups.len() >= MAX_ROLE_GROUPS {
            found.push(wrong("", "are too many; delete one first"));
        }
        let name = form.name.trim().to_owned();
        if groups.iter().any(|other| Some(other.id) != id && other.name.to_lowercase() == name.to_lowercase())
        {
            found.push(wrong("/name", "is the name of another role group"));
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        let now = self.clock.now();
        let group = RoleGroup {
            id: before.map_or_else(|| new_id(now), |before| before.id),
            name,
            model: form.model,
            permissions: form.permissions,
            built_in: false,
            version: before.map_or(1, |before| before.version + 1),
        };
        let mut tx = self.store.begin().await?;
        written(tx.put_role_group(&by, &group, now).await?)?;
        let body = json!({ "before": before, "after": group });
        tx.append_audit(&by, record(now, AuditKind::RoleGroupChanged, group.id, body)).await?;
        keep_an_administrator(&mut *tx).await?;
        tx.commit().await?;
        Ok(group)
    }

    pub(super) async fn remove_role_group(&self, caller: &Caller, id: RoleGroupId) -> Result<(), Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let found = self.store.role_groups().await?.into_iter().find(|(group, _)| group.id == id);
        let (before, members) = found.ok_or_else(|| Error::NotFound(id.into()))?;
        if before.built_in {
            return Err(Error::invalid("", "is built in and can't be deleted"));
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        written(tx.delete_role_group(&by, id, now).await?)?;
        let body = json!({ "before": before, "members": members, "after": null });
        tx.append_audit(&by, record(now, AuditKind::RoleGroupChanged, id, body)).await?;
        keep_an_administrator(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn differences(
        &self,
        caller: &Caller,
        workload: Workload,
        on: bool,
    ) -> Result<Vec<AccessDifference>, Error> {
        caller.require_administration(Permission::Administer)?;
        let mut differences = Vec::new();
        for holder in self.store.holdings().await? {
            let before = holder.holdings.access();
            let mut then = holder.holdings;
            if on {
                then.unified.insert(workload);
            } else {
                then.unified.remove(&workload);
            }
            let (before, after) = (before.permissions(), then.access().permissions());
            let gains: Vec<_> = after.difference(&before).copied().collect();
            let loses: Vec<_> = before.difference(&after).copied().collect();
            if !gains.is_empty() || !loses.is_empty() {
                let (person, name) = (holder.id, holder.display_name);
                differences.push(AccessDifference { person, name, gains, loses });
            }
        }
        Ok(differences)
    }

    pub(super) async fn set_unified(
        &self,
        caller: &Caller,
        workload: Workload,
        on: bool,
    ) -> Result<(), Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let before = self.store.unified().await?;
        if before.contains(&workload) == on {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        written(tx.set_unified(&by, workload, on, now).await?)?;
        let subject = Subject::new(SubjectKind::Setting, format!("unified_rbac.{workload}"));
        let body = json!({ "before": !on, "after": on });
        tx.append_audit(&by, record(now, AuditKind::SettingChanged, subject, body)).await?;
        keep_an_administrator(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}
