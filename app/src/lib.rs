//! The application: the document around every page, the frame with the navigation, and all areas behind their routes.
//!
//! Compiled for the browser (`hydrate`) and the server (`ssr`). The server depends on it, never the other way round; what
//! the two exchange stands in `domain` and `api`. `document` knows what only the server knows.
#![recursion_limit = "256"]
#![expect(unreachable_pub, reason = "`#[component]` makes each component's builder `pub`")]

mod application;
#[cfg(feature = "ssr")]
mod document;
mod frame;
#[cfg(all(feature = "ssr", debug_assertions))]
mod gallery;
mod navigation;
mod not_found;
mod routes;

pub use application::App;
#[cfg(feature = "ssr")]
pub use document::shell;
#[cfg(all(feature = "ssr", debug_assertions))]
pub use gallery::{DESIGN_CSS, design};

/// Shows the bar that says that the page stopped working. For the browser's panic hook.
pub fn show_stopped() {
    let bar = leptos::prelude::document().get_element_by_id("stopped");
    if let Some(bar) = bar {
        // Nothing is left to do if even this fails.
        drop(bar.remove_attribute("hidden"));
    }
}

/// Takes over the page that the server rendered, once all that it shows is loaded.
#[cfg(feature = "hydrate")]
pub fn hydrate() {
    wasm_bindgen_futures::spawn_local(async {
        let location = leptos::prelude::window().location();
        let (path, query) = (location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
        for piece in areas::needed(&path, &query) {
            // What the server rendered works without.
            if (piece.preload)().await.is_err() {
                return show_stopped();
            }
        }
        leptos::mount::hydrate_body(App);
    });
}
