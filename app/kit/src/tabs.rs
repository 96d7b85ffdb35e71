//! Tabs: links, so that they work everywhere and can be opened aside.

use leptos::prelude::*;

/// A tab.
pub struct Tab {
    /// The label.
    pub label: &'static str,
    /// The URL.
    pub href: Signal<String>,
    /// Whether it is the current tab.
    pub current: Signal<bool>,
    /// Content after the label, such as a count.
    pub more: AnyView,
}

/// A row of tabs.
#[component]
pub fn Tabs(
    /// The accessible name of the row.
    label: &'static str,
    /// The tabs in their order.
    tabs: Vec<Tab>,
) -> impl IntoView {
    let tabs = tabs
        .into_iter()
        .map(|Tab { label, href, current, more }| {
            view! {
                <li>
                    <a class="tab" href=move || href.get() aria-current=move || current.get().then_some("page")>
                        {label}
                        {more}
                    </a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label=label>
            <ul>{tabs}</ul>
        </nav>
    }
}
