//! CSV as of RFC 4180, with the words of the screen: for people and their spreadsheets.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use domain::actions::query::{Column, value_label};
use domain::core::time::six_decimals;
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
    /// Writes the header; before it the byte order mark, without which some spreadsheets take UTF-8 for something else.
    pub(super) fn begin(mut file: BufWriter<File>, columns: &[Column], marked: bool) -> io::Result<Self> {
        if marked {
            file.write_all("\u{feff}".as_bytes())?;
        }
        let mut file = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        file.write_record(columns.iter().map(|column| column.label()))?;
        Ok(Self { file, columns: columns.to_vec(), text: String::new() })
    }
}

impl Writer for CsvWriter {
    fn end(self: Box<Self>) -> io::Result<File> {
        finish(self.file)
    }
}

impl Rows for CsvWriter {
    fn row(&mut self, _: &str, cells: &[Cell<'_>]) -> io::Result<()> {
        let text = &mut self.text;
        for (column, cell) in self.columns.iter().zip(cells) {
            text.clear();
            match cell {
                Cell::Text(word) => push_harmless(text, value_label(column.as_str(), word)),
                Cell::Time(time) => text.push_str(&six_decimals::text(*time)),
                Cell::Nothing => {}
            }
            self.file.write_field(&*text)?;
        }
        self.file.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

/// A table of texts, as harmless as an export of actions.
pub(crate) struct CsvTable {
    file: csv::Writer<BufWriter<File>>,
    text: String,
}

impl CsvTable {
    /// Writes the header.
    pub(crate) fn begin(file: File, heads: impl Iterator<Item = &'static str>) -> io::Result<Self> {
        let file = BufWriter::new(file);
        let mut file = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        file.write_record(heads)?;
        Ok(Self { file, text: String::new() })
    }

    /// Writes a row.
    pub(crate) fn row<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
        for cell in cells {
            self.text.clear();
            push_harmless(&mut self.text, cell);
            self.file.write_field(&self.text)?;
        }
        Ok(self.file.write_record(None::<&[u8]>)?)
    }

    /// Writes what is left, and gives the file back.
    pub(crate) fn end(self) -> io::Result<File> {
        finish(self.file)
    }
}

fn finish(file: csv::Writer<BufWriter<File>>) -> io::Result<File> {
    let file = file.into_inner().map_err(csv::IntoInnerError::into_error)?;
    file.into_inner().map_err(io::IntoInnerError::into_error)
}

/// The cell of a text.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn harmless_cell(text: &str) -> String {
    let mut cell = String::new();
    push_harmless(&mut cell, text);
    cell
}

/// Spreadsheets run what begins like a formula, also after spaces and in full-width forms (OWASP ASVS 5.0, 1.2.10): an
/// apostrophe before it makes it text. What some of them cut a cell at, NUL, is dropped. Where a program splits at `;` or
/// tab in place of the comma, what follows these is the beginning of a cell, too.
fn push_harmless(into: &mut String, text: &str) {
    if is_rewritten(text.trim()) {
        into.push('\'');
    }
    for cell in text.split_inclusive([';', '\t', '\n', '\r', '|']) {
        let first = cell.trim_start_matches(is_blank).chars().next();
        if first.is_some_and(begins_formula) && !into.ends_with('\'') {
            into.push('\'');
        }
        into.extend(cell.chars().filter(|c| *c != '\0'));
    }
}

fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
}

/// What is skipped before a formula. Quotes are what a program drops that takes them for those of a cell.
fn is_blank(c: char) -> bool {
    c == '"' || (c.is_whitespace() && !begins_formula(c))
}

/// Whether a spreadsheet reads it as a number or a date and then shows, and saves, something else: an id with zeros before
/// it or with more digits than it keeps, `1E5`, `1.10`, `2026-11-29`, `2026.11`, `DEC-1`, `12:30`.
fn is_rewritten(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits(text) {
        return text.len() > 11 || (text.len() > 1 && text.starts_with('0'));
    }
    if text.split_once('.').is_some_and(|(whole, fraction)| is_digits(whole) && is_digits(fraction)) {
        return true;
    }
    if text.len() > 40 || !text.is_ascii() {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    if let Some((number, exponent)) = lower.split_once('e') {
        let digits = number.replacen('.', "", 1);
        if is_digits(&digits) && is_digits(exponent.trim_start_matches(['+', '-'])) {
            return true;
        }
    }
    let is_month = |part: &str| {
        let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        part.get(..3).is_some_and(|begin| months.contains(&begin))
            && part.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let parts: Vec<_> = lower.split(['-', '/', ' ', ':', '.']).collect();
    let is_part = |part: &&str| is_month(part) || (is_digits(part) && part.len() <= 4);
    let glued = lower.find(|letter: char| letter.is_ascii_digit()).map(|at| lower.split_at(at));
    ((2..=3).contains(&parts.len()) && parts.iter().all(is_part))
        || glued.is_some_and(|(month, day)| is_month(month) && is_digits(day) && day.len() <= 4)
}

#[cfg(test)]
mod tests {
    use super::harmless_cell as harmless;

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
        assert_eq!(harmless("a;b"), "a;b");
        for id in [
            "0012",
            "123456789012",
            "1E5",
            "12e-034",
            "2026-11-29",
            "1-2",
            "DEC-1",
            "march1",
            "12:30",
            "1/2/26",
            "1.10",
            "1580123327.49030",
            "2026.11",
        ] {
            assert_eq!(harmless(id), format!("'{id}"));
        }
        for id in
            ["4711", "INC-9", "f-1", "10.0.0.1", "deadbeef", "web-1", "019ad000-0000-7000-8000-000000000000"]
        {
            assert_eq!(harmless(id), id);
        }
    }

    /// However a program splits: at commas, semicolons or tabs, with an eye for quotes or without.
    #[test]
    fn t13_no_way_to_split_makes_a_formula() {
        let formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", " =1", "\"=1", "\" =1", "=cmd|' /C calc'!A0"];
        let mut texts = Vec::new();
        for formula in formulas {
            for before in ["", "a", "\"", "a\"", "'"] {
                for between in ["", ";", "\t", ";;", "\t;", "; ", "\n", "\r\n", "|"] {
                    texts.push(format!("{before}{between}{formula}"));
                }
            }
        }
        let cell = |text: &str| harmless(text);
        for text in &texts {
            let mut file = csv::WriterBuilder::new().from_writer(Vec::new());
            file.write_record(["first", &cell(text), "last"]).unwrap();
            let line = String::from_utf8(file.into_inner().unwrap()).unwrap();
            for delimiter in [b';', b'\t'] {
                for quoting in [true, false] {
                    let mut reader = csv::ReaderBuilder::new();
                    let reader =
                        reader.delimiter(delimiter).quoting(quoting).has_headers(false).flexible(true);
                    for record in reader.from_reader(line.as_bytes()).records() {
                        for cell in &record.unwrap() {
                            let cell = cell.trim_start_matches([' ', '"']);
                            assert!(
                                !cell.starts_with(['=', '+', '-', '@', '＝']),
                                "{text:?}: {line:?}: {cell:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}
