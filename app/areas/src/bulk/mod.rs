//! Decisions on many actions: their previews, and what became of them.

mod bulk_items;
mod lifts;

use crate::area::Area;

kit::pages! {
    mod plan;
    mod job;
}

/// The area of bulk decisions.
pub const AREA: Area = Area::of(PAGES);
