//! A password that nobody knows takes the place of the one that somebody may know.

use std::collections::HashSet;

use domain::Outcome;
use ldap3::Mod;
use rand::RngExt;

use super::account::Found;
use super::connection::{Connection, Settings};
use super::{Done, ppolicy};
use crate::peer::Trouble;

/// With `OpenLDAP`. A new password removes a lock, so a lock that stood is set again.
pub(super) async fn reset_with_ppolicy(
    connection: &mut Connection,
    user: &Found,
    settings: &Settings,
) -> Done {
    let password = unknown();
    connection.set_password(&user.dn, &password).await?;
    let was_locked = user.locked.is_some();
    let proof = if was_locked {
        ppolicy::set(connection, user).await.map_err(Trouble::after_a_change)?;
        user.again(connection).await?.password_changed != user.password_changed
    } else {
        settings.lets_in(&user.dn, &password).await.map_err(Trouble::after_a_change)?
    };
    if !proof {
        return Err(Trouble::Refused(format!("{} took a new password, and does not know it.", user.dn)));
    }
    // A password that is reset must be changed at once, where the policy has such a thing.
    let must_change = connection.replace(&user.dn, "pwdReset", &["TRUE"]).await.is_ok();
    let rest = match (was_locked, must_change) {
        (true, _) => " It stays disabled.",
        (false, true) => " The next one must be chosen anew.",
        (false, false) => "",
    };
    Ok((Outcome::Completed, format!("The former password of {} is void.{rest}", user.dn)))
}

/// With Active Directory, which takes passwords over encrypted connections only.
pub(super) async fn reset_in_active_directory(connection: &mut Connection, user: &Found) -> Done {
    let quoted: Vec<u8> = format!("\"{}\"", unknown()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let changes = vec![
        Mod::Replace(b"unicodePwd".to_vec(), HashSet::from([quoted])),
        // It must be chosen anew at the next sign-in.
        Mod::Replace(b"pwdLastSet".to_vec(), HashSet::from([b"0".to_vec()])),
    ];
    connection.modify(&user.dn, changes).await?;
    match user.again(connection).await?.password_last_set.as_deref() {
        Some("0") => Ok((
            Outcome::Completed,
            format!("The former password of {} is void. The next one must be chosen anew.", user.dn),
        )),
        _ => Err(Trouble::Refused(format!("{} took a new password, and need not choose one.", user.dn))),
    }
}

/// 32 letters of four kinds, as policies want them.
fn unknown() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut rng = rand::rng();
    let random = (0..28).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]));
    random.chain("aA2-".chars()).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_are_the_same() {
        let (one, two) = (super::unknown(), super::unknown());
        assert!(one != two && one.len() == 32);
    }
}
