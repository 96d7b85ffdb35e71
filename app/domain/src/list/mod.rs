//! The list kit: what every list has, whatever its rows. One type, [`ListQuery`], serves the URL, server functions, REST
//! and the store.
//!
//! A list is described by a [`ListSpec`], whose columns, sort keys, facets and filter come from one table of fields
//! (`list_fields!`, see `actions::fields`). The kit owns reading and writing queries as text, limits, orders, periods,
//! counts and the description of the API's parameters; it knows no field by name.

mod counts;
pub mod encode;
mod fields;
#[cfg(feature = "ssr")]
mod openapi;
mod page;
mod period;
mod sort;
mod tabs;
mod text;
mod value;
mod view;

#[cfg(test)]
mod tests;

use std::fmt::Debug;

use crate::core::string_enum::Word;

pub use counts::{Counts, FacetCounts, FacetValue};
pub use encode::{push_encoded, push_pair};
pub use page::{DEFAULT_LIMIT, LIMITS, Page};
pub use period::{Moment, Period};
pub use sort::{Direction, Sort};
pub use tabs::{ListFacet, SEARCH, TabbedList};
pub use text::QueryError;
pub use value::FieldValue;
pub use view::{ChoiceView, ColumnView, FacetView, ListView};

pub(crate) use fields::{filter_field, given, list_fields};
pub(crate) use text::{add, moment, once, search, word};

/// What a list is: its tabs, columns, orders and filter.
pub trait ListSpec: Clone + Debug + PartialEq + Eq + 'static {
    /// Its tabs; `()` if it has none.
    type Lane: ListLane;
    /// What a row shows.
    type Column: Word;
    /// What rows are sorted by.
    type SortKey: Word;
    /// Which rows are shown.
    type Filter: ListFilter;

    /// The columns where nobody chose any.
    const DEFAULT_COLUMNS: &'static [Self::Column];

    /// The order where nobody chose one.
    fn default_sort(lane: Self::Lane) -> Sort<Self::SortKey>;

    /// Whether the values of a filter's fields go together.
    ///
    /// # Errors
    /// The first field that does not.
    fn check(_filter: &Self::Filter) -> Result<(), QueryError> {
        Ok(())
    }
}

/// The tabs of a list.
pub trait ListLane: Copy + Debug + PartialEq + Eq + 'static {
    /// The name of their vocabulary.
    const NAME: &'static str;

    /// All of them, the first of which is meant where none is named.
    const LANES: &'static [Self];

    /// Its word; none if a list has no tabs.
    fn name(self) -> Option<&'static str>;
}

/// A list without tabs.
impl ListLane for () {
    const NAME: &'static str = "";
    const LANES: &'static [Self] = &[()];

    fn name(self) -> Option<&'static str> {
        None
    }
}

/// The filter of a list, as `list_fields!` makes it.
pub trait ListFilter: Clone + Debug + Default + PartialEq + Eq {
    /// Its fields, in the order in which they are written.
    const FIELDS: &'static [FilterField];

    /// Writes what is set as names and values.
    fn write(&self, pairs: &mut Vec<(&'static str, String)>);

    /// Takes in one value of one field; false if it has no such field.
    ///
    /// # Errors
    /// A value that the field can't have.
    fn read(&mut self, name: &str, value: &str) -> Result<bool, QueryError>;
}

/// A field of a filter as the outside sees it.
#[derive(Debug, Clone, Copy)]
pub struct FilterField {
    /// The name in a query.
    pub name: &'static str,
    /// What it means, for the description of the API.
    pub doc: &'static str,
    /// The type of its values.
    #[cfg(feature = "ssr")]
    pub schema: fn() -> utoipa::openapi::RefOr<utoipa::openapi::Schema>,
}

/// What a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery<S: ListSpec> {
    /// The tab.
    pub lane: S::Lane,
    /// Which rows of it.
    pub filter: S::Filter,
    /// In which order.
    pub sort: Sort<S::SortKey>,
    /// With which columns, in this order; none means [`ListSpec::DEFAULT_COLUMNS`].
    pub columns: Vec<S::Column>,
    /// Rows a page, one of [`LIMITS`]; none means what the person prefers, or [`DEFAULT_LIMIT`].
    pub limit: Option<u16>,
    /// An opaque position from an earlier answer's `next` or `prev`.
    pub cursor: Option<String>,
}

impl<S: ListSpec> ListQuery<S> {
    /// The first page of a tab, all of it, in its default order.
    #[must_use]
    pub fn of(lane: S::Lane) -> Self {
        Self {
            lane,
            filter: S::Filter::default(),
            sort: S::default_sort(lane),
            columns: Vec::new(),
            limit: None,
            cursor: None,
        }
    }

    /// The columns to show.
    #[must_use]
    pub fn shown_columns(&self) -> &[S::Column] {
        if self.columns.is_empty() { S::DEFAULT_COLUMNS } else { &self.columns }
    }
}
