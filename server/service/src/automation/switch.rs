//! The stop of all rules, and their quotas: both are asked for in the transaction in which a rule decides.

use async_trait::async_trait;
use domain::automation::contract::AutomationBackend;
use domain::automation::{
    AutomationState, DEFAULT_QUOTA, MAX_QUOTA, MAX_REASON, Quota, Simulation, SimulationRequest, Stop,
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
        RowScope::of(caller)?;
        self.automation_now().await
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
        self.switch_automation(caller.authorize_administration(Permission::Configure)?, Some(reason)).await
    }

    async fn resume_automation(&self, caller: &Caller) -> Result<AutomationState, Error> {
        self.switch_automation(caller.authorize_administration(Permission::Configure)?, None).await
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

    async fn simulate_level(&self, caller: &Caller, asked: SimulationRequest) -> Result<Simulation, Error> {
        self.simulate(caller, asked).await
    }
}

fn subject() -> Option<Subject> {
    Some(Subject::new(SubjectKind::Setting, "automation"))
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

    /// Stops all rules, with a reason, or lets them decide again; by whoever may.
    ///
    /// # Errors
    /// A reason that can't be one, or a failure of the store.
    pub async fn switch_automation(
        &self,
        by: Authorized,
        stop: Option<Option<String>>,
    ) -> Result<AutomationState, Error> {
        let stop = stop.map(|reason| reason.filter(|text| !text.trim().is_empty()));
        if let Some(Some(reason)) = &stop {
            check_text(reason, MAX_REASON).map_err(|detail| Error::invalid("/reason", detail))?;
        }
        let service = self.clone();
        detached(async move { service.switch_now(&by, stop).await }).await
    }

    async fn switch_now(
        &self,
        by: &Authorized,
        stop: Option<Option<String>>,
    ) -> Result<AutomationState, Error> {
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let before = tx.automation(now).await?.stopped;
        if before.is_some() == stop.is_some() {
            drop(tx);
            return self.automation_now().await;
        }
        let after = stop.map(|reason| Stop { since: now, by: by.actor().label(), reason });
        let kind = if after.is_some() { AuditKind::AutomationStopped } else { AuditKind::AutomationResumed };
        if !tx.set_automation_stop(by, after.as_ref(), now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "before": before, "after": after });
        tx.append_audit(by, AuditEntry { at: now, kind, subject: subject(), body }).await?;
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
        let entry = AuditEntry { at: now, kind: AuditKind::SettingChanged, subject: subject(), body };
        tx.append_audit(by, entry).await?;
        tx.commit().await?;
        self.automation_now().await
    }
}
