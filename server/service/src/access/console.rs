//! The same from the command line, by whoever can open the database: for the first start, and for emergencies.

use std::collections::BTreeSet;

use domain::access::contract::{
    Assignments, CredentialSort, CredentialView, PersonView, RoleGrant, RoleGroupGrant, RoleGroupView,
};
use domain::{
    Actor, AuditKind, Authorized, CredentialId, DeviceGroup, Error, Role, Subject, SubjectKind,
    SystemAuthority,
};
use serde_json::json;

use super::people::keep_an_administrator;
use super::record;
use crate::Service;
use store::{CredentialFilter, PersonUpdate};

/// What a person is to hold, by names: `security_operator`, `active_remediation_actions:Servers,Lab`, `Data Investigator`.
pub struct Given {
    /// Directory roles, role groups and custom roles; after a colon, the device groups in which they count.
    pub roles: Vec<String>,
    /// The device groups to which the person is limited; none: they are not.
    pub limit: Vec<String>,
}

/// Administration without a person.
pub struct Console {
    service: Service,
    authority: SystemAuthority,
    by: Authorized,
}

impl Console {
    /// Over a service, in the name of who runs the command line.
    #[must_use]
    pub fn new(service: Service, authority: SystemAuthority, actor: Actor) -> Self {
        let by = Authorized::system_as(&authority, actor);
        Self { service, authority, by }
    }

    /// Everybody, by the names to show.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn people(&self) -> Result<Vec<PersonView>, Error> {
        Ok(self.service.store.people(None, self.service.clock.now()).await?)
    }

    /// The person of a name to sign in with.
    ///
    /// # Errors
    /// There is none, or a failure of the store.
    pub async fn person(&self, name: &str) -> Result<PersonView, Error> {
        let found = self.people().await?.into_iter().find(|person| person.name == name);
        found.ok_or_else(|| Error::NotFound(Subject::new(SubjectKind::User, name)))
    }

    /// Lets a person do everything that they hold, or nothing; then sessions and tokens end.
    ///
    /// # Errors
    /// There is no such person, it is the last administrator, or a failure of the store.
    pub async fn set_enabled(&self, name: &str, enabled: bool) -> Result<(), Error> {
        let person = self.person(name).await?;
        let now = self.service.clock.now();
        let mut tx = self.service.store.begin_system(&self.authority).await?;
        let update = PersonUpdate { enabled: Some(enabled), ..PersonUpdate::default() };
        tx.update_person(&self.by, person.id, &update, now).await?;
        let ended = if enabled { 0 } else { tx.revoke_all(&self.by, person.id, None, now).await? };
        let body = json!({
            "user": person.id, "before": { "enabled": person.enabled }, "after": { "enabled": enabled },
            "credentials_ended": ended,
        });
        tx.append_audit(&self.by, record(now, AuditKind::UserChanged, person.id, body)).await?;
        keep_an_administrator(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// Gives a person a new password, and ends their sessions and tokens.
    ///
    /// # Errors
    /// There is no such person, the password is too short, or a failure of the store.
    pub async fn set_password(&self, name: &str, password: &str) -> Result<(), Error> {
        let person = self.person(name).await?;
        if let Some(wrong) = super::people::check_password(password) {
            return Err(Error::Invalid(vec![wrong]));
        }
        let password_hash = Some(self.service.passwords.hash(password).await?);
        let now = self.service.clock.now();
        let mut tx = self.service.store.begin_system(&self.authority).await?;
        let update = PersonUpdate { password_hash, ..PersonUpdate::default() };
        tx.update_person(&self.by, person.id, &update, now).await?;
        let ended = tx.revoke_all(&self.by, person.id, None, now).await?;
        let body = json!({ "user": person.id, "password": true, "credentials_ended": ended });
        tx.append_audit(&self.by, record(now, AuditKind::UserChanged, person.id, body)).await?;
        Ok(tx.commit().await?)
    }

    /// Gives a person what they hold from now on, in place of all that they held.
    ///
    /// # Errors
    /// A name that names nothing, nobody would administer any more, or a failure of the store.
    pub async fn give(&self, name: &str, given: &Given) -> Result<PersonView, Error> {
        let person = self.person(name).await?;
        let after = self.held(given).await?;
        self.assign(&person, &after).await
    }

    async fn assign(&self, person: &PersonView, after: &Assignments) -> Result<PersonView, Error> {
        let now = self.service.clock.now();
        let mut tx = self.service.store.begin_system(&self.authority).await?;
        tx.set_assignments(&self.by, person.id, after, now).await?;
        let body = json!({ "user": person.id, "before": person.assignments, "after": after });
        tx.append_audit(&self.by, record(now, AuditKind::AccessChanged, person.id, body)).await?;
        keep_an_administrator(&mut *tx).await?;
        tx.commit().await?;
        self.person(&person.name).await
    }

    /// Takes a role, role group or custom role away from a person, wherever it counts.
    ///
    /// # Errors
    /// There is no such person or role, they do not hold it, nobody would administer any more, or a failure of the store.
    pub async fn take_away(&self, role: &str, name: &str) -> Result<PersonView, Error> {
        let taken = self.role(role).await?;
        let person = self.person(name).await?;
        let mut after = person.assignments.clone();
        after.roles.retain(|of| taken.roles.iter().all(|taken| taken.role != of.role));
        after
            .role_groups
            .retain(|of| taken.role_groups.iter().all(|taken| taken.role_group != of.role_group));
        if after == person.assignments {
            return Err(Error::invalid("/role", format!("is not held by {name}: {role}")));
        }
        self.assign(&person, &after).await
    }

    /// Who holds a role, role group or custom role, wherever it counts.
    ///
    /// # Errors
    /// There is no such role, or a failure of the store.
    pub async fn holders(&self, role: &str) -> Result<Vec<PersonView>, Error> {
        let wanted = self.role(role).await?;
        let mut people = self.people().await?;
        people.retain(|person| {
            let Assignments { roles, role_groups, .. } = &person.assignments;
            roles.iter().any(|of| wanted.roles.iter().any(|wanted| wanted.role == of.role))
                || role_groups
                    .iter()
                    .any(|of| wanted.role_groups.iter().any(|wanted| wanted.role_group == of.role_group))
        });
        Ok(people)
    }

    async fn role(&self, name: &str) -> Result<Assignments, Error> {
        self.held(&Given { roles: vec![name.to_owned()], limit: Vec::new() }).await
    }

    /// What names stand for.
    ///
    /// # Errors
    /// A name that names nothing, or a failure of the store.
    pub async fn held(&self, given: &Given) -> Result<Assignments, Error> {
        let groups = self.device_groups().await?;
        let role_groups = self.role_groups().await?;
        let ids = |names: &mut dyn Iterator<Item = &str>| -> Result<BTreeSet<_>, Error> {
            let id = |name: &str| {
                let found = groups.iter().find(|(group, _)| group.name.to_lowercase() == name.to_lowercase());
                let found = found.map(|(group, _)| group.id);
                found.ok_or_else(|| Error::invalid("/device_group", format!("names no device group: {name}")))
            };
            names.map(|name| id(name.trim())).collect()
        };
        let mut held = Assignments::default();
        for text in &given.roles {
            let (name, within) = text.split_once(':').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
            let device_groups = within.map(|names| ids(&mut names.split(','))).transpose()?;
            if let Ok(role) = name.parse::<Role>() {
                held.roles.push(RoleGrant { role, device_groups });
                continue;
            }
            let found = role_groups.iter().find(|of| of.group.name.to_lowercase() == name.to_lowercase());
            let found = found.ok_or_else(|| {
                Error::invalid(
                    "/role",
                    format!("names no role and no role group: {name}; see countersign role list"),
                )
            })?;
            held.role_groups.push(RoleGroupGrant { role_group: found.group.id, device_groups });
        }
        if !given.limit.is_empty() {
            held.device_groups = Some(ids(&mut given.limit.iter().map(String::as_str))?);
        }
        Ok(held)
    }

    /// Role groups and custom roles.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn role_groups(&self) -> Result<Vec<RoleGroupView>, Error> {
        let groups = self.service.store.role_groups().await?.into_iter();
        Ok(groups
            .map(|(group, members)| RoleGroupView { note: group.note().map(str::to_owned), members, group })
            .collect())
    }

    /// Device groups by rank, with how many devices each has.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn device_groups(&self) -> Result<Vec<(DeviceGroup, u64)>, Error> {
        Ok(self.service.store.device_groups().await?)
    }

    /// Sessions or tokens that are alive.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn credentials(&self, sort: CredentialSort) -> Result<Vec<CredentialView>, Error> {
        let which = CredentialFilter { sort: Some(sort), ..CredentialFilter::default() };
        Ok(self.service.store.live_credentials(which, self.service.clock.now()).await?)
    }

    /// Ends a session or token now.
    ///
    /// # Errors
    /// There is no such live one, or a failure of the store.
    pub async fn revoke(&self, id: CredentialId) -> Result<(), Error> {
        let now = self.service.clock.now();
        let mut tx = self.service.store.begin_system(&self.authority).await?;
        if !tx.revoke(&self.by, id, now).await? {
            return Err(Error::NotFound(id.into()));
        }
        let body = json!({ "credential": id, "after": null });
        tx.append_audit(&self.by, record(now, AuditKind::CredentialRevoked, id, body)).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions and tokens of a person; how many there were.
    ///
    /// # Errors
    /// There is no such person, or a failure of the store.
    pub async fn revoke_all(&self, name: &str) -> Result<u64, Error> {
        let person = self.person(name).await?;
        let now = self.service.clock.now();
        let mut tx = self.service.store.begin_system(&self.authority).await?;
        let ended = tx.revoke_all(&self.by, person.id, None, now).await?;
        let body = json!({ "user": person.id, "credentials_ended": ended });
        tx.append_audit(&self.by, record(now, AuditKind::CredentialRevoked, person.id, body)).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Takes all second factors of a person away, and ends their sessions and tokens; how many there were.
    ///
    /// # Errors
    /// There is no such person, or a failure of the store.
    pub async fn reset_factors(&self, name: &str) -> Result<u64, Error> {
        let person = self.person(name).await?;
        let now = self.service.clock.now();
        let mut tx = self.service.store.begin_system(&self.authority).await?;
        let removed = tx.delete_factors(&self.by, person.id, now).await?;
        let ended = tx.revoke_all(&self.by, person.id, None, now).await?;
        let body = json!({
            "user": person.id, "reset": true, "factors_removed": removed, "credentials_ended": ended,
        });
        tx.append_audit(&self.by, record(now, AuditKind::FactorChanged, person.id, body)).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// Brings every device into the group that the rules say: what an interrupted change left undone.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn place_devices(&self) -> Result<(), Error> {
        self.service.place_all(&self.by, false).await
    }
}
