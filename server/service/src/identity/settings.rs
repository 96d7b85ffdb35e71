//! How people sign in: the provider, what groups give, and who somebody is at the provider.

use domain::identity::contract::{ProviderView, SignInView};
use domain::identity::{GroupRoles, MAX_GROUPS, ProviderForm};
use domain::{AuditKind, Authorized, Denied, Error, FieldError, Subject, SubjectKind};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::provider::Provider;
use crate::Service;
use crate::access::Administered;
use store::{AuditEntry, Identity, StoredProvider};

/// Where a browser goes to sign in at the provider.
pub const START_PATH: &str = "/sign-in/provider";
/// Where the provider sends it back to.
pub const RETURN_PATH: &str = "/sign-in/provider/return";
/// Where the provider says that a session is over.
pub const LOGOUT_PATH: &str = "/api/v1/sign-in/provider/logout";
/// Where a directory writes people and groups.
pub const DIRECTORY_PATH: &str = "/scim/v2";

/// What the provider's secret is sealed for. No executor has such a name.
const SECRET_NAME: &str = "identity-provider:secret";

impl Service {
    /// How people sign in.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn sign_in_view(&self) -> Result<SignInView, Error> {
        let at = |path: &str| format!("{}{path}", self.base_url);
        Ok(SignInView {
            provider: self.store.identity_provider().await?.map(shown),
            groups: self.store.group_roles().await?,
            redirect_uri: at(RETURN_PATH),
            logout_uri: at(LOGOUT_PATH),
            directory_url: at(DIRECTORY_PATH),
        })
    }

    /// Sets the identity provider.
    ///
    /// # Errors
    /// [`Error::Invalid`], or if the store fails.
    pub async fn set_provider(&self, by: &Authorized, form: ProviderForm) -> Result<ProviderView, Error> {
        let before = self.store.identity_provider().await?;
        let mut found = form.check();
        let ProviderForm { settings, client_secret } = form;
        let kept = before.as_ref().and_then(|before| before.secret.clone());
        let moved = before.as_ref().is_some_and(|before| before.settings.issuer != settings.issuer);
        if client_secret.is_none() && kept.is_some() && moved {
            // It is nobody else's to know.
            let detail = "must be given again: the one that is kept belongs to the issuer before";
            found.push(FieldError::new("/client_secret", detail));
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        let secret = match &client_secret {
            Some(secret) => Some(self.seal(secret)?),
            None => kept,
        };
        let provider = StoredProvider { settings, secret };
        let (was, is) = (before.map(shown), shown(provider.clone()));
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        if !tx.set_identity_provider(by, Some(&provider), now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "before": was, "after": is, "client_secret": client_secret.is_some() });
        tx.append_audit(by, changed(now, "sign_in.provider", body)).await?;
        tx.commit().await?;
        Ok(is)
    }

    fn seal(&self, secret: &str) -> Result<String, Error> {
        let workshop = self.workshop.as_deref();
        let workshop = workshop.ok_or_else(|| Error::Internal("this server keeps no secrets".to_owned()))?;
        let sealed = workshop.seal(SECRET_NAME, secret);
        sealed.map_err(|why| Error::invalid("/client_secret", format!("can't be kept: {why}")))
    }

    /// Removes the identity provider.
    ///
    /// # Errors
    /// [`Error::NotFound`], or if the store fails.
    pub async fn unset_provider(&self, by: &Authorized) -> Result<(), Error> {
        let before = self.store.identity_provider().await?.map(shown);
        let before = before.ok_or_else(|| Error::NotFound(subject("sign_in.provider")))?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        if !tx.set_identity_provider(by, None, now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "before": before, "after": null });
        tx.append_audit(by, changed(now, "sign_in.provider", body)).await?;
        Ok(tx.commit().await?)
    }

    /// Sets what a group gives; its people have it at once.
    ///
    /// # Errors
    /// [`Error::Invalid`], or if the store fails.
    pub async fn set_group(&self, by: &Authorized, group: GroupRoles) -> Result<GroupRoles, Error> {
        let mut found = group.check();
        for wrong in self.check_assignments(&group.assignments()).await? {
            let pointer = wrong.pointer.strip_prefix("/assignments").unwrap_or(&wrong.pointer).to_owned();
            found.push(FieldError { pointer, ..wrong });
        }
        let mut table = self.store.group_roles().await?;
        let before = table.iter().position(|of| of.group == group.group).map(|at| table.remove(at));
        if before.is_none() && table.len() >= MAX_GROUPS {
            let detail = format!("would be one more than the {MAX_GROUPS} that there may be");
            found.push(FieldError::new("/group", detail));
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        table.push(group.clone());
        self.write_group(by, &group.group, Some(&group), before, &table).await?;
        Ok(group)
    }

    /// Removes what a group gives; its people lose it at once.
    ///
    /// # Errors
    /// [`Error::NotFound`], nobody could administer any more, or if the store fails.
    pub async fn unset_group(&self, by: &Authorized, group: &str) -> Result<(), Error> {
        let mut table = self.store.group_roles().await?;
        let before = table.iter().position(|of| of.group == group).map(|at| table.remove(at));
        let before = before.ok_or_else(|| Error::NotFound(group_subject(group)))?;
        self.write_group(by, group, None, Some(before), &table).await
    }

    async fn write_group(
        &self,
        by: &Authorized,
        group: &str,
        roles: Option<&GroupRoles>,
        before: Option<GroupRoles>,
        table: &[GroupRoles],
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let administered = Administered::now(&mut *tx).await?;
        if !tx.set_group_roles(by, group, roles, now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "before": before, "after": roles });
        let entry = AuditEntry {
            at: now,
            kind: AuditKind::SettingChanged,
            subject: Some(group_subject(group)),
            body,
        };
        tx.append_audit(by, entry).await?;
        self.follow_all_groups(&mut *tx, by, table, now).await?;
        administered.keep(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// Says who a person is at the provider: for people who were here before it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if that is somebody already, there is no such person, or if the store fails.
    pub async fn link_person(&self, by: &Authorized, name: &str, subject: &str) -> Result<(), Error> {
        let user = self.store.user(name).await?;
        let user = user.ok_or_else(|| Error::NotFound(Subject::new(SubjectKind::User, name)))?;
        let provider = self.store.identity_provider().await?;
        let provider = provider.ok_or_else(|| Error::NotFound(self::subject("sign_in.provider")))?;
        let identity = Identity { issuer: provider.settings.issuer, subject: subject.to_owned() };
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        if !tx.link_identity(by, &identity, user.id, now).await? {
            return Err(Error::invalid("/subject", "is a person here already"));
        }
        let body = json!({ "user": user.id, "before": null, "after": linked(&identity) });
        let entry = AuditEntry { at: now, kind: AuditKind::UserChanged, subject: Some(user.id.into()), body };
        tx.append_audit(by, entry).await?;
        Ok(tx.commit().await?)
    }

    /// The provider, as it is spoken with; none if there is none.
    pub(super) async fn provider(&self) -> Result<Option<Provider>, Error> {
        let Some(StoredProvider { settings, secret }) = self.store.identity_provider().await? else {
            return Ok(None);
        };
        let secret = match (&secret, self.workshop.as_deref()) {
            (Some(sealed), Some(workshop)) => {
                Some(workshop.open(SECRET_NAME, sealed).map_err(Error::Internal)?)
            }
            _ => None,
        };
        Ok(Some(Provider { settings, secret, redirect_uri: format!("{}{RETURN_PATH}", self.base_url) }))
    }
}

/// Without its secret.
fn shown(provider: StoredProvider) -> ProviderView {
    ProviderView { settings: provider.settings, has_secret: provider.secret.is_some() }
}

/// Who somebody is at a provider, for a record.
pub(super) fn linked(identity: &Identity) -> Value {
    json!({ "issuer": identity.issuer, "subject": identity.subject })
}

fn changed(at: Timestamp, setting: &str, body: Value) -> AuditEntry {
    AuditEntry { at, kind: AuditKind::SettingChanged, subject: Some(subject(setting)), body }
}

fn subject(setting: &str) -> Subject {
    Subject::new(SubjectKind::Setting, setting)
}

fn group_subject(group: &str) -> Subject {
    subject(&format!("sign_in.group:{group}"))
}
