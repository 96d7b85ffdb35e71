//! One JSON object a line, with the words of the API: for machines.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use domain::actions::query::Column;
use domain::core::time::six_decimals;
use store::{Cell, Rows};

use super::Writer;

/// One file of JSON lines as it grows.
pub(super) struct JsonLinesWriter {
    file: BufWriter<File>,
    columns: Vec<Column>,
}

impl JsonLinesWriter {
    /// There is nothing before the first row.
    pub(super) fn begin(file: BufWriter<File>, columns: &[Column]) -> Self {
        Self { file, columns: columns.to_vec() }
    }
}

impl Writer for JsonLinesWriter {
    fn end(self: Box<Self>) -> io::Result<File> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Rows for JsonLinesWriter {
    fn row(&mut self, id: &str, cells: &[Cell<'_>]) -> io::Result<()> {
        let file = &mut self.file;
        write!(file, "{{\"id\":\"{id}\"")?;
        // Each row begins with its id.
        let others = self.columns.iter().zip(cells).filter(|(column, _)| **column != Column::Id);
        for (column, cell) in others {
            write!(file, ",\"{column}\":")?;
            match cell {
                Cell::Text(word) => serde_json::to_writer(&mut *file, word)?,
                Cell::Time(time) => write!(file, "\"{}\"", six_decimals::text(*time))?,
                Cell::Nothing => file.write_all(b"null")?,
            }
        }
        file.write_all(b"}\n")
    }
}
