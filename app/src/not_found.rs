//! The page for every URL that names nothing.

use leptos::prelude::*;
use leptos_meta::Title;

use super::frame::Framed;
use areas::actions::location::ListLocation;
use domain::Lane;

/// Answers with status 404.
#[component]
pub(super) fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    let content = view! {
        <Title text="Page not found · Countersign"/>
        <h1>"Page not found"</h1>
        <p>"This address names no page. The link may be old, or a character got lost."</p>
        <a class="button primary" href=ListLocation::new(Lane::Pending).href() rel="external">
            "Open the Action center"
        </a>
    };
    // The frame has the document's only `<main>`.
    if Framed::current() {
        view! { <div class="lone">{content}</div> }.into_any()
    } else {
        view! { <main class="lone">{content}</main> }.into_any()
    }
}
