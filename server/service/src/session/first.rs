//! The first administrator: a link that is printed at the start while nobody is there, good for one use within a day.

use std::collections::BTreeSet;

use domain::access::Access;
use domain::{Actor, ActorKind, AuditKind, Authorized, Error, FieldError, Role};
use jiff::SignedDuration;
use serde_json::json;

use super::{SHORTEST_PASSWORD, Sessions, SignedIn, digest, is_user_name, secret};
use crate::clock::new_id;
use crate::display_name;
use store::{AuditEntry, OneTimePurpose, OneTimeSecret, User};

/// How long the link is good.
const LINK_LIVES: SignedDuration = SignedDuration::from_hours(24);
const PURPOSE: OneTimePurpose = OneTimePurpose::FirstAdministrator;

/// Who becomes the first administrator.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    /// The secret of the link.
    pub key: String,
    /// The name to sign in with.
    pub name: String,
    /// The name to show; the name to sign in with where it is empty.
    pub display_name: String,
    /// The password.
    pub password: String,
}

impl Sessions {
    /// The secret of a new link, while nobody is there.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn first_link(&self) -> Result<Option<String>, Error> {
        if self.store.count_users().await? > 0 {
            return Ok(None);
        }
        let (now, key) = (self.clock.now(), secret());
        let kept = OneTimeSecret {
            purpose: PURPOSE,
            secret_hash: digest(&key),
            person: None,
            body: String::new(),
            expires_at: now + LINK_LIVES,
        };
        let mut tx = self.store.begin().await?;
        tx.keep_one_time(&Authorized::sign_in(), &kept, now).await?;
        tx.commit().await?;
        Ok(Some(key))
    }

    /// Makes the first administrator by the link, and signs them in.
    ///
    /// # Errors
    /// What is wrong with the input, at `/key` if the link is none or over; or a failure of the store.
    pub async fn make_first(&self, first: FirstAdministrator) -> Result<SignedIn, Error> {
        let over = || Error::invalid("/key", "is used, over, or no link of this server");
        let authority = self.first.as_ref().ok_or_else(over)?;
        let FirstAdministrator { key, name, display_name, password } = first;
        let (now, hash) = (self.clock.now(), digest(&key));
        // Before anything costs anything.
        self.store.one_time(PURPOSE, &hash, now).await?.ok_or_else(over)?;
        let name = name.trim().to_owned();
        let display_name = Some(display_name.trim()).filter(|name| !name.is_empty()).unwrap_or(&name);
        let mut found = Vec::new();
        if !is_user_name(&name) {
            found.push(FieldError::new("/name", "must be 1 to 64 letters, digits or . _ - @"));
        }
        found.extend(display_name::check(display_name));
        if password.chars().count() < SHORTEST_PASSWORD {
            let detail = format!("must have at least {SHORTEST_PASSWORD} characters");
            found.push(FieldError::new("/password", detail));
        }
        if found.is_empty() && self.store.user(&name).await?.is_some() {
            found.push(FieldError::new("/name", "is taken"));
        }
        if found.is_empty() {
            found.extend(display_name::look_alike(&self.store, display_name, None, now).await?);
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        let roles = BTreeSet::from([Role::GlobalAdministrator]);
        let user = User {
            id: new_id(now),
            display_name: display_name.to_owned(),
            name,
            password_hash: Some(self.passwords.hash(&password).await?),
            enabled: true,
            access: Access::of_roles(&roles),
            roles,
        };
        let link = Actor::new(ActorKind::System, "first-administrator", "Link of the first administrator");
        let by = Authorized::system_as(authority, link);
        let body = json!({
            "user": user.id, "name": user.name, "display_name": user.display_name, "roles": user.roles,
        });
        let mut tx = self.store.begin_system(authority).await?;
        tx.take_one_time(&by, PURPOSE, &hash, now).await?.ok_or_else(over)?;
        if tx.count_administrators().await? > 0 {
            return Err(over());
        }
        tx.insert_user(&user, now).await?;
        let subject = Some(user.id.into());
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::UserAdded, subject, body }).await?;
        tx.commit().await?;
        self.open(user, None).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::empty;
    use super::*;
    use crate::testing::system;

    fn first(key: &str, name: &str, password: &str) -> FirstAdministrator {
        let (key, display_name) = (key.to_owned(), String::new());
        FirstAdministrator { key, name: name.to_owned(), display_name, password: password.to_owned() }
    }

    #[tokio::test]
    async fn the_link_makes_one_administrator_within_a_day() {
        let mut app = empty().await;
        app.sessions = Sessions::new(app.store.clone(), app.clock.clone()).with_first_start(system());
        let make = async |first| app.sessions.make_first(first).await;
        let refused = async |first| match make(first).await {
            Err(Error::Invalid(fields)) => fields.into_iter().map(|field| field.pointer).collect::<Vec<_>>(),
            other => panic!("{:?}", other.map(|signed_in| signed_in.caller.actor)),
        };
        let good = "correct horse battery";
        let old = app.sessions.first_link().await.unwrap().unwrap();
        app.clock.forward(LINK_LIVES);
        assert_eq!(refused(first(&old, "root", good)).await, ["/key"], "over");
        let key = app.sessions.first_link().await.unwrap().unwrap();
        let other = app.sessions.first_link().await.unwrap().unwrap();
        assert_eq!(refused(first("guessed", "root", good)).await, ["/key"]);
        assert_eq!(refused(first(&key, "no name", "short")).await, ["/name", "/password"]);
        let signed_in = make(first(&key, "root", good)).await.unwrap();
        assert!(signed_in.caller.roles.contains(&Role::GlobalAdministrator));
        assert!(app.sessions.session(&signed_in.secret).await.unwrap().is_some());
        for key in [&key, &other] {
            assert_eq!(refused(first(key, "evil", good)).await, ["/key"]);
        }
        assert_eq!(app.sessions.first_link().await.unwrap(), None);
        let log = serde_json::to_string(&app.store.audit_after(0, 10).await.unwrap()).unwrap();
        assert!(log.contains("first-administrator") && !log.contains(&key) && !log.contains(good));
    }
}
