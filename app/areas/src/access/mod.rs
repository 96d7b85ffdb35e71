//! Who is signed in: signing in, and the account in the navigation pane.

pub mod account;
pub(crate) mod factor_fields;
pub mod session_over;

use crate::area::Area;

kit::pages! {
    mod first_administrator;
    mod second_step;
    mod sign_in;
}

/// The area of access.
pub const AREA: Area = Area::of(PAGES);
