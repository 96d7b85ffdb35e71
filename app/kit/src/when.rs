//! A time: how long ago, with the exact time in its tooltip.

use leptos::prelude::*;

use crate::derived::Derived;
use crate::time::{ago, full};
use domain::core::time::Timestamp;

/// Counts from the page's present and moves on with it.
#[component]
pub fn When(
    /// The time.
    at: Timestamp,
    /// The page's present.
    now: Derived<Timestamp>,
) -> impl IntoView {
    view! {
        <time class="when" datetime=at.to_string() title=full(at)>
            {move || ago(at, now.get())}
        </time>
    }
}
