//! Which rows are selected: some of them, or all that match but some.
//!
//! It lasts from page to page of one list, and ends with a change of what the list shows.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::effect::effect;

/// The rows that are selected: some, or all that match except some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected<Id> {
    /// Everything that the list's address asks for, on all its pages, but `ids`.
    pub all: bool,
    /// The selected rows; with `all`, the rows that are not selected.
    pub ids: BTreeSet<Id>,
}

impl<Id> Default for Selected<Id> {
    fn default() -> Self {
        Self { all: false, ids: BTreeSet::new() }
    }
}

impl<Id: Copy + Ord> Selected<Id> {
    /// Whether a row is selected.
    pub fn has(&self, id: Id) -> bool {
        self.all != self.ids.contains(&id)
    }

    /// Selects a row, or removes it from the selection.
    pub fn set(&mut self, id: Id, selected: bool) {
        if selected == self.all {
            self.ids.remove(&id);
        } else {
            self.ids.insert(id);
        }
    }

    /// Whether no row is selected.
    pub fn is_empty(&self) -> bool {
        !self.all && self.ids.is_empty()
    }
}

/// The selection of a list, as signals.
#[derive(Clone, Copy)]
pub struct Selection<Id: Send + Sync + 'static> {
    selected: RwSignal<Selected<Id>>,
    /// The row that was selected or deselected last: the beginning of a range.
    last: StoredValue<Option<Id>>,
    /// The rows of the page in their order.
    rows: RwSignal<Vec<Id>>,
}

impl<Id: Copy + Ord + Send + Sync + 'static> Selection<Id> {
    /// An empty selection, which is cleared whenever `list` changes.
    pub fn new<List>(list: Memo<List>) -> Self
    where
        List: Send + Sync + 'static,
    {
        let selection =
            Self { selected: RwSignal::default(), last: StoredValue::new(None), rows: RwSignal::default() };
        effect(move || {
            list.track();
            selection.clear();
        });
        selection
    }

    /// The selected rows.
    pub fn get(self) -> Selected<Id> {
        self.selected.get()
    }

    /// The selected rows, untracked.
    pub fn get_untracked(self) -> Selected<Id> {
        self.selected.get_untracked()
    }

    /// Whether a row is selected.
    pub fn has(self, id: Id) -> bool {
        self.selected.read().has(id)
    }

    /// Whether no row is selected.
    pub fn is_empty(self) -> bool {
        self.selected.read().is_empty()
    }

    /// Sets the rows of the page in their order.
    pub fn show(self, rows: Vec<Id>) {
        self.rows.set(rows);
    }

    /// Selects or deselects a row; with `range`, also all rows from the last one that was.
    pub fn toggle(self, id: Id, range: bool) {
        let select = !self.selected.read_untracked().has(id);
        let last = self.last.get_value().filter(|_| range);
        let rows = self.rows.with_untracked(|rows| between(rows, last.unwrap_or(id), id).to_vec());
        self.selected.update(|selected| {
            selected.set(id, select);
            for row in rows {
                selected.set(row, select);
            }
        });
        self.last.set_value(Some(id));
    }

    /// Selects or deselects all rows of the page.
    pub fn page(self, select: bool) {
        let rows = self.rows.get_untracked();
        self.selected.update(|selected| rows.into_iter().for_each(|row| selected.set(row, select)));
    }

    /// The number of selected rows of the page, and the number of all its rows.
    pub fn current(self) -> (usize, usize) {
        let selected = self.selected.read();
        self.rows.with(|rows| (rows.iter().filter(|row| selected.has(**row)).count(), rows.len()))
    }

    /// Selects all rows that match, on all pages.
    pub fn everything(self) {
        self.selected.set(Selected { all: true, ids: BTreeSet::new() });
    }

    /// Clears the selection.
    pub fn clear(self) {
        if !self.selected.read_untracked().is_empty() {
            self.selected.set(Selected::default());
        }
        self.last.set_value(None);
    }
}

/// The rows between two, inclusive, in either order; empty if one of them is missing.
fn between<Id: Copy + Eq>(rows: &[Id], one: Id, other: Id) -> &[Id] {
    let at = |id| rows.iter().position(|row| *row == id);
    match (at(one), at(other)) {
        (Some(one), Some(other)) => &rows[one.min(other)..=one.max(other)],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> [u32; 4] {
        [1, 2, 3, 4]
    }

    #[test]
    fn of_all_some_can_be_left_out() {
        let [one, two, ..] = ids();
        let mut some = Selected::default();
        assert!(some.is_empty());
        some.set(one, true);
        assert!(some.has(one) && !some.has(two));
        some.set(one, false);
        assert!(some.is_empty());
        let mut all = Selected { all: true, ids: BTreeSet::new() };
        all.set(one, false);
        assert!(!all.has(one) && all.has(two) && !all.is_empty());
        all.set(one, true);
        assert!(all.ids.is_empty());
    }

    #[test]
    fn a_range_goes_both_ways() {
        let rows = ids();
        assert_eq!(between(&rows, rows[1], rows[3]), &rows[1..]);
        assert_eq!(between(&rows, rows[2], rows[0]), &rows[..3]);
        assert!(between(&rows[1..], rows[0], rows[2]).is_empty());
    }
}
