//! Light or dark. The system's choice holds until the person makes one, which this browser then remembers.
//!
//! Browser only: the server always renders the neutral page, so there is nothing to disagree about while hydrating.

use leptos::prelude::*;

const STORAGE_KEY: &str = "theme";

/// Applies the theme that the person chose earlier.
pub fn restore() {
    let stored = window()
        .local_storage()
        .ok()
        .flatten()
        .and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten());
    if let Some(theme) = stored.filter(|theme| theme == "light" || theme == "dark") {
        apply(&theme);
    }
}

/// Switches between light and dark, and stores the choice.
pub fn switch() {
    let next = if is_dark() { "light" } else { "dark" };
    apply(next);
    if let Ok(Some(storage)) = window().local_storage() {
        // A browser that keeps nothing still switches for now.
        drop(storage.set_item(STORAGE_KEY, next));
    }
}

fn is_dark() -> bool {
    let chosen = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    match chosen {
        Some(theme) => theme == "dark",
        None => window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
            .is_some_and(|media| media.matches()),
    }
}

fn apply(theme: &str) {
    if let Some(root) = document().document_element() {
        drop(root.set_attribute("data-theme", theme));
    }
}
