//! The application: its routes, and what every page shares.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::{SsrMode, path};

use super::pages::{ActionCenter, NotFound, SignIn};
use super::place::Place;
use super::theme;
use crate::backend::SiteInfo;
use crate::domain::Lane;

/// Whether this is the demo estate; the same on both sides, since the server's answer carries it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demo(pub(super) bool);

/// The application.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let demo = SharedValue::new_str(|| use_context::<SiteInfo>().is_some_and(|site| site.demo));
    provide_context(Demo(demo.into_inner()));
    Effect::new(|_| {
        theme::restore();
        // Says that events are handled from now on: styles show what needs them, and tests wait for it.
        if let Some(root) = document().document_element() {
            drop(root.set_attribute("data-hydrated", "true"));
        }
    });
    view! {
        <Router>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=Home ssr=SsrMode::Async/>
                <Route path=path!("/action-center") view=Home ssr=SsrMode::Async/>
                <Route path=path!("/action-center/:lane") view=ActionCenter ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignIn ssr=SsrMode::Async/>
            </FlatRoutes>
        </Router>
    }
}

/// The way in leads to what waits for a decision.
#[component]
fn Home() -> impl IntoView {
    view! { <Redirect path=Place::of(Lane::Pending).href()/> }
}
