//! Whether the navigation pane shows icons only: one signal for all pages, which the person's preference begins.

use leptos::prelude::*;

/// Whether the navigation pane is collapsed, as a signal for all pages.
#[derive(Clone, Copy)]
pub struct Pane(RwSignal<bool>);

impl Pane {
    /// The pane in the state that the person left it in.
    pub fn new(collapsed: bool) -> Self {
        Self(RwSignal::new(collapsed))
    }

    /// The pane of the context; outside of the application, one that is open.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self::new(false))
    }

    /// Whether the pane shows icons only.
    pub fn is_collapsed(self) -> bool {
        self.0.get()
    }

    /// Collapses or expands the pane. Returns whether it is collapsed now.
    pub fn toggle(self) -> bool {
        self.0.update(|collapsed| *collapsed = !*collapsed);
        self.0.get_untracked()
    }
}
