//! How long there is to decide on an action whose proposer names no end.

use async_trait::async_trait;
use domain::decision_times::DecisionTimes;
use domain::{ActionType, Authorized};
use jiff::Timestamp;

use crate::error::Result;

/// Reads of times to decide.
#[async_trait]
pub trait ReadDecisionTimes: Send + Sync {
    /// The times that were set.
    async fn decision_times(&self) -> Result<DecisionTimes>;
}

/// Writes of times to decide.
#[async_trait]
pub trait WriteDecisionTimes: Send {
    /// As [`ReadDecisionTimes::decision_times`]. Nobody else writes meanwhile.
    async fn decision_times(&mut self) -> Result<DecisionTimes>;

    /// Sets the hours of a type, none for the default. False if the caller may no longer.
    async fn set_decision_time(
        &mut self,
        by: &Authorized,
        action_type: ActionType,
        hours: Option<u32>,
        now: Timestamp,
    ) -> Result<bool>;
}
