//! CSV as of RFC 4180, with the words of the screen: for people and their spreadsheets.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter};

use domain::actions::query::{Column, value_label};
use store::{Cell, Rows};

use super::Writer;

/// One CSV file as it grows.
pub(super) struct CsvWriter {
    file: csv::Writer<BufWriter<File>>,
    columns: Vec<Column>,
    /// The text of one cell, kept so that it is allocated once.
    text: String,
}

impl CsvWriter {
    /// Writes the header.
    pub(super) fn begin(file: BufWriter<File>, columns: &[Column]) -> io::Result<Self> {
        let mut file = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        file.write_record(columns.iter().map(|column| column.label()))?;
        Ok(Self { file, columns: columns.to_vec(), text: String::new() })
    }
}

impl Writer for CsvWriter {
    fn end(self: Box<Self>) -> io::Result<File> {
        let file = self.file.into_inner().map_err(csv::IntoInnerError::into_error)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Rows for CsvWriter {
    fn row(&mut self, _: &str, cells: &[Cell<'_>]) -> io::Result<()> {
        let text = &mut self.text;
        for (column, cell) in self.columns.iter().zip(cells) {
            text.clear();
            match cell {
                Cell::Text(word) => push_harmless(text, value_label(column.as_str(), word)),
                Cell::Time(time) => write!(text, "{time}").map_err(io::Error::other)?,
                Cell::Nothing => {}
            }
            self.file.write_field(&*text)?;
        }
        self.file.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

/// Spreadsheets run what begins like a formula, also after spaces and in full-width forms (OWASP ASVS 5.0, 1.2.10): an
/// apostrophe before it makes it text. What some of them cut a cell at, NUL, is dropped.
fn push_harmless(into: &mut String, text: &str) {
    let begins =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠');
    let first = text.trim_start_matches(|c: char| c.is_whitespace() && !begins(c)).chars().next();
    if first.is_some_and(begins) {
        into.push('\'');
    }
    into.extend(text.chars().filter(|c| *c != '\0'));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn harmless(text: &str) -> String {
        let mut out = String::new();
        push_harmless(&mut out, text);
        out
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        let payloads =
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1", "＋1", "－1", "＠1"];
        for payload in payloads {
            for before in ["", " ", "   ", "\u{a0}", "\u{2003}", "\u{3000}"] {
                let text = format!("{before}{payload}");
                assert!(harmless(&text).starts_with('\''), "{text:?}");
            }
        }
        for harmless_already in ["", "cmd.exe", "a=1", "10.0.0.1", "'quoted", "„x“", " text"] {
            assert_eq!(harmless(harmless_already), harmless_already);
        }
        assert_eq!(harmless("a\0b"), "ab");
    }
}
