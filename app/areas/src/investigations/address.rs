//! The ids in the addresses of investigations and incidents.

use leptos_router::location::Url;

/// The id in a path, as it was before it was encoded.
pub(crate) fn decoded(id: &str) -> String {
    Url::unescape(id)
}
