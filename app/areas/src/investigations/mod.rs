//! Investigations: their list, and each with its tabs. What waits is decided right there.

pub(crate) mod address;
pub(crate) mod case_list;
mod graph;
pub(crate) mod list_page;
pub(crate) mod records;
pub(crate) mod rows;
pub(crate) mod waiting;

use crate::area::{Area, NavigationRow};
use kit::lazy::Page;

kit::pages! {
    mod email;
    mod list;
    mod page;
}

/// The area of investigations.
#[derive(Debug)]
pub struct InvestigationsArea;

impl Area for InvestigationsArea {
    fn pages(&self) -> &'static [Page] {
        PAGES
    }

    fn navigation(&self) -> &'static [NavigationRow] {
        &[NavigationRow {
            section: None,
            label: "Investigations",
            icon: "search",
            root: "/investigations",
            href: None,
            more: None,
        }]
    }
}
