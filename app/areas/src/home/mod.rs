//! The home page.

use crate::area::{Area, NavigationRow};
use kit::lazy::Page;

kit::pages! {
    mod overview;
}

/// The area of the home page.
#[derive(Debug)]
pub struct HomeArea;

impl Area for HomeArea {
    fn pages(&self) -> &'static [Page] {
        PAGES
    }

    fn navigation(&self) -> &'static [NavigationRow] {
        &[NavigationRow { section: None, label: "Home", icon: "home", root: "/", href: None, more: None }]
    }
}
