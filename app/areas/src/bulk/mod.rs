//! Decisions on many actions: their previews, and what became of them.

mod bulk_items;
mod lifts;

use crate::area::Area;
use kit::lazy::Page;

kit::pages! {
    mod plan;
    mod job;
}

/// The area of bulk decisions.
#[derive(Debug)]
pub struct BulkArea;

impl Area for BulkArea {
    fn pages(&self) -> &'static [Page] {
        PAGES
    }
}
