//! The parts of the pages: one component a file, with its style in `style/parts/` under the same name.
//!
//! Parts take values and signals, never resources, and know nothing of the server but its server functions' names.

mod account;
mod action_cells;
mod action_detail;
mod action_table;
mod badge;
mod bulk_bar;
mod bulk_items;
mod bulk_notice;
mod chips;
mod column_panel;
mod confirm;
mod copy;
mod deadline;
mod decide;
mod demo_banner;
mod dialog;
mod empty_state;
mod facts;
mod failure;
mod filter_panel;
mod flyout;
mod frame;
#[cfg(all(feature = "ssr", debug_assertions))]
pub(super) mod gallery;
mod help;
mod icon;
mod notice;
mod pager;
mod palette;
mod panel;
mod short_text;
mod skeleton;
mod tabs;
mod toolbar;
mod undo_form;
mod view_panel;
mod visible_text;
mod when;

pub(super) use action_detail::{ActionDetailBody, Setting};
pub(super) use action_table::{ActionTable, Layout, Rows, is_selectable};
pub(super) use bulk_bar::{BulkBar, Matches};
pub(super) use bulk_items::BulkItems;
pub(super) use chips::Chips;
pub(super) use column_panel::{ColumnForm, Saving};
pub(super) use deadline::Deadline;
pub(super) use decide::{Decisions, take};
pub(super) use demo_banner::DemoBanner;
pub(super) use empty_state::EmptyState;
pub(super) use failure::Failure;
pub(super) use filter_panel::FilterForm;
pub(super) use flyout::Flyout;
pub(super) use frame::Frame;
pub(super) use help::Help;
pub(super) use icon::Icon;
pub(super) use notice::{News, Notice};
pub(super) use pager::{Neighbours, Pager};
pub(super) use palette::Palette;
pub(super) use panel::SidePanel;
pub(super) use skeleton::Skeleton;
pub(super) use tabs::Tabs;
pub(super) use toolbar::Toolbar;
pub(super) use view_panel::{ViewChanges, ViewList};
