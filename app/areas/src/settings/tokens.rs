//! The tokens of tools and of people.

use leptos::prelude::*;

use crate::investigations::records::{text, time};
use crate::settings::admin_list::admin_list;
use crate::settings::credential_table::{end, rotate, scopes};
use crate::settings::new_token::{make, secret};
use crate::settings::sheet::Sheet;
use api::load_device_groups;
use domain::access::contract::CredentialView;
use domain::access::lists::{AdminList, AdminRows};

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
    let groups = sheet.load(load_device_groups);
    let rows = move |rows: &AdminRows| match rows {
        AdminRows::Tokens(all) => all.iter().map(|of| row(sheet, of)).collect(),
        _ => Vec::new(),
    };
    let list = admin_list(sheet, AdminList::Tokens, rows, &["Change"], "No token is alive.");
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

/// The cells of a token, in the order of the columns as the server names them (`Column::of_list`), and how it is changed.
fn row(sheet: Sheet, of: &CredentialView) -> Vec<AnyView> {
    let [scopes, groups] = scopes(of);
    vec![
        text(of.name.clone()),
        text(of.owner_name.clone().unwrap_or_else(|| "A tool".to_owned())),
        scopes.into_any(),
        groups.into_any(),
        time(of.created_at),
        time(of.last_used_at),
        time(of.expires_at),
        view! { {rotate(sheet, of)} {end(sheet, of)} }.into_any(),
    ]
}
