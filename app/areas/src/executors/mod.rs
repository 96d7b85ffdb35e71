//! Executors: what carries actions out, for administrators.

use crate::area::Area;

kit::pages! {
    mod list;
    mod one;
}

mod add;
mod change;
mod deliveries;

/// The area of executors.
pub const AREA: Area = Area::of(PAGES);

/// Where their list is.
const ROOT: &str = "/settings/executors";

/// A name as a part of an address.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    domain::list::encode::push_encoded(&mut text, name);
    text
}
