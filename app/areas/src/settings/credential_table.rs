//! One's own sessions and tokens as rows, and the forms that end and change one.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::settings::form::{button, confirm, field, form, opened};
use crate::settings::sheet::{Sheet, table};
use api::{RevokeCredential, RotateToken};
use domain::access::contract::{CredentialSort, CredentialView};
use kit::time::full;

/// The table of sessions.
pub(super) fn sessions(sheet: Sheet, all: &[CredentialView]) -> AnyView {
    let rows = all
        .iter()
        .map(|of| {
            let this = if of.current { "This session" } else { "" };
            vec![
                of.owner_name.clone().unwrap_or_default().into_any(),
                full(of.created_at).into_any(),
                full(of.last_used_at).into_any(),
                this.into_any(),
                end(sheet, of),
            ]
        })
        .collect();
    table("Sessions", &["Person", "Begun", "Last used", "", "End"], rows, "No session is open.")
}

/// The table of tokens.
pub(super) fn tokens(sheet: Sheet, all: &[CredentialView]) -> AnyView {
    let rows = all
        .iter()
        .map(|of| {
            let [scopes, groups] = scopes(of);
            vec![
                of.name.clone().into_any(),
                of.owner_name.clone().unwrap_or_else(|| "A tool".to_owned()).into_any(),
                scopes.into_any(),
                groups.into_any(),
                full(of.last_used_at).into_any(),
                full(of.expires_at).into_any(),
                view! { {rotate(sheet, of)} {end(sheet, of)} }.into_any(),
            ]
        })
        .collect();
    let headings = &["Name", "Whose", "May be used for", "Device groups", "Last used", "Ends", "Change"];
    table("API tokens", headings, rows, "No token is alive.")
}

/// What a token may be used for, and in how many device groups.
pub(super) fn scopes(of: &CredentialView) -> [String; 2] {
    let scopes: Vec<_> = of.scopes.iter().map(|scope| scope.as_str()).collect();
    let groups = of.device_groups.as_ref().map_or("All".to_owned(), |groups| groups.len().to_string());
    [scopes.join(", "), groups]
}

/// The form that ends a session or a token.
pub(super) fn end(sheet: Sheet, of: &CredentialView) -> AnyView {
    let fields = view! {
        <input type="hidden" name="id" value=of.id.to_string()/>
        {confirm("Yes: it is over at once, on all servers")}
        {button("End it", false)}
    };
    let what = match of.sort {
        CredentialSort::Session => "End this session",
        CredentialSort::Token => "End this token",
    };
    opened(what.to_owned(), form(sheet, RevokeCredential::PATH, "It is over.", fields.into_any()))
}

/// The form that gives a token a new secret.
pub(super) fn rotate(sheet: Sheet, of: &CredentialView) -> AnyView {
    let hours = view! { <input type="number" name="overlap_hours" min="0" max="720" value="24" required/> };
    let fields = view! {
        <input type="hidden" name="id" value=of.id.to_string()/>
        {field("Hours for which the old secret goes on", hours.into_any())}
        {button("Make a new secret", false)}
    };
    let body =
        form(sheet, RotateToken::PATH, "There is a new secret; it is shown above, once.", fields.into_any());
    opened("Rotate".to_owned(), body)
}
