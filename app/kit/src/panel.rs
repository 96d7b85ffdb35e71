//! A panel beside the content, which stays usable. It is open because the address says so.

use crate::icon::Icon;
use leptos::prelude::*;

/// A panel with a title and a link that closes it.
#[component]
pub fn SidePanel(
    /// The id of the element.
    id: &'static str,
    /// The heading.
    title: &'static str,
    /// The URL that closes the panel.
    #[prop(into)]
    close: Signal<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <aside class="side-panel" id=id aria-label=title>
            <div class="side-panel-head">
                <h2>{title}</h2>
                <a class="button quiet" href=move || close.get() data-noscroll>
                    <Icon name="cross"/>
                    "Close"
                </a>
            </div>
            {children()}
        </aside>
    }
    .into_any()
}
