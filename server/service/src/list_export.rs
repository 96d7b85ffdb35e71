//! A list as CSV: the columns that its query names, or all, of rows that are read page by page.

use std::fs::File;
use std::io::{self, Seek as _};

use domain::Error;
use domain::core::string_enum::Word as _;
use domain::list::{ListQuery, TabbedList};

use crate::export::CsvTable;

/// Rows of an export that are read at a time.
pub(super) const EXPORTED_AT_ONCE: u32 = 1_000;

/// The file while it is written.
pub(super) struct ListExport {
    table: CsvTable,
    /// The places of the columns among all that the list has.
    places: Vec<usize>,
}

impl ListExport {
    /// Begins with the headings.
    pub(super) fn begin<S: TabbedList>(query: &ListQuery<S>) -> Result<Self, Error> {
        let all = S::columns(query.lane);
        let shown = if query.columns.is_empty() { all } else { &query.columns };
        let places: Vec<_> =
            shown.iter().filter_map(|column| all.iter().position(|known| known == column)).collect();
        let heads = places.iter().map(|place| all[*place].label());
        let file = tempfile::tempfile().map_err(broken)?;
        let table = CsvTable::begin(file, heads).map_err(broken)?;
        Ok(Self { table, places })
    }

    /// Writes a row. `cell` is its text at a place among all columns.
    pub(super) fn row<'a>(&mut self, cell: impl Fn(usize) -> Option<&'a str>) -> Result<(), Error> {
        let texts = self.places.iter().filter_map(|place| cell(*place));
        self.table.row(texts).map_err(broken)
    }

    /// The file, to be read from its beginning.
    pub(super) fn end(self) -> Result<File, Error> {
        let mut file = self.table.end().map_err(broken)?;
        file.rewind().map_err(broken)?;
        Ok(file)
    }
}

fn broken(error: io::Error) -> Error {
    Error::Internal(format!("an export could not be written: {error}"))
}
