//! What stands in place of a table without rows: what would be here, and how it comes here.

use leptos::prelude::*;

use super::icon::Icon;

/// An icon, what there is nothing of, and a way on.
#[component]
pub fn EmptyState(
    /// The icon's id in the sprite.
    icon: &'static str,
    /// What there is nothing of.
    title: &'static str,
    /// What would be here, and how it comes here.
    text: &'static str,
    /// The word of the link.
    link: &'static str,
    /// Where it leads.
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
