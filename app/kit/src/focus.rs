//! The keyboard's focus.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

use super::effect::effect;

/// Whether the focused element lies inside an element that a selector matches.
pub fn has_focus(location: &str) -> bool {
    document().active_element().is_some_and(|active| matches!(active.closest(location), Ok(Some(_))))
}

/// Focuses the first element that a selector matches. Returns whether there is one.
pub fn focus(selector: &str) -> bool {
    let found = document()
        .query_selector(selector)
        .ok()
        .flatten()
        .and_then(|found| found.dyn_into::<HtmlElement>().ok());
    found.is_some_and(|found| found.focus().is_ok())
}

/// Makes Escape leave a form field before it does anything else, so that one key never discards what was typed.
pub fn leave_fields_on_escape() {
    effect(move || {
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
            let field =
                target.filter(|target| matches!(target.closest("input, textarea, select"), Ok(Some(_))));
            if let Some(field) = field.filter(|_| event.key() == "Escape" && !event.default_prevented()) {
                drop(field.blur());
            }
        });
        on_cleanup(move || handle.remove());
    });
}
