//! What people set for themselves, beside what stands with the lists that it is about.

pub mod pane;
pub mod pane_switch;

use leptos::prelude::provide_context;

use crate::area::Area;
use crate::page::PageContext;
use kit::lazy::Page;

/// The area of settings.
#[derive(Debug)]
pub struct SettingsArea;

impl Area for SettingsArea {
    fn pages(&self) -> &'static [Page] {
        &[]
    }

    fn provide(&self, context: &PageContext) {
        provide_context(pane::Pane::new(context.settings.pane_collapsed));
    }
}
