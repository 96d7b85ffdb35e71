//! What every page shares, whichever area it is of.

pub mod demo_banner;
pub mod pause_banner;
pub mod stop_banner;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use api::codec::Json;
use domain::access::contract::SessionView;
use domain::automation::Stop;
use domain::dispatch::PauseNotice;
use domain::settings::contract::PageSettings;
use domain::site::{ProviderName, StreamCursor};

/// What the server knows about the page before it renders; the page carries it, so both sides have the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PageContext {
    /// Whether this is the demo estate.
    pub demo: bool,
    /// The person who is signed in; `None` on public pages.
    pub who: Option<SessionView>,
    /// The settings of this person.
    pub settings: PageSettings,
    /// The position in the stream of changes from which the page follows it.
    pub cursor: Option<StreamCursor>,
    /// For administrators, that nothing is handed to executors.
    pub pause: Option<PauseNotice>,
    /// That no rule decides, and why.
    pub stop: Option<Stop>,
    /// On the sign-in page, the identity provider by which people can sign in, too.
    #[serde(default)]
    pub provider: Option<ProviderName>,
}

impl PageContext {
    /// Reads the context on the server; in the browser, takes it from the page.
    #[must_use]
    pub fn shared() -> Self {
        SharedValue::<Self, Json>::new_with_encoding(Self::look).into_inner()
    }

    #[cfg(feature = "ssr")]
    fn look() -> Self {
        use domain::Caller;
        let request = use_context::<axum::http::request::Parts>();
        let extensions = request.map(|request| request.extensions).unwrap_or_default();
        let caller = extensions.get::<Caller>().cloned();
        Self {
            demo: use_context::<domain::site::SiteInfo>().is_some_and(|site| site.demo),
            who: caller.map(|caller| SessionView::of(&caller)),
            settings: extensions.get::<PageSettings>().cloned().unwrap_or_default(),
            cursor: extensions.get::<StreamCursor>().copied(),
            pause: extensions.get::<PauseNotice>().cloned(),
            stop: extensions.get::<Stop>().cloned(),
            provider: extensions.get::<ProviderName>().cloned(),
        }
    }

    /// The browser never has to look: it hydrates a page that carries them.
    #[cfg(not(feature = "ssr"))]
    fn look() -> Self {
        Self {
            demo: false,
            who: None,
            settings: PageSettings::default(),
            cursor: None,
            pause: None,
            stop: None,
            provider: None,
        }
    }
}
