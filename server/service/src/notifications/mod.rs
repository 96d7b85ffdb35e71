//! Notifications: rules are kept here; messages follow from the audit log, by one reader at a time, so that none is lost
//! or doubled however many instances there are.
//!
//! `news` reads the log and the clock, `message` makes the words, `delivery` hands messages to the [`Messenger`].

pub mod message;

mod delivery;
mod news;
mod own;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::notifications::contract::{NotificationRuleState, NotificationTest, NotificationsBackend};
use domain::notifications::{Channel, MAX_RULES, NotificationRule, OWN, OwnNotices};
use domain::{AuditKind, Authorized, Caller, Denied, Error, Subject, SubjectKind, SystemAuthority};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use self::message::Message;
use super::{Service, detached};
use store::AuditEntry;

/// Looks for new records, and for messages that are due. Not at each commit: news is gathered for longer than this anyway,
/// and who decides next would wait for each look.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Looks for what expires soon.
const EXPIRING_INTERVAL: Duration = Duration::from_secs(20);

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// Tried again it may be.
    Later(String),
    /// It will never be.
    Never(String),
}

/// What carries messages.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Whether messages may be sent to where the rule says.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field that does not do.
    fn check(&self, rule: &NotificationRule) -> Result<(), Error>;

    /// Sends a message by the rule's channel. A repeat has the same id.
    async fn send(&self, rule: &NotificationRule, message: &Message) -> Result<(), Unsent>;
}

#[async_trait]
impl NotificationsBackend for Service {
    async fn notification_rules(&self, caller: &Caller) -> Result<Vec<NotificationRuleState>, Error> {
        caller.require_notifications()?;
        self.notification_states().await
    }

    async fn add_notification_rule(
        &self,
        caller: &Caller,
        rule: NotificationRule,
    ) -> Result<NotificationRule, Error> {
        let by = caller.authorize_notifications()?;
        let service = self.clone();
        detached(async move { service.add_rule(&by, rule).await }).await
    }

    async fn remove_notification_rule(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        let by = caller.authorize_notifications()?;
        let (service, name) = (self.clone(), name.to_owned());
        detached(async move { service.remove_rule(&by, &name).await }).await
    }

    async fn own_notices(&self, caller: &Caller) -> Result<Option<OwnNotices>, Error> {
        self.load_own_notices(caller).await
    }

    async fn set_own_notices(&self, caller: &Caller, notices: Option<OwnNotices>) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.put_own_notices(&caller, notices).await }).await
    }

    async fn test_notification_rule(&self, caller: &Caller, name: &str) -> Result<NotificationTest, Error> {
        caller.require_notifications()?;
        self.test_rule(name).await
    }
}

impl Service {
    /// All rules with how their messages went, as people see them.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn notification_states(&self) -> Result<Vec<NotificationRuleState>, Error> {
        let states = self.store.notification_states().await?;
        Ok(states
            .into_iter()
            .map(|state| NotificationRuleState { rule: as_shown(state.rule.clone()), ..state })
            .collect())
    }

    /// Adds a rule.
    ///
    /// # Errors
    /// [`Error::Invalid`], or if the store fails.
    pub async fn add_rule(&self, by: &Authorized, rule: NotificationRule) -> Result<NotificationRule, Error> {
        self.check_rule(&rule)?;
        if rule.name.starts_with(OWN) {
            return Err(Error::invalid(
                "/name",
                format!("can't begin with {OWN}: people keep such rules for themselves"),
            ));
        }
        let kept = self.sealed(rule.clone())?;
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        if !tx.insert_notification_rule(by, &kept, now).await? {
            drop(tx);
            let rules = self.store.notification_rules().await?;
            return Err(if rules.iter().any(|other| other.name == rule.name) {
                Error::invalid("/name", "is the name of another rule")
            } else if rules.iter().filter(|rule| !rule.name.starts_with(OWN)).count() >= MAX_RULES {
                Error::invalid(
                    "/",
                    format!("there are {MAX_RULES} rules, the most that are kept; remove one first"),
                )
            } else {
                Denied::Revoked.into()
            });
        }
        let shown = rule.shown();
        let entry = AuditEntry {
            at: now,
            kind: AuditKind::SettingChanged,
            subject: Some(subject(&shown.name)),
            body: json!({ "before": null, "after": shown }),
        };
        tx.append_audit(by, entry).await?;
        tx.commit().await?;
        Ok(shown)
    }

    fn check_rule(&self, rule: &NotificationRule) -> Result<(), Error> {
        rule.check()?;
        self.messenger.as_ref().map_or(Ok(()), |messenger| messenger.check(rule))
    }

    /// As it is kept: the URL of a webhook is a secret, so its host stands there, and the whole sealed.
    fn sealed(&self, mut rule: NotificationRule) -> Result<NotificationRule, Error> {
        if let (Some(workshop), false) = (&self.workshop, rule.channel == Channel::Email) {
            let url = rule.to.concat();
            let sealed = workshop.seal(&subject(&rule.name).id, &url).map_err(Error::Internal)?;
            rule = rule.shown();
            rule.to.push(sealed);
        }
        Ok(rule)
    }

    /// The other way round.
    fn opened(&self, mut rule: NotificationRule) -> Result<NotificationRule, Unsent> {
        if let (Some(workshop), false, [_, sealed]) =
            (&self.workshop, rule.channel == Channel::Email, rule.to.as_slice())
        {
            let url = workshop.open(&subject(&rule.name).id, sealed);
            rule.to = vec![url.map_err(|why| Unsent::Later(format!("Its URL can't be opened: {why}.")))?];
        }
        Ok(rule)
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// [`Error::NotFound`], or if the store fails.
    pub async fn remove_rule(&self, by: &Authorized, name: &str) -> Result<(), Error> {
        let rules = self.store.notification_rules().await?;
        let before = rules.into_iter().find(|rule| rule.name == name).map(as_shown);
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        if !tx.delete_notification_rule(by, name, now).await? {
            return Err(Error::NotFound(subject(name)));
        }
        let body = json!({ "before": before, "after": null });
        let entry =
            AuditEntry { at: now, kind: AuditKind::SettingChanged, subject: Some(subject(name)), body };
        tx.append_audit(by, entry).await?;
        Ok(tx.commit().await?)
    }

    /// Sends a message that says that it is a test.
    ///
    /// # Errors
    /// [`Error::NotFound`], or if the store fails.
    pub async fn test_rule(&self, name: &str) -> Result<NotificationTest, Error> {
        let rules = self.store.notification_rules().await?;
        let rule = rules.into_iter().find(|rule| rule.name == name);
        let rule = rule.ok_or_else(|| Error::NotFound(subject(name)))?;
        let message = Message::test(&rule, self.clock.now(), &self.base_url);
        Ok(match self.deliver(&rule, &message).await {
            Ok(()) => NotificationTest { works: true, says: "The message was taken.".to_owned() },
            Err(Unsent::Later(says) | Unsent::Never(says)) => NotificationTest { works: false, says },
        })
    }

    /// Makes messages and sends them until `stop` is cancelled.
    pub async fn notify(self, authority: SystemAuthority, stop: CancellationToken) {
        let mut looks = tokio::time::interval(POLL_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut expiring = tokio::time::interval(EXPIRING_INTERVAL);
        let (mut places, mut under_way, mut noted) = (HashMap::new(), JoinSet::new(), None);
        loop {
            let may_be_news = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = under_way.join_next() => false,
                _ = looks.tick() => true,
                _ = expiring.tick() => {
                    if let Err(error) = self.note_expiring(&authority, &mut places).await {
                        tracing::warn!(%error, "looking for what expires soon failed");
                    }
                    true
                }
            };
            if may_be_news && let Err(error) = self.note_recorded(&authority, &mut noted).await {
                tracing::warn!(%error, "making notifications failed");
            }
            if let Err(error) = self.deliver_due(&authority, &mut under_way).await {
                tracing::warn!(%error, "sending notifications failed");
            }
        }
        // What is on its way comes to its end, so that nobody sends it once more.
        while under_way.join_next().await.is_some() {}
    }
}

/// Without what is secret.
fn as_shown(mut rule: NotificationRule) -> NotificationRule {
    if rule.channel != Channel::Email {
        rule.to.truncate(1);
    }
    rule.shown()
}

fn subject(name: &str) -> Subject {
    Subject::new(SubjectKind::Setting, format!("notification-rule:{name}"))
}
