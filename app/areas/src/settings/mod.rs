//! What people set for themselves, and what administrators set for all: who may do what.
//!
//! Each page is a sheet: a heading, what became of the last form, and what is loaded. Every form works without scripts.

mod admin_list;
mod credential_table;
mod form;
mod links;
mod new_token;
mod own_factors;
mod own_notices;
mod own_preferences;
pub mod pane;
pub mod pane_switch;
mod person_answer;
mod send;
mod sheet;
mod step_up_dialog;

use leptos::prelude::{RwSignal, provide_context};

use crate::area::Area;
use crate::page::PageContext;
use crate::page::stop_banner::StopNotice;

kit::pages! {
    mod account;
    mod automation;
    mod deciders;
    mod decision_times;
    mod device_groups;
    mod enrol;
    mod factor_policy;
    mod identity;
    mod people;
    mod person;
    mod policies;
    mod roles;
    mod sessions;
    mod step_up;
    mod tokens;
    mod try_level;
}

/// The area of settings.
pub const AREA: Area = Area { pages: PAGES, provide };

fn provide(context: &PageContext) {
    provide_context(pane::Pane::new(context.settings.pane_collapsed));
    provide_context(StopNotice(RwSignal::new(context.stop.clone())));
}
