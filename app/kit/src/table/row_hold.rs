//! What is new waits while someone is busy with what they see, and a button says how much waits.
//!
//! Someone is busy who has scrolled the table away from its top, or has selected rows. Rows that are shown still
//! change in place and leave; [`RowHold`] decides which rows are shown, [`HeldRowsButton`] is the button.

use std::collections::HashSet;

use gloo::events::{EventListener, EventListenerOptions};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement};

use crate::effect::effect;
use crate::focus::has_focus;
use crate::handler::handler;
use crate::icon::Icon;
use domain::core::id::Identified;

/// The rows that are shown, and the number of new rows that are held back.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRows<Row> {
    /// The list that they are of, by what it was asked for.
    pub of: String,
    /// The rows in their order.
    pub rows: Vec<Row>,
    /// The number of new rows that are not shown yet.
    pub waiting: usize,
    shown_anew: u32,
}

/// Holds new rows of a list back while someone is busy with it.
pub struct RowHold<Row: Identified + Send + Sync + 'static> {
    /// The rows that are shown.
    pub shown: Signal<ShownRows<Row>>,
    /// The selector of the table.
    table: &'static str,
    /// Incremented whenever all rows are to be shown.
    shown_anew: RwSignal<u32>,
    /// What changed since everything was shown: if it is gone, it has left, and was not pushed to the next page. None
    /// once that is not known.
    changed: StoredValue<Option<HashSet<Row::Id>>>,
}

impl<Row: Identified + Send + Sync + 'static> Clone for RowHold<Row> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Row: Identified + Send + Sync + 'static> Copy for RowHold<Row> {}

impl<Row: Identified + Clone + PartialEq + Send + Sync + 'static> RowHold<Row> {
    /// Follows a list whose `table` a selector finds. `page` is which list it is, and its rows; `selected` is whether
    /// the person has rows selected; `hears` is whether the page hears of each change.
    pub fn new(
        table: &'static str,
        page: impl Fn() -> (String, Vec<Row>) + Send + Sync + 'static,
        selected: Signal<bool>,
        hears: impl Fn() -> bool + Send + Sync + 'static,
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
            let scrolled = scrolled(table);
            let shown = Memo::new(move |before: Option<&ShownRows<Row>>| {
                let (of, page) = page();
                let busy = selected.get() || scrolled.get();
                let shown_anew = shown_anew.get();
                let before = before.filter(|before| {
                    busy && before.of == of && before.shown_anew == shown_anew && !before.rows.is_empty()
                });
                let (rows, waiting) = if let Some(before) = before {
                    // Who hears nothing can't tell what has left from what was pushed to the next page.
                    let stays = |id: &Row::Id| {
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
        Self { shown, table, shown_anew, changed }
    }

    /// Records that a row changed, or (`None`) that any may have, before the list is loaded again.
    pub fn note(self, id: Option<Row::Id>) {
        self.changed.update_value(|changed| match (changed.as_mut(), id) {
            (Some(changed), Some(id)) => {
                changed.insert(id);
            }
            _ => *changed = None,
        });
    }

    /// Shows all rows.
    pub fn show(self) {
        self.shown_anew.update(|times| *times += 1);
    }
}

/// The rows that were shown, as they are now, and below them what moved up from the next page; and how many others
/// are new.
fn hold<Row: Identified + Clone>(
    shown: &[Row],
    page: Vec<Row>,
    stays: impl Fn(&Row::Id) -> bool,
) -> (Vec<Row>, usize) {
    let is_shown = |row: &Row| shown.iter().any(|of| of.id() == row.id());
    // New rows pushed what is missing to the next page; it stays as it was, unless something was heard of it.
    let as_it_is = |old: &Row| {
        let now = page.iter().find(|of| of.id() == old.id());
        now.or(stays(&old.id()).then_some(old)).cloned()
    };
    let mut rows: Vec<_> = shown.iter().filter_map(as_it_is).collect();
    let below = page.iter().rposition(is_shown).map_or(page.len(), |last| last + 1);
    let waiting = page[..below].iter().filter(|row| !is_shown(row)).count();
    rows.extend(page.into_iter().skip(below));
    (rows, waiting)
}

/// Whether the table is scrolled away from its top.
fn scrolled(selector: &'static str) -> RwSignal<bool> {
    let scrolled = RwSignal::new(false);
    effect(move || {
        // On its way down: scrolling does not bubble up, and the table may be rendered later or anew.
        let options =
            EventListenerOptions { phase: gloo::events::EventListenerPhase::Capture, passive: true };
        let remote_change = EventListener::new_with_options(&document(), "scroll", options, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if let Some(table) = target.filter(|target| matches!(target.matches(selector), Ok(true))) {
                let now = table.scroll_top() > 0;
                if scrolled.get_untracked() != now {
                    scrolled.set(now);
                }
            }
        });
        let remote_change = StoredValue::new_local(Some(remote_change));
        on_cleanup(move || remote_change.set_value(None));
    });
    scrolled
}

/// A button over the table that shows the rows that are held back, if there are any.
#[component]
pub fn HeldRowsButton<Row>(
    /// The rows of the table.
    held: RowHold<Row>,
) -> impl IntoView
where
    Row: Identified + Clone + PartialEq + Send + Sync + 'static,
{
    let waiting = Memo::new(move |_| held.shown.with(|shown| shown.waiting));
    let show = move |_| {
        let had_focus = has_focus(".new-rows");
        held.show();
        let table = document().query_selector(held.table).ok().flatten();
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

    #[derive(Debug, Clone, PartialEq)]
    struct Numbered(u32, i64);

    impl Identified for Numbered {
        type Id = u32;

        fn id(&self) -> u32 {
            self.0
        }
    }

    /// Numbers and versions of what is shown, of what is loaded, what changed; what is shown then, and what waits.
    type Case<'a> = (&'a [(u32, i64)], &'a [(u32, i64)], &'a [u32], &'a [(u32, i64)], usize);

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
            let rows = |of: &[(u32, i64)]| {
                of.iter().map(|(id, version)| Numbered(*id, *version)).collect::<Vec<_>>()
            };
            let (held, waits) = hold(&rows(shown), rows(page), |id| !changed.contains(id));
            assert_eq!((held, waits), (rows(expected), waiting), "{page:?}");
        }
    }
}
