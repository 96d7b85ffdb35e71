//! The application: its routes, and what every page shares.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::{SsrMode, path};
use serde::{Deserialize, Serialize};

use super::export::Exporting;
use super::lazy::Page;
use super::pages::{NotFound, modules};
use super::pane::Pane;
use super::parts::Toasts;
use super::place::{Place, view_href};
use super::stream::Live;
use super::theme;
use super::whenever::whenever;
use crate::api::{ApiError, load_views};
use crate::codec::Json;
use domain::access::contract::SessionView;
use domain::settings::contract::PageSettings;
use domain::site::Standing;
use domain::{Lane, SavedView};

/// What the server knows about the page before it renders; the page carries it, so both sides have the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Surroundings {
    /// Whether this is the demo estate.
    pub(super) demo: bool,
    /// Who is signed in; none on the pages for everybody.
    pub(super) who: Option<SessionView>,
    /// What they set.
    pub(super) settings: PageSettings,
    /// Where the page begins to follow what happens.
    pub(super) standing: Option<Standing>,
}

impl Surroundings {
    #[cfg(feature = "ssr")]
    fn look() -> Self {
        use domain::Caller;
        let request = use_context::<axum::http::request::Parts>();
        let extensions = request.map(|request| request.extensions).unwrap_or_default();
        let caller = extensions.get::<Caller>().cloned();
        Self {
            demo: use_context::<domain::site::SiteInfo>().is_some_and(|site| site.demo),
            who: caller.map(|caller| SessionView {
                name: caller.actor.name,
                roles: caller.roles.iter().map(|role| role.label().to_owned()).collect(),
            }),
            settings: extensions.get::<PageSettings>().cloned().unwrap_or_default(),
            standing: extensions.get::<Standing>().copied(),
        }
    }

    /// The browser never has to look: it hydrates a page that carries them.
    #[cfg(not(feature = "ssr"))]
    fn look() -> Self {
        Self { demo: false, who: None, settings: PageSettings::default(), standing: None }
    }
}

/// The application.
#[component]
pub fn App() -> impl IntoView {
    provide();
    // A page stays until the next one has all its data.
    let going = RwSignal::new(false);
    view! {
        <Router set_is_routing=going>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/action-center") view=Start ssr=SsrMode::Async/>
                <Route path=path!("/action-center/:lane") view={Page(|| Box::pin(modules::list()))} ssr=SsrMode::Async/>
                <Route path=path!("/") view={Page(|| Box::pin(modules::home()))} ssr=SsrMode::Async/>
                <Route path=path!("/action-center/plans/:id") view={Page(|| Box::pin(modules::plan()))} ssr=SsrMode::Async/>
                <Route path=path!("/action-center/jobs/:id") view={Page(|| Box::pin(modules::job()))} ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view={Page(|| Box::pin(modules::sign_in()))} ssr=SsrMode::Async/>
            </FlatRoutes>
        </Router>
    }
}

/// What every page can ask for.
fn provide() {
    provide_meta_context();
    let surroundings: SharedValue<Surroundings, Json> = SharedValue::new_with_encoding(Surroundings::look);
    let surroundings = surroundings.into_inner();
    provide_context(Arc::new(surroundings.settings.zone.clone()));
    provide_context(Pane::new(surroundings.settings.pane_collapsed));
    Live::provide(surroundings.standing);
    Toasts::provide();
    Exporting::provide();
    provide_context(surroundings);
    whenever(|| {
        theme::restore();
        // Says that events are handled from now on: styles show what needs them, and tests wait for it.
        if let Some(root) = document().document_element() {
            drop(root.set_attribute("data-hydrated", "true"));
        }
    });
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
