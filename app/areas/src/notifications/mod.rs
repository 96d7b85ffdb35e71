//! Notifications: rules of who is told of what, for administrators.

use crate::area::{Area, NavigationRow};
use kit::lazy::Page;

kit::pages! {
    mod rules;
}

/// The area of notifications.
#[derive(Debug)]
pub struct NotificationsArea;

/// Where their rules are.
const ROOT: &str = "/settings/notifications";

impl Area for NotificationsArea {
    fn pages(&self) -> &'static [Page] {
        PAGES
    }

    fn navigation(&self) -> &'static [NavigationRow] {
        &[NavigationRow {
            section: None,
            label: "Notifications",
            icon: "info",
            root: ROOT,
            href: None,
            more: None,
        }]
    }
}
