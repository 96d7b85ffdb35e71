//! The Action center without a tab.

use leptos::prelude::*;
use leptos_router::components::Redirect;

use crate::actions::place::{Place, view_href};
use api::codec::Json;
use api::{ApiError, load_views};
use domain::{Lane, SavedView};

kit::page! {
    module: list,
    function: start / preload_start,
    paths: ["/action-center"],
    view: view! { <Start/> }.into_any(),
}

/// Without a tab the Action center is the view that the person begins with, or what waits for a decision.
#[component]
fn Start() -> impl IntoView {
    let views: Resource<Result<Vec<SavedView>, ApiError>, Json> =
        Resource::new_with_options(|| (), |()| load_views(), false);
    let to = move || {
        views.get().map(|answer| {
            let first = answer.ok().and_then(|views| views.into_iter().find(|view| view.is_default));
            let path = first
                .map_or_else(|| Place::of(Lane::Pending).href(), |view| view_href(view.lane, &view.shows));
            view! { <Redirect path/> }.into_any()
        })
    };
    view! { <Suspense>{move || to()}</Suspense> }.into_any()
}
