//! What is asked of the server about notifications.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{NotificationRule, OwnNotices};
use crate::access::Caller;
use crate::core::error::Error;

/// The part of the server that keeps rules of notifications. All but one's own is for administrators.
#[async_trait]
pub trait NotificationsBackend: Send + Sync {
    /// All rules, by name, as people see them.
    async fn notification_rules(&self, caller: &Caller) -> Result<Vec<NotificationRuleState>, Error>;

    /// Adds one.
    async fn add_notification_rule(
        &self,
        caller: &Caller,
        rule: NotificationRule,
    ) -> Result<NotificationRule, Error>;

    /// Removes one, and what it was going to send.
    async fn remove_notification_rule(&self, caller: &Caller, name: &str) -> Result<(), Error>;

    /// What the caller is told of what they proposed; none: nothing.
    async fn own_notices(&self, caller: &Caller) -> Result<Option<OwnNotices>, Error>;

    /// Sets that.
    async fn set_own_notices(&self, caller: &Caller, notices: Option<OwnNotices>) -> Result<(), Error>;

    /// Sends a message that says that it is a test.
    async fn test_notification_rule(&self, caller: &Caller, name: &str) -> Result<NotificationTest, Error>;
}

/// A rule, and how its messages went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NotificationRuleState {
    /// The rule, without what is secret.
    pub rule: NotificationRule,
    /// Messages that are to be sent.
    pub waiting: u64,
    /// Messages that were sent.
    pub sent: u64,
    /// Messages that could not be sent for three days.
    pub failed: u64,
    /// Why the last attempt that failed did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NotificationTest {
    /// Whether the message was taken.
    pub works: bool,
    /// In one sentence.
    pub says: String,
}
