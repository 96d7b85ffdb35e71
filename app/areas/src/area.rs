//! What the application must know of an area.

use leptos::prelude::{AnyView, Signal};

use crate::page::PageContext;
use kit::lazy::Page;

/// An area of the application.
pub trait Area: Sync {
    /// Its pages.
    fn pages(&self) -> &'static [Page];

    /// Its rows in the navigation pane.
    fn navigation(&self) -> &'static [NavigationRow] {
        &[]
    }

    /// Provides what its pages and the frame ask the context for, once for all pages.
    fn provide(&self, _surroundings: &PageContext) {}
}

/// A row of the navigation pane.
#[derive(Debug)]
pub struct NavigationRow {
    /// The heading above it.
    pub section: Option<&'static str>,
    /// Its word.
    pub label: &'static str,
    /// The icon's id in the sprite.
    pub icon: &'static str,
    /// Where its pages are: it is the current row there.
    pub root: &'static str,
    /// Where it leads, if not to its root.
    pub href: Option<fn() -> Signal<String>>,
    /// What stands beside its word.
    pub more: Option<fn() -> AnyView>,
}
