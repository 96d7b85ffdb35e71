//! The form that makes a token, and its secret, which is shown once.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::settings::form::{button, check, choices, field, form, opened, text};
use crate::settings::sheet::{Sheet, loaded};
use api::{MakeToken, take_secret};
use domain::Scope;
use domain::access::contract::DeviceGroupView;

/// The secret that was just made, if there is one.
pub(super) fn secret(sheet: Sheet) -> AnyView {
    let secret = sheet.load(take_secret);
    loaded(secret, |_, secret| match secret {
        Some(secret) => view! {
            <section class="settings-part made" role="status">
                <h2>"The token's secret"</h2>
                <p>"It is shown now and never again. Copy it to where the tool finds it."</p>
                <code class="secret">{secret.clone()}</code>
            </section>
        }
        .into_any(),
        None => ().into_any(),
    })
}

/// The form of a token of one's own, or of a tool.
pub(super) fn make(sheet: Sheet, mine: bool, groups: &[DeviceGroupView]) -> AnyView {
    // People answer for what they decide and administer: a tool can't.
    let offered = Scope::ALL.iter().filter(|scope| mine || !scope.needs_owner());
    let scopes =
        offered.map(|scope| check("scopes[]", scope.to_string(), scope.label().to_owned(), false)).collect();
    let boxes: Vec<_> = groups
        .iter()
        .map(|of| check("device_groups[]", of.group.id.to_string(), of.group.name.clone(), false))
        .collect();
    let boxes = (!boxes.is_empty())
        .then(|| choices("Limited to these device groups; not limited where none is checked", boxes));
    let days = view! { <input type="number" name="days" min="1" max="366" value="90" required/> };
    let fields = view! {
        <input type="hidden" name="mine" value=mine.to_string()/>
        {text("Name", "name", String::new(), true)}
        {choices("May be used for", scopes)}
        {boxes}
        {field("Days until it ends", days.into_any())}
        {button("Make the token", true)}
    };
    let title = if mine { "Make a token of your own" } else { "Make a tool's token" };
    let done = "The token was made; its secret is shown above, once.";
    opened(title.to_owned(), form(sheet, MakeToken::PATH, done, fields.into_any()))
}
