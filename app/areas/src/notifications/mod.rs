//! Notifications: rules of who is told of what, for administrators.

use crate::area::Area;

kit::pages! {
    mod rules;
}

/// The area of notifications.
pub const AREA: Area = Area::of(PAGES);

/// Where their rules are.
const ROOT: &str = "/settings/notifications";
