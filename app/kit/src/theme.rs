//! Light or dark. What the person set for themselves holds, or else the system's choice; who switches does so for this
//! browser, which remembers it until they set something else.
//!
//! Browser only: the page says what is set, and the browser what was switched to since.

use leptos::prelude::*;

const STORAGE_KEY: &str = "theme";

/// Applies the theme to which the person switched in this browser, unless they set another since.
pub fn restore() {
    let stored = window()
        .local_storage()
        .ok()
        .flatten()
        .and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten())
        .unwrap_or_default();
    // What older versions stored has no scheme beside it.
    let (theme, scheme) = stored.split_once(' ').unwrap_or((&stored, "system"));
    if (theme == "light" || theme == "dark") && scheme == set() {
        apply(theme);
    }
}

/// Switches between light and dark, and stores the choice.
pub fn switch() {
    let next = if is_dark() { "light" } else { "dark" };
    apply(next);
    if let Ok(Some(storage)) = window().local_storage() {
        // A browser that keeps nothing still switches for now.
        drop(storage.set_item(STORAGE_KEY, &format!("{next} {}", set())));
    }
}

/// What the person set, as the page says.
fn set() -> String {
    let scheme = document().document_element().and_then(|root| root.get_attribute("data-scheme"));
    scheme.unwrap_or_else(|| "system".to_owned())
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
