//! Sessions and tokens: who has which, and how they end.

use domain::access::Reach;
use domain::access::contract::{CredentialSort, CredentialView, MadeToken, NewTokenForm};
use domain::{
    AuditKind, Authorized, Caller, CredentialId, Denied, Error, FieldError, Permission, Scope, UserId,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{record, written};
use crate::Service;
use crate::clock::new_id;
use crate::session::{MAX_TOKEN_DAYS, TOKEN_PREFIX, digest, secret};
use crate::token_name;
use store::{Credential, CredentialFilter, CredentialKind};

/// The longest that a token goes on beside the one that replaces it.
const MAX_OVERLAP_HOURS: u16 = 30 * 24;

impl Service {
    pub(super) async fn list_credentials(
        &self,
        caller: &Caller,
        sort: CredentialSort,
        mine: bool,
    ) -> Result<Vec<CredentialView>, Error> {
        let owner = if mine {
            Some(caller.own()?)
        } else {
            caller.require_administration(Permission::Administer)?;
            None
        };
        let which = CredentialFilter { sort: Some(sort), owner, id: None };
        let mut found = self.store.live_credentials(which, self.clock.now()).await?;
        for view in &mut found {
            view.current = view.id == caller.credential;
        }
        Ok(found)
    }

    /// One that is alive, with the authority to change it: it is the caller's own, or they administer.
    async fn changeable(
        &self,
        caller: &Caller,
        id: CredentialId,
        now: Timestamp,
    ) -> Result<(CredentialView, Authorized), Error> {
        let which = CredentialFilter { id: Some(id), ..CredentialFilter::default() };
        let found = self.store.live_credentials(which, now).await?.pop();
        let own = found.as_ref().is_some_and(|view| view.owner.is_some() && view.owner == caller.person);
        let by = match caller.authorize_own() {
            Ok(by) if own => by,
            _ => caller.authorize_administration(Permission::Administer)?,
        };
        Ok((found.ok_or_else(|| Error::NotFound(id.into()))?, by))
    }

    pub(super) async fn end_credential(&self, caller: &Caller, id: CredentialId) -> Result<(), Error> {
        let now = self.clock.now();
        let (before, by) = self.changeable(caller, id, now).await?;
        let mut tx = self.store.begin().await?;
        written(tx.revoke(&by, id, now).await?)?;
        let body = json!({ "credential": id, "before": before, "after": null });
        tx.append_audit(&by, record(now, AuditKind::CredentialRevoked, id, body)).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn create_token(&self, caller: &Caller, form: NewTokenForm) -> Result<MadeToken, Error> {
        let by = may_make(caller, form.owner)?;
        if form.scopes.contains(&Scope::Provision) {
            self.check_everything(caller, None).await?;
        }
        let (name, now) = (form.name.trim().to_owned(), self.clock.now());
        let mut found: Vec<_> =
            token_name::check(&self.store, &name, form.owner, now).await?.into_iter().collect();
        let mut wrong = |pointer: &str, detail: &str| found.push(FieldError::new(pointer, detail));
        if form.scopes.is_empty() {
            wrong("/scopes", "must name at least one scope");
        }
        if form.owner.is_none() {
            for scope in form.scopes.iter().filter(|scope| scope.needs_owner()) {
                wrong("/scopes", &format!("{scope} needs an owner: people answer for what is done with it"));
            }
        }
        if !(1..=MAX_TOKEN_DAYS).contains(&form.days) {
            wrong("/days", &format!("must be 1 to {MAX_TOKEN_DAYS}"));
        }
        let groups = self.store.device_groups().await?;
        for id in form.device_groups.iter().flatten() {
            if !groups.iter().any(|(group, _)| group.id == *id) {
                wrong("/device_groups", &format!("names no device group: {id}"));
            }
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        let (credential, made) = token(
            now,
            Credential {
                id: new_id(now),
                kind: CredentialKind::Token,
                secret_hash: String::new(),
                user: form.owner,
                name,
                scopes: form.scopes,
                device_groups: form.device_groups,
                reach: Reach::Everywhere,
                created_at: now,
                last_seen_at: now,
                expires_at: now + SignedDuration::from_hours(24 * i64::from(form.days)),
            },
        );
        self.add_token(&by, &credential, None).await?;
        Ok(made)
    }

    pub(super) async fn replace_token(
        &self,
        caller: &Caller,
        id: CredentialId,
        overlap_hours: u16,
    ) -> Result<MadeToken, Error> {
        let now = self.clock.now();
        let (before, _) = self.changeable(caller, id, now).await?;
        if before.sort != CredentialSort::Token {
            return Err(Error::NotFound(id.into()));
        }
        if overlap_hours > MAX_OVERLAP_HOURS {
            return Err(Error::invalid("/overlap_hours", format!("must be at most {MAX_OVERLAP_HOURS}")));
        }
        let by = may_make(caller, before.owner)?;
        if before.scopes.contains(&Scope::Provision) {
            self.check_everything(caller, None).await?;
        }
        let (credential, made) = token(
            now,
            Credential {
                id: new_id(now),
                kind: CredentialKind::Token,
                secret_hash: String::new(),
                user: before.owner,
                name: before.name.clone(),
                scopes: before.scopes.clone(),
                device_groups: before.device_groups.clone(),
                reach: Reach::Everywhere,
                created_at: now,
                last_seen_at: now,
                expires_at: now + before.expires_at.duration_since(before.created_at),
            },
        );
        let ends = now + SignedDuration::from_hours(i64::from(overlap_hours));
        self.add_token(&by, &credential, Some((before, ends))).await?;
        Ok(made)
    }

    async fn add_token(
        &self,
        by: &Authorized,
        credential: &Credential,
        replaces: Option<(CredentialView, Timestamp)>,
    ) -> Result<(), Error> {
        let now = credential.created_at;
        let mut tx = self.store.begin().await?;
        written(tx.insert_token(by, credential, now).await?)?;
        let mut body = json!({
            "token": credential.id, "name": credential.name, "owner": credential.user,
            "scopes": credential.scopes, "expires_at": credential.expires_at,
        });
        if let Some(groups) = &credential.device_groups {
            body["device_groups"] = json!(groups);
        }
        if let Some((before, ends)) = replaces {
            body["replaces"] = json!(before.id);
            // One that ends earlier by itself does so.
            if ends < before.expires_at && !tx.shorten(by, before.id, ends, now).await? {
                return Err(Denied::Revoked.into());
            }
            body["replaced_ends_at"] = json!(ends.min(before.expires_at));
        }
        tx.append_audit(by, record(now, AuditKind::TokenCreated, credential.id, body)).await?;
        Ok(tx.commit().await?)
    }
}

/// A token with a secret of its own.
fn token(now: Timestamp, credential: Credential) -> (Credential, MadeToken) {
    let secret = format!("{TOKEN_PREFIX}{}", secret());
    let credential = Credential { secret_hash: digest(&secret), created_at: now, ..credential };
    let made = MadeToken { id: credential.id, secret, expires_at: credential.expires_at };
    (credential, made)
}

/// One makes tokens for oneself; who administers, for tools, too. Nobody makes one that acts as another person.
fn may_make(caller: &Caller, owner: Option<UserId>) -> Result<Authorized, Error> {
    match owner {
        None => Ok(caller.authorize_administration(Permission::Administer)?),
        Some(owner) if caller.person == Some(owner) => {
            let by = caller.authorize_own()?;
            // It goes on to act where a second factor would be asked for.
            caller.require_fresh_factor()?;
            Ok(by)
        }
        Some(_) => {
            Err(Error::invalid("/owner", "is another person: each makes their own tokens, on their own page"))
        }
    }
}
