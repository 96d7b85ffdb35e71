//! Forms that narrow the list: without wasm the browser sends them, with it they lead to the same address.

use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, FormData, HtmlFormElement, UrlSearchParams};
use leptos_router::hooks::use_navigate;

use super::place::{Place, still, with_query};
use domain::core::path::filled_fields;

/// Everything that the address says but these fields, so that a form that sets them keeps the rest. The first page is
/// meant: a cursor is never kept.
#[component]
pub(super) fn Kept(
    /// Where the person is.
    here: Memo<Place>,
    /// The form's own fields.
    but: &'static [&'static str],
) -> impl IntoView {
    move || {
        let here = here.read();
        let pairs = here.pairs.iter().filter(|(name, _)| !but.contains(&name.as_str()));
        let open = here.open.clone().map(|open| ("open".to_owned(), open));
        let panel = here.panel.map(|panel| ("panel".to_owned(), panel.as_str().to_owned()));
        let more = open.into_iter().chain(panel).filter(|(name, _)| !but.contains(&name.as_str()));
        let fields = pairs.cloned().chain(more);
        fields
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> }.into_any())
            .collect_view()
    }
}

/// Goes where the browser would send the form to.
pub(super) fn follow() -> impl Fn(&HtmlFormElement) + Clone + Send + Sync + 'static {
    let navigate = use_navigate();
    move |form: &HtmlFormElement| {
        let data = FormData::new_with_form(form).ok();
        // `URLSearchParams` takes any iterable of pairs, which form data is.
        let query = data.and_then(|data| UrlSearchParams::new_with_str_sequence_sequence(&data).ok());
        let Some(query) = query else { return };
        let filled = filled_fields(&String::from(query.to_string()));
        let path = form.get_attribute("action").unwrap_or_default();
        navigate(&with_query(path, &filled), still());
    }
}

/// The form that is being sent; the page stays.
pub(super) fn sent(event: &SubmitEvent) -> Option<HtmlFormElement> {
    event.prevent_default();
    event.target()?.dyn_into().ok()
}

/// The form around what changed.
pub(super) fn around(event: &Event) -> Option<HtmlFormElement> {
    event.target()?.dyn_into::<Element>().ok()?.closest("form").ok()??.dyn_into().ok()
}
