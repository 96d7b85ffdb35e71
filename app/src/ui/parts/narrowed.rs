//! Says that the list is not the whole tab in its usual order.

use leptos::prelude::*;

use crate::ui::place::Place;

/// A line with the way back; nothing where the address asks for nothing special.
#[component]
pub(in crate::ui) fn Narrowed(
    /// Where the person is.
    here: Memo<Place>,
) -> impl IntoView {
    move || {
        let here = here.read();
        (!here.shows.is_empty()).then(|| {
            view! {
                <p class="narrowed">
                    "The address narrows or orders this list. "
                    <a href=Place::of(here.lane).href()>"Show all"</a>
                </p>
            }
        })
    }
}
