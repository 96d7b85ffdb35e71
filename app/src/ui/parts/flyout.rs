//! The panel over the right of the page: its edge, its way out, and what is announced in it.

use leptos::prelude::*;

use super::icon::Icon;
use super::notice::{News, Notice};

/// Beside the list, not instead of it: the list stays usable.
#[component]
pub(in crate::ui) fn Flyout<V: IntoView + 'static>(
    /// The URL without it.
    close: impl Fn() -> String + Send + 'static,
    /// What to announce.
    news: RwSignal<Option<News>>,
    children: TypedChildren<V>,
) -> impl IntoView {
    let children = children.into_inner();
    view! {
        <aside class="flyout" id="flyout" aria-label="Details of the action">
            <div class="flyout-bar">
                <a class="button quiet" href=move || close() data-noscroll>
                    <Icon name="cross"/>
                    "Close"
                </a>
            </div>
            <Notice news/>
            {children()}
        </aside>
    }
}
