//! Lists each of whose tabs has columns, filters and orders of its own.

use super::ListSpec;
use crate::core::string_enum::Word;

/// The name of the field that searches, which every tab has.
pub const SEARCH: &str = "q";

/// Such a list. To add one, write its table with `list_fields!`, and say here which of its fields a tab has.
pub trait TabbedList: ListSpec {
    /// The filters whose values are offered.
    type Facet: ListFacet;

    /// The name under which the columns are kept that a person chose for a tab; it never changes.
    fn kept_as(tab: Self::Lane) -> String;

    /// The columns of a tab, in the order in which it shows them where nobody chose any.
    fn columns(tab: Self::Lane) -> &'static [Self::Column];

    /// The filters that a tab offers, in their order.
    fn facets(tab: Self::Lane) -> &'static [Self::Facet];

    /// What a column's heading sorts by, if it does.
    fn sort_key(column: Self::Column) -> Option<Self::SortKey>;

    /// Whether people look for the greatest values of a key first.
    fn begins_descending(key: Self::SortKey) -> bool;

    /// Whether a tab can be sorted by this key.
    fn sorts(tab: Self::Lane, key: Self::SortKey) -> bool {
        Self::columns(tab).iter().any(|column| Self::sort_key(*column) == Some(key))
    }

    /// Whether a tab can be filtered by the field of this name.
    fn filters(tab: Self::Lane, field: &str) -> bool {
        field == SEARCH || Self::facets(tab).iter().any(|facet| facet.as_str() == field)
    }
}

/// A filter whose values are offered.
pub trait ListFacet: Word {
    /// The values that it may be set to in their order, each with what the screen says for it; none if they are no words
    /// of ours.
    fn choices(self) -> Vec<(&'static str, &'static str)>;
}
