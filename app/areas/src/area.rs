//! What the application must know of an area.

use crate::page::PageContext;
use kit::lazy::Page;

/// What an area provides to the application.
#[derive(Debug)]
pub struct Area {
    /// The pages of the area, in the order of their rows in the navigation pane.
    pub pages: &'static [Page],
    /// Provides contexts of the area to all pages and the frame.
    pub provide: fn(&PageContext),
}

impl Area {
    /// An area of pages that provides nothing to others.
    #[must_use]
    pub const fn of(pages: &'static [Page]) -> Self {
        Self { pages, provide: nothing }
    }
}

const fn nothing(_: &PageContext) {}
