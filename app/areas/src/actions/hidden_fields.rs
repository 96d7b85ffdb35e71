//! What a form that narrows the list leaves as it is.

use leptos::prelude::*;

use super::location::ListLocation;

/// Hidden inputs for all fields of the location except `but`, so that a form keeps what it does not set. A cursor is
/// never kept, as the form leads to the first page.
#[component]
pub(crate) fn HiddenFields(
    /// The list's location.
    location: Memo<ListLocation>,
    /// The fields that the form sets.
    but: &'static [&'static str],
) -> impl IntoView {
    move || {
        let location = location.read();
        let pairs = location.pairs.iter().filter(|(name, _)| !but.contains(&name.as_str()));
        let open = location.open.clone().map(|open| ("open".to_owned(), open));
        let panel = location.panel.map(|panel| ("panel".to_owned(), panel.as_str().to_owned()));
        let more = open.into_iter().chain(panel).filter(|(name, _)| !but.contains(&name.as_str()));
        let fields = pairs.cloned().chain(more);
        fields
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> }.into_any())
            .collect_view()
    }
}
