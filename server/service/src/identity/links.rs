//! Who people are at the provider, and taking that away: then they sign in by it no more.

use domain::identity::contract::LinkedIdentity;
use domain::{AuditKind, Authorized, Caller, Denied, Error, UserId};
use serde_json::{Value, json};

use super::settings::linked;
use crate::Service;
use store::AuditEntry;

impl Service {
    /// Who a person is at providers.
    pub(super) async fn links_of(&self, person: UserId) -> Result<Vec<LinkedIdentity>, Error> {
        let found = self.store.identities_of(person).await?;
        let shown = |of: store::Identity| LinkedIdentity { issuer: of.issuer, subject: of.subject };
        Ok(found.into_iter().map(shown).collect())
    }

    /// Takes their own away, if they can sign in without.
    pub(super) async fn unlink_own(&self, caller: &Caller) -> Result<(), Error> {
        let (person, by) = (caller.own()?, caller.authorize_own()?);
        caller.require_fresh_factor()?;
        if !self.person_of(person).await?.has_password {
            let detail = "is all that you sign in by: have an administrator set a password first";
            return Err(Error::invalid("/identity", detail));
        }
        self.unlink(&by, person).await
    }

    /// Takes away who a person is at providers, and ends the sessions that came from there.
    pub(super) async fn unlink(&self, by: &Authorized, person: UserId) -> Result<(), Error> {
        self.person_of(person).await?;
        let now = self.clock.now();
        let before = self.store.identities_of(person).await?;
        let mut tx = self.store.begin().await?;
        let Some(ended) = tx.unlink_identities(by, person, now).await? else {
            return Err(Denied::Revoked.into());
        };
        let before: Vec<_> = before.iter().map(linked).collect();
        let subject = Some(person.into());
        let body = json!({ "user": person, "before": before, "after": null });
        tx.append_audit(by, AuditEntry { at: now, kind: AuditKind::UserChanged, subject, body }).await?;
        for id in &ended {
            let body: Value = json!({ "credential": id, "after": null, "unlinked": true });
            let subject = Some((*id).into());
            let entry = AuditEntry { at: now, kind: AuditKind::CredentialRevoked, subject, body };
            tx.append_audit(by, entry).await?;
        }
        Ok(tx.commit().await?)
    }
}
