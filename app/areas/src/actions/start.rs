//! Where the Action center begins: with the view that the person chose, or with what waits for a decision.

use leptos::prelude::*;
use leptos_router::components::Redirect;

use crate::actions::lane_count::LaneCount;
use crate::actions::location::{ListLocation, view_href};
use domain::{Lane, SavedView};
use kit::navigation::NavigationRow;

kit::page! {
    module: list,
    function: start / preload_start,
    paths: ["/action-center"],
    navigation: NavigationRow {
        href: Some(|| {
            let view = DefaultView::current();
            Signal::derive(move || view.href())
        }),
        more: Some(|| view! { <LaneCount lane=Lane::Pending/> }.into_any()),
        ..NavigationRow::new("Action center", "shield", "/action-center").in_section("Actions & submissions")
    },
    view: view! { <Start/> }.into_any(),
}

/// The person's default view, as a signal for all pages.
#[derive(Clone, Copy)]
pub struct DefaultView(RwSignal<Option<SavedView>>);

impl DefaultView {
    /// Provides the default view that the page came with.
    pub fn provide(view: Option<SavedView>) {
        provide_context(Self(RwSignal::new(view)));
    }

    /// The default view of the context.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self(RwSignal::new(None)))
    }

    /// Updates the default view from the person's saved views.
    pub fn find(self, views: &[SavedView]) {
        self.0.set(views.iter().find(|view| view.is_default).cloned());
    }

    /// The URL of the default view, or of Pending without one.
    pub fn href(self) -> String {
        self.0.with(|view| match view {
            Some(view) => view_href(view.lane, &view.shows),
            None => ListLocation::new(Lane::Pending).href(),
        })
    }
}

/// Redirects from the Action center without a tab to the default view.
#[component]
fn Start() -> impl IntoView {
    view! { <Redirect path=untrack(|| DefaultView::current().href())/> }
}
