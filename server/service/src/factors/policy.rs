//! Who must have a second factor, and what administrators do with those of others.

use domain::access::factors::{FactorPolicy, FactorPolicyView, FactorsView};
use domain::{AuditKind, Caller, Denied, Error, FieldError, Permission, Subject, SubjectKind, UserId};
use serde_json::json;

use super::own::record;
use crate::Service;
use crate::access::check_global;
use store::AuditEntry;

impl Service {
    pub(super) async fn show_factors_of(
        &self,
        caller: &Caller,
        person: UserId,
    ) -> Result<FactorsView, Error> {
        caller.require_administration(Permission::Administer)?;
        self.person_of(person).await?;
        self.factors.view(person).await
    }

    pub(super) async fn take_factors(&self, caller: &Caller, person: UserId) -> Result<FactorsView, Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let before = self.person_of(person).await?;
        if caller.person == Some(person) {
            let own = "is about yourself; remove them on your own page, or another administrator does";
            return Err(Error::invalid("/id", own));
        }
        check_global(caller, &before.assignments.roles, &[])?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let removed = tx.delete_factors(&by, person, now).await?;
        // Who has them may be somebody else: whatever they opened ends.
        let ended = tx.revoke_all(&by, person, None, now).await?;
        let body =
            json!({ "user": person, "reset": true, "factors_removed": removed, "credentials_ended": ended });
        record(&mut *tx, &by, person, body, now).await?;
        tx.commit().await?;
        self.factors.view(person).await
    }

    pub(super) async fn show_factor_policy(&self, caller: &Caller) -> Result<FactorPolicyView, Error> {
        caller.require_administration(Permission::Administer)?;
        let policy = self.store.factor_policy().await?;
        Ok(FactorPolicyView { policy, people: self.store.people_factors().await? })
    }

    pub(super) async fn put_factor_policy(
        &self,
        caller: &Caller,
        policy: FactorPolicy,
    ) -> Result<FactorPolicy, Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let known = self.store.role_groups().await?;
        let unknown = policy.role_groups.iter().filter(|id| !known.iter().any(|(of, _)| of.id == **id));
        let wrong: Vec<_> =
            unknown.map(|id| FieldError::new("/role_groups", format!("names no role group: {id}"))).collect();
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        let (now, before) = (self.clock.now(), self.store.factor_policy().await?);
        let mut tx = self.store.begin().await?;
        if !tx.set_factor_policy(&by, &policy, now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "before": before, "after": policy });
        let subject = Some(Subject::new(SubjectKind::Setting, "second-factors"));
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::SettingChanged, subject, body }).await?;
        tx.commit().await?;
        Ok(policy)
    }
}
