//! How far rules may decide by themselves: whether any does now, quotas, and what they decided lately.

use async_trait::async_trait;
use domain::automation::{AutomationState, Stop};
use domain::{Action, ActionType, Authorized, RowScope};
use jiff::Timestamp;

use crate::error::Result;

/// Reads of automation.
#[async_trait]
pub trait ReadAutomation: Send + Sync {
    /// Whether rules decide, and the quotas that were set or used in the hour before `now`.
    async fn automation(&self, now: Timestamp) -> Result<AutomationState>;

    /// Why no rule decides; none if they do.
    async fn automation_stop(&self) -> Result<Option<Stop>>;

    /// What investigations proposed since a time on the devices of a group, the latest first.
    async fn proposed_in_group(
        &self,
        scope: &RowScope,
        group: &str,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Action>>;
}

/// Writes of automation.
#[async_trait]
pub trait WriteAutomation: Send {
    /// As [`ReadAutomation::automation`]. Nobody else writes meanwhile, so that what is counted is exact.
    async fn automation(&mut self, now: Timestamp) -> Result<AutomationState>;

    /// Lets no rule decide, or lets them again. False if the caller may no longer.
    async fn set_automation_stop(
        &mut self,
        by: &Authorized,
        stop: Option<&Stop>,
        now: Timestamp,
    ) -> Result<bool>;

    /// Sets a quota, or the default. False if the caller may no longer.
    async fn set_quota(
        &mut self,
        by: &Authorized,
        action_type: ActionType,
        per_hour: Option<u32>,
        now: Timestamp,
    ) -> Result<bool>;

    /// The types of action that rules may approve on users that are compromised.
    async fn compromised_users(&mut self) -> Result<Vec<ActionType>>;

    /// Sets them. False if the caller may no longer.
    async fn set_compromised_users(
        &mut self,
        by: &Authorized,
        types: &[ActionType],
        now: Timestamp,
    ) -> Result<bool>;

    /// Notes that a rule approved an action, for its quota.
    async fn note_automatic(&mut self, by: &Authorized, action: &Action, now: Timestamp) -> Result<()>;
}
