//! The panel over the right of the page: its edge, its way out, and what is announced in it.

use crate::icon::Icon;
use crate::notice::{Announcement, Notice};
use leptos::prelude::*;

/// A panel over the right of the page; what is beside it stays usable.
#[component]
pub fn Flyout(
    /// The accessible name.
    label: &'static str,
    /// The titles of the links to the row before and the row after.
    steps: [&'static str; 2],
    /// The URL that closes the panel.
    #[prop(into)]
    close: Signal<String>,
    /// The URLs with the row before and the row after.
    #[prop(into)]
    around: Signal<(Option<String>, Option<String>)>,
    /// The announcement, if there is one.
    news: RwSignal<Option<Announcement>>,
    children: Children,
) -> impl IntoView {
    view! {
        <aside class="flyout" id="flyout" aria-label=label>
            <div class="flyout-bar">
                {move || step(around.get().0, steps[0], "up")}
                {move || step(around.get().1, steps[1], "down")}
                <a class="button quiet" href=move || close.get() data-noscroll>
                    <Icon name="cross"/>
                    "Close"
                </a>
            </div>
            <Notice news/>
            {children()}
        </aside>
    }
    .into_any()
}

/// A link to a neighbour; an icon without a link if there is none, so that the layout does not shift.
fn step(href: Option<String>, title: &'static str, icon: &'static str) -> AnyView {
    match href {
        Some(href) => view! {
            <a class="icon-button" href=href title=title aria-label=title data-noscroll>
                <Icon name=icon/>
            </a>
        }
        .into_any(),
        None => view! {
            <span class="icon-button off">
                <Icon name=icon/>
            </span>
        }
        .into_any(),
    }
}
