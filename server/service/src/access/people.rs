//! People: who there is, what they hold, and who is kept out.

use std::collections::BTreeSet;

use domain::access::Access;
use domain::access::contract::{Assignments, NewPerson, PersonChange, PersonView, RoleGrant};
use domain::{AuditKind, Caller, Error, FieldError, Permission, Role, UserId};
use serde_json::json;

use super::{record, written};
use crate::Service;
use crate::clock::new_id;
use crate::display_name;
use crate::session::{SHORTEST_PASSWORD, is_user_name};
use store::{PersonUpdate, Transaction, User};

impl Service {
    pub(super) async fn list_people(&self, caller: &Caller) -> Result<Vec<PersonView>, Error> {
        caller.require_administration(Permission::Administer)?;
        Ok(self.store.people(None, self.clock.now()).await?)
    }

    pub(super) async fn load_person(&self, caller: &Caller, id: UserId) -> Result<PersonView, Error> {
        caller.require_administration(Permission::Administer)?;
        self.person_of(id).await
    }

    pub(crate) async fn person_of(&self, id: UserId) -> Result<PersonView, Error> {
        let mut found = self.store.people(Some(id), self.clock.now()).await?;
        found.pop().ok_or_else(|| Error::NotFound(id.into()))
    }

    pub(super) async fn create_person(
        &self,
        caller: &Caller,
        person: NewPerson,
    ) -> Result<PersonView, Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let NewPerson { name, display_name, password, assignments } = person;
        let display_name = display_name.unwrap_or_else(|| name.clone()).trim().to_owned();
        let mut found = Vec::new();
        if !is_user_name(&name) {
            found.push(FieldError::new("/name", "must be 1 to 64 letters, digits or . _ - @"));
        }
        found.extend(display_name::check(&display_name));
        found.extend(password.as_deref().and_then(check_password));
        found.extend(self.check_assignments(&assignments).await?);
        if found.is_empty() && self.store.user(&name).await?.is_some() {
            found.push(FieldError::new("/name", "is taken"));
        }
        if found.is_empty() {
            let now = self.clock.now();
            found.extend(display_name::look_alike(&self.store, &display_name, None, now).await?);
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        check_global(caller, &[], &assignments.roles)?;
        let password_hash = match &password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let now = self.clock.now();
        let id: UserId = new_id(now);
        let user = User {
            id,
            name,
            display_name,
            password_hash,
            enabled: true,
            roles: BTreeSet::new(),
            access: Access::default(),
        };
        let body = json!({
            "user": id, "name": user.name, "display_name": user.display_name, "assignments": assignments,
        });
        let mut tx = self.store.begin().await?;
        let added = tx.insert_person(&by, &user, now).await?
            && tx.set_assignments(&by, id, &assignments, now).await?;
        written(added)?;
        tx.append_audit(&by, record(now, AuditKind::UserAdded, id, body)).await?;
        tx.commit().await?;
        self.person_of(id).await
    }

    pub(super) async fn update_person(
        &self,
        caller: &Caller,
        id: UserId,
        change: PersonChange,
    ) -> Result<PersonView, Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let before = self.person_of(id).await?;
        let PersonChange { enabled, display_name, password, assignments } = change;
        let display_name = display_name.map(|name| name.trim().to_owned());
        let mut found = Vec::new();
        if let Some(name) = &display_name {
            found.extend(display_name::check(name));
        }
        found.extend(password.as_deref().and_then(check_password));
        if let Some(assignments) = &assignments {
            found.extend(self.check_assignments(assignments).await?);
        }
        if caller.person == Some(id) {
            let own = "is about yourself; another administrator can change it";
            if enabled == Some(false) {
                found.push(FieldError::new("/enabled", own));
            }
            if assignments.as_ref().is_some_and(|after| *after != before.assignments) {
                found.push(FieldError::new("/assignments", own));
            }
        }
        if let (Some(name), true) = (&display_name, found.is_empty()) {
            let now = self.clock.now();
            found.extend(display_name::look_alike(&self.store, name, Some(id), now).await?);
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        let after_roles = assignments.as_ref().map_or(&before.assignments.roles, |after| &after.roles);
        check_global(caller, &before.assignments.roles, after_roles)?;
        let password_hash = match &password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let update = PersonUpdate { enabled, display_name: display_name.clone(), password_hash };
        written(tx.update_person(&by, id, &update, now).await?)?;
        let mut changes = (json!({}), json!({}));
        let mut note = |name: &str, was: serde_json::Value, is: serde_json::Value| {
            if was != is {
                changes.0[name] = was;
                changes.1[name] = is;
            }
        };
        note("enabled", json!(before.enabled), json!(enabled.unwrap_or(before.enabled)));
        let name = display_name.as_ref().unwrap_or(&before.display_name);
        note("display_name", json!(before.display_name), json!(name));
        let mut ended = 0;
        // Who is kept out, or whose password may be known to others, is signed out everywhere, tokens included.
        if enabled == Some(false) || password.is_some() {
            ended = tx.revoke_all(&by, id, Some(caller.credential), now).await?;
        }
        if changes.0 != json!({}) || password.is_some() {
            let body = json!({
                "user": id, "before": changes.0, "after": changes.1, "password": password.is_some(),
                "credentials_ended": ended,
            });
            tx.append_audit(&by, record(now, AuditKind::UserChanged, id, body)).await?;
        }
        if let Some(after) = assignments.filter(|after| *after != before.assignments) {
            written(tx.set_assignments(&by, id, &after, now).await?)?;
            let body = json!({ "user": id, "before": before.assignments, "after": after });
            tx.append_audit(&by, record(now, AuditKind::AccessChanged, id, body)).await?;
        }
        keep_an_administrator(&mut *tx).await?;
        tx.commit().await?;
        self.person_of(id).await
    }

    /// What is wrong with what somebody is to hold.
    pub(crate) async fn check_assignments(
        &self,
        assignments: &Assignments,
    ) -> Result<Vec<FieldError>, Error> {
        let Assignments { roles, role_groups, device_groups } = assignments;
        let known: BTreeSet<_> =
            self.store.device_groups().await?.into_iter().map(|(group, _)| group.id).collect();
        let mut found = Vec::new();
        let mut check = |pointer: String, given: &Option<BTreeSet<_>>| {
            for id in given.iter().flatten().filter(|id| !known.contains(id)) {
                found.push(FieldError::new(pointer.clone(), format!("names no device group: {id}")));
            }
        };
        check("/assignments/device_groups".to_owned(), device_groups);
        for (at, grant) in roles.iter().enumerate() {
            check(format!("/assignments/roles/{at}/device_groups"), &grant.device_groups);
        }
        for (at, grant) in role_groups.iter().enumerate() {
            check(format!("/assignments/role_groups/{at}/device_groups"), &grant.device_groups);
        }
        let mut seen = BTreeSet::new();
        for (at, grant) in roles.iter().enumerate() {
            if !seen.insert(grant.role) {
                let detail = format!("{} is given twice", grant.role.label());
                found.push(FieldError::new(format!("/assignments/roles/{at}"), detail));
            }
        }
        let groups: BTreeSet<_> =
            self.store.role_groups().await?.into_iter().map(|(group, _)| group.id).collect();
        let mut seen = BTreeSet::new();
        for (at, grant) in role_groups.iter().enumerate() {
            let pointer = format!("/assignments/role_groups/{at}");
            if !groups.contains(&grant.role_group) {
                found.push(FieldError::new(pointer, "names no role group"));
            } else if !seen.insert(grant.role_group) {
                found.push(FieldError::new(pointer, "is given twice"));
            }
        }
        Ok(found)
    }
}

pub(super) fn check_password(password: &str) -> Option<FieldError> {
    (password.chars().count() < SHORTEST_PASSWORD)
        .then(|| FieldError::new("/password", format!("must have at least {SHORTEST_PASSWORD} characters")))
}

/// Only a Global Administrator makes one, and changes one, by how they sign in, too.
pub(crate) fn check_global(caller: &Caller, before: &[RoleGrant], after: &[RoleGrant]) -> Result<(), Error> {
    let has = |grants: &[RoleGrant]| grants.iter().any(|grant| grant.role == Role::GlobalAdministrator);
    if (has(before) || has(after)) && !caller.roles.contains(&Role::GlobalAdministrator) {
        let who = caller.actor.who().to_owned();
        return Err(domain::Denied::Needs { who, needs: Role::GlobalAdministrator.label().to_owned() }.into());
    }
    Ok(())
}

/// Whether anybody can administer before a change, for what also changes where nobody can: that makes nothing worse.
pub(crate) struct Administered(bool);

impl Administered {
    /// As it is in the transaction, in which nobody else writes.
    pub(crate) async fn now(tx: &mut dyn Transaction) -> Result<Self, Error> {
        Ok(Self(tx.count_administrators().await? > 0))
    }

    /// [`keep_an_administrator`], where there was one.
    pub(crate) async fn keep(self, tx: &mut dyn Transaction) -> Result<(), Error> {
        if self.0 { keep_an_administrator(tx).await } else { Ok(()) }
    }
}

/// The last who can administer stays: else nobody could let anybody in.
pub(super) async fn keep_an_administrator(tx: &mut dyn Transaction) -> Result<(), Error> {
    if tx.count_administrators().await? > 0 {
        return Ok(());
    }
    Err(Error::invalid(
        "",
        "would leave nobody who can administer people and roles; let somebody else have it first",
    ))
}
