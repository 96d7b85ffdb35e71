//! Whether the navigation pane shows icons only: one signal for all pages, which the person's preference begins.

use leptos::prelude::*;

/// The state of the pane.
#[derive(Clone, Copy)]
pub struct Pane(RwSignal<bool>);

impl Pane {
    /// As the person left it.
    pub fn new(collapsed: bool) -> Self {
        Self(RwSignal::new(collapsed))
    }

    /// That of the application; open where there is none.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self::new(false))
    }

    /// Whether it shows icons only.
    pub fn is_collapsed(self) -> bool {
        self.0.get()
    }

    /// Changes it; returns what it is now.
    pub fn toggle(self) -> bool {
        self.0.update(|collapsed| *collapsed = !*collapsed);
        self.0.get_untracked()
    }
}
