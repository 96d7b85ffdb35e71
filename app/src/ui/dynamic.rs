//! Values that follow signals, boxed by what they give.
//!
//! The view compiles its machinery once for each closure that it is given; boxed, all closures of one kind share it,
//! which keeps the page's wasm small. To follow something of another type, add a function.

use leptos::prelude::Effect;

/// A text that changes.
pub(super) fn text(follow: impl Fn() -> String + Send + 'static) -> Box<dyn FnMut() -> String + Send> {
    Box::new(follow)
}

/// One of a few fixed words.
pub(super) fn word(
    follow: impl Fn() -> &'static str + Send + 'static,
) -> Box<dyn FnMut() -> &'static str + Send> {
    Box::new(follow)
}

/// An attribute that is there with a fixed value, or not at all.
pub(super) fn mark(
    follow: impl Fn() -> Option<&'static str> + Send + 'static,
) -> Box<dyn FnMut() -> Option<&'static str> + Send> {
    Box::new(follow)
}

/// An attribute without a value.
pub(super) fn flag(follow: impl Fn() -> bool + Send + 'static) -> Box<dyn FnMut() -> bool + Send> {
    Box::new(follow)
}

/// Something to do in the browser whenever what it reads changes.
pub(super) fn effect(run: impl Fn() + 'static) {
    let run: Box<dyn Fn()> = Box::new(run);
    Effect::new(move |_| run());
}
