//! Names to show: what they may be, and that no two of them look alike, whichever way a name comes in.

use domain::core::text::is_hidden;
use domain::{Error, FieldError, UserId};
use jiff::Timestamp;
use store::SharedStore;

/// Characters of a name to show.
const MAX_DISPLAY_NAME: usize = 100;

/// What is wrong with a name to show by itself.
pub(crate) fn check(name: &str) -> Option<FieldError> {
    let fits = (1..=MAX_DISPLAY_NAME).contains(&name.chars().count());
    (!fits || name.chars().any(|of| is_hidden(of, false))).then(|| {
        FieldError::new("/display_name", format!("must be 1 to {MAX_DISPLAY_NAME} visible characters"))
    })
}

/// Refuses a name that people would take for another's.
pub(crate) async fn look_alike(
    store: &SharedStore,
    name: &str,
    of: Option<UserId>,
    now: Timestamp,
) -> Result<Option<FieldError>, Error> {
    let drawn = drawn_as(name);
    let people = store.people(None, now).await?;
    let other = people.iter().find(|other| Some(other.id) != of && drawn_as(&other.display_name) == drawn);
    Ok(other.map(|other| {
        let detail = format!("looks like {:?}, the name of {}", other.display_name, other.name);
        FieldError::new("/display_name", detail)
    }))
}

/// The name to show of somebody who comes from elsewhere: the one given there, with the name to sign in with where people
/// would take it for another's.
pub(crate) async fn telling(
    store: &SharedStore,
    given: Option<&str>,
    name: &str,
    of: Option<UserId>,
    now: Timestamp,
) -> Result<String, Error> {
    let given = given.map(str::trim).filter(|given| check(given).is_none()).unwrap_or(name);
    if look_alike(store, given, of, now).await?.is_none() {
        return Ok(given.to_owned());
    }
    let room = MAX_DISPLAY_NAME.saturating_sub(name.chars().count() + 3);
    let short: String = given.chars().take(room).collect();
    Ok(format!("{short} ({name})"))
}

/// What a name looks like (UTS 39), whatever its letters are, without case and spaces.
pub(crate) fn drawn_as(name: &str) -> String {
    let folded = |text: &str| -> String {
        unicode_security::skeleton(text)
            .flat_map(char::to_lowercase)
            .filter(|of| !of.is_whitespace())
            .collect()
    };
    // Folding may bring forth letters that look like others in turn.
    folded(&folded(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_told() {
        for (a, b) in [
            ("Ana Sousa", "Anа Sousa"),
            ("Ana Sousa", "ana  sousa"),
            ("Paul", "PauI"),
            ("Tom", "Torn"),
            ("scope", "ѕсоре"),
        ] {
            assert_eq!(drawn_as(a), drawn_as(b), "{a} {b}");
        }
        for (a, b) in [("Ana Sousa", "Ana Souza"), ("Zoë", "Zoe"), ("Bo", "Ba")] {
            assert_ne!(drawn_as(a), drawn_as(b), "{a} {b}");
        }
        assert!(check("Ana").is_none());
        for bad in ["", "a\u{202e}b", "a\nb", &"x".repeat(101)] {
            assert!(check(bad).is_some(), "{bad:?}");
        }
    }
}
