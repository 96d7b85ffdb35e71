//! Addresses of this site.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_location;

/// Appends a query to a path, if it is not empty.
pub fn with_query(mut path: String, query: &str) -> String {
    if !query.is_empty() {
        path.push('?');
        path.push_str(query);
    }
    path
}

/// Options for a navigation within the same page: the scroll position stays.
#[must_use]
pub fn still() -> NavigateOptions {
    NavigateOptions { scroll: false, ..NavigateOptions::default() }
}

/// Path and query of the current page, for the field `back` of a form.
pub fn way_back() -> impl Fn() -> String + Copy + Send + Sync + 'static {
    let location = use_location();
    let (path, query) = (location.pathname, location.search);
    move || {
        let query = query.read();
        let query = query.trim_start_matches('?');
        if query.is_empty() { path.get() } else { format!("{}?{query}", path.read().as_str()) }
    }
}
