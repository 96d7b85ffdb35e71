//! Where the keyboard is: focus that follows what is opened and closed, and goes on where a row has left.
//!
//! All of it runs in the browser only, as effects.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement};
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::actions::location::ListLocation;
use crate::actions::rows::ShownActions;
use crate::actions::table::action_row::{ROWS, link_of};
use domain::ActionId;
use kit::effect::effect;
use kit::notice::Announcement;
use kit::url::still;

/// Where in a list the person is: which row is open or was last at the keyboard, and its number. Whoever decides one
/// goes on with the row that took its place.
#[derive(Clone, Copy)]
pub(crate) struct FocusAnchor {
    shown: Signal<ShownActions>,
    /// The list, the action and the number of its row.
    noted: StoredValue<Option<(String, ActionId, usize)>>,
}

impl FocusAnchor {
    pub(crate) fn new(shown: Signal<ShownActions>) -> Self {
        Self { shown, noted: StoredValue::new(None) }
    }

    /// Records the row that has the focus.
    pub(crate) fn note(self, id: ActionId, at: usize) {
        self.noted.set_value(Some((self.shown.read_untracked().of.clone(), id, at)));
    }

    /// The number that a row has or had, or that of any; none in a list where nobody was.
    fn at(self, row: Option<ActionId>) -> Option<usize> {
        let (of, id, at) = self.noted.get_value()?;
        (of == self.shown.read_untracked().of && row.is_none_or(|row| row == id)).then_some(at)
    }

    /// The actions before and after the open one, also once it has left.
    pub(crate) fn around(self, open: ActionId) -> (Option<ActionId>, Option<ActionId>) {
        let shown = self.shown.read();
        let id = |at: usize| shown.rows.get(at).map(|row| row.id);
        let stands = shown.rows.iter().position(|row| row.id == open);
        if let Some(at) = stands {
            self.note(open, at);
        }
        let Some(at) = self.at(Some(open)) else { return (None, None) };
        (at.checked_sub(1).and_then(id), id(if stands.is_some() { at + 1 } else { at }))
    }

    /// The row that stands there now; the first where nobody was yet, the last where there are fewer.
    pub(crate) fn row(self) -> Option<Element> {
        let number = self.at(None).map_or(1, |at| at + 1);
        // The first of the document that one of them names.
        document().query_selector(&format!("{ROWS}:nth-child({number}), {ROWS}:last-child")).ok()?
    }
}

/// Opening by hand moves the focus into the details; closing gives it back to the row.
pub(crate) fn follow_opening(
    location: Memo<ListLocation>,
    news: RwSignal<Option<Announcement>>,
    wants_focus: StoredValue<bool>,
    spot: FocusAnchor,
) {
    let before = StoredValue::new(location.read_untracked().open.clone());
    effect(move || {
        let open = location.read().open.clone();
        let before = before.try_update_value(|before| std::mem::replace(before, open.clone())).flatten();
        if before != open {
            news.set(None);
            wants_focus.set_value(open.is_some());
            if open.is_none() {
                focus_row(before, spot);
            }
        }
    });
}

/// Or the one in its place, if it was in this list.
fn focus_row(id: Option<String>, spot: FocusAnchor) {
    let Some(id) = id else { return };
    let in_place = || spot.at(Some(id.parse().ok()?)).and_then(|_| link_of(&spot.row()?));
    let link = document().get_element_by_id(&format!("open-{id}")).or_else(in_place);
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        drop(link.focus());
    }
}

/// A failure that came by the URL has been read: a reload must not tell it again.
pub(crate) fn forget_url_failure(location: Memo<ListLocation>) {
    let query = use_query_map();
    let navigate = use_navigate();
    effect(move || {
        if query.read_untracked().get_str("__err").is_some() {
            navigate(&location.get_untracked().href(), NavigateOptions { replace: true, ..still() });
        }
    });
}
