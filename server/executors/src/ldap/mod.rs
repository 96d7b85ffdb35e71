//! Accounts in a directory, over LDAP: `OpenLDAP` with its password policy (ppolicy), and Active Directory.
//!
//! What was changed is read back before it counts as done, since a directory may take a lock and not enforce it.

use std::sync::RwLock;

use async_trait::async_trait;
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::{Action, ActionType, Asset, AssetKind, Entity, Outcome};
use serde::{Deserialize, Serialize};

use crate::peer::{self, Trouble};
use crate::secret::Secret;
use account::Account;
use connection::Connection;
use service::executor::{Attempt, Executor, Order};

mod account;
mod active_directory;
mod connection;
mod password;
mod ppolicy;

/// What kind of directory it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Directory {
    /// `OpenLDAP` with the overlay ppolicy: `pwdAccountLockedTime`.
    Ppolicy,
    /// Active Directory, or Samba as such: `userAccountControl`.
    ActiveDirectory,
}

/// Where the directory is, and who we are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LdapSettings {
    /// `ldaps://HOST` or `ldap://HOST`, the latter with `StartTLS` unless it is this machine.
    pub url: String,
    /// Whether the connection is encrypted by `StartTLS`.
    #[serde(default)]
    pub start_tls: bool,
    /// As whom we bind.
    pub bind_dn: String,
    /// Below which users are looked for.
    pub base_dn: String,
    /// The attributes that users are found by; those of the kind of directory if none is named.
    #[serde(default)]
    pub name_attributes: Vec<String>,
    /// The DN of the default password policy, where the server's configuration can't be read by us.
    #[serde(default)]
    pub policy: Option<String>,
    /// What kind of directory it is; asked from it if it isn't named.
    #[serde(default)]
    pub directory: Option<Directory>,
    /// The authority of its certificate as PEM, if it is none of the world's.
    #[serde(default)]
    pub authority: Option<String>,
}

/// A directory.
pub struct Ldap {
    name: String,
    settings: LdapSettings,
    connection: connection::Settings,
    /// What the directory said that it is, when it was asked last.
    found: RwLock<Option<Directory>>,
}

/// How an order ended, or why it did not.
type Done = Result<(Outcome, String), Trouble>;

impl Ldap {
    /// A directory with these settings, bound to with this password.
    ///
    /// # Errors
    /// The setting that does not do, and why.
    pub fn new(
        name: String,
        settings: LdapSettings,
        password: Secret,
    ) -> Result<Self, (&'static str, String)> {
        let plain = if settings.start_tls { &["ldaps", "ldap"][..] } else { &["ldaps"][..] };
        let url = peer::secure_url(&settings.url, plain, &["ldap"]).map_err(|why| {
            ("url", if settings.start_tls { why } else { why.replace("use ldaps", "use ldaps or StartTLS") })
        })?;
        if settings.start_tls && url.scheme() == "ldaps" {
            return Err((
                "start_tls",
                "is for ldap://, since ldaps:// is encrypted from the start".to_owned(),
            ));
        }
        for (field, dn) in [("bind_dn", &settings.bind_dn), ("base_dn", &settings.base_dn)] {
            if dn.trim().is_empty() {
                return Err((
                    field,
                    "must be a distinguished name, for example dc=corp,dc=example".to_owned(),
                ));
            }
        }
        if password.expose().is_empty() {
            // A bind with a name and without a password succeeds, as nobody (RFC 4513).
            return Err(("secret", "must be the password that we bind with".to_owned()));
        }
        let is_name = |text: &String| {
            !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        };
        if !settings.name_attributes.iter().all(is_name) {
            return Err(("name_attributes", "must be names of attributes, for example uid".to_owned()));
        }
        let tls = peer::tls(settings.authority.as_deref()).map_err(|why| ("authority", why))?;
        let connection = connection::Settings {
            url,
            start_tls: settings.start_tls,
            bind_dn: settings.bind_dn.clone(),
            password,
            tls,
        };
        let found = RwLock::new(settings.directory);
        Ok(Self { name, settings, connection, found })
    }

    /// Asks the directory what it is, and whether we may read in it. Nothing is changed.
    ///
    /// # Errors
    /// What is wrong, in one sentence.
    pub async fn test(&self) -> Result<String, String> {
        let mut connection = self.connection.open().await.map_err(Trouble::sentence)?;
        let directory = self.directory(&mut connection).await.map_err(Trouble::sentence)?;
        connection.base(&self.settings.base_dn).await.map_err(Trouble::sentence)?;
        let what = match directory {
            Directory::ActiveDirectory => "It is an Active Directory: userAccountControl".to_owned(),
            Directory::Ppolicy => {
                let policy = ppolicy::default_policy(&mut connection, self.settings.policy.as_deref()).await;
                match policy.map_err(Trouble::sentence)? {
                    Some(dn) => format!("It has password policies, by default {dn}: pwdAccountLockedTime"),
                    None => {
                        "It has password policies, whose default can't be read: only users with a policy of \
                             their own can be disabled, unless the setting policy names it. Found in it"
                            .to_owned()
                    }
                }
            }
        };
        Ok(format!("{what} below {}.", self.settings.base_dn))
    }

    /// The types that it carries out.
    #[must_use]
    pub fn types(&self) -> &'static [ActionType] {
        &[ActionType::DisableUser, ActionType::EnableUser, ActionType::ResetPassword]
    }

    async fn directory(&self, connection: &mut Connection) -> Result<Directory, Trouble> {
        let found = match self.settings.directory {
            Some(directory) => directory,
            None => connection.directory().await?,
        };
        if let Ok(mut known) = self.found.write() {
            *known = Some(found);
        }
        Ok(found)
    }

    async fn carry_out(&self, order: &Order) -> Done {
        let Entity::User { name, sid } = &order.action.entity else {
            return Err(Trouble::Refused("A directory acts on users.".to_owned()));
        };
        let mut connection = self.connection.open().await.map_err(Trouble::before_any_change)?;
        let directory = self.directory(&mut connection).await.map_err(Trouble::before_any_change)?;
        let wanted = Account { name, sid: sid.as_deref() };
        let found = wanted.find(&mut connection, directory, &self.settings).await;
        let found = found.map_err(Trouble::before_any_change)?;
        // What an earlier attempt with this command may have done is no reason to call it skipped.
        let repeats = order.leased.possibly_sent > 0;
        let policy = self.settings.policy.as_deref();
        match (directory, order.action.action_type) {
            (Directory::Ppolicy, ActionType::DisableUser) => {
                ppolicy::lock(&mut connection, &found, policy, repeats).await
            }
            (Directory::Ppolicy, ActionType::EnableUser) => {
                ppolicy::unlock(&mut connection, &found, repeats).await
            }
            (Directory::ActiveDirectory, ActionType::DisableUser) => {
                active_directory::set_enabled(&mut connection, &found, false, repeats).await
            }
            (Directory::ActiveDirectory, ActionType::EnableUser) => {
                active_directory::set_enabled(&mut connection, &found, true, repeats).await
            }
            (Directory::Ppolicy, ActionType::ResetPassword) => {
                password::reset_with_ppolicy(&mut connection, &found, &self.connection).await
            }
            (Directory::ActiveDirectory, ActionType::ResetPassword) => {
                password::reset_in_active_directory(&mut connection, &found).await
            }
            (_, other) => Err(Trouble::Refused(format!("A directory does not carry out {}.", other.label()))),
        }
    }
}

#[async_trait]
impl Executor for Ldap {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Ldap
    }

    fn can(&self) -> Vec<String> {
        self.types().iter().map(|of| of.label().to_owned()).collect()
    }

    async fn test(&self) -> TestResult {
        Self::test(self).await.into()
    }

    fn serves(&self, asset: &Asset) -> bool {
        asset.kind == AssetKind::Account
    }

    fn carries_out(&self, action_type: ActionType, action: &Action) -> bool {
        self.types().contains(&action_type) && matches!(action.entity, Entity::User { .. })
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

    fn field(change: impl FnOnce(&mut LdapSettings)) -> Option<&'static str> {
        let mut settings = LdapSettings {
            url: "ldaps://ad.corp.example".to_owned(),
            start_tls: false,
            bind_dn: "cn=countersign,dc=corp,dc=example".to_owned(),
            base_dn: "dc=corp,dc=example".to_owned(),
            name_attributes: Vec::new(),
            policy: None,
            directory: None,
            authority: None,
        };
        change(&mut settings);
        Ldap::new("ad".to_owned(), settings, Secret::new("secret".to_owned())).err().map(|(field, _)| field)
    }

    #[test]
    fn what_does_not_do_is_named() {
        assert_eq!(field(|_| {}), None);
        assert_eq!(field(|settings| settings.url = "ldap://ad.corp.example".to_owned()), Some("url"));
        assert_eq!(field(|settings| settings.url = "https://ad.corp.example".to_owned()), Some("url"));
        assert_eq!(field(|settings| settings.start_tls = true), Some("start_tls"));
        assert_eq!(
            field(|settings| (settings.url, settings.start_tls) = ("ldap://ad.example".to_owned(), true)),
            None
        );
        assert_eq!(field(|settings| settings.base_dn = " ".to_owned()), Some("base_dn"));
        assert_eq!(
            field(|settings| settings.name_attributes = vec!["uid)(x".to_owned()]),
            Some("name_attributes")
        );
        assert_eq!(field(|settings| settings.authority = Some("x".to_owned())), Some("authority"));
        let typo = serde_json::json!({ "url": "", "bind_dn": "", "base_dn": "", "password": "in the clear" });
        assert!(serde_json::from_value::<LdapSettings>(typo).is_err());
    }
}
