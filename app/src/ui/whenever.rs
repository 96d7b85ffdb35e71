//! Something to do in the browser whenever what it reads changes.

use leptos::prelude::Effect;

/// Boxed, so that its machinery is compiled once and not once for each closure: the page's wasm stays small.
pub(super) fn whenever(run: impl Fn() + 'static) {
    let run: Box<dyn Fn()> = Box::new(run);
    Effect::new(move |_| run());
}
