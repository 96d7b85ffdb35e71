//! The page for every URL that names nothing.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::place::Place;
use domain::Lane;

/// Answers with status 404.
#[component]
pub(in crate::ui) fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Page not found · Countersign"/>
        <main class="lone">
            <h1>"Page not found"</h1>
            <p>"This address names no page. The link may be old, or a character got lost."</p>
            <a class="button primary" href=Place::of(Lane::Pending).href() rel="external">
                "Open the Action center"
            </a>
        </main>
    }
}
