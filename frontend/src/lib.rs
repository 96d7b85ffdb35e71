//! The browser's entry point: takes over the page that the server rendered. Built with a feature it has a part of the
//! pages, and without one all of them.

#[cfg(not(any(feature = "board", feature = "pages")))]
use app::ui::App as Part;
#[cfg(feature = "board")]
use app::ui::BoardApp as Part;
#[cfg(feature = "pages")]
use app::ui::PagesApp as Part;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page once the wasm is there.
#[wasm_bindgen]
pub fn hydrate() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        app::ui::show_stopped();
    }));
    leptos::mount::hydrate_body(Part);
}
