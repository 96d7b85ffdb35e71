//! Active Directory: an account is disabled by a bit of `userAccountControl`.

use domain::Outcome;

use super::Done;
use super::account::Found;
use super::connection::Connection;
use crate::peer::Trouble;

const CONTROL: &str = "userAccountControl";
const DISABLED: i64 = 0x2;

/// Enables or disables the account.
pub(super) async fn set_enabled(
    connection: &mut Connection,
    user: &Found,
    enabled: bool,
    repeats: bool,
) -> Done {
    let word = if enabled { "enabled" } else { "disabled" };
    let before = control(user)?;
    let after = if enabled { before & !DISABLED } else { before | DISABLED };
    if after == before {
        let outcome = if repeats { Outcome::Completed } else { Outcome::Skipped };
        return Ok((outcome, format!("{} is {word}.", user.dn)));
    }
    connection.replace(&user.dn, CONTROL, &[&after.to_string()]).await?;
    if control(&user.again(connection).await?)? & DISABLED == after & DISABLED {
        Ok((Outcome::Completed, format!("{} is {word}: {CONTROL} is {after}, it was {before}.", user.dn)))
    } else {
        Err(Trouble::Refused(format!("{} was told to be {word}, and is not.", user.dn)))
    }
}

fn control(user: &Found) -> Result<i64, Trouble> {
    let value = user.control.as_deref().and_then(|text| text.parse().ok());
    value.ok_or_else(|| Trouble::Refused(format!("The {CONTROL} of {} may not be seen by us.", user.dn)))
}
