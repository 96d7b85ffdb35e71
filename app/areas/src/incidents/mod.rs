//! Incidents: their list, and each with its story and what waits.

use crate::area::{Area, NavigationRow};
use kit::lazy::Page;

kit::pages! {
    mod list;
    mod page;
}

/// The area of incidents.
#[derive(Debug)]
pub struct IncidentsArea;

impl Area for IncidentsArea {
    fn pages(&self) -> &'static [Page] {
        PAGES
    }

    fn navigation(&self) -> &'static [NavigationRow] {
        &[NavigationRow {
            section: Some("Incidents & investigations"),
            label: "Incidents",
            icon: "triangle",
            root: "/incidents",
            href: None,
            more: None,
        }]
    }
}
