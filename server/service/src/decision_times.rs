//! How long there is to decide on an action whose proposer names no end: who sets it, and what waits takes from it.

use async_trait::async_trait;
use domain::decision_times::contract::DecisionTimesBackend;
use domain::decision_times::{DecisionTime, MAX_HOURS};
use domain::{
    Action, ActionType, AuditKind, Authorized, Caller, Decision, Denied, Error, Permission, RowScope,
    Subject, SubjectKind,
};
use jiff::Timestamp;
use serde_json::json;

use super::{Service, detached};
use store::{AuditEntry, Transaction};

#[async_trait]
impl DecisionTimesBackend for Service {
    async fn decision_times(&self, caller: &Caller) -> Result<Vec<DecisionTime>, Error> {
        RowScope::of(caller)?;
        Ok(self.store.decision_times().await?.all())
    }

    async fn set_decision_time(
        &self,
        caller: &Caller,
        action_type: ActionType,
        hours: Option<u32>,
    ) -> Result<Vec<DecisionTime>, Error> {
        let by = caller.authorize_administration(Permission::Configure)?;
        let service = self.clone();
        detached(async move { service.set_time_now(&by, action_type, hours).await }).await
    }
}

impl Service {
    async fn set_time_now(
        &self,
        by: &Authorized,
        action_type: ActionType,
        hours: Option<u32>,
    ) -> Result<Vec<DecisionTime>, Error> {
        if hours.is_some_and(|hours| !(1..=MAX_HOURS).contains(&hours)) {
            return Err(Error::invalid(
                "/hours",
                format!("must be 1 to {MAX_HOURS}, or nothing for the default"),
            ));
        }
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let before = tx.decision_times().await?;
        if before.0.get(&action_type).copied() == hours {
            return Ok(before.all());
        }
        if !tx.set_decision_time(by, action_type, hours, now).await? {
            return Err(Denied::Revoked.into());
        }
        let after = tx.decision_times().await?;
        let body = json!({ "before": before.of(action_type), "after": after.of(action_type) });
        let subject = Some(Subject::new(SubjectKind::Setting, "decision-times"));
        tx.append_audit(by, AuditEntry { at: now, kind: AuditKind::SettingChanged, subject, body }).await?;
        tx.commit().await?;
        Ok(after.all())
    }
}

/// Gives an action that waits for people the time that its type has.
pub(super) async fn give_time(
    tx: &mut (impl Transaction + ?Sized),
    action: &mut Action,
    now: Timestamp,
) -> Result<(), Error> {
    if action.decision == Decision::Pending {
        action.expires_at = tx.decision_times().await?.end(action.action_type, now);
    }
    Ok(())
}
