//! Where the Action center begins: with the view that the person chose, or with what waits for a decision.

use leptos::prelude::*;
use leptos_router::components::Redirect;

use crate::actions::location::{ListLocation, view_href};
use domain::{Lane, SavedView};

kit::page! {
    module: list,
    function: start / preload_start,
    paths: ["/action-center"],
    view: view! { <Start/> }.into_any(),
}

/// The view with which it begins: one signal for all pages, which comes with the first.
#[derive(Clone, Copy)]
pub struct DefaultView(RwSignal<Option<SavedView>>);

impl DefaultView {
    /// Provides it.
    pub fn provide(view: Option<SavedView>) {
        provide_context(Self(RwSignal::new(view)));
    }

    /// The one that is provided; a page outside the application has none.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self(RwSignal::new(None)))
    }

    /// Follows what the person's views are now.
    pub fn find(self, views: &[SavedView]) {
        self.0.set(views.iter().find(|view| view.is_default).cloned());
    }

    /// The address of the list that it shows.
    pub fn href(self) -> String {
        self.0.with(|view| match view {
            Some(view) => view_href(view.lane, &view.shows),
            None => ListLocation::new(Lane::Pending).href(),
        })
    }
}

/// Without a tab the Action center is where it begins.
#[component]
fn Start() -> impl IntoView {
    view! { <Redirect path=untrack(|| DefaultView::current().href())/> }
}
