//! Who is signed in: signing in, and the account in the navigation pane.

pub mod account;

use crate::area::Area;
use kit::lazy::Page;

kit::pages! {
    mod sign_in;
}

/// Access.
#[derive(Debug)]
pub struct AccessArea;

impl Area for AccessArea {
    fn pages(&self) -> &'static [Page] {
        PAGES
    }
}
