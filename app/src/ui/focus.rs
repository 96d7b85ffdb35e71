//! Where the keyboard is: focus that follows what is opened and closed.
//!
//! All of it runs in the browser only, as effects.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::parts::News;
use super::place::{Place, still};
use super::whenever::whenever;

/// Opening by hand moves the focus into the details; closing gives it back to the row.
pub(super) fn follow_opening(
    here: Memo<Place>,
    news: RwSignal<Option<News>>,
    wants_focus: StoredValue<bool>,
) {
    let before = StoredValue::new(here.read_untracked().open.clone());
    whenever(move || {
        let open = here.read().open.clone();
        let before = before.try_update_value(|before| std::mem::replace(before, open.clone())).flatten();
        if before != open {
            news.set(None);
            wants_focus.set_value(open.is_some());
            if open.is_none() {
                focus_row(before);
            }
        }
    });
}

fn focus_row(id: Option<String>) {
    let link = id.and_then(|id| document().get_element_by_id(&format!("open-{id}")));
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        drop(link.focus());
    }
}

/// Whether what has the focus lies inside `place`, a selector.
pub(super) fn has_focus(place: &str) -> bool {
    document().active_element().is_some_and(|active| matches!(active.closest(place), Ok(Some(_))))
}

/// Escape leaves a field first, so that nothing typed is lost by one key. What else it does, `keyboard` says.
pub(super) fn leave_fields_on_escape() {
    whenever(move || {
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
            let field =
                target.filter(|target| matches!(target.closest("input, textarea, select"), Ok(Some(_))));
            if let Some(field) = field.filter(|_| event.key() == "Escape" && !event.default_prevented()) {
                drop(field.blur());
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// A failure that came by the URL has been read: a reload must not tell it again.
pub(super) fn forget_url_failure(here: Memo<Place>) {
    let query = use_query_map();
    let navigate = use_navigate();
    whenever(move || {
        if query.read_untracked().get_str("__err").is_some() {
            navigate(&here.get_untracked().href(), NavigateOptions { replace: true, ..still() });
        }
    });
}
