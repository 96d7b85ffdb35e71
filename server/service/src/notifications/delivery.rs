//! Delivery: leases messages, has them sent, and writes how that ended.

use std::time::Duration;

use domain::notifications::{NotificationRule, Occasion};
use domain::{Error, RowScope, SystemAuthority};
use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::Unsent;
use super::message::Message;
use crate::Service;
use store::{LeasedMessage, MessageEnd};

/// One attempt may take this long; less than the lease.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
const LEASE: SignedDuration = SignedDuration::from_secs(30);
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(3 * 24);
const MAX_PAUSE: i64 = 1_800;
/// Messages that are on their way at a time.
const MAX_UNDER_WAY: usize = 20;

impl Service {
    /// Sends what is due, each by itself: who does not answer keeps no other message waiting.
    pub(super) async fn deliver_due(
        &self,
        authority: &SystemAuthority,
        under_way: &mut JoinSet<()>,
    ) -> Result<(), Error> {
        while under_way.len() < MAX_UNDER_WAY {
            // Most looks find nothing, which needs no write lock.
            if !self.store.message_is_due(self.clock.now()).await? {
                return Ok(());
            }
            let mut tx = self.store.begin_system(authority).await?;
            let now = tx.time(self.clock.now()).await?;
            let leased = tx.lease_message(now, now.saturating_add(LEASE).unwrap_or(now)).await?;
            let Some(message) = leased else { return Ok(()) };
            tx.commit().await?;
            let (service, authority) = (self.clone(), authority.clone());
            under_way.spawn(async move {
                if let Err(error) = service.attempt(&authority, message).await {
                    tracing::warn!(%error, "sending a notification failed");
                }
            });
        }
        Ok(())
    }

    async fn attempt(&self, authority: &SystemAuthority, leased: LeasedMessage) -> Result<(), Error> {
        let sent = self.try_sending(&leased).await?;
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        match sent {
            Ok(end) => {
                tx.finish_message(&leased, end).await?;
            }
            Err(Unsent::Later(why)) if now.duration_since(leased.created_at) < GIVE_UP_AFTER => {
                let doublings = u32::try_from(leased.attempts).unwrap_or(u32::MAX).min(11);
                let pause = SignedDuration::from_secs((1_i64 << doublings).min(MAX_PAUSE));
                tx.retry_message(&leased, now.saturating_add(pause).unwrap_or(now), &why).await?;
            }
            Err(Unsent::Later(why) | Unsent::Never(why)) => {
                tx.retry_message(&leased, now, &why).await?;
                tx.finish_message(&leased, MessageEnd::Failed).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    async fn try_sending(&self, leased: &LeasedMessage) -> Result<Result<MessageEnd, Unsent>, Error> {
        let rules = self.store.notification_rules().await?;
        let Some(rule) = rules.into_iter().find(|rule| rule.name == leased.rule) else {
            return Ok(Ok(MessageEnd::Dropped));
        };
        let waits = matches!(leased.occasion, Occasion::Waits | Occasion::Expiring);
        let mut actions = Vec::new();
        for (id, settled) in &leased.actions {
            // What was decided before anybody was told waits no more.
            if waits && *settled {
                continue;
            }
            actions.extend(self.store.action(&RowScope::ALL, *id).await?);
        }
        if actions.is_empty() {
            return Ok(Ok(MessageEnd::Dropped));
        }
        let message = Message::of(leased, &actions, &self.base_url);
        Ok(self.deliver(&rule, &message).await.map(|()| MessageEnd::Sent))
    }

    /// Hands a message to the messenger.
    pub(super) async fn deliver(&self, rule: &NotificationRule, message: &Message) -> Result<(), Unsent> {
        let Some(messenger) = &self.messenger else {
            return Err(Unsent::Later("This server sends no messages.".to_owned()));
        };
        let rule = self.opened(rule.clone())?;
        let sent = tokio::time::timeout(ATTEMPT_TIMEOUT, messenger.send(&rule, message)).await;
        sent.unwrap_or_else(|_| Err(Unsent::Later("There was no answer within 15 seconds.".to_owned())))
    }
}
