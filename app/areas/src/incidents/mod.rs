//! Incidents: their list, and each with its story and what waits.

use crate::area::Area;

kit::pages! {
    mod list;
    mod page;
}

/// The area of incidents.
pub const AREA: Area = Area::of(PAGES);
