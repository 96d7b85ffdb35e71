//! Addresses of this site.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_location;

/// A path, and its query if it has one.
pub fn with_query(mut path: String, query: &str) -> String {
    if !query.is_empty() {
        path.push('?');
        path.push_str(query);
    }
    path
}

/// How to go to another state of the same page.
#[must_use]
pub fn still() -> NavigateOptions {
    NavigateOptions { scroll: false, ..NavigateOptions::default() }
}

/// Path and query of the page, for a form that leads back to it.
pub fn way_back() -> impl Fn() -> String + Copy + Send + Sync + 'static {
    let location = use_location();
    let (path, query) = (location.pathname, location.search);
    move || {
        let query = query.read();
        let query = query.trim_start_matches('?');
        if query.is_empty() { path.get() } else { format!("{}?{query}", path.read().as_str()) }
    }
}
