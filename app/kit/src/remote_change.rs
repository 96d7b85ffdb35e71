//! A change that somebody else made to what is shown, in one line that keeps its place.

use crate::visible_text::VisibleText;
use leptos::prelude::*;

/// A live region, rendered also while it is empty: screen readers announce what changes in it.
#[component]
pub fn RemoteChange(
    /// The text, if there is one.
    text: RwSignal<Option<String>>,
) -> impl IntoView {
    view! {
        <p class="heard" role="status">
            {move || text.get().map(|text| view! { <VisibleText text/> }.into_any())}
        </p>
    }
    .into_any()
}
