//! What stands in place of a table without rows: what would be here, and how it comes here.

use leptos::prelude::*;

use super::icon::Icon;

/// A placeholder for a list without rows: an icon, a title, a text and a link.
#[component]
pub fn EmptyState(
    /// The icon's id in the sprite.
    icon: &'static str,
    /// The title.
    title: &'static str,
    /// The text: which rows would be here, and how they get here.
    text: &'static str,
    /// The label of the link.
    link: &'static str,
    /// The URL of the link.
    href: String,
) -> impl IntoView {
    view! {
        <div class="empty-state">
            <Icon name=icon/>
            <h2>{title}</h2>
            <p>{text}</p>
            <a class="button" href=href>
                {link}
            </a>
        </div>
    }
}
