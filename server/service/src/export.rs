//! Exports: everything that a query matches, written at full speed to a file that has no name and served from there,
//! so that a slow reader holds no transaction and a broken connection costs nothing.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::actions::contract::{Export, ExportActions, ExportFormat, ExportProgress};
use domain::actions::query::{Column, Counts, value_label};
use domain::{ActionQuery, Caller, Error, RowScope};

use super::Service;
use super::exporting::Turn;
use store::{Cell, Rows};

/// Before the first row is written, so that few writes reach the disk.
const BUFFER: usize = 256 * 1024;

#[async_trait]
impl ExportActions for Service {
    async fn export(
        &self,
        caller: &Caller,
        query: ActionQuery,
        format: ExportFormat,
    ) -> Result<Export, Error> {
        let scope = RowScope::of(caller)?;
        let turn = self.exporting.start(&caller.actor.id)?;
        let export = self.write_turn(caller, &scope, &query, format, &turn).await;
        turn.end(export.as_ref().err().map(Error::code));
        export
    }

    async fn export_progress(&self, caller: &Caller) -> Result<Option<ExportProgress>, Error> {
        RowScope::of(caller)?;
        Ok(self.exporting.progress(&caller.actor.id))
    }
}

impl Service {
    async fn write_turn(
        &self,
        caller: &Caller,
        scope: &RowScope,
        query: &ActionQuery,
        format: ExportFormat,
        turn: &Turn,
    ) -> Result<Export, Error> {
        let as_of = self.clock.now();
        let broken = |error: io::Error| Error::Internal(format!("an export could not be written: {error}"));
        let file = BufWriter::with_capacity(BUFFER, tempfile::tempfile().map_err(broken)?);
        let mut sheet = Sheet::begin(file, query.shown_columns(), format, turn.written()).map_err(broken)?;
        // Only for people, who watch it grow; without a number it is written all the same.
        let count = async {
            if caller.own().is_ok()
                && let Ok(Counts { matches, more: false, .. }) = self.store.counts(scope, query, as_of).await
            {
                turn.expect(matches);
            }
        };
        let (written, ()) = tokio::join!(self.store.export(scope, query, as_of, &mut sheet), count);
        written?;
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
    written: Arc<AtomicU64>,
}

enum Form {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    JsonLines(BufWriter<File>),
}

impl Sheet {
    fn begin(
        file: BufWriter<File>,
        columns: &[Column],
        format: ExportFormat,
        written: Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let form = match format {
            ExportFormat::Csv => {
                let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
                csv.write_record(columns.iter().map(|column| column.label()))?;
                Form::Csv(Box::new(csv))
            }
            ExportFormat::JsonLines => Form::JsonLines(file),
        };
        Ok(Self { form, columns: columns.to_vec(), text: String::new(), written })
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
        self.written.fetch_add(1, Ordering::Relaxed);
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
