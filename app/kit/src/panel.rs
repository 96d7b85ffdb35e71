//! A panel beside the content, which stays usable. It is open because the address says so.

use crate::icon::Icon;
use leptos::prelude::*;

/// Its frame: title and way out.
#[component]
pub fn SidePanel(
    /// Its id in the page.
    id: &'static str,
    /// Its heading.
    title: &'static str,
    /// The URL without it.
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
