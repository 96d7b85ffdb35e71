//! A person's own page: what they can do, their sessions and their tokens.

use leptos::prelude::*;

use crate::settings::credential_table;
use crate::settings::links::links;
use crate::settings::new_token::{make, secret};
use crate::settings::own_factors;
use crate::settings::own_notices;
use crate::settings::own_preferences;
use crate::settings::person_answer::answered;
use crate::settings::sheet::{Sheet, loaded, part};
use api::{load_credentials, load_identities, load_what_can};
use domain::access::contract::CredentialSort;
use domain::identity::contract::LinkedIdentity;
use kit::navigation::NavigationRow;

kit::page! {
    module: settings,
    function: account / preload_account,
    paths: ["/settings"],
    navigation: NavigationRow::new("Settings", "key", "/settings"),
    view: view! { <OwnPage/> }.into_any(),
}

/// The page of the person who is signed in.
#[component]
fn OwnPage() -> impl IntoView {
    let sheet = Sheet::new();
    let can = sheet.load(|| load_what_can(None));
    let sessions = sheet.load(|| load_credentials(CredentialSort::Session, true));
    let tokens = sheet.load(|| load_credentials(CredentialSort::Token, true));
    let can = loaded(can, |_, answer| part("What you can do", None, answered(answer)));
    let sessions = loaded(sessions, move |_, all| {
        part(
            "Your sessions",
            Some("End one that you do not know, and tell an administrator."),
            credential_table::sessions(sheet, all),
        )
    });
    let identities = sheet.load(|| load_identities(None));
    let identities = loaded(identities, move |_, all: &Vec<LinkedIdentity>| links(sheet, None, all));
    let tokens = loaded(tokens, move |_, all| {
        let body = view! { {credential_table::tokens(sheet, all)} {make(sheet, true, &[])} };
        part(
            "Your tokens",
            Some("What is done with a token is recorded as you and the token."),
            body.into_any(),
        )
    });
    sheet.page(
        "My account",
        "What is yours alone: how you are called, how pages look, and by what you sign in.",
        view! {
            {secret(sheet)}
            {own_factors::codes(sheet)}
            {own_preferences::own(sheet)}
            {own_notices::own(sheet)}
            {can}
            {part("Second factors", None, own_factors::own(sheet))}
            {identities}
            {sessions}
            {tokens}
        }
        .into_any(),
    )
}
