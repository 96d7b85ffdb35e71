//! Rules of notifications, and the messages that follow from the audit log.

use async_trait::async_trait;
use domain::notifications::contract::NotificationRuleState;
use domain::notifications::{NotificationRule, Occasion};
use domain::{ActionId, Authorized};
use jiff::Timestamp;
use uuid::Uuid;

use crate::error::Result;

/// News of an action for a rule.
#[derive(Debug, Clone, Copy)]
pub struct News<'a> {
    /// The rule.
    pub rule: &'a str,
    /// What happened.
    pub occasion: Occasion,
    /// The action.
    pub action: ActionId,
    /// The record that it follows from; 0 of what is told once of an action.
    pub seq: i64,
    /// What it shares with others of its message.
    pub bucket: &'a str,
    /// The id of its message, if that is a new one.
    pub message: Uuid,
    /// Now.
    pub at: Timestamp,
    /// When a new message is sent.
    pub ready_at: Timestamp,
}

/// A message under a worker's lease.
#[derive(Debug, Clone)]
pub struct LeasedMessage {
    /// The same on each attempt.
    pub id: Uuid,
    /// The rule that it follows from.
    pub rule: String,
    /// What it is about.
    pub occasion: Occasion,
    /// The message that this one says to be over.
    pub about: Option<Uuid>,
    /// Fences off a worker that lost its lease.
    pub generation: i64,
    /// Attempts before this one.
    pub attempts: i64,
    /// When its first news came.
    pub created_at: Timestamp,
    /// Its actions, in the order of their news, and whether each waits no more.
    pub actions: Vec<(ActionId, bool)>,
}

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageEnd {
    /// It was taken.
    Sent,
    /// There was nothing to say any more.
    Dropped,
    /// It could not be sent for too long.
    Failed,
}

/// A message of which all is over, and which was sent.
#[derive(Debug, Clone)]
pub struct Over {
    /// The message.
    pub message: Uuid,
    /// Its rule.
    pub rule: String,
}

/// When an action ends, and which.
pub type Expiring = (Timestamp, ActionId);

/// Reads of rules.
#[async_trait]
pub trait ReadNotifications: Send + Sync {
    /// All rules, by name.
    async fn notification_rules(&self) -> Result<Vec<NotificationRule>>;

    /// The same with how their messages went.
    async fn notification_states(&self) -> Result<Vec<NotificationRuleState>>;

    /// Whether a message is to be sent, or its lease is over.
    async fn message_is_due(&self, now: Timestamp) -> Result<bool>;

    /// Actions that wait, end before a time, and of which a rule has not said so yet, in the order of their ends; those
    /// after one, if it is named.
    async fn expiring(
        &self,
        rule: &str,
        after: Option<Expiring>,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Expiring>>;
}

/// Writes of rules.
#[async_trait]
pub trait WriteNotifications: Send {
    /// Adds a rule; what was recorded before the first one is no news. False if there is one of this name, or as many
    /// as there may be.
    async fn insert_notification_rule(
        &mut self,
        by: &Authorized,
        rule: &NotificationRule,
        now: Timestamp,
    ) -> Result<bool>;

    /// Removes a rule with what it was going to send. False if there is none.
    async fn delete_notification_rule(&mut self, by: &Authorized, name: &str, now: Timestamp)
    -> Result<bool>;
}

/// What only the worker writes.
#[async_trait]
pub trait SystemNotifications: Send {
    /// How far the audit log was read.
    async fn notified_until(&mut self) -> Result<i64>;

    /// Notes how far the audit log was read.
    async fn set_notified_until(&mut self, seq: i64) -> Result<()>;

    /// Puts news into the message of its bucket that was not sent yet, or into a new one. News that is known stays.
    async fn note_news(&mut self, news: News<'_>) -> Result<()>;

    /// Notes that an action waits no more. Answers with the messages that were sent and have nothing left.
    async fn settle_news(&mut self, action: ActionId) -> Result<Vec<Over>>;

    /// Puts in a message that says that another one is over.
    async fn follow_up_message(&mut self, over: &Over, id: Uuid, at: Timestamp) -> Result<()>;

    /// Leases the message that is ready for the longest time, but for those of a rule that has some leased already.
    async fn lease_message(&mut self, now: Timestamp, until: Timestamp) -> Result<Option<LeasedMessage>>;

    /// Ends a message, if the lease is still ours.
    async fn finish_message(&mut self, message: &LeasedMessage, end: MessageEnd) -> Result<bool>;

    /// Gives a message back to be tried again, if the lease is still ours.
    async fn retry_message(
        &mut self,
        message: &LeasedMessage,
        ready_at: Timestamp,
        error: &str,
    ) -> Result<bool>;
}
