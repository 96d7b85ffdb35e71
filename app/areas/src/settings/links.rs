//! Who somebody is at the identity provider, and taking that away.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::settings::form::{button, confirm, form};
use crate::settings::sheet::{Sheet, part};
use api::UnlinkIdentities;
use domain::UserId;
use domain::identity::contract::LinkedIdentity;
use kit::visible_text::VisibleText;

/// The part of a page about it; of who is looking, where nobody is named. Nothing where there is nothing to take away.
pub(super) fn links(sheet: Sheet, person: Option<UserId>, all: &[LinkedIdentity]) -> AnyView {
    if all.is_empty() {
        return ().into_any();
    }
    let items: Vec<_> = all
        .iter()
        .map(|of| {
            view! {
                <li>
                    <VisibleText text=of.subject.clone()/>
                    " at "
                    <VisibleText text=of.issuer.clone()/>
                </li>
            }
            .into_any()
        })
        .collect();
    let person = person.map(|id| view! { <input type="hidden" name="person" value=id.to_string()/> });
    let fields = view! {
        {person}
        {confirm("Yes: sessions that came from there end, and a password is what signs in")}
        {button("Unlink", false)}
    };
    let body = view! {
        <ul>{items}</ul>
        {form(sheet, UnlinkIdentities::PATH, "It is unlinked.", fields.into_any())}
    };
    part("Identity provider", None, body.into_any())
}
