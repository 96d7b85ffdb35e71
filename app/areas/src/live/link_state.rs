//! Whether what is shown changes by itself.

use crate::live::stream::{Link, Live};
use kit::icon::Icon;
use leptos::prelude::*;

/// A line in the navigation pane. Without wasm there is no such thing, and nothing to say.
#[component]
pub fn LinkState() -> impl IntoView {
    let link = Live::of_page().link;
    let state = move || match link.get() {
        Link::Live => ("live", "Live", "Changes appear as they happen"),
        Link::Reconnecting => {
            ("reconnecting", "Reconnecting…", "The connection broke; what is shown may be old")
        }
        Link::Off => ("off", "Not live", "What is shown may be old; reload to see changes"),
    };
    view! {
        <p class="link-state needs-wasm" data-link=move || state().0 title=move || state().2>
            <Icon name="pulse"/>
            <span class="pane-word">{move || state().1}</span>
        </p>
    }
    .into_any()
}
