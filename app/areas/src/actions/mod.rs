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

use crate::area::Area;
use crate::page::PageContext;
use export::ExportTracking;
use start::DefaultView;

kit::pages! {
    mod start;
    mod by_hand;
    mod list;
    mod take;
}

/// The area of actions.
pub const AREA: Area = Area { pages: PAGES, provide };

fn provide(context: &PageContext) {
    DefaultView::provide(context.settings.default_view.clone());
    ExportTracking::provide();
}
