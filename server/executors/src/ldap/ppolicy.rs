//! `OpenLDAP`'s overlay ppolicy (2.5): a lock is an attribute, which counts only where the policy that is in force says
//! so. A modify that sets it succeeds all the same, so the policy is read first.

use domain::Outcome;
use ldap3::Scope;

use super::Done;
use super::account::Found;
use super::connection::Connection;
use crate::peer::Trouble;

/// Locked until somebody unlocks it.
const FOR_GOOD: &str = "000001010000Z";
const LOCKED: &str = "pwdAccountLockedTime";

/// The DN of the default policy: as the settings name it, or as the server's configuration does, if we may read that.
pub(super) async fn default_policy(
    connection: &mut Connection,
    named: Option<&str>,
) -> Result<Option<String>, Trouble> {
    if let Some(dn) = named {
        return Ok(Some(dn.to_owned()));
    }
    let filter = "(olcPPolicyDefault=*)";
    match connection.search("cn=config", Scope::Subtree, filter, &["olcPPolicyDefault"]).await {
        Ok(entries) => {
            let first = entries.into_iter().next();
            Ok(first.and_then(|entry| entry.attrs.into_values().flatten().next()))
        }
        Err(Trouble::Refused(_)) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// Locks the account.
pub(super) async fn lock(
    connection: &mut Connection,
    user: &Found,
    default: Option<&str>,
    repeats: bool,
) -> Done {
    enforced(connection, user, default).await.map_err(Trouble::before_any_change)?;
    if user.locked.as_deref() == Some(FOR_GOOD) {
        let outcome = if repeats { Outcome::Completed } else { Outcome::Skipped };
        return Ok((outcome, format!("{} is disabled.", user.dn)));
    }
    set(connection, user).await?;
    Ok((Outcome::Completed, format!("{} is disabled: {LOCKED} is set, and its policy enforces it.", user.dn)))
}

/// Sets the lock, and sees that it stands.
pub(super) async fn set(connection: &mut Connection, user: &Found) -> Result<(), Trouble> {
    connection.replace(&user.dn, LOCKED, &[FOR_GOOD]).await?;
    match user.again(connection).await?.locked.as_deref() {
        Some(FOR_GOOD) => Ok(()),
        _ => Err(Trouble::Refused(format!("{} was told to lock, and is not locked.", user.dn))),
    }
}

/// Unlocks the account.
pub(super) async fn unlock(connection: &mut Connection, user: &Found, repeats: bool) -> Done {
    if user.locked.is_none() {
        let outcome = if repeats { Outcome::Completed } else { Outcome::Skipped };
        return Ok((outcome, format!("{} is not disabled.", user.dn)));
    }
    connection.replace(&user.dn, LOCKED, &[]).await?;
    match user.again(connection).await?.locked {
        None => Ok((Outcome::Completed, format!("{} is enabled: {LOCKED} is gone.", user.dn))),
        Some(_) => Err(Trouble::Refused(format!("{} was told to unlock, and is still locked.", user.dn))),
    }
}

/// Sees that a lock would count: the user's policy is there and says so.
async fn enforced(connection: &mut Connection, user: &Found, default: Option<&str>) -> Result<(), Trouble> {
    let policy = match &user.own_policy {
        Some(dn) => Some(dn.clone()),
        None => default_policy(connection, default).await?,
    };
    let Some(policy) = policy else {
        return Err(Trouble::Refused(format!(
            "The password policy of {} is not known, so that a lock may not count: name the default policy in the \
             settings. Nothing was changed.",
            user.dn
        )));
    };
    let entry = connection.read(&policy, &["pwdLockout"]).await?;
    let Some(entry) = entry else {
        return Err(Trouble::Refused(format!(
            "The password policy {policy} of {} does not exist or may not be seen by us, so that a lock would not \
             count. Nothing was changed.",
            user.dn
        )));
    };
    let locks = entry.attrs.iter().any(|(name, values)| {
        name.eq_ignore_ascii_case("pwdLockout") && values.iter().any(|value| value == "TRUE")
    });
    if locks {
        return Ok(());
    }
    Err(Trouble::Refused(format!(
        "The password policy {policy} ignores locks: its pwdLockout is not TRUE. Nothing was changed."
    )))
}
