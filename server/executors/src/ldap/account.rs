//! The one entry of a user.

use std::fmt::Write as _;

use ldap3::{Scope, SearchEntry, ldap_escape};

use super::connection::Connection;
use super::{Directory, LdapSettings};
use crate::peer::Trouble;

/// Who is meant.
pub(super) struct Account<'a> {
    pub(super) name: &'a str,
    pub(super) sid: Option<&'a str>,
}

/// What is known of the user's entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub(super) dn: String,
    /// Operational attributes of ppolicy.
    pub(super) locked: Option<String>,
    pub(super) own_policy: Option<String>,
    pub(super) password_changed: Option<String>,
    /// Attributes of Active Directory.
    pub(super) control: Option<String>,
    pub(super) password_last_set: Option<String>,
}

const ATTRIBUTES: &[&str] =
    &["pwdAccountLockedTime", "pwdPolicySubentry", "pwdChangedTime", "userAccountControl", "pwdLastSet"];

impl Account<'_> {
    /// Finds the entry; exactly one must be meant.
    pub(super) async fn find(
        &self,
        connection: &mut Connection,
        directory: Directory,
        settings: &LdapSettings,
    ) -> Result<Found, Trouble> {
        let filter = self.filter(directory, &settings.name_attributes);
        let entries = connection.search(&settings.base_dn, Scope::Subtree, &filter, ATTRIBUTES).await?;
        let mut entries = entries.into_iter().filter(|entry| !entry.dn.is_empty());
        match (entries.next(), entries.count()) {
            (Some(entry), 0) => Ok(Found::from(entry)),
            (None, _) => {
                Err(Trouble::Refused(format!("There is no user {} below {}.", self.name, settings.base_dn)))
            }
            (Some(_), more) => Err(Trouble::Refused(format!(
                "{} users below {} are called {}: nothing was done. Name the one by its full name or SID.",
                more + 1,
                settings.base_dn,
                self.name
            ))),
        }
    }

    fn filter(&self, directory: Directory, attributes: &[String]) -> String {
        if let Some(sid) = self.sid.and_then(sid_filter).filter(|_| directory == Directory::ActiveDirectory) {
            return format!("(objectSid={sid})");
        }
        // `CORP\kim` is how Windows writes a name; the domain is that of the directory.
        let name = self.name.rsplit_once('\\').map_or(self.name, |(_, name)| name);
        let name = ldap_escape(name.trim());
        let usual: &[&str] = match directory {
            Directory::Ppolicy => &["uid", "mail"],
            Directory::ActiveDirectory => &["sAMAccountName", "userPrincipalName"],
        };
        let of = |attribute: &str| format!("({attribute}={name})");
        let any: String = if attributes.is_empty() {
            usual.iter().map(|attribute| of(attribute)).collect()
        } else {
            attributes.iter().map(|attribute| of(attribute)).collect()
        };
        match directory {
            Directory::Ppolicy => format!("(|{any})"),
            Directory::ActiveDirectory => format!("(&(objectClass=user)(|{any}))"),
        }
    }
}

impl From<SearchEntry> for Found {
    fn from(entry: SearchEntry) -> Self {
        let mut attributes: std::collections::HashMap<String, String> = entry
            .attrs
            .into_iter()
            .filter_map(|(name, values)| Some((name.to_ascii_lowercase(), values.into_iter().next()?)))
            .collect();
        let mut take = |name: &str| attributes.remove(name);
        Self {
            locked: take("pwdaccountlockedtime"),
            own_policy: take("pwdpolicysubentry"),
            password_changed: take("pwdchangedtime"),
            control: take("useraccountcontrol"),
            password_last_set: take("pwdlastset"),
            dn: entry.dn,
        }
    }
}

impl Found {
    /// What it is now.
    pub(super) async fn again(&self, connection: &mut Connection) -> Result<Self, Trouble> {
        let entry = connection.read(&self.dn, ATTRIBUTES).await.map_err(Trouble::after_a_change)?;
        entry.map(Self::from).ok_or_else(|| Trouble::Uncertain(format!("{} can't be read back.", self.dn)))
    }
}

/// A SID (`S-1-5-21-…`) as its bytes, escaped for a filter.
fn sid_filter(sid: &str) -> Option<String> {
    let mut numbers = sid.strip_prefix("S-").or_else(|| sid.strip_prefix("s-"))?.split('-');
    let revision: u8 = numbers.next()?.parse().ok()?;
    let authority: u64 = numbers.next()?.parse().ok()?;
    let parts: Vec<u32> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    let mut bytes = vec![revision, u8::try_from(parts.len()).ok()?];
    bytes.extend(authority.to_be_bytes().get(2..)?);
    bytes.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
    let mut escaped = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        // Writing to a string can't fail.
        let _ = write!(escaped, "\\{byte:02x}");
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_widen_the_search() {
        let account = |name| Account { name, sid: None }.filter(Directory::Ppolicy, &[]);
        assert_eq!(account("kim"), "(|(uid=kim)(mail=kim))");
        assert_eq!(account("*"), "(|(uid=\\2a)(mail=\\2a))");
        assert_eq!(account("kim)(uid=*"), "(|(uid=kim\\29\\28uid=\\2a)(mail=kim\\29\\28uid=\\2a))");
        let windows = Account { name: "CORP\\kim", sid: None }.filter(Directory::ActiveDirectory, &[]);
        assert_eq!(windows, "(&(objectClass=user)(|(sAMAccountName=kim)(userPrincipalName=kim)))");
    }

    #[test]
    fn a_sid_is_its_bytes() {
        let bytes = sid_filter("S-1-5-21-1-2-3-500").unwrap();
        assert_eq!(bytes.len(), 3 * (8 + 4 * 5));
        assert!(bytes.starts_with("\\01\\05\\00\\00\\00\\00\\00\\05\\15\\00\\00\\00\\01"), "{bytes}");
        assert!(bytes.ends_with("\\f4\\01\\00\\00"), "{bytes}");
        assert_eq!(sid_filter("kim"), None);
    }
}
