//! The application: its routes, and what every page shares.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::{SsrMode, path};
use serde::{Deserialize, Serialize};

use super::codec::Json;
use super::pages::{ActionCenter, Home, Job, NotFound, Plan, SignIn};
use super::pane::Pane;
use super::place::Place;
use super::theme;
use super::whenever::whenever;
use crate::backend::{PageSettings, SessionView};
use crate::domain::Lane;

/// What the server knows about the page before it renders; the page carries it, so both sides have the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Surroundings {
    /// Whether this is the demo estate.
    pub(super) demo: bool,
    /// Who is signed in; none on the pages for everybody.
    pub(super) who: Option<SessionView>,
    /// What they set.
    pub(super) settings: PageSettings,
}

impl Surroundings {
    #[cfg(feature = "ssr")]
    fn look() -> Self {
        use crate::domain::Caller;
        let request = use_context::<axum::http::request::Parts>();
        let extensions = request.map(|request| request.extensions).unwrap_or_default();
        let caller = extensions.get::<Caller>().cloned();
        Self {
            demo: use_context::<crate::backend::SiteInfo>().is_some_and(|site| site.demo),
            who: caller.map(|caller| SessionView {
                name: caller.actor.name,
                roles: caller.roles.iter().map(|role| role.label().to_owned()).collect(),
            }),
            settings: extensions.get::<PageSettings>().cloned().unwrap_or_default(),
        }
    }

    /// The browser never has to look: it hydrates a page that carries them.
    #[cfg(not(feature = "ssr"))]
    fn look() -> Self {
        Self { demo: false, who: None, settings: PageSettings::default() }
    }
}

/// The application.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let surroundings: SharedValue<Surroundings, Json> = SharedValue::new_with_encoding(Surroundings::look);
    let surroundings = surroundings.into_inner();
    provide_context(Arc::new(surroundings.settings.zone.clone()));
    provide_context(Pane::new(surroundings.settings.pane_collapsed));
    provide_context(surroundings);
    whenever(|| {
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
                <Route path=path!("/action-center") view=ToPending ssr=SsrMode::Async/>
                <Route path=path!("/action-center/plans/:id") view=Plan ssr=SsrMode::Async/>
                <Route path=path!("/action-center/jobs/:id") view=Job ssr=SsrMode::Async/>
                <Route path=path!("/action-center/:lane") view=ActionCenter ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignIn ssr=SsrMode::Async/>
            </FlatRoutes>
        </Router>
    }
}

/// Without a tab the Action center is what waits for a decision.
#[component]
fn ToPending() -> impl IntoView {
    view! { <Redirect path=Place::of(Lane::Pending).href()/> }
}
