//! The rule that a person keeps for themselves: what becomes of what they proposed.

use domain::notifications::OwnNotices;
use domain::{AuditKind, Caller, Denied, Error};
use serde_json::json;

use super::subject;
use crate::Service;
use store::AuditEntry;

impl Service {
    pub(super) async fn load_own_notices(&self, caller: &Caller) -> Result<Option<OwnNotices>, Error> {
        let name = OwnNotices::rule_of(caller.own()?);
        let rules = self.store.notification_rules().await?;
        Ok(rules.iter().find(|rule| rule.name == name).map(OwnNotices::of))
    }

    pub(super) async fn put_own_notices(
        &self,
        caller: &Caller,
        notices: Option<OwnNotices>,
    ) -> Result<(), Error> {
        let (person, by) = (caller.own()?, caller.authorize_own()?);
        let name = OwnNotices::rule_of(person);
        let rule = notices.map(|notices| notices.into_rule(person));
        if let Some(rule) = &rule {
            self.check_rule(rule)?;
        }
        let rules = self.store.notification_rules().await?;
        let before = rules.into_iter().find(|rule| rule.name == name);
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let removed = tx.delete_notification_rule(&by, &name, now).await?;
        if let Some(rule) = &rule {
            if !tx.insert_notification_rule(&by, rule, now).await? {
                return Err(Denied::Revoked.into());
            }
        } else if !removed {
            return Ok(());
        }
        let body = json!({ "before": before, "after": rule });
        let subject = Some(subject(&name));
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::SettingChanged, subject, body }).await?;
        Ok(tx.commit().await?)
    }
}
