//! Names of API tokens, whichever way one is made: what they may be, and that none is taken for a person or another token.

use domain::access::contract::CredentialSort;
use domain::core::text::is_hidden;
use domain::{Error, FieldError, UserId};
use jiff::Timestamp;
use store::{CredentialFilter, SharedStore};

use super::display_name::drawn_as;

/// Characters of a name.
const MAX_TOKEN_NAME: usize = 100;

/// What is wrong with the name of a token that is to be made for somebody, or for a tool.
pub(crate) async fn check(
    store: &SharedStore,
    name: &str,
    owner: Option<UserId>,
    now: Timestamp,
) -> Result<Option<FieldError>, Error> {
    let wrong = |detail: String| Ok(Some(FieldError::new("/name", detail)));
    let fits = (1..=MAX_TOKEN_NAME).contains(&name.chars().count());
    if !fits || name.trim().is_empty() || name.chars().any(|of| is_hidden(of, false)) {
        return wrong(format!("must be 1 to {MAX_TOKEN_NAME} visible characters"));
    }
    let drawn = drawn_as(name);
    // Beside the name of a person's token stands the person. A tool's stands alone.
    if owner.is_none() {
        let people = store.people(None, now).await?;
        if let Some(person) = people.iter().find(|person| drawn_as(&person.display_name) == drawn) {
            let (looks, who) = (&person.display_name, &person.name);
            return wrong(format!(
                "looks like {looks:?}, the name of {who}; call it after the tool, or make it a token of that person"
            ));
        }
    }
    // The same name again is the same tool with another secret, or another person's token.
    let tokens = CredentialFilter { sort: Some(CredentialSort::Token), owner: None, id: None };
    let tokens = store.live_credentials(tokens, now).await?;
    match tokens.iter().find(|other| other.name != name && drawn_as(&other.name) == drawn) {
        Some(other) => wrong(format!(
            "looks like {:?}, the name of another token; send another name, or that one",
            other.name
        )),
        None => Ok(None),
    }
}
