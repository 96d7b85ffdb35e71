//! How a page of a list is shown, for pages that know no field of it: what is chosen, and what can be.

use serde::{Deserialize, Serialize};

/// What a page needs beside the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListView {
    /// All columns: first those that are shown, in their order.
    pub columns: Vec<ColumnView>,
    /// The filters that are offered.
    pub facets: Vec<FacetView>,
    /// What is searched for.
    pub search: String,
    /// Whether the address itself names the columns.
    pub names_columns: bool,
    /// The cursor of the page before.
    pub previous: Option<String>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnView {
    /// The place of its cell in a row that shows all columns.
    pub cell: u8,
    /// Its name in a query.
    pub name: String,
    /// Its heading.
    pub label: String,
    /// Whether it is shown.
    pub shown: bool,
    /// What `sort=` is when its heading is followed; none if it does not sort.
    pub sorts_to: Option<String>,
    /// If the list is sorted by it: whether the greatest comes first.
    pub descending: Option<bool>,
}

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetView {
    /// Its name in a query.
    pub name: String,
    /// What the screen calls it.
    pub label: String,
    /// What it may be set to.
    pub choices: Vec<ChoiceView>,
}

/// A value of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceView {
    /// As a query says it.
    pub value: String,
    /// As the screen says it.
    pub label: String,
    /// How many rows have it, whatever else is chosen; none if that is not counted.
    pub count: Option<u64>,
    /// Whether it is chosen.
    pub chosen: bool,
}
