//! Forms that narrow the list: without wasm the browser sends them, with it they lead to the same address.

use leptos::ev::{Event, SubmitEvent};
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, FormData, HtmlFormElement, UrlSearchParams};
use leptos_router::hooks::use_navigate;

use crate::url::{still, with_query};
use domain::core::path::filled_fields;

/// Returns a function that navigates to the address to which the browser would send a form.
pub fn follow() -> impl Fn(&HtmlFormElement) + Clone + Send + Sync + 'static {
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

/// The form of a submit event, whose default action is prevented.
pub fn sent(event: &SubmitEvent) -> Option<HtmlFormElement> {
    event.prevent_default();
    event.target()?.dyn_into().ok()
}

/// The form around the target of an event.
pub fn around(event: &Event) -> Option<HtmlFormElement> {
    event.target()?.dyn_into::<Element>().ok()?.closest("form").ok()??.dyn_into().ok()
}

/// The value of a field in the form of a submit event, whose default action is prevented.
pub fn take(event: &SubmitEvent, field: &str) -> String {
    event.prevent_default();
    let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
    let data = form.and_then(|form| FormData::new_with_form(&form).ok());
    data.and_then(|data| data.get(field).as_string()).unwrap_or_default()
}
