//! A time: how long ago, with the exact time in its tooltip.

use leptos::prelude::*;

use crate::derived::Derived;
use crate::time::{ago, full};
use domain::core::time::Timestamp;

/// A time relative to the page's current time.
#[component]
pub fn When(
    /// The time to show.
    at: Timestamp,
    /// The page's current time.
    now: Derived<Timestamp>,
) -> impl IntoView {
    view! {
        <time class="when" datetime=at.to_string() title=full(at)>
            {move || ago(at, now.get())}
        </time>
    }
}
