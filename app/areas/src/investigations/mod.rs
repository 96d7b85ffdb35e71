//! Investigations: their list, and each with its tabs. What waits is decided right there.

pub(crate) mod address;
pub(crate) mod case_list;
mod graph;
pub(crate) mod list_page;
pub(crate) mod records;
pub(crate) mod rows;
pub(crate) mod waiting;

use crate::area::Area;

kit::pages! {
    mod email;
    mod list;
    mod page;
}

/// The area of investigations.
pub const AREA: Area = Area::of(PAGES);
