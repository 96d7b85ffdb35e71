//! Numbers and spans of time as text.

pub(super) use domain::core::text::{format_count as grouped, format_duration as took, pluralize as several};
use domain::home::Number;

/// The number of a list; with a plus, if there are more.
pub(super) fn counted(number: &Number) -> String {
    let text = grouped(number.count);
    if number.more { text + "+" } else { text }
}
