//! The tokens of tools and of people.

use leptos::prelude::*;

use crate::settings::credential_table;
use crate::settings::new_token::{make, secret};
use crate::settings::sheet::{Sheet, loaded};
use api::{load_credentials, load_device_groups};
use domain::access::contract::CredentialSort;

kit::page! {
    module: administration,
    function: tokens / preload_tokens,
    paths: ["/settings/tokens"],
    view: view! { <Tokens/> }.into_any(),
}

/// The page of tokens.
#[component]
fn Tokens() -> impl IntoView {
    let sheet = Sheet::new();
    let tokens = sheet.load(|| load_credentials(CredentialSort::Token, false));
    let groups = sheet.load(load_device_groups);
    let list = loaded(tokens, move |_, tokens| credential_table::tokens(sheet, tokens));
    let new = move || {
        let groups = groups.read()?;
        let groups = (*groups).as_ref().ok()?;
        Some(make(sheet, false, groups))
    };
    sheet.page(
        "API tokens",
        "All tokens of one name are one tool: its actions and repeats belong to the tool, not to the secret. People make \
         tokens of their own on their own page.",
        view! {
            {secret(sheet)}
            {list}
            <Suspense>{move || new()}</Suspense>
        }
        .into_any(),
    )
}
