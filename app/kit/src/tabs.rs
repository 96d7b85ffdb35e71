//! Tabs: links, so that they work everywhere and can be opened aside.

use leptos::prelude::*;

/// One of the tabs.
pub struct Tab {
    /// Its word.
    pub label: &'static str,
    /// Where it leads.
    pub href: String,
    /// Whether it is the one that is shown.
    pub current: Signal<bool>,
    /// What stands beside its word.
    pub more: AnyView,
}

/// All of them.
#[component]
pub fn Tabs(
    /// What they are tabs of.
    label: &'static str,
    /// In their order.
    tabs: Vec<Tab>,
) -> impl IntoView {
    let tabs = tabs
        .into_iter()
        .map(|Tab { label, href, current, more }| {
            view! {
                <li>
                    <a class="tab" href=href aria-current=move || current.get().then_some("page")>
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
