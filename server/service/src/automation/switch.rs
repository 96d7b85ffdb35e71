//! The stop of all rules, and their quotas: both are asked for in the transaction in which a rule decides.

use async_trait::async_trait;
use domain::automation::contract::AutomationBackend;
use domain::automation::{
    AutomationState, DEFAULT_QUOTA, MAX_QUOTA, MAX_REASON, Quota, Simulation, SimulationRequest, Stop,
    check_compromised_users,
};
use domain::core::text::check_text;
use domain::{
    ActionType, AuditKind, Authorized, Caller, Denied, Error, Permission, RowScope, Subject, SubjectKind,
};
use serde_json::json;

use crate::{Service, detached};
use store::AuditEntry;

#[async_trait]
impl AutomationBackend for Service {
    async fn automation(&self, caller: &Caller) -> Result<AutomationState, Error> {
        let scope = RowScope::of(caller)?;
        let mut state = self.automation_now().await?;
        if !scope.is_all() {
            // They count actions outside of the scope, too.
            state.quotas.iter_mut().for_each(|quota| quota.used = None);
        }
        Ok(state)
    }

    async fn automation_stop(&self, caller: &Caller) -> Result<Option<Stop>, Error> {
        RowScope::of(caller)?;
        Ok(self.store.automation_stop().await?)
    }

    async fn stop_automation(
        &self,
        caller: &Caller,
        reason: Option<String>,
    ) -> Result<AutomationState, Error> {
        self.stop_all(caller.authorize_administration(Permission::Configure)?, reason).await
    }

    async fn resume_automation(&self, caller: &Caller) -> Result<AutomationState, Error> {
        self.resume_all(caller.authorize_administration(Permission::Configure)?).await
    }

    async fn set_quota(
        &self,
        caller: &Caller,
        action_type: ActionType,
        per_hour: Option<u32>,
    ) -> Result<AutomationState, Error> {
        let by = caller.authorize_administration(Permission::Configure)?;
        let service = self.clone();
        detached(async move { service.set_quota_now(&by, action_type, per_hour).await }).await
    }

    async fn set_compromised_users(
        &self,
        caller: &Caller,
        types: Vec<ActionType>,
    ) -> Result<AutomationState, Error> {
        self.let_on_compromised_users(caller.authorize_administration(Permission::Configure)?, types).await
    }

    async fn simulate_level(&self, caller: &Caller, asked: SimulationRequest) -> Result<Simulation, Error> {
        self.simulate(caller, asked).await
    }
}

fn subject() -> Subject {
    Subject::new(SubjectKind::Setting, "automation")
}

/// What is asked of all rules.
enum Switch {
    /// To decide on nothing, for this reason.
    Stop(Option<String>),
    /// To go on.
    Resume,
}

impl Service {
    /// Whether rules decide, and the quota of each type.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn automation_now(&self) -> Result<AutomationState, Error> {
        let state = self.store.automation(self.clock.now()).await?;
        let quotas = ActionType::ALL.iter().map(|&of| state.quota(of)).collect();
        Ok(AutomationState { quotas, ..state })
    }

    /// Stops all rules, by whoever may.
    ///
    /// # Errors
    /// A reason that can't be one, or a failure of the store.
    pub async fn stop_all(&self, by: Authorized, reason: Option<String>) -> Result<AutomationState, Error> {
        let reason = reason.filter(|text| !text.trim().is_empty());
        if let Some(reason) = &reason {
            check_text(reason, MAX_REASON).map_err(|detail| Error::invalid("/reason", detail))?;
        }
        self.switch(by, Switch::Stop(reason)).await
    }

    /// Lets rules decide again, by whoever may.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn resume_all(&self, by: Authorized) -> Result<AutomationState, Error> {
        self.switch(by, Switch::Resume).await
    }

    /// Lets rules approve these types of action on users that are compromised, and no others, by whoever may.
    ///
    /// # Errors
    /// A type that is not done to users, or a failure of the store.
    pub async fn let_on_compromised_users(
        &self,
        by: Authorized,
        types: Vec<ActionType>,
    ) -> Result<AutomationState, Error> {
        let types = check_compromised_users(&types).map_err(|error| Error::Invalid(vec![error]))?;
        let service = self.clone();
        detached(async move { service.set_compromised_users_now(&by, &types).await }).await
    }

    async fn set_compromised_users_now(
        &self,
        by: &Authorized,
        after: &[ActionType],
    ) -> Result<AutomationState, Error> {
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let before = tx.compromised_users().await?;
        if before == after {
            drop(tx);
            return self.automation_now().await;
        }
        if !tx.set_compromised_users(by, after, now).await? {
            return Err(Denied::Revoked.into());
        }
        let body =
            json!({ "before": { "compromised_users": before }, "after": { "compromised_users": after } });
        let entry = AuditEntry { at: now, kind: AuditKind::SettingChanged, subject: Some(subject()), body };
        tx.append_audit(by, entry).await?;
        tx.commit().await?;
        self.automation_now().await
    }

    async fn switch(&self, by: Authorized, switch: Switch) -> Result<AutomationState, Error> {
        let service = self.clone();
        detached(async move { service.switch_now(&by, switch).await }).await
    }

    async fn switch_now(&self, by: &Authorized, switch: Switch) -> Result<AutomationState, Error> {
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let before = tx.automation(now).await?.stopped;
        let (after, kind) = match switch {
            Switch::Stop(reason) => {
                let stop = Stop { since: now, by: by.actor().label(), reason };
                (Some(stop), AuditKind::AutomationStopped)
            }
            Switch::Resume => (None, AuditKind::AutomationResumed),
        };
        if before.is_some() == after.is_some() {
            drop(tx);
            return self.automation_now().await;
        }
        if !tx.set_automation_stop(by, after.as_ref(), now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "before": before, "after": after });
        let subject = Some(subject());
        tx.append_audit(by, AuditEntry { at: now, kind, subject, body }).await?;
        tx.commit().await?;
        self.automation_now().await
    }

    async fn set_quota_now(
        &self,
        by: &Authorized,
        action_type: ActionType,
        per_hour: Option<u32>,
    ) -> Result<AutomationState, Error> {
        if per_hour.is_some_and(|per_hour| per_hour > MAX_QUOTA) {
            return Err(Error::invalid("/per_hour", format!("must be 0 to {MAX_QUOTA}")));
        }
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let Quota { per_hour: before, is_default, .. } = tx.automation(now).await?.quota(action_type);
        let after = per_hour.unwrap_or(DEFAULT_QUOTA);
        if before == after && is_default == per_hour.is_none() {
            drop(tx);
            return self.automation_now().await;
        }
        if !tx.set_quota(by, action_type, per_hour, now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "type": action_type, "before": { "per_hour": before, "is_default": is_default },
            "after": { "per_hour": after, "is_default": per_hour.is_none() } });
        let entry = AuditEntry { at: now, kind: AuditKind::SettingChanged, subject: Some(subject()), body };
        tx.append_audit(by, entry).await?;
        tx.commit().await?;
        self.automation_now().await
    }
}
