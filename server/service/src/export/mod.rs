//! Exports: everything that a query matches, written at full speed to a file that has no name and served from there,
//! so that a slow reader holds no transaction and a broken connection costs nothing.
//!
//! To add a format, add its row in `domain::actions::export`, a file with its [`Writer`] here, and its line in
//! [`form`]. One that has a form of its own for each action is an [`EventWriter`].

mod csv;
mod json_lines;
mod ocsf;
mod progress;

pub(crate) use self::csv::CsvTable;
use std::fs::File;
use std::io::{self, BufWriter, Seek as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::actions::contract::{Export, ExportActions, ExportProgress};
use domain::actions::export::ExportFormat;
use domain::actions::query::{Column, Counts};
use domain::{ActionQuery, Caller, Error, RowScope};

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::csv::harmless_cell;
use self::ocsf::EventWriter;
use self::progress::ExportSlot;
pub(crate) use self::progress::ExportSlots;
use super::Service;
use store::{Cell, Rows};

/// Before the first row is written, so that few writes reach the disk.
const BUFFER_BYTES: usize = 256 * 1024;

#[async_trait]
impl ExportActions for Service {
    async fn export(
        &self,
        caller: &Caller,
        query: ActionQuery,
        format: ExportFormat,
    ) -> Result<Export, Error> {
        let scope = RowScope::of(caller)?;
        let mut query = self.in_zone(caller, query).await?;
        if query.columns.is_empty() {
            query.columns = Column::OF_EXPORT.to_vec();
        }
        let slot = self.exports.start(&caller.actor.id)?;
        let export = self.write_export(caller, &scope, &query, format, &slot).await;
        slot.end(export.as_ref().err().map(Error::code));
        export
    }

    async fn export_progress(&self, caller: &Caller) -> Result<Option<ExportProgress>, Error> {
        RowScope::of(caller)?;
        Ok(self.exports.progress(&caller.actor.id))
    }
}

impl Service {
    async fn write_export(
        &self,
        caller: &Caller,
        scope: &RowScope,
        query: &ActionQuery,
        format: ExportFormat,
        slot: &ExportSlot,
    ) -> Result<Export, Error> {
        let as_of = self.clock.now();
        let broken = |error: io::Error| Error::Internal(format!("an export could not be written: {error}"));
        let file = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile().map_err(broken)?);
        let form = form(format, file, query.shown_columns()).map_err(broken)?;
        // Only for people, who watch it grow; without a number it is written all the same.
        let count = async {
            if caller.own().is_ok()
                && let Ok(Counts { matches, more: false, .. }) = self.store.counts(scope, query, as_of).await
            {
                slot.expect(matches);
            }
        };
        let write = async {
            match form {
                Form::Columns(writer) => {
                    let mut rows = CountedRows { writer, written: slot.written() };
                    self.store.export(scope, query, as_of, &mut rows).await?;
                    rows.writer.end().map_err(broken)
                }
                Form::Events(mut events) => {
                    let written = slot.written();
                    let mut take = |action| {
                        written.fetch_add(1, Ordering::Relaxed);
                        events.write(action)
                    };
                    self.store.export_actions(scope, query, as_of, &mut take).await?;
                    events.end().map_err(broken)
                }
            }
        };
        let (written, ()) = tokio::join!(write, count);
        let mut file = written?;
        let bytes = file.stream_position().map_err(broken)?;
        file.rewind().map_err(broken)?;
        Ok(Export { file, bytes, as_of })
    }
}

/// Writes the rows of one format.
trait Writer: Rows {
    /// Writes what is left, and gives the file back.
    fn end(self: Box<Self>) -> io::Result<File>;
}

/// How a format is written.
enum Form {
    /// By the columns that were asked for.
    Columns(Box<dyn Writer>),
    /// As events, of all that is known of each action.
    Events(EventWriter),
}

/// Begins a file of a format.
fn form(format: ExportFormat, file: BufWriter<File>, columns: &[Column]) -> io::Result<Form> {
    Ok(match format {
        ExportFormat::Csv => Form::Columns(Box::new(csv::CsvWriter::begin(file, columns, false)?)),
        ExportFormat::SpreadsheetCsv => Form::Columns(Box::new(csv::CsvWriter::begin(file, columns, true)?)),
        ExportFormat::JsonLines => Form::Columns(Box::new(json_lines::JsonLinesWriter::begin(file, columns))),
        ExportFormat::Ocsf => Form::Events(EventWriter::begin(file)),
    })
}

/// Counts the rows as they are written.
struct CountedRows {
    writer: Box<dyn Writer>,
    written: Arc<AtomicU64>,
}

impl Rows for CountedRows {
    fn row(&mut self, id: &str, cells: &[Cell<'_>]) -> io::Result<()> {
        self.writer.row(id, cells)?;
        self.written.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
