//! What narrows the list, each with a way to drop it.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::actions::location::ListLocation;
use domain::actions::query::{field_label, value_label};
use domain::core::text::{escape_controls, pluralize};
use kit::handler::handler;
use kit::icon::Icon;
use kit::toasts::{Toast, ToastAction, Toasts};
use kit::visible_text::VisibleText;

/// A chip for each filter, with a link that removes it; nothing without filters.
#[component]
pub fn Chips(
    /// The list's location.
    location: Memo<ListLocation>,
) -> impl IntoView {
    let toasts = Toasts::current();
    move || {
        let clear = move |event: MouseEvent| {
            // Otherwise it opens elsewhere, and here nothing changes.
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                toasts.show(cleared(&location.read_untracked()));
            }
        };
        let location = location.read();
        let chips = location.filters().map(|(name, value)| chip(&location, name, value)).collect_view();
        location.filters().next().is_some().then(|| {
            view! {
                <div class="chips" role="group" aria-label="Filters in use">
                    {chips}
                    <a class="chips-clear" href=location.unfiltered().href() on:click=handler(clear) data-noscroll>
                        "Clear all"
                    </a>
                </div>
            }
            .into_any()
        })
    }
}

/// The toast after all filters were removed, with a link that restores them.
pub fn cleared(location: &ListLocation) -> Toast {
    let count = location.filters().count() as u64;
    let text = format!("{} removed.", pluralize(count, "filter", "filters"));
    Toast::new("filters", text, Some(ToastAction::To("Undo", location.href())))
}

fn chip(location: &ListLocation, name: &str, value: &str) -> AnyView {
    let label = field_label(name).to_owned();
    let text = value_label(name, value).to_owned();
    let remove = format!("Remove the filter {label}: {}", escape_controls(&text));
    view! {
        <span class="chip">
            <span class="chip-name">{label} ":"</span>
            <span class="chip-value">
                <VisibleText text/>
            </span>
            <a class="chip-remove" href=location.without(name, value).href() title=remove.clone() aria-label=remove data-noscroll>
                <Icon name="cross"/>
            </a>
        </span>
    }
    .into_any()
}
