//! How pages of lists are shown that know no field of theirs: columns with what their headings sort by.

use domain::core::string_enum::Word;
use domain::list::{ColumnView, Sort};

/// All columns of a list, first those that are shown: what was chosen of them, or all. `key` is what a column sorts by, and
/// `descends` whether its heading begins with the greatest.
pub(super) fn column_views<C: Word, K: Word>(
    all: &[C],
    chosen: &[C],
    sort: Sort<K>,
    key: fn(C) -> Option<K>,
    descends: fn(K) -> bool,
) -> Vec<ColumnView> {
    let mut shown: Vec<C> = chosen.iter().copied().filter(|column| all.contains(column)).collect();
    if shown.is_empty() {
        shown = all.to_vec();
    }
    let hidden = all.iter().copied().filter(|column| !shown.contains(column)).map(|column| (column, false));
    let view = |(column, shown): (C, bool)| {
        let key = key(column);
        let sorted = key == Some(sort.key);
        let sorts_to = key.map(|key| {
            let descending = if sorted { !sort.descending } else { descends(key) };
            Sort { key, descending }.to_string()
        });
        let cell = all.iter().position(|known| *known == column).unwrap_or_default();
        ColumnView {
            cell: u8::try_from(cell).unwrap_or_default(),
            name: column.to_string(),
            label: column.label().to_owned(),
            shown,
            sorts_to,
            descending: sorted.then_some(sort.descending),
        }
    };
    shown.iter().map(|column| (*column, true)).chain(hidden).map(view).collect()
}
