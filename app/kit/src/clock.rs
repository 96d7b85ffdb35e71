//! The page's clock, which ticks from the answer's time, and what is done again and again.
//!
//! Everything here is an effect, which only the browser runs; the server renders each answer at its own time.

use std::time::Duration;

use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::*;

use crate::derived::{Derived, derived};
use crate::effect::effect;
use domain::core::time::{SignedDuration, Timestamp};

/// Time between two polls.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Seconds between two updates of relative times.
const TICK_SECONDS: u32 = 15;

/// The page's current time: that of the answer, plus what has passed since, in steps.
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

/// Polls while `wanted` is true and the page is visible: for what the stream of changes
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

/// Calls `step` in an interval for as long as the current owner lives.
fn every(pace: Duration, step: impl Fn() + Clone + 'static) {
    effect(move || interval(pace, step.clone()));
}

/// Calls `step` in an interval until the current owner is disposed of, or its effect runs again.
pub fn interval(pace: Duration, step: impl Fn() + 'static) {
    if let Ok(handle) = set_interval_with_handle(step, pace) {
        on_cleanup(move || handle.clear());
    }
}
