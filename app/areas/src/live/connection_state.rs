//! Whether what is shown changes by itself.

use crate::live::stream::{Connection, Live};
use kit::icon::Icon;
use leptos::prelude::*;

/// The state of the stream in the navigation pane; hidden without wasm.
#[component]
pub fn ConnectionState() -> impl IntoView {
    let link = Live::current().link;
    let state = move || match link.get() {
        Connection::Live => ("live", "Live", "Changes appear as they happen"),
        Connection::Reconnecting => {
            ("reconnecting", "Reconnecting…", "The connection broke; what is shown may be old")
        }
        Connection::Off => ("off", "Not live", "What is shown may be old; reload to see changes"),
    };
    view! {
        <p class="link-state needs-wasm" data-link=move || state().0 title=move || state().2>
            <Icon name="pulse"/>
            <span class="pane-word">{move || state().1}</span>
        </p>
    }
    .into_any()
}
