//! The keys of the Action center. One key never decides: `a` asks in a dialog whose default is no, `r` and `u` open the
//! form that wants a reason, and with rows selected all three lead to the preview.
//!
//! To add a key, add it to `press` and to the list in `dialogs/help.rs`.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlDetailsElement, HtmlElement, HtmlTableRowElement};
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::actions::list::focus::FocusAnchor;
use crate::actions::location::{ListLocation, investigation_href};
use crate::actions::rows::Selection;
use crate::actions::table::action_row::{ROWS, link_of};
use domain::ActionId;
use kit::dialog::show_dialog;
use kit::effect::effect;
use kit::focus::focus;
use kit::url::still;

/// The state of the page that the keys use.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    /// The list's location.
    pub(crate) location: Memo<ListLocation>,
    /// The page's selection.
    pub(crate) selection: Selection,
    /// The row to return to.
    pub(crate) spot: FocusAnchor,
    /// The actions before and after the open one.
    pub(crate) around: RwSignal<(Option<ActionId>, Option<ActionId>)>,
    /// The investigation that a row of the page, or the open action, belongs to.
    pub(crate) investigation: Callback<ActionId, Option<String>>,
    /// The dialog to open, from the part of the page that may still be on its way.
    pub(crate) dialog: RwSignal<Option<&'static str>>,
}

/// Handles keys for as long as the page exists.
pub(crate) fn listen(keys: Keys) {
    let navigate = use_navigate();
    effect(move || {
        let navigate = navigate.clone();
        let to = navigate.clone();
        let to = move |href: &str| to(href, NavigateOptions::default());
        let go = move |location: &ListLocation| navigate(&location.href(), still());
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            if !event.default_prevented() && press(&event, keys, &go, &to) {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// Handles a key. Returns whether it has a meaning here.
fn press(event: &KeyboardEvent, keys: Keys, go: &dyn Fn(&ListLocation), to: &dyn Fn(&str)) -> bool {
    let key = event.key();
    if key == "k" && (event.ctrl_key() || event.meta_key()) {
        keys.dialog.set(Some("palette"));
        return true;
    }
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let typing = "input:not([type=checkbox]):not([type=radio]), textarea, select, dialog, [popover]";
    let typing = target.is_some_and(|target| matches!(target.closest(typing), Ok(Some(_))));
    if typing || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return false;
    }
    let Keys { location, selection, spot, investigation, .. } = keys;
    let location = location.get_untracked();
    let row = current_row();
    if let Some(row) = row.as_ref().filter(|_| location.open.is_none()) {
        note(spot, row);
    }
    let on_row = row.is_some();
    match key.as_str() {
        "j" => step(keys, row, true, go),
        "k" => step(keys, row, false, go),
        "ArrowDown" if on_row => step(keys, row, true, go),
        "ArrowUp" if on_row => step(keys, row, false, go),
        "x" | "X" => match row.as_ref().and_then(id_of) {
            Some(id) if row.is_some_and(|row| find(&row, ".col-select").is_some()) => {
                selection.toggle(id, key == "X");
                true
            }
            _ => false,
        },
        "a" | "r" | "u" => decide(&key, &location, row, selection, go),
        "e" => {
            let open = location.open.as_ref().and_then(|open| open.parse().ok());
            let of = open.or_else(|| row.as_ref().and_then(id_of));
            let Some(of) = of.and_then(|id| investigation.run(id)) else { return false };
            to(&investigation_href(&of));
            true
        }
        "/" => focus("#search"),
        "z" => focus(".toasts :is(button, a)"),
        "?" => {
            keys.dialog.set(Some("help"));
            true
        }
        "Escape" => escape(&location, selection, go),
        _ => false,
    }
}

/// From what is over the list to what is in it.
fn escape(location: &ListLocation, selection: Selection, go: &dyn Fn(&ListLocation)) -> bool {
    if location.open.is_some() {
        go(&location.closed());
    } else if location.panel.is_some() {
        go(&location.with_panel(None));
    } else if !selection.get_untracked().is_empty() {
        selection.clear();
    } else {
        return false;
    }
    true
}

/// With rows selected, to their preview; with an action open, to its own decision; on a row, to its action.
fn decide(
    key: &str,
    location: &ListLocation,
    row: Option<Element>,
    selection: Selection,
    go: &dyn Fn(&ListLocation),
) -> bool {
    let (verb, fold) = match key {
        "a" => ("approve", ""),
        "r" => ("reject", ".flyout .reject-fold"),
        _ => ("undo", ".flyout .undo-fold"),
    };
    if !selection.get_untracked().is_empty() {
        return click(&format!(".bulk-bar button[value={verb}]"));
    }
    if location.open.is_none() {
        let Some(id) = row.as_ref().and_then(id_of) else { return false };
        go(&location.with_open(id));
        return true;
    }
    if fold.is_empty() {
        return show_dialog("confirm");
    }
    let Some(details) = query(fold).and_then(|found| found.dyn_into::<HtmlDetailsElement>().ok()) else {
        return false;
    };
    details.set_open(true);
    focus(&format!("{fold} textarea"))
}

/// To the next row, or the one before: opened, if one is open. Where the row has left, to the one in its place.
fn step(keys: Keys, row: Option<Element>, down: bool, go: &dyn Fn(&ListLocation)) -> bool {
    let Keys { location, spot, around, .. } = keys;
    let location = location.get_untracked();
    let is_open = location.open.is_some();
    let (before, after) = around.get_untracked();
    if is_open && (before.is_some() || after.is_some()) {
        if let Some(id) = if down { after } else { before } {
            go(&location.with_open(id));
        }
        return true;
    }
    let to = match row {
        Some(row) if down => row.next_element_sibling(),
        Some(row) => row.previous_element_sibling(),
        None => spot.row(),
    };
    let Some(to) = to else { return false };
    match id_of(&to) {
        Some(id) if is_open => go(&location.with_open(id)),
        _ => {
            let link = link_of(&to).and_then(|found| found.dyn_into::<HtmlElement>().ok());
            let Some(link) = link else { return false };
            to.scroll_into_view_with_bool(false);
            drop(link.focus());
            note(spot, &to);
        }
    }
    true
}

fn note(spot: FocusAnchor, row: &Element) {
    let at = row.dyn_ref::<HtmlTableRowElement>().map(HtmlTableRowElement::section_row_index);
    if let Some((id, at)) = id_of(row).zip(at.and_then(|at| usize::try_from(at).ok())) {
        spot.note(id, at);
    }
}

/// The focused row.
fn current_row() -> Option<Element> {
    document().active_element()?.closest(ROWS).ok()?
}

fn id_of(row: &Element) -> Option<ActionId> {
    row.get_attribute("data-id")?.parse().ok()
}

fn find(row: &Element, selector: &str) -> Option<Element> {
    row.query_selector(selector).ok()?
}

fn query(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok()?
}

fn click(selector: &str) -> bool {
    let found = query(selector).and_then(|found| found.dyn_into::<HtmlElement>().ok());
    found.map(|found| found.click()).is_some()
}
