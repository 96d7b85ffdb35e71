//! The screens: rendered by the server, then taken over by the browser.
//!
//! `document` is the HTML around every page and knows what only the server knows; `app` holds the routes; `pages` turn
//! a URL into resources and hand them to `parts`, one component a file, each with a style sheet of the same name.
//! `bundle` says which pages the browser loads together.
//! The URL is the state: `place` reads and writes it. Both sides must render the same text, so nothing here reads a
//! clock, a locale or a random number while rendering: times count from the answer's `rendered_at`.

#![expect(unreachable_pub, reason = "`#[component]` makes each component's builder `pub`")]

mod app;
mod derived;
#[cfg(feature = "ssr")]
mod document;
mod export;
mod focus;
mod form;
mod handler;
mod keyboard;
mod lazy;
mod live;
mod number;
mod pages;
mod pane;
#[expect(
    clippy::redundant_closure,
    reason = "closures that stand in a view share its machinery; names do not"
)]
mod parts;
mod place;
mod selection;
mod stream;
mod theme;
mod time;
mod whenever;

pub use app::App;
#[cfg(feature = "ssr")]
pub use document::shell;
#[cfg(all(feature = "ssr", debug_assertions))]
pub use parts::gallery::{DESIGN_CSS, design};

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
        let place = leptos::prelude::window().location();
        let (path, query) = (place.pathname().unwrap_or_default(), place.search().unwrap_or_default());
        for module in lazy::Module::needed(&path, &query) {
            // What the server rendered works without.
            if module.preload().await.is_err() {
                return show_stopped();
            }
        }
        leptos::mount::hydrate_body(App);
    });
}
