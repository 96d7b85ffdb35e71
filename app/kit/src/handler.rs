//! Handlers of events.

/// Boxed, so that the machinery of an event is compiled once and not for each of its handlers: with forty of them, a
/// hundredth of the wasm.
pub fn handler<E: 'static>(handle: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handle)
}
