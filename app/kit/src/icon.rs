//! A picture from the sprite `public/icons.svg`. Never alone: a word stands beside it.

use leptos::prelude::*;

/// An icon, hidden from screen readers.
#[component]
pub fn Icon(
    /// The icon's id in the sprite.
    name: &'static str,
) -> impl IntoView {
    view! {
        <svg class="icon" width="16" height="16" aria-hidden="true">
            <use href=format!("/icons.svg#{name}")></use>
        </svg>
    }
}
