//! The home page.

use crate::area::Area;

kit::pages! {
    mod overview;
}

/// The area of the home page.
pub const AREA: Area = Area::of(PAGES);
