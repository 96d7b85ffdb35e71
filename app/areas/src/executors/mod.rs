//! Executors: what carries actions out, for administrators.

use crate::area::{Area, NavigationRow};
use kit::lazy::Page;

kit::pages! {
    mod list;
    mod one;
}

mod add;
mod change;
mod deliveries;

/// The area of executors.
#[derive(Debug)]
pub struct ExecutorsArea;

/// Where their list is.
const ROOT: &str = "/settings/executors";

/// A name as a part of an address.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    domain::list::encode::push_encoded(&mut text, name);
    text
}

impl Area for ExecutorsArea {
    fn pages(&self) -> &'static [Page] {
        PAGES
    }

    fn navigation(&self) -> &'static [NavigationRow] {
        &[NavigationRow {
            section: Some("Organisation"),
            label: "Executors",
            icon: "play",
            root: ROOT,
            href: None,
            more: None,
        }]
    }
}
