//! Whether the navigation pane shows icons only: one signal for all pages, which the person's preference begins.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The state of the pane.
#[derive(Clone, Copy)]
pub(super) struct Pane(RwSignal<bool>);

impl Pane {
    /// As the person left it.
    pub(super) fn new(collapsed: bool) -> Self {
        Self(RwSignal::new(collapsed))
    }

    /// That of the application; open where there is none.
    pub(super) fn current() -> Self {
        use_context().unwrap_or_else(|| Self::new(false))
    }

    /// Whether it shows icons only.
    pub(super) fn is_collapsed(self) -> bool {
        self.0.get()
    }

    /// Changes it; returns what it is now.
    pub(super) fn toggle(self) -> bool {
        self.0.update(|collapsed| *collapsed = !*collapsed);
        self.0.get_untracked()
    }
}

/// Path and query of the page, for a form that leads back to it.
pub(super) fn way_back() -> impl Fn() -> String + Copy + Send + Sync + 'static {
    let location = use_location();
    let (path, query) = (location.pathname, location.search);
    move || {
        let query = query.read();
        let query = query.trim_start_matches('?');
        if query.is_empty() { path.get() } else { format!("{}?{query}", path.read().as_str()) }
    }
}
