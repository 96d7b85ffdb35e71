//! What was typed into a plain form before a second factor was asked for: it comes back in the address. Secrets do not.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;

use domain::core::path::KEPT;

/// What the address has of a form; nothing, where it was not sent yet.
#[derive(Debug, Clone)]
pub struct Kept(Option<ParamsMap>);

impl Kept {
    /// From the address of the page.
    #[must_use]
    pub fn of_address() -> Self {
        let query = use_query_map().get_untracked();
        Self(query.get_str(KEPT).is_some().then_some(query))
    }

    /// Whether there is any.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// What was typed into a field; else what stands there usually.
    #[must_use]
    pub fn or(&self, field: &str, usual: impl Into<String>) -> String {
        self.0.as_ref().and_then(|query| query.get(field)).unwrap_or_else(|| usual.into())
    }

    /// Whether a box was checked; else whether it is usually.
    #[must_use]
    pub fn is_checked(&self, field: &str, usual: bool) -> bool {
        self.0.as_ref().map_or(usual, |query| query.get_str(field) == Some("true"))
    }

    /// Whether a word was chosen of several between spaces; else whether it is usually.
    #[must_use]
    pub fn has(&self, field: &str, word: &str, usual: bool) -> bool {
        let given =
            |query: &ParamsMap| query.get(field).unwrap_or_default().split(' ').any(|given| given == word);
        self.0.as_ref().map_or(usual, given)
    }

    /// Words above the form, once something came back.
    #[must_use]
    pub fn notice(&self) -> Option<AnyView> {
        self.is_there().then(|| {
            view! {
                <p class="notice-text" role="status">
                    "Nothing was saved yet. What you typed is here again; secrets are not kept, so type these once more, then send the form."
                </p>
            }
            .into_any()
        })
    }
}
