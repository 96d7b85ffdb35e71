//! What a page does while the server can't be asked, or only by somebody who is signed in: what was shown last stays as
//! it was, the page says since when, and loads again by itself.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use api::ApiError;
use domain::ErrorCode;
use domain::core::time::Timestamp;
use kit::clock::interval;
use kit::effect::effect;
use kit::time::full;

/// Time between two attempts to load.
const RETRY_INTERVAL: Duration = Duration::from_secs(3);

/// The last answer that was good, and what it was an answer to; of any type, so that what is done with it is compiled
/// once.
type Kept = StoredValue<Option<(String, Arc<dyn Any + Send + Sync>)>>;

/// Whether the server can be asked; provided through context.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// Since when nothing was heard from the server.
    pub since: RwSignal<Option<Timestamp>>,
    /// Whether the session is over.
    pub signed_out: RwSignal<bool>,
}

impl Outage {
    fn new() -> Self {
        Self { since: RwSignal::new(None), signed_out: RwSignal::new(false) }
    }

    /// Provides it in the context of all pages.
    pub fn provide() {
        provide_context(Self::new());
    }

    /// That of the context; outside of the application, one that never begins.
    pub fn current() -> Self {
        use_context().unwrap_or_else(Self::new)
    }

    /// Takes an answer to `asked`: notes whether the server could be asked, and gives the last good answer in place of
    /// one that says nothing of what was asked for.
    pub fn keep<T>(self, kept: Kept, asked: &str, answer: Result<T, ApiError>) -> Result<T, ApiError>
    where
        T: Clone + Send + Sync + 'static,
    {
        match answer {
            Ok(value) => {
                self.over();
                Ok(value)
            }
            Err(error) => {
                let good = self.recall(kept, asked, error.code);
                good.and_then(|value| value.downcast_ref::<T>().cloned()).ok_or(error)
            }
        }
    }

    /// Keeps each good answer that is loaded, also the first, which came with the page: with what it is an answer to.
    pub fn remember<T>(self, kept: Kept, loaded: impl Fn() -> Option<(String, T)> + 'static)
    where
        T: Send + Sync + 'static,
    {
        effect(move || {
            if let Some((asked, value)) = loaded() {
                kept.set_value(Some((asked, Arc::new(value))));
            }
        });
    }

    fn recall(self, kept: Kept, asked: &str, code: ErrorCode) -> Option<Arc<dyn Any + Send + Sync>> {
        self.note(code);
        let good = kept.try_with_value(|kept| {
            let (known, value) = kept.as_ref()?;
            (known == asked && is_passing(code)).then(|| Arc::clone(value))
        });
        good.flatten()
    }

    /// Notes what the failure of a request says about the server.
    pub fn note(self, code: ErrorCode) {
        match code {
            ErrorCode::NoAnswer => self.begin(),
            ErrorCode::NotSignedIn if cfg!(feature = "hydrate") => drop(self.signed_out.try_set(true)),
            _ => {}
        }
    }

    /// Begins, unless it began before.
    pub fn begin(self) {
        if cfg!(feature = "hydrate") && self.since.try_get_untracked() == Some(None) {
            let now = String::from(js_sys::Date::new_0().to_iso_string());
            let _ = self.since.try_set(now.parse().ok());
        }
    }

    /// Ends.
    pub fn over(self) {
        if matches!(self.since.try_get_untracked(), Some(Some(_))) {
            let _ = self.since.try_set(None);
        }
    }

    /// Calls `load` again and again while nothing is heard from the server, and once somebody is signed in again.
    pub fn again(self, load: impl Fn() + 'static) {
        self.again_boxed(Rc::new(load));
    }

    fn again_boxed(self, load: Rc<dyn Fn()>) {
        let after = Rc::clone(&load);
        effect(move || {
            if self.since.read().is_some() {
                let load = Rc::clone(&load);
                interval(RETRY_INTERVAL, move || {
                    if !document().hidden() {
                        load();
                    }
                });
            }
        });
        let was_over = StoredValue::new(false);
        effect(move || {
            let is_over = self.signed_out.get();
            if was_over.get_value() && !is_over {
                after();
            }
            was_over.set_value(is_over);
        });
    }
}

/// Whether a failure says nothing of what was asked for: it was right before, and may be right after.
const fn is_passing(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NoAnswer | ErrorCode::NotSignedIn | ErrorCode::Busy)
}

/// Says since when the page is not connected.
#[component]
pub fn OutageBanner() -> impl IntoView {
    let since = Outage::current().since;
    let text = move || {
        since.get().map(|since| {
            // The hour and minute of the person's zone.
            let since = full(since).get(11..16).unwrap_or_default().to_owned();
            view! {
                // Without an icon: its file may not be there any more.
                <p class="outage-text">
                    <strong>"Not connected since " {since} ". "</strong>
                    "What is shown is of then. It loads by itself; what you type is kept."
                </p>
            }
            .into_any()
        })
    };
    view! {
        <div class="outage" role="status">
            {move || text()}
        </div>
    }
    .into_any()
}
