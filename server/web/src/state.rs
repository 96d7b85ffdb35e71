//! What the handlers share.

use std::sync::Arc;

use axum::extract::FromRef;
use domain::SharedBackend;
use leptos::prelude::LeptosOptions;

use super::csp::Reports;
use super::edge::fair::Fairness;
use super::edge::rate::{RateLimits, Rates};
use super::edge::security::Edge;
use super::site::Site;
use super::streams::Streams;
use service::clock::SharedClock;
use service::events::Feed;
use service::factors::Factors;
use service::identity::sign_in::ProviderSignIn;
use service::replay::Replays;
use service::session::Sessions;
use store::SharedStore;

/// What the handlers share; cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// What Leptos wants to know of the page.
    pub leptos: LeptosOptions,
    /// The service.
    #[from_ref(skip)]
    pub backend: SharedBackend,
    /// Users, sessions and tokens.
    #[from_ref(skip)]
    pub sessions: Arc<Sessions>,
    /// Signs people in by an identity provider.
    #[from_ref(skip)]
    pub provider: Option<Arc<ProviderSignIn>>,
    /// Second factors, for the second step of a sign-in.
    #[from_ref(skip)]
    pub factors: Factors,
    /// Answers kept for a repeat.
    #[from_ref(skip)]
    pub replays: Arc<Replays>,
    /// The store, to ask whether it is there.
    #[from_ref(skip)]
    pub store: SharedStore,
    /// What happens, to be followed.
    #[from_ref(skip)]
    pub feed: Feed,
    /// The streams that are open.
    #[from_ref(skip)]
    pub(super) streams: Streams,
    /// What each credential has under way.
    #[from_ref(skip)]
    pub(super) fairness: Fairness,
    /// How many requests each has left.
    #[from_ref(skip)]
    pub(super) rates: RateLimits,
    /// What counts reports of browsers.
    pub(super) reports: Reports,
    /// The time.
    #[from_ref(skip)]
    pub clock: SharedClock,
    /// The built page.
    #[from_ref(skip)]
    pub site: Arc<Site>,
    /// How the server is reached.
    #[from_ref(skip)]
    pub edge: Arc<Edge>,
}

impl AppState {
    /// Everything that the router needs, from the parts that `serve` (or a test) puts together.
    #[must_use]
    pub fn new(
        store: SharedStore,
        clock: SharedClock,
        sessions: Sessions,
        backend: SharedBackend,
        feed: Feed,
        site: Site,
        edge: Edge,
    ) -> Self {
        let root = site.root.to_string_lossy().into_owned();
        Self {
            leptos: LeptosOptions::builder().output_name("countersign").site_root(root).build(),
            backend,
            sessions: Arc::new(sessions),
            provider: None,
            factors: Factors::new(store.clone(), clock.clone()),
            replays: Arc::new(Replays::new(store.clone(), clock.clone())),
            store,
            feed,
            streams: Streams::default(),
            fairness: Fairness::default(),
            rates: RateLimits::default(),
            reports: Reports::default(),
            clock,
            site: Arc::new(site),
            edge: Arc::new(edge),
        }
    }

    /// With what signs people in by an identity provider.
    #[must_use]
    pub fn with_provider(self, provider: ProviderSignIn) -> Self {
        Self { provider: Some(Arc::new(provider)), ..self }
    }

    /// With second factors that are sealed, and passkeys.
    #[must_use]
    pub fn with_factors(self, factors: Factors) -> Self {
        Self { factors, ..self }
    }

    /// With so many requests of each token and address.
    #[must_use]
    pub fn with_rates(self, rates: Rates) -> Self {
        Self { rates: RateLimits::new(rates), ..self }
    }
}
