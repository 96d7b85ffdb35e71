//! Actions: the Action center with its lists, the open action, and decisions on it.
//!
//! `place` reads and writes the addresses, `list` is the page, `table` its rows; `panels`, `details` and `dialogs` are
//! parts that are loaded once they are wanted.

pub mod badges;
pub mod chips;
pub mod details;
pub mod dialogs;
mod export;
mod hidden_fields;
mod lane_count;
pub mod location;
pub mod panels;
mod rows;
pub mod table;
pub(crate) mod wrong_verdict;

use leptos::prelude::*;

use crate::area::{Area, NavigationRow};
use crate::page::PageContext;
use domain::Lane;
use export::ExportTracking;
use kit::lazy::Page;
use lane_count::LaneCount;
use start::DefaultView;

kit::pages! {
    mod by_hand;
    mod list;
    mod start;
    mod take;
}

/// The area of actions.
#[derive(Debug)]
pub struct ActionsArea;

impl Area for ActionsArea {
    fn pages(&self) -> &'static [Page] {
        PAGES
    }

    fn navigation(&self) -> &'static [NavigationRow] {
        &[
            NavigationRow {
                section: Some("Actions & submissions"),
                label: "Action center",
                icon: "shield",
                root: "/action-center",
                href: Some(|| {
                    let view = DefaultView::current();
                    Signal::derive(move || view.href())
                }),
                more: Some(|| view! { <LaneCount lane=Lane::Pending/> }.into_any()),
            },
            NavigationRow {
                section: None,
                label: "To be done by hand",
                icon: "check",
                root: by_hand::PATH,
                href: None,
                more: None,
            },
        ]
    }

    fn provide(&self, context: &PageContext) {
        DefaultView::provide(context.settings.default_view.clone());
        ExportTracking::provide();
    }
}
