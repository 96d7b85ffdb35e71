//! What is new waits while someone is busy with what they see, and a button says how much waits.
//!
//! Someone is busy who has scrolled the table away from its top, or has selected rows. Rows that are shown still
//! change in place and leave; [`Held`] decides which rows are shown, [`NewRows`] is the button.

use std::collections::HashSet;

use gloo::events::{EventListener, EventListenerOptions};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement};

use super::icon::Icon;
use crate::ui::focus::has_focus;
use crate::ui::handler::handler;
use crate::ui::stream::{Link, Live};
use crate::ui::whenever::whenever;
use domain::{Action, ActionId};

const TABLE: &str = ".action-table";

/// The rows that are shown, and how many wait.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ui) struct ShownRows {
    /// Of which list: its tab, order, page and so on.
    pub(in crate::ui) of: String,
    /// The rows in their order.
    pub(in crate::ui) rows: Vec<Action>,
    /// Rows that are new and not shown yet.
    pub(in crate::ui) waiting: usize,
    shown_anew: u32,
}

/// Holds new rows back.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) struct Held {
    /// What is shown.
    pub(in crate::ui) shown: Signal<ShownRows>,
    /// Counts how often everything was asked for.
    shown_anew: RwSignal<u32>,
    /// What changed since everything was shown: if it is gone, it has left, and was not pushed to the next page. None
    /// once that is not known.
    changed: StoredValue<Option<HashSet<ActionId>>>,
}

impl Held {
    /// Follows a list. `page` is which list it is, and its rows; `selected` is whether the person has rows selected.
    pub(in crate::ui) fn new(
        page: impl Fn() -> (String, Vec<Action>) + Send + Sync + 'static,
        selected: Signal<bool>,
    ) -> Self {
        let shown_anew = RwSignal::new(0);
        let changed = StoredValue::new(Some(HashSet::new()));
        // As in `derived`: a memo of the server may miss the load of what it reads.
        let shown = if cfg!(feature = "ssr") {
            Signal::derive(move || {
                let (of, rows) = page();
                ShownRows { of, rows, waiting: 0, shown_anew: 0 }
            })
        } else {
            let scrolled = scrolled();
            let link = Live::of_page().link;
            // Who hears nothing can't tell what has left from what was pushed to the next page.
            let hears = move || link.get_untracked() == Link::Live;
            let shown = Memo::new(move |before: Option<&ShownRows>| {
                let (of, page) = page();
                let busy = selected.get() || scrolled.get();
                let shown_anew = shown_anew.get();
                let before = before.filter(|before| {
                    busy && before.of == of && before.shown_anew == shown_anew && !before.rows.is_empty()
                });
                let (rows, waiting) = if let Some(before) = before {
                    let stays = |id: &ActionId| {
                        let unheard =
                            || changed.with_value(|of| of.as_ref().is_some_and(|of| !of.contains(id)));
                        hears() && unheard()
                    };
                    hold(&before.rows, page, stays)
                } else {
                    changed.set_value(Some(HashSet::new()));
                    (page, 0)
                };
                ShownRows { of, rows, waiting, shown_anew }
            });
            shown.into()
        };
        Self { shown, shown_anew, changed }
    }

    /// Notes that an action changed, or that any may have, before the list is loaded again.
    pub(in crate::ui) fn note(self, id: Option<ActionId>) {
        self.changed.update_value(|changed| match (changed.as_mut(), id) {
            (Some(changed), Some(id)) => {
                changed.insert(id);
            }
            _ => *changed = None,
        });
    }

    /// Shows everything.
    pub(in crate::ui) fn show(self) {
        self.shown_anew.update(|times| *times += 1);
    }
}

/// The rows that were shown, as they are now, and below them what moved up from the next page; and how many others
/// are new.
fn hold(shown: &[Action], page: Vec<Action>, stays: impl Fn(&ActionId) -> bool) -> (Vec<Action>, usize) {
    let is_shown = |action: &Action| shown.iter().any(|of| of.id == action.id);
    // New rows pushed what is missing to the next page; it stays as it was, unless something was heard of it.
    let as_it_is = |old: &Action| {
        let now = page.iter().find(|of| of.id == old.id);
        now.or(stays(&old.id).then_some(old)).cloned()
    };
    let mut rows: Vec<_> = shown.iter().filter_map(as_it_is).collect();
    let below = page.iter().rposition(is_shown).map_or(page.len(), |last| last + 1);
    let waiting = page[..below].iter().filter(|action| !is_shown(action)).count();
    rows.extend(page.into_iter().skip(below));
    (rows, waiting)
}

/// Whether the table is scrolled away from its top.
fn scrolled() -> RwSignal<bool> {
    let scrolled = RwSignal::new(false);
    whenever(move || {
        // On its way down: scrolling does not bubble up, and the table may be rendered later or anew.
        let options =
            EventListenerOptions { phase: gloo::events::EventListenerPhase::Capture, passive: true };
        let heard = EventListener::new_with_options(&document(), "scroll", options, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if let Some(table) = target.filter(|target| matches!(target.matches(TABLE), Ok(true))) {
                let now = table.scroll_top() > 0;
                if scrolled.get_untracked() != now {
                    scrolled.set(now);
                }
            }
        });
        let heard = StoredValue::new_local(Some(heard));
        on_cleanup(move || heard.set_value(None));
    });
    scrolled
}

/// A button over the top of the table, where something waits.
#[component]
pub(in crate::ui) fn NewRows(
    /// What waits.
    held: Held,
) -> impl IntoView {
    let waiting = Memo::new(move |_| held.shown.with(|shown| shown.waiting));
    let show = move |_| {
        let had_focus = has_focus(".new-rows");
        held.show();
        let table = document().query_selector(TABLE).ok().flatten();
        if let Some(table) = table.and_then(|table| table.dyn_into::<HtmlElement>().ok()) {
            table.set_scroll_top(0);
            // The button is gone; the keyboard goes on in the table.
            if had_focus {
                drop(table.focus());
            }
        }
    };
    let button = move || {
        let waiting = waiting.get();
        (waiting > 0).then(|| {
            view! {
                <button class="button primary" type="button" on:click=handler(show)>
                    <Icon name="sort-up"/>
                    {format!("{waiting} new")}
                </button>
            }
            .into_any()
        })
    };
    view! {
        <div class="new-rows" role="status">
            {move || button()}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::actions::proposal::Proposal;
    use domain::{Actor, ActorKind};

    fn row(number: u128, version: i64) -> Action {
        let proposal: Proposal = serde_json::from_value(serde_json::json!({
            "external_id": number.to_string(), "type": "quarantine_file", "severity": "high",
            "source": "antivirus_action", "entity": { "kind": "file", "path": "/srv/a", "sha256": "ab".repeat(32) },
            "asset": { "kind": "device", "name": "web-1" },
        }))
        .unwrap();
        let by = Actor { kind: ActorKind::Token, id: "t".to_owned(), name: "Scanner".to_owned() };
        let id = ActionId::from(uuid::Uuid::from_u128(number));
        Action {
            version,
            ..proposal.into_action(id, "digest".to_owned(), by, "2026-01-02T03:04:05Z".parse().unwrap())
        }
    }

    /// Numbers and versions of what is shown, of what is loaded, what changed; what is shown then, and what waits.
    type Case<'a> = (&'a [(u128, i64)], &'a [(u128, i64)], &'a [u128], &'a [(u128, i64)], usize);

    #[test]
    fn what_is_new_waits_and_what_is_shown_changes_in_place_or_leaves() {
        let cases: [Case<'_>; 6] = [
            (&[(1, 1), (2, 1)], &[(1, 1), (2, 2)], &[2], &[(1, 1), (2, 2)], 0),
            // New ones, also between; the last row is on the next page now, and stays.
            (&[(1, 1), (2, 1)], &[(7, 1), (1, 1)], &[7], &[(1, 1), (2, 1)], 1),
            (&[(1, 1), (2, 1)], &[(7, 1), (1, 1), (8, 1), (2, 1)], &[7, 8], &[(1, 1), (2, 1)], 2),
            // One left, and the next page's first moved up.
            (&[(1, 1), (2, 1)], &[(2, 1), (3, 1)], &[1], &[(2, 1), (3, 1)], 0),
            // Another order does not move what is shown.
            (&[(1, 1), (2, 1)], &[(2, 2), (1, 1)], &[2], &[(1, 1), (2, 2)], 0),
            (&[(1, 1)], &[(8, 1), (9, 1)], &[1, 8, 9], &[], 2),
        ];
        for (shown, page, changed, expected, waiting) in cases {
            let rows =
                |of: &[(u128, i64)]| of.iter().map(|(id, version)| row(*id, *version)).collect::<Vec<_>>();
            let (held, waits) =
                hold(&rows(shown), rows(page), |id| !changed.contains(&uuid::Uuid::from(*id).as_u128()));
            assert_eq!((held, waits), (rows(expected), waiting), "{page:?}");
        }
    }
}
