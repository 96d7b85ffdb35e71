//! A bound connection to a directory, and its errors in sentences.

use std::collections::HashSet;
use std::sync::Arc;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Mod, Scope, SearchEntry};
use reqwest::Url;
use rustls::ClientConfig;

use super::Directory;
use crate::peer::{self, ANSWER_TIMEOUT, CONNECT_TIMEOUT, Trouble};
use crate::secret::Secret;

/// Active Directory says so in its root entry.
const ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";
/// The control of the overlay ppolicy.
const PPOLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

const INVALID_CREDENTIALS: u32 = 49;
const NO_SUCH_OBJECT: u32 = 32;
const STRONGER_AUTH_REQUIRED: u32 = 8;
const CONFIDENTIALITY_REQUIRED: u32 = 13;
const INSUFFICIENT_ACCESS: u32 = 50;
/// Busy, unavailable.
const LATER: [u32; 2] = [51, 52];

/// How a connection is opened.
pub(super) struct Settings {
    pub(super) url: Url,
    pub(super) start_tls: bool,
    pub(super) bind_dn: String,
    pub(super) password: Secret,
    pub(super) tls: Arc<ClientConfig>,
}

/// A bound connection; dropped, it ends.
pub(super) struct Connection {
    ldap: Ldap,
    url: Url,
}

impl Settings {
    /// Connects and binds.
    pub(super) async fn open(&self) -> Result<Connection, Trouble> {
        let mut connection = self.connect().await?;
        let bound = connection.bind(&self.bind_dn, self.password.expose()).await?;
        match bound.rc {
            0 => Ok(connection),
            INVALID_CREDENTIALS => Err(Trouble::NotSent(format!(
                "{} does not let {} in: the name or the password is wrong.",
                peer::place(&self.url),
                self.bind_dn
            ))),
            STRONGER_AUTH_REQUIRED | CONFIDENTIALITY_REQUIRED => Err(Trouble::NotSent(format!(
                "{} wants an encrypted connection: use ldaps:// or StartTLS.",
                peer::place(&self.url)
            ))),
            _ => Err(Trouble::NotSent(refusal(&bound, "binding"))),
        }
    }

    /// Whether somebody can bind with this password.
    pub(super) async fn lets_in(&self, dn: &str, password: &str) -> Result<bool, Trouble> {
        let mut connection = self.connect().await?;
        let bound = connection.bind(dn, password).await?;
        match bound.rc {
            0 => Ok(true),
            INVALID_CREDENTIALS => Ok(false),
            _ => Err(Trouble::Uncertain(refusal(&bound, "binding as the user"))),
        }
    }

    async fn connect(&self) -> Result<Connection, Trouble> {
        let settings = LdapConnSettings::new()
            .set_conn_timeout(CONNECT_TIMEOUT)
            .set_starttls(self.start_tls)
            .set_config(Arc::clone(&self.tls));
        let opened = LdapConnAsync::from_url_with_settings(settings, &self.url).await;
        let (driver, ldap) = opened.map_err(|error| self.unconnected(error))?;
        tokio::spawn(async move {
            if let Err(error) = driver.drive().await {
                tracing::debug!(%error, "a connection to a directory ended");
            }
        });
        Ok(Connection { ldap, url: self.url.clone() })
    }

    fn unconnected(&self, error: LdapError) -> Trouble {
        let place = peer::place(&self.url);
        Trouble::NotSent(peer::explain(&error, &self.url).unwrap_or_else(|| match error {
            LdapError::Timeout { .. } => format!("No connection to {place} within 3 seconds."),
            LdapError::LdapResult { result } => format!("{place} refuses StartTLS: {}", words(&result)),
            other => format!("No connection to {place}: {other}."),
        }))
    }
}

impl Connection {
    /// The entries that the filter finds, with these attributes; at most a few.
    pub(super) async fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: &[&str],
    ) -> Result<Vec<SearchEntry>, Trouble> {
        let options = ldap3::SearchOptions::new().sizelimit(10);
        let ldap = self.ldap.with_timeout(ANSWER_TIMEOUT);
        let found = ldap.with_search_options(options).search(base, scope, filter, attributes).await;
        let found = found.map_err(|error| self.broken(&error))?;
        match found.1.rc {
            0 | 4 => Ok(found.0.into_iter().map(SearchEntry::construct).collect()),
            NO_SUCH_OBJECT => Err(Trouble::Refused(format!(
                "The base DN {base} does not exist on {}, or may not be seen by us.",
                peer::place(&self.url)
            ))),
            code if LATER.contains(&code) => Err(Trouble::NotSent(refusal(&found.1, "searching"))),
            _ => Err(Trouble::Refused(refusal(&found.1, "searching"))),
        }
    }

    /// One entry by its DN; none if it is not there or may not be seen.
    pub(super) async fn read(
        &mut self,
        dn: &str,
        attributes: &[&str],
    ) -> Result<Option<SearchEntry>, Trouble> {
        let ldap = self.ldap.with_timeout(ANSWER_TIMEOUT);
        let found = ldap.search(dn, Scope::Base, "(objectClass=*)", attributes).await;
        let found = found.map_err(|error| self.broken(&error))?;
        match found.1.rc {
            0 => Ok(found.0.into_iter().next().map(SearchEntry::construct)),
            NO_SUCH_OBJECT | INSUFFICIENT_ACCESS => Ok(None),
            _ => Err(Trouble::Refused(refusal(&found.1, "reading"))),
        }
    }

    /// Sees that the base is there.
    pub(super) async fn base(&mut self, dn: &str) -> Result<(), Trouble> {
        self.search(dn, Scope::Base, "(objectClass=*)", &["1.1"]).await.map(|_| ())
    }

    /// What kind of directory it says that it is.
    pub(super) async fn directory(&mut self) -> Result<Directory, Trouble> {
        let root = self.read("", &["supportedCapabilities", "supportedControl"]).await?;
        let says = |attribute: &str, oid: &str| {
            let values = root.as_ref().and_then(|entry| entry.attrs.get(attribute));
            values.is_some_and(|values| values.iter().any(|value| value == oid))
        };
        if says("supportedCapabilities", ACTIVE_DIRECTORY) {
            Ok(Directory::ActiveDirectory)
        } else if says("supportedControl", PPOLICY) {
            Ok(Directory::Ppolicy)
        } else {
            Err(Trouble::Refused(format!(
                "{} is no Active Directory and has no password policies (overlay ppolicy): it can't disable users.",
                peer::place(&self.url)
            )))
        }
    }

    /// Replaces the values of an attribute; with none it is removed.
    pub(super) async fn replace(
        &mut self,
        dn: &str,
        attribute: &str,
        values: &[&str],
    ) -> Result<(), Trouble> {
        let values: HashSet<&str> = values.iter().copied().collect();
        self.modify(dn, vec![Mod::Replace(attribute, values)]).await
    }

    /// Changes an entry.
    pub(super) async fn modify<S: AsRef<[u8]> + Eq + std::hash::Hash>(
        &mut self,
        dn: &str,
        changes: Vec<Mod<S>>,
    ) -> Result<(), Trouble> {
        let modified = self.ldap.with_timeout(ANSWER_TIMEOUT).modify(dn, changes).await;
        match modified.map_err(|error| self.broken(&error))? {
            result if result.rc == 0 => Ok(()),
            result if LATER.contains(&result.rc) => Err(Trouble::NotSent(refusal(&result, "changing it"))),
            result => Err(Trouble::Refused(refusal(&result, &format!("changing {dn}")))),
        }
    }

    /// Sets a password (RFC 3062).
    pub(super) async fn set_password(&mut self, dn: &str, password: &str) -> Result<(), Trouble> {
        let change =
            ldap3::exop::PasswordModify { user_id: Some(dn), old_pass: None, new_pass: Some(password) };
        let changed = self.ldap.with_timeout(ANSWER_TIMEOUT).extended(change).await;
        let ldap3::result::ExopResult(_, changed) = changed.map_err(|error| self.broken(&error))?;
        match changed.rc {
            0 => Ok(()),
            _ => Err(Trouble::Refused(refusal(&changed, &format!("setting the password of {dn}")))),
        }
    }

    async fn bind(&mut self, dn: &str, password: &str) -> Result<LdapResult, Trouble> {
        let bound = self.ldap.with_timeout(ANSWER_TIMEOUT).simple_bind(dn, password).await;
        bound.map_err(|error| self.broken(&error).before_any_change())
    }

    fn broken(&self, error: &LdapError) -> Trouble {
        let place = peer::place(&self.url);
        Trouble::Uncertain(match error {
            LdapError::Timeout { .. } => format!("{place} did not answer in time."),
            _ => format!("The connection to {place} broke."),
        })
    }
}

fn refusal(result: &LdapResult, doing: &str) -> String {
    if result.rc == INSUFFICIENT_ACCESS {
        return format!("The directory refused {doing}: we lack the right to it.");
    }
    format!("The directory refused {doing}: {}", words(result))
}

fn words(result: &LdapResult) -> String {
    let text = result.to_string();
    if result.text.is_empty() { text } else { format!("{} (result {}).", result.text, result.rc) }
}
