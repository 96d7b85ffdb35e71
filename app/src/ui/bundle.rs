//! The browser's half is built twice, each with some of the pages: who looks at the list does not load the others.
//!
//! A link from one to the other is an ordinary link, by which the browser loads a page.

use gloo::events::EventListener;
use leptos::prelude::*;
use leptos::server_fn::redirect::set_redirect_hook;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlAnchorElement};
use leptos_router::hooks::use_location;

use super::pages::NotFound;
use super::whenever::whenever;

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bundle {
    /// The Action center's list and what opens beside it.
    Board,
    /// All other pages.
    Pages,
}

impl Bundle {
    /// Which has the page of a path.
    pub(super) fn of(path: &str) -> Self {
        match path.strip_prefix("/action-center") {
            Some("") => Self::Board,
            Some(rest) if rest.starts_with('/') && !rest[1..].contains('/') => Self::Board,
            _ => Self::Pages,
        }
    }

    /// Keeps the router from links to the other's pages, and from what the server answers to a form.
    pub(super) fn provide(self) {
        provide_context(self);
        // The first one set is the one that counts; the router comes later.
        drop(set_redirect_hook(|to| drop(window().location().set_href(to))));
        whenever(move || {
            let heard = EventListener::new(&document(), "click", move |event| {
                let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
                let link = target.and_then(|target| target.closest("a[href]").ok().flatten());
                let link = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok());
                if link.is_some_and(|link| Self::of(&link.pathname()) != self) {
                    // The router listens at the window.
                    event.stop_propagation();
                }
            });
            heard.forget();
        });
    }
}

/// For a path that none of the routes has.
#[component]
pub(super) fn Elsewhere() -> impl IntoView {
    let path = use_location().pathname;
    match use_context::<Bundle>() {
        // The router came here by itself, by the browser's back button.
        Some(bundle) if Bundle::of(&path.read_untracked()) != bundle => {
            // It writes the address once this is rendered.
            set_timeout(|| drop(window().location().reload()), std::time::Duration::ZERO);
            ().into_any()
        }
        _ => view! { <NotFound/> }.into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_a_bundle_of_its_own() {
        for path in ["/action-center", "/action-center/pending", "/action-center/history", "/action-center/"]
        {
            assert_eq!(Bundle::of(path), Bundle::Board, "{path}");
        }
        for path in
            ["/", "/sign-in", "/action-center/plans/1", "/action-center/jobs/1", "/action-centers", "/no"]
        {
            assert_eq!(Bundle::of(path), Bundle::Pages, "{path}");
        }
    }
}
