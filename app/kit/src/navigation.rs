//! The navigation pane's rows, as the pages that they lead to state them.

use leptos::prelude::{AnyView, Signal};

/// A row of the navigation pane.
#[derive(Debug, Clone, Copy)]
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

impl NavigationRow {
    /// A row that leads to its root, without a heading above it.
    #[must_use]
    pub const fn new(label: &'static str, icon: &'static str, root: &'static str) -> Self {
        Self { section: None, label, icon, root, href: None, more: None }
    }

    /// The same as the first row of a section.
    #[must_use]
    pub const fn in_section(self, section: &'static str) -> Self {
        Self { section: Some(section), ..self }
    }
}
