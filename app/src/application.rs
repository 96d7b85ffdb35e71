//! The application: what all pages share, and the frame around them.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::Router;

use super::frame::Frame;
use super::routes::Pages;
use areas::AREAS;
use areas::live::outage::Outage;
use areas::live::stream::Live;
use areas::page::PageContext;
use kit::effect::effect;
use kit::theme;
use kit::toasts::Toasts;

/// The application.
#[component]
pub fn App() -> impl IntoView {
    provide();
    // A page stays until the next one has all its data.
    let going = RwSignal::new(false);
    view! {
        <Router set_is_routing=going>
            <Frame going>
                <Pages/>
            </Frame>
        </Router>
    }
}

/// What every page can ask for.
fn provide() {
    provide_meta_context();
    let context = PageContext::shared();
    provide_context(Arc::new(context.settings.zone.clone()));
    Outage::provide();
    Live::provide(context.cursor);
    Toasts::provide();
    for area in AREAS {
        (area.provide)(&context);
    }
    provide_context(context);
    effect(|| {
        theme::restore();
        // Says that events are handled from now on: styles show what needs them, and tests wait for it.
        if let Some(root) = document().document_element() {
            drop(root.set_attribute("data-hydrated", "true"));
        }
    });
}
