//! Grey rows while the very first answer is on its way.

use leptos::prelude::*;

/// A placeholder of twelve grey rows.
#[component]
pub fn Skeleton() -> impl IntoView {
    let rows = (0..12).map(|_| view! { <span class="skeleton-row"></span> }.into_any()).collect_view();
    view! {
        <div class="skeleton">
            <span class="visually-hidden">"Loading"</span>
            {rows}
        </div>
    }
}
