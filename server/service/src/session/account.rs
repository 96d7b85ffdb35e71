//! Making users, API tokens and the demo's people.

use std::collections::BTreeSet;

use domain::access::{Access, Reach};
use domain::{
    Actor, ActorKind, AuditKind, Authorized, CredentialId, Error, FieldError, Role, Scope, SystemAuthority,
    UserId,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Sessions, TOKEN_PREFIX, digest, secret};
use crate::clock::new_id;
use crate::{display_name, token_name};
use store::{AuditEntry, Credential, CredentialKind, User};

/// Characters a password must have; length is what counts (NIST SP 800-63B).
pub(crate) const SHORTEST_PASSWORD: usize = 12;
/// Days that a token may live.
pub(crate) const MAX_TOKEN_DAYS: u16 = 366;

/// The demo's people: what the button sends, the user's name, the name to show. The seed makes the same ones.
const DEMO_PEOPLE: &[(&str, &str, &str)] = &[
    ("global_administrator", "global.administrator", "Margarethe Lindqvist"),
    ("security_administrator", "security.administrator", "Tobias Achterberg"),
    ("security_operator", "security.operator", "Priya Raghunathan"),
    ("security_operator+search_and_purge", "security.operator.mail", "Kofi Mensah"),
    ("security_reader", "security.reader", "Elżbieta Wrona"),
    ("active_remediation_actions", "remediation.technician", "Joaquín Ibarra"),
];

/// An API token that was just made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Its id.
    pub id: CredentialId,
    /// What the tool presents. It is shown now and never again.
    pub secret: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Sessions {
    /// Adds a user who signs in with a password.
    ///
    /// # Errors
    /// What is wrong with the input, or a failure of the store.
    pub async fn add_user(
        &self,
        authority: &SystemAuthority,
        by: Actor,
        name: &str,
        display_name: &str,
        roles: BTreeSet<Role>,
        password: &str,
    ) -> Result<UserId, Error> {
        let mut found = Vec::new();
        if !is_user_name(name) {
            found.push(FieldError::new("/name", "must be 1 to 64 letters, digits or . _ - @"));
        }
        let display_name = display_name.trim();
        found.extend(display_name::check(display_name));
        if roles.is_empty() {
            found.push(FieldError::new("/roles", "must name at least one role"));
        }
        if password.chars().count() < SHORTEST_PASSWORD {
            let detail = format!("must have at least {SHORTEST_PASSWORD} characters");
            found.push(FieldError::new("/password", detail));
        }
        if found.is_empty() && self.store.user(name).await?.is_some() {
            found.push(FieldError::new("/name", "is taken"));
        }
        if found.is_empty() {
            let now = self.clock.now();
            found.extend(display_name::look_alike(&self.store, display_name, None, now).await?);
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        let hash = self.passwords.hash(password).await?;
        let user = User {
            id: new_id(self.clock.now()),
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            password_hash: Some(hash),
            enabled: true,
            access: Access::of_roles(&roles),
            roles,
        };
        let id = user.id;
        self.insert_user(authority, by, user).await?;
        Ok(id)
    }

    /// Makes an API token: of a person, with what they may do, or of a tool.
    ///
    /// # Errors
    /// What is wrong with the input, or a failure of the store.
    pub async fn create_token(
        &self,
        authority: &SystemAuthority,
        by: Actor,
        name: &str,
        owner: Option<&str>,
        scopes: BTreeSet<Scope>,
        days: u16,
    ) -> Result<NewToken, Error> {
        let mut found = Vec::new();
        if scopes.is_empty() {
            found.push(FieldError::new("/scopes", "must name at least one scope"));
        }
        if owner.is_none() {
            for scope in scopes.iter().filter(|scope| scope.needs_owner()) {
                let detail = format!("is needed for {scope}: people answer for what is done with it");
                found.push(FieldError::new("/owner", detail));
            }
        }
        if !(1..=MAX_TOKEN_DAYS).contains(&days) {
            found.push(FieldError::new("/days", format!("must be 1 to {MAX_TOKEN_DAYS}")));
        }
        let user = match owner {
            Some(owner) => {
                let user = self.store.user(owner).await?;
                if user.is_none() {
                    found.push(FieldError::new("/owner", "names no user; see countersign user list"));
                }
                user.map(|user| user.id)
            }
            None => None,
        };
        let (name, now) = (name.trim(), self.clock.now());
        found.extend(token_name::check(&self.store, name, user, now).await?);
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        let secret = format!("{TOKEN_PREFIX}{}", secret());
        let credential = Credential {
            id: new_id(now),
            kind: CredentialKind::Token,
            secret_hash: digest(&secret),
            user,
            name: name.to_owned(),
            scopes,
            device_groups: None,
            reach: Reach::Everywhere,
            created_at: now,
            last_seen_at: now,
            expires_at: now + SignedDuration::from_hours(24 * i64::from(days)),
        };
        let made = NewToken { id: credential.id, secret, expires_at: credential.expires_at };
        let body = json!({
            "token": credential.id, "name": credential.name, "owner": credential.user,
            "scopes": credential.scopes, "expires_at": credential.expires_at,
        });
        let by = Authorized::system_as(authority, by);
        let mut tx = self.store.begin_system(authority).await?;
        tx.insert_credential(&credential).await?;
        let subject = Some(credential.id.into());
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::TokenCreated, subject, body }).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// The demo's person for a button; made if the database has none of that name. None for an unknown button.
    pub(super) async fn demo_user(&self, button: &str) -> Result<Option<User>, Error> {
        // A form that was not encoded by a browser may send the plus as it is, which reads as a space.
        let button = button.replace(' ', "+");
        let Some((roles, name, display_name)) = DEMO_PEOPLE.iter().find(|(known, ..)| *known == button)
        else {
            return Ok(None);
        };
        if let Some(user) = self.store.user(name).await? {
            return Ok(Some(user));
        }
        let Some(authority) = &self.demo else { return Ok(None) };
        let roles: BTreeSet<Role> = roles.split('+').filter_map(|role| role.parse().ok()).collect();
        let user = User {
            id: new_id(self.clock.now()),
            name: (*name).to_owned(),
            display_name: (*display_name).to_owned(),
            password_hash: None,
            enabled: true,
            access: Access::of_roles(&roles),
            roles,
        };
        let by = Actor::new(ActorKind::System, "demo", "Demo");
        match self.insert_user(authority, by, user.clone()).await {
            Ok(()) => Ok(Some(user)),
            // Two first clicks at once: the other one made it.
            Err(error) => self.store.user(name).await?.map(Some).ok_or(error),
        }
    }

    async fn insert_user(&self, authority: &SystemAuthority, by: Actor, user: User) -> Result<(), Error> {
        let now = self.clock.now();
        let body = json!({
            "user": user.id, "name": user.name, "display_name": user.display_name, "roles": user.roles,
        });
        let (by, subject) = (Authorized::system_as(authority, by), Some(user.id.into()));
        let mut tx = self.store.begin_system(authority).await?;
        tx.insert_user(&user, now).await?;
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::UserAdded, subject, body }).await?;
        tx.commit().await?;
        Ok(())
    }
}

pub(crate) fn is_user_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_of_the_demo_names_roles_that_exist() {
        for (roles, name, _) in DEMO_PEOPLE {
            assert!(is_user_name(name));
            assert!(roles.split('+').all(|role| role.parse::<Role>().is_ok()), "{roles}");
        }
    }

    #[test]
    fn user_names_are_plain() {
        for good in ["ana", "ana.b-c_d@example.org", "A1"] {
            assert!(is_user_name(good), "{good}");
        }
        for bad in ["", "a b", "a\n", "ana<", "é", &"x".repeat(65)] {
            assert!(!is_user_name(bad), "{bad}");
        }
    }
}
