//! Effects of the browser, and what waits for a paint.

use std::time::Duration;

use leptos::prelude::{Effect, request_animation_frame, set_timeout};

/// A boxed wrapper over [`Effect`]: one copy in the wasm, instead of one for each closure.
pub fn effect(run: impl Fn() + 'static) {
    let run: Box<dyn Fn()> = Box::new(run);
    Effect::new(move |_| run());
}

/// Runs after the next frame, which shows what was changed until then.
pub fn after_paint(run: impl FnOnce() + 'static) {
    request_animation_frame(|| set_timeout(run, Duration::ZERO));
}
