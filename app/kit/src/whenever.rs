//! When something is to be done in the browser.

use std::time::Duration;

use leptos::prelude::{Effect, request_animation_frame, set_timeout};

/// Whenever what it reads changes. Boxed, so that its machinery is compiled once and not once for each closure: the
/// page's wasm stays small.
pub fn whenever(run: impl Fn() + 'static) {
    let run: Box<dyn Fn()> = Box::new(run);
    Effect::new(move |_| run());
}

/// After the next frame, which shows what was changed until then.
pub fn once_painted(run: impl FnOnce() + 'static) {
    request_animation_frame(|| set_timeout(run, Duration::ZERO));
}
