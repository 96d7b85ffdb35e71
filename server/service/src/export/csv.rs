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
        for part in cell.split('\0') {
            into.push_str(part);
        }
    }
}

fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
}

/// What is skipped before a formula. Quotes are what a program drops that takes them for those of a cell.
fn is_blank(c: char) -> bool {
    c == '"' || (c.is_whitespace() && !begins_formula(c))
}

/// Whether a spreadsheet reads it as something else and then shows, and saves, that: an id with zeros before it or with more
/// digits than a number keeps, `1E5`, `1.10`, `5%`, `(5)`, `2026-11-29`, `1MAR`, `12:30`, `true`.
fn is_rewritten(text: &str) -> bool {
    if !has_words_of_numbers(text) {
        return false;
    }
    let lower = text.to_lowercase();
    matches!(lower.as_str(), "true" | "false") || is_number(&lower) || is_date(&lower)
}

/// Whether all words of it may stand in a number or a date: of hardly any text, and it costs little to know.
fn has_words_of_numbers(text: &str) -> bool {
    const WORDS: [&str; 7] = ["a", "am", "e", "p", "pm", "true", "false"];
    const LONGEST: usize = 64;
    let mut words = text.split(|of: char| !of.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let is_word = |word: &str| is_month(word) || WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    text.len() <= LONGEST && words.all(is_word)
}

/// The name of a month, from three letters on.
fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is_of = |month: &&str| month.get(..word.len()).is_some_and(|of| of.eq_ignore_ascii_case(word));
    word.len() >= 3 && MONTHS.iter().any(is_of)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number that is shown in another way, in the dress of money, of a share or of a balance sheet, too.
fn is_number(text: &str) -> bool {
    if is_digits(text) {
        return text.len() > 11 || (text.len() > 1 && text.starts_with('0'));
    }
    let is_dress = |of: char| matches!(of, '$' | '€' | '£' | '¥' | '₹' | '%' | '(' | ')' | '+' | '-' | ' ');
    let bare = text.trim_matches(is_dress);
    let (number, exponent) = bare.split_once('e').unwrap_or((bare, "0"));
    let parts: Vec<_> = number.split(['.', ',', '\'']).collect();
    let between = parts.get(1..parts.len() - 1).unwrap_or_default();
    // Groups of a thousand. With dots alone, addresses have them, too.
    let is_grouped = between.iter().all(|group| group.len() == 3)
        && (parts.len() < 3 || number.contains([',', '\'']) || parts.last().is_some_and(|of| of.len() == 3));
    is_digits(exponent.trim_start_matches(['+', '-']))
        && parts.iter().all(|part| part.is_empty() || is_digits(part))
        && parts.iter().any(|part| !part.is_empty())
        && !number.starts_with('\'')
        && is_grouped
}

/// A date or a time, whatever separates its parts, or nothing.
fn is_date(text: &str) -> bool {
    let mut parts: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            match parts.last_mut() {
                Some(part)
                    if before.is_ascii_alphanumeric()
                        && before.is_ascii_digit() == letter.is_ascii_digit() =>
                {
                    part.push(letter);
                }
                _ => parts.push(letter.to_string()),
            }
        } else if !matches!(letter, '-' | '/' | ' ' | ':' | '.' | ',') {
            return false;
        }
        before = letter;
    }
    let is_half =
        |at: usize, part: &str| at > 0 && text.contains(' ') && matches!(part, "a" | "p" | "am" | "pm");
    let is_part = |(at, part): (usize, &String)| {
        is_month(part) || is_half(at, part) || (is_digits(part) && part.len() <= 4)
    };
    let has_time = text.contains(':') && text.contains(' ');
    let most = if has_time { 7 } else { 3 };
    (2..=most).contains(&parts.len()) && parts.iter().enumerate().all(is_part)
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
            "1%",
            "1.5 %",
            ".5",
            "5.",
            "(5)",
            "$5",
            "5 €",
            "£1,000.50",
            "1MAR",
            "1mar26",
            "Mar 1, 2026",
            "1,5",
            "1,234,567",
            "1.234.567,89",
            "1'234'567",
            "192.168.100.200",
            "true",
            "FALSE",
            "5-",
            "1.5e3",
            "1,5E3",
            "5 PM",
            "2026-11-29 12:30:15",
            "11/29/2026 12:30 pm",
        ] {
            assert_eq!(harmless(id), format!("'{id}"));
        }
        for id in [
            "4711",
            "INC-9",
            "f-1",
            "10.0.0.1",
            "10.0.0.1,10.0.0.2",
            "deadbeef",
            "web-1",
            "marker-1",
            "truely",
            "may",
            "1a",
            "7z",
            "Kim (2)",
            "5 EUR",
            "'1",
            ".",
            "%",
            "00:11:22:33:44:55",
            "2001:db8::1",
            "2026-03-01T08:00:00.000000Z",
            "019ad000-0000-7000-8000-000000000000",
        ] {
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
