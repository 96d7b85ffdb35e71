//! People of a directory.

use std::collections::BTreeSet;

use domain::access::Access;
use domain::access::contract::Assignments;
use domain::directory::{DirectoryPerson, DirectoryQuery, PersonRecord};
use domain::{AuditKind, Authorized, Current, Denied, Error, FieldError, UserId};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Service;
use crate::access::Administered;
use crate::clock::new_id;
use crate::display_name;
use crate::session::is_user_name;
use store::{AuditEntry, Identity, PersonUpdate, Transaction, User};

/// Letters of a name that stay of it when its person is taken out.
const KEPT_OF_NAME: usize = 43;

impl Service {
    async fn directory_person(&self, id: UserId) -> Result<DirectoryPerson, Error> {
        let found = self.store.directory_people(&DirectoryQuery::one(id)).await?.items.pop();
        found.ok_or_else(|| Error::NotFound(id.into()))
    }

    pub(super) async fn bring_in(
        &self,
        by: &Authorized,
        record: PersonRecord,
    ) -> Result<DirectoryPerson, Error> {
        check(&record)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        // While nobody else writes.
        let administered = Administered::now(&mut *tx).await?;
        let known = self.store.person_of_name(&record.user_name).await?;
        let id = match known {
            None => self.insert(&mut *tx, by, &record, now).await?,
            Some(id) if self.is_same_person(&mut *tx, id, &record).await? => {
                self.adopt(&mut *tx, by, id, &record, now).await?;
                id
            }
            Some(id) => return Err(taken(id)),
        };
        let enabled = record.active != Some(false);
        let (groups, created_at, updated_at) = (Vec::new(), now, now);
        let person = DirectoryPerson { id, record, enabled, groups, created_at, updated_at, version: 1 };
        written(tx.put_directory_person(by, &person, now).await?)?;
        administered.keep(&mut *tx).await?;
        tx.commit().await?;
        self.directory_person(id).await
    }

    async fn insert(
        &self,
        tx: &mut dyn Transaction,
        by: &Authorized,
        record: &PersonRecord,
        now: Timestamp,
    ) -> Result<UserId, Error> {
        let (given, name) = (record.shown_name(), record.user_name.clone());
        let display_name = display_name::telling(&self.store, given.as_deref(), &name, None, now).await?;
        let user = User {
            id: new_id(now),
            name,
            display_name,
            password_hash: None,
            enabled: record.active != Some(false),
            roles: BTreeSet::new(),
            access: Access::default(),
        };
        written(tx.insert_person(by, &user, now).await?)?;
        let body = json!({
            "user": user.id, "name": user.name, "display_name": user.display_name, "enabled": user.enabled,
            "directory": record,
        });
        tx.append_audit(by, entry(now, AuditKind::UserAdded, user.id, body)).await?;
        Ok(user.id)
    }

    /// Whether a person who is here already is the one whom the directory means: by the number that the identity provider
    /// has for them, never by a name.
    async fn is_same_person(
        &self,
        tx: &mut dyn Transaction,
        id: UserId,
        record: &PersonRecord,
    ) -> Result<bool, Error> {
        let (Some(subject), Some(provider)) = (&record.external_id, self.store.identity_provider().await?)
        else {
            return Ok(false);
        };
        if provider.settings.directory_claim != "sub"
            || !tx.known_to_directory(&[id].into()).await?.is_empty()
        {
            return Ok(false);
        }
        let identity = Identity { issuer: provider.settings.issuer, subject: subject.clone() };
        Ok(tx.person_of_identity(&identity).await? == Some(id))
    }

    async fn adopt(
        &self,
        tx: &mut dyn Transaction,
        by: &Authorized,
        id: UserId,
        record: &PersonRecord,
        now: Timestamp,
    ) -> Result<(), Error> {
        let enabled = (record.active == Some(false)).then_some(false);
        let update = PersonUpdate { enabled, ..PersonUpdate::default() };
        written(tx.update_person(by, id, &update, now).await?)?;
        let ended = if enabled.is_some() { tx.revoke_all(by, id, None, now).await? } else { 0 };
        let body = json!({ "user": id, "before": null, "after": record, "credentials_ended": ended });
        tx.append_audit(by, entry(now, AuditKind::UserChanged, id, body)).await?;
        Ok(())
    }

    pub(super) async fn replace_record(
        &self,
        by: &Authorized,
        id: UserId,
        record: PersonRecord,
        seen: Option<i64>,
    ) -> Result<DirectoryPerson, Error> {
        check(&record)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let before = self.directory_person(id).await?;
        if seen.is_some_and(|seen| seen != before.version) {
            return Err(Error::Busy);
        }
        if record == before.record {
            return Ok(before);
        }
        let administered = Administered::now(&mut *tx).await?;
        if record.user_name != before.record.user_name
            && !tx.rename_person(by, id, &record.user_name, now).await?
        {
            return Err(taken(id));
        }
        let shown = record.shown_name();
        let display_name = if shown == before.record.shown_name() {
            None
        } else {
            let given = shown.as_deref();
            Some(display_name::telling(&self.store, given, &record.user_name, Some(id), now).await?)
        };
        // Whom an administrator keeps out comes in again only if the directory kept them out before, too.
        let enabled = match record.active {
            Some(false) => Some(false),
            Some(true) if before.record.active == Some(false) => Some(true),
            _ => None,
        };
        let update = PersonUpdate { enabled, display_name, password_hash: None };
        written(tx.update_person(by, id, &update, now).await?)?;
        let ended = if enabled == Some(false) { tx.revoke_all(by, id, None, now).await? } else { 0 };
        let body = json!({
            "user": id, "before": before.record, "after": record, "enabled": enabled.unwrap_or(before.enabled),
            "credentials_ended": ended,
        });
        tx.append_audit(by, entry(now, AuditKind::UserChanged, id, body)).await?;
        let after = DirectoryPerson { record, version: before.version + 1, ..before };
        written(tx.put_directory_person(by, &after, now).await?)?;
        administered.keep(&mut *tx).await?;
        tx.commit().await?;
        self.directory_person(id).await
    }

    /// Keeps a person out for good. What they did stays theirs, so the account stays; its name is free for another.
    pub(super) async fn take_out(&self, by: &Authorized, id: UserId) -> Result<(), Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let before = self.directory_person(id).await?;
        let administered = Administered::now(&mut *tx).await?;
        let update = PersonUpdate { enabled: Some(false), ..PersonUpdate::default() };
        written(tx.update_person(by, id, &update, now).await?)?;
        let ended = tx.revoke_all(by, id, None, now).await?;
        written(tx.set_assignments(by, id, &Assignments::default(), now).await?)?;
        let text = id.to_string();
        let kept: String = before.record.user_name.chars().take(KEPT_OF_NAME).collect();
        let name = format!("{kept}.removed-{}", text.rsplit('-').next().unwrap_or(&text));
        written(tx.rename_person(by, id, &name, now).await?)?;
        written(tx.forget_directory_person(by, id, now).await?)?;
        let body = json!({
            "user": id, "before": before.record, "after": null, "enabled": false, "name": name,
            "credentials_ended": ended,
        });
        tx.append_audit(by, entry(now, AuditKind::UserChanged, id, body)).await?;
        administered.keep(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}

fn check(record: &PersonRecord) -> Result<(), Error> {
    let mut found = record.check();
    if !is_user_name(&record.user_name) {
        found.push(FieldError::new("/userName", "must be 1 to 64 letters, digits or . _ - @"));
    }
    if found.is_empty() { Ok(()) } else { Err(Error::Invalid(found)) }
}

fn taken(id: UserId) -> Error {
    let detail = "somebody else signs in with this userName; take another, or rename that person".to_owned();
    Error::Conflict { detail, current: Box::new(Current::named(id)) }
}

fn entry(at: Timestamp, kind: AuditKind, id: UserId, body: Value) -> AuditEntry {
    AuditEntry { at, kind, subject: Some(id.into()), body }
}

fn written(done: bool) -> Result<(), Error> {
    if done { Ok(()) } else { Err(Denied::Revoked.into()) }
}
