//! What the application must know of an area.

use leptos::prelude::{AnyView, Signal};

use crate::page::PageContext;
use kit::lazy::Page;

/// What an area provides to the application.
pub trait Area: Sync {
    /// The pages of the area.
    fn pages(&self) -> &'static [Page];

    /// The rows of the area in the navigation pane.
    fn navigation(&self) -> &'static [NavigationRow] {
        &[]
    }

    /// Provides contexts of the area to all pages and the frame.
    fn provide(&self, _surroundings: &PageContext) {}
}

/// A row of the navigation pane.
#[derive(Debug)]
pub struct NavigationRow {
    /// The heading above the row, of the first of a section; the rows that follow belong to it, too.
    pub section: Option<&'static str>,
    /// The label.
    pub label: &'static str,
    /// The icon's id in the sprite.
    pub icon: &'static str,
    /// The path below which the row is the current one.
    pub root: &'static str,
    /// The URL, if it is not the root.
    pub href: Option<fn() -> Signal<String>>,
    /// Content after the label, such as a count.
    pub more: Option<fn() -> AnyView>,
}
