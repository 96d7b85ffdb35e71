//! The time to decide: a date, and a countdown once less than a day is left.

use leptos::prelude::*;

use crate::derived::Derived;
use crate::time::{Left, full};
use domain::core::time::Timestamp;

/// Amber under a day, red under an hour; the words say the same as the colour.
#[component]
pub fn Deadline(
    /// The deadline.
    until: Timestamp,
    /// The page's current time.
    now: Derived<Timestamp>,
) -> impl IntoView {
    let left = move || Left::until(until, now.get());
    view! {
        <time class=move || urgency(left()) datetime=until.to_string() title=full(until)>
            {move || left().text(until)}
        </time>
    }
}

/// The class of the colour.
pub const fn urgency(left: Left) -> &'static str {
    match left {
        Left::Long => "deadline",
        Left::Hours(..) => "deadline soon",
        Left::Minutes(_) | Left::Over => "deadline urgent",
    }
}
