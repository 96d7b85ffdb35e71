//! Mailboxes of a Dovecot server, over doveadm's HTTP API: moving, quarantining and deleting messages, and turning
//! forwarding by Sieve scripts off and on. What was changed is read back before it counts as done.

use std::collections::HashSet;
use std::sync::RwLock;

use async_trait::async_trait;
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::{Action, ActionType, Asset, AssetKind, Entity, Outcome};
use serde::{Deserialize, Serialize};

use crate::peer::{self, Trouble};
use crate::secret::Secret;
use doveadm::Doveadm;
use service::executor::{Attempt, Executor, Order};

mod doveadm;
mod forwarding;
mod messages;
mod sieve;

/// Where the mail server is, and what its folders are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// Where doveadm's HTTP API listens, for example `https://mail.corp.example:8443`.
    pub url: String,
    /// The folder for junk.
    #[serde(default = "folder_junk")]
    pub junk: String,
    /// The folder for deleted items.
    #[serde(default = "folder_deleted")]
    pub deleted_items: String,
    /// The folder into which messages are deleted softly.
    #[serde(default = "folder_recoverable")]
    pub recoverable_items: String,
    /// The account whose folders are the quarantine; without it nothing is quarantined.
    #[serde(default)]
    pub quarantine: Option<String>,
    /// The organisation's own domains; without them no forwarding is external.
    #[serde(default)]
    pub own_domains: Vec<String>,
    /// The authority of its certificate as PEM, if it is none of the world's.
    #[serde(default)]
    pub authority: Option<String>,
}

fn folder_junk() -> String {
    "Junk".to_owned()
}

fn folder_deleted() -> String {
    "Trash".to_owned()
}

fn folder_recoverable() -> String {
    "Recoverable Items".to_owned()
}

/// A mail server.
pub struct Mail {
    name: String,
    settings: MailSettings,
    doveadm: Doveadm,
    /// The commands that the server said it has, when it was asked last.
    commands: RwLock<Option<HashSet<String>>>,
}

/// How an order ended, or why it did not.
type Done = Result<(Outcome, String), Trouble>;

/// What each type needs of doveadm.
const NEEDS: &[(ActionType, &[&str])] = &[
    (ActionType::SoftDeleteEmail, &["fetch", "move", "mailboxCreate"]),
    (ActionType::MoveToJunk, &["fetch", "move", "mailboxCreate"]),
    (ActionType::MoveToDeletedItems, &["fetch", "move", "mailboxCreate"]),
    (ActionType::MoveToInbox, &["fetch", "move"]),
    (ActionType::QuarantineEmail, &["fetch", "move", "mailboxCreate"]),
    (ActionType::ReleaseEmailFromQuarantine, &["fetch", "move"]),
    (ActionType::HardDeleteEmail, &["fetch", "expunge"]),
    (ActionType::TurnOffExternalMailForwarding, &["sieveList", "sieveGet", "sievePut", "sieveActivate"]),
    (ActionType::RestoreMailForwarding, &["sieveList", "sieveGet", "sieveActivate", "sieveDelete"]),
];

impl Mail {
    /// A mail server with these settings, spoken to with this key (`doveadm_api_key`).
    ///
    /// # Errors
    /// The setting that does not do, and why.
    pub fn new(name: String, settings: MailSettings, key: Secret) -> Result<Self, (&'static str, String)> {
        let url = peer::secure_url(&settings.url, &["https"], &["http"]).map_err(|why| ("url", why))?;
        let folders = [
            ("junk", &settings.junk),
            ("deleted_items", &settings.deleted_items),
            ("recoverable_items", &settings.recoverable_items),
        ];
        for (at, (field, folder)) in folders.iter().enumerate() {
            let is_plain = !folder.is_empty() && !folder.contains(['*', '%', '\r', '\n', '\0']);
            if !is_plain || folder.eq_ignore_ascii_case("inbox") {
                return Err((field, "must be the name of a folder other than the inbox".to_owned()));
            }
            if folders[..at].iter().any(|(_, other)| other == folder) {
                return Err((field, "must be a folder of its own".to_owned()));
            }
        }
        if let Some(account) = &settings.quarantine {
            doveadm::check_user(account).map_err(|why| ("quarantine", why))?;
        }
        let is_domain = |domain: &String| domain.contains('.') && !domain.contains(['@', ' ', '/']);
        if !settings.own_domains.iter().all(is_domain) {
            return Err(("own_domains", "must be domains, for example corp.example".to_owned()));
        }
        if key.expose().is_empty() {
            return Err(("secret", "must be the key of the API (doveadm_api_key)".to_owned()));
        }
        let client = peer::http_client(settings.authority.as_deref()).map_err(|why| ("authority", why))?;
        let doveadm = Doveadm::new(client, &url, &key).map_err(|why| ("url", why))?;
        Ok(Self { name, settings, doveadm, commands: RwLock::new(None) })
    }

    /// Asks the server which commands it has. Nothing is changed.
    ///
    /// # Errors
    /// What is wrong, in one sentence.
    pub async fn test(&self) -> Result<String, String> {
        let found = self.doveadm.commands().await.map_err(Trouble::sentence)?;
        let count = found.len();
        if let Ok(mut known) = self.commands.write() {
            *known = Some(found);
        }
        if let Some(account) = &self.settings.quarantine {
            self.doveadm.known(account).await.map_err(|trouble| {
                let why = trouble.sentence();
                format!("The account of the quarantine does not do: {why}")
            })?;
        }
        let types = self.types();
        Ok(format!("Its doveadm has {count} commands, enough for {} types of action.", types.len()))
    }

    /// The types that it carries out: by the settings, and by the server's commands once it was asked.
    #[must_use]
    pub fn types(&self) -> Vec<ActionType> {
        let known = self.commands.read().map(|known| known.clone()).unwrap_or_default();
        let has = |command: &&str| known.as_ref().is_none_or(|known| known.contains(*command));
        NEEDS
            .iter()
            .filter(|(of, needs)| self.is_set_up_for(*of) && needs.iter().all(has))
            .map(|(of, _)| *of)
            .collect()
    }

    fn is_set_up_for(&self, of: ActionType) -> bool {
        match of {
            ActionType::QuarantineEmail | ActionType::ReleaseEmailFromQuarantine => {
                self.settings.quarantine.is_some()
            }
            ActionType::TurnOffExternalMailForwarding => !self.settings.own_domains.is_empty(),
            _ => true,
        }
    }

    async fn carry_out(&self, order: &Order) -> Done {
        let repeats = order.leased.possibly_sent > 0;
        let action = &order.action;
        match (&action.entity, action.action_type) {
            (Entity::Mailbox { address }, ActionType::TurnOffExternalMailForwarding) => {
                forwarding::turn_off(&self.doveadm, address, &self.settings.own_domains, repeats).await
            }
            (Entity::Mailbox { address }, ActionType::RestoreMailForwarding) => {
                forwarding::restore(&self.doveadm, address, repeats).await
            }
            (Entity::EmailMessage { message_id, .. }, of) => {
                let wanted = messages::Wanted { message_id, mailbox: Some(&action.asset.name) };
                messages::carry_out(&self.doveadm, &self.settings, of, &wanted, repeats).await
            }
            (Entity::EmailCluster { cluster_id, .. }, of) => {
                let wanted = messages::Wanted { message_id: cluster_id, mailbox: None };
                messages::carry_out(&self.doveadm, &self.settings, of, &wanted, repeats).await
            }
            (_, of) => {
                Err(Trouble::Refused(format!("A mail server does not carry out {} on this.", of.label())))
            }
        }
    }
}

/// Whether a server finds by it what is meant.
fn is_found(entity: &Entity, asset: &Asset) -> bool {
    match entity {
        Entity::EmailMessage { message_id, .. } => {
            asset.kind == AssetKind::Mailbox && messages::is_message_id(message_id)
        }
        // A cluster is what one message was delivered as, to whomever: its id is that message's.
        Entity::EmailCluster { cluster_id, .. } => messages::is_message_id(cluster_id),
        Entity::Mailbox { .. } => true,
        _ => false,
    }
}

#[async_trait]
impl Executor for Mail {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Mail
    }

    fn can(&self) -> Vec<String> {
        self.types().iter().map(|of| of.label().to_owned()).collect()
    }

    async fn test(&self) -> TestResult {
        Self::test(self).await.into()
    }

    fn serves(&self, asset: &Asset) -> bool {
        asset.kind == AssetKind::Mailbox
    }

    fn carries_out(&self, action_type: ActionType, action: &Action) -> bool {
        self.types().contains(&action_type) && is_found(&action.entity, &action.asset)
    }

    async fn execute(&self, order: &Order) -> Attempt {
        match self.carry_out(order).await {
            Ok((outcome, detail)) => Attempt::Ended(outcome, detail),
            Err(trouble) => trouble.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(more: serde_json::Value) -> Result<Mail, (&'static str, String)> {
        let mut settings = serde_json::json!({ "url": "https://mail.corp.example:8443" });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let settings = serde_json::from_value(settings).unwrap();
        Mail::new("mail".to_owned(), settings, Secret::new("key".to_owned()))
    }

    #[test]
    fn what_does_not_do_is_named() {
        let field = |more| mail(more).err().map(|(field, _)| field);
        assert_eq!(field(serde_json::json!({})), None);
        assert_eq!(field(serde_json::json!({ "url": "http://mail.corp.example" })), Some("url"));
        assert_eq!(field(serde_json::json!({ "junk": "INBOX" })), Some("junk"));
        assert_eq!(field(serde_json::json!({ "deleted_items": "Junk" })), Some("deleted_items"));
        assert_eq!(field(serde_json::json!({ "quarantine": "*" })), Some("quarantine"));
        assert_eq!(field(serde_json::json!({ "own_domains": ["kim@corp.example"] })), Some("own_domains"));
        assert_eq!(field(serde_json::json!({ "authority": "" })), Some("authority"));
    }

    #[test]
    fn what_is_not_set_up_is_not_offered() {
        let types = mail(serde_json::json!({})).unwrap().types();
        assert!(types.contains(&ActionType::SoftDeleteEmail), "{types:?}");
        assert!(!types.contains(&ActionType::QuarantineEmail), "{types:?}");
        assert!(!types.contains(&ActionType::TurnOffExternalMailForwarding), "{types:?}");
        let all = serde_json::json!({ "quarantine": "q@corp.example", "own_domains": ["corp.example"] });
        assert_eq!(mail(all).unwrap().types().len(), NEEDS.len());
    }
}
