//! The parts of the pages: one component a file, with its style in `style/parts/` under the same name.
//!
//! Parts take values and signals, never resources, and know nothing of the server but its server functions' names.

mod account;
mod action_detail;
mod action_table;
mod badge;
mod deadline;
mod decide;
mod demo_banner;
mod empty_state;
mod facts;
mod failure;
mod flyout;
mod frame;
mod heard;
mod icon;
mod lane_count;
mod link_state;
mod narrowed;
mod new_rows;
mod notice;
mod pager;
mod short_text;
mod skeleton;
mod tabs;
mod undo_form;
mod visible_text;
mod when;

pub(super) use action_detail::{ActionDetailBody, Setting};
pub(super) use action_table::ActionTable;
pub(super) use decide::Decisions;
pub(super) use demo_banner::DemoBanner;
pub(super) use empty_state::EmptyState;
pub(super) use failure::Failure;
pub(super) use flyout::Flyout;
pub(super) use frame::Frame;
pub(super) use heard::Heard;
pub(super) use icon::Icon;
pub(super) use narrowed::Narrowed;
pub(super) use new_rows::{Held, NewRows};
pub(super) use notice::News;
pub(super) use pager::{Neighbours, Pager};
pub(super) use skeleton::Skeleton;
pub(super) use tabs::Tabs;
