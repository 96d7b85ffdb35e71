//! Exports: everything that a query matches, written at full speed to a file that has no name and served from there,
//! so that a slow reader holds no transaction and a broken connection costs nothing.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use app::backend::{Export, ExportFormat};
use app::domain::query::{Column, value_label};
use app::domain::{ActionQuery, Caller, Error};

use super::Service;
use crate::store::{Cell, Rows};

/// Exports that may be written at a time.
const MOST: usize = 4;

/// Before the first row is written, so that few writes reach the disk.
const BUFFER: usize = 256 * 1024;

/// Who is exporting now.
#[derive(Debug, Clone, Default)]
pub(super) struct Running(Arc<Mutex<HashSet<String>>>);

/// Ends the caller's turn.
struct Turn(Running, String);

impl Running {
    fn start(&self, principal: &str) -> Result<Turn, Error> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.len() >= MOST || !running.insert(principal.to_owned()) {
            return Err(Error::TooManyExports);
        }
        Ok(Turn(self.clone(), principal.to_owned()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Service {
    pub(super) async fn write_export(
        &self,
        caller: &Caller,
        query: ActionQuery,
        format: ExportFormat,
    ) -> Result<Export, Error> {
        let scope = caller.row_scope()?;
        let _turn = self.exporting.start(&caller.actor.id)?;
        let as_of = self.clock.now();
        let broken = |error: io::Error| Error::Internal(format!("an export could not be written: {error}"));
        let file = BufWriter::with_capacity(BUFFER, tempfile::tempfile().map_err(broken)?);
        let mut sheet = Sheet::begin(file, query.shown_columns(), format).map_err(broken)?;
        self.store.export(&scope, &query, as_of, &mut sheet).await?;
        let mut file = sheet.end().map_err(broken)?;
        let bytes = file.stream_position().map_err(broken)?;
        file.rewind().map_err(broken)?;
        Ok(Export { file, bytes, as_of })
    }
}

/// The file as it grows.
struct Sheet {
    form: Form,
    columns: Vec<Column>,
    text: String,
}

enum Form {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    JsonLines(BufWriter<File>),
}

impl Sheet {
    fn begin(file: BufWriter<File>, columns: &[Column], format: ExportFormat) -> io::Result<Self> {
        let form = match format {
            ExportFormat::Csv => {
                let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
                csv.write_record(columns.iter().map(|column| column.label()))?;
                Form::Csv(Box::new(csv))
            }
            ExportFormat::JsonLines => Form::JsonLines(file),
        };
        Ok(Self { form, columns: columns.to_vec(), text: String::new() })
    }

    fn end(self) -> io::Result<File> {
        let file = match self.form {
            Form::Csv(csv) => csv.into_inner().map_err(csv::IntoInnerError::into_error)?,
            Form::JsonLines(file) => file,
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Rows for Sheet {
    fn row(&mut self, id: &str, cells: &[Cell<'_>]) -> io::Result<()> {
        let text = &mut self.text;
        match &mut self.form {
            Form::Csv(csv) => {
                for (column, cell) in self.columns.iter().zip(cells) {
                    text.clear();
                    match cell {
                        Cell::Text(word) => push_harmless(text, value_label(column.as_str(), word)),
                        Cell::Time(time) => write!(text, "{time}").map_err(io::Error::other)?,
                        Cell::Nothing => {}
                    }
                    csv.write_field(&*text)?;
                }
                csv.write_record(None::<&[u8]>)?;
            }
            Form::JsonLines(file) => {
                write!(file, "{{\"id\":\"{id}\"")?;
                for (column, cell) in self.columns.iter().zip(cells) {
                    write!(file, ",\"{column}\":")?;
                    match cell {
                        Cell::Text(word) => serde_json::to_writer(&mut *file, word)?,
                        Cell::Time(time) => write!(file, "\"{time}\"")?,
                        Cell::Nothing => file.write_all(b"null")?,
                    }
                }
                file.write_all(b"}\n")?;
            }
        }
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

    #[test]
    fn one_export_a_caller_and_four_in_all() {
        let running = Running::default();
        let first = running.start("a").ok().unwrap();
        assert!(running.start("a").is_err(), "one at a time");
        let others: Vec<_> = ["b", "c", "d"].iter().map(|name| running.start(name).ok().unwrap()).collect();
        assert!(running.start("e").is_err(), "four in all");
        drop(first);
        assert!(running.start("a").is_ok());
        drop(others);
        assert!(running.start("e").is_ok());
    }
}
