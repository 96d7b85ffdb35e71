//! The page's clock, which ticks from the answer's time, and what is done again and again.
//!
//! Everything here is an effect, which only the browser runs; the server renders each answer at its own time.

use std::time::Duration;

use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::*;

use crate::derived::{Derived, derived};
use crate::effect::effect;
use domain::core::time::{SignedDuration, Timestamp};

/// Between two looks at something that runs.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Seconds between two steps of the relative times.
const TICK_SECONDS: u32 = 15;

/// The present as the page knows it: the time of the answer, and what passed since.
pub fn ticking(rendered_at: Derived<Timestamp>) -> Derived<Timestamp> {
    let passed = RwSignal::new(SignedDuration::ZERO);
    effect(move || {
        rendered_at.track();
        passed.set(SignedDuration::ZERO);
    });
    every(Duration::from_secs(TICK_SECONDS.into()), move || {
        passed.update(|passed| *passed += SignedDuration::from_secs(TICK_SECONDS.into()));
    });
    derived(move || {
        let at = rendered_at.get();
        at.checked_add(passed.get()).unwrap_or(at)
    })
}

/// Calls `look` every two seconds while `wanted` says so and somebody can see the page: for what the stream of changes
/// does not tell.
pub fn poll(wanted: Derived<bool>, look: impl Fn() + Clone + 'static) {
    effect(move || {
        if wanted.get() {
            let look = look.clone();
            interval(POLL_INTERVAL, move || {
                if !document().hidden() {
                    look();
                }
            });
        }
    });
}

/// Calls `step` at that pace for as long as the current owner lives.
fn every(pace: Duration, step: impl Fn() + Clone + 'static) {
    effect(move || interval(pace, step.clone()));
}

/// Calls `step` at that pace for as long as the current owner lives, or its effect does not run again.
pub fn interval(pace: Duration, step: impl Fn() + 'static) {
    if let Ok(handle) = set_interval_with_handle(step, pace) {
        on_cleanup(move || handle.clear());
    }
}
