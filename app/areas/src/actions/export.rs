//! How far an export is, said while the browser waits for its file. Nobody asks while nothing is exported.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use api::ApiError;
use domain::actions::contract::ExportProgress;
use domain::core::text::{format_count, pluralize};
use kit::clock::interval;
use kit::effect::effect;
use kit::failure::failed_to_read;
use kit::toasts::{Toast, Toasts};

/// Time between two polls.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Polls that may find no export before the page stops waiting: the request may still be on its way.
const MAX_MISSED_POLLS: u32 = 20;
const TOPIC: &str = "export";

/// Whether this page waits for an export; provided through context.
#[derive(Clone, Copy)]
pub(crate) struct ExportTracking(RwSignal<bool>);

impl ExportTracking {
    /// Provides the tracking in the context of all pages, as a download outlives a page.
    pub(crate) fn provide() {
        let (waits, toasts) = (RwSignal::new(false), Toasts::current());
        provide_context(Self(waits));
        effect(move || {
            if waits.get() {
                let look = Rc::new(ExportPoll::new(waits, toasts));
                interval(POLL_INTERVAL, move || Rc::clone(&look).ask());
            }
        });
    }

    /// The tracking of the context; outside of the application, one that never polls.
    pub(crate) fn current() -> Self {
        use_context().unwrap_or_else(|| Self(RwSignal::new(false)))
    }

    /// The link was clicked: the browser follows it, unless another one would be refused.
    pub(crate) fn begin(self, event: &MouseEvent) {
        if self.0.get_untracked() {
            event.prevent_default();
        } else {
            self.0.set(true);
        }
    }
}

/// The polling of one export.
struct ExportPoll {
    waits: RwSignal<bool>,
    toasts: Toasts,
    asking: Cell<bool>,
    missed: Cell<u32>,
    /// Whether the toast was shown: once dismissed, only the end is announced.
    shown: Cell<bool>,
}

impl ExportPoll {
    fn new(waits: RwSignal<bool>, toasts: Toasts) -> Self {
        Self { waits, toasts, asking: Cell::default(), missed: Cell::default(), shown: Cell::default() }
    }

    fn ask(self: Rc<Self>) {
        // The last step may come after the end.
        if !self.waits.get_untracked() || self.asking.replace(true) {
            return;
        }
        spawn_local(async move {
            let answer = api::load_export().await;
            self.asking.set(false);
            if matches!(answer, Ok(None)) {
                self.missed.set(self.missed.get() + 1);
                if self.missed.get() < MAX_MISSED_POLLS {
                    return;
                }
            }
            let (text, bar) = said(answer);
            if bar.is_none() {
                self.waits.set(false);
                self.toasts.show(Toast::new(TOPIC, text, None));
            } else {
                self.missed.set(0);
                if !self.shown.replace(true) || self.toasts.shows(TOPIC) {
                    self.toasts.show(Toast::new(TOPIC, text, None).until(bar));
                }
            }
        });
    }
}

/// The text of the toast, and the progress while the export runs.
fn said(answer: Result<Option<ExportProgress>, ApiError>) -> (String, Option<(u64, Option<u64>)>) {
    let text = match answer {
        Ok(Some(ExportProgress { written, total, running: true, .. })) => {
            // Rows may have come since they were counted.
            let total = total.map(|total| total.max(written));
            let of = total.map_or_else(
                || " rows so far".to_owned(),
                |total| format!(" of {} rows", format_count(total)),
            );
            return (format!("Export: {}{of}", format_count(written)), Some((written, total)));
        }
        Ok(Some(ExportProgress { written, failed: None, .. })) => {
            format!("Export is ready: {}.", pluralize(written, "row", "rows"))
        }
        Ok(Some(ExportProgress { failed: Some(code), .. })) => {
            format!("The export failed. {}", failed_to_read(code))
        }
        Ok(None) => "The export did not begin, or was broken off.".to_owned(),
        Err(error) => format!("The export can't be followed. {}", failed_to_read(error.code)),
    };
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ErrorCode;

    #[test]
    fn an_export_is_told_until_it_is_over() {
        let at =
            |written, total, running, failed| Ok(Some(ExportProgress { written, total, running, failed }));
        let lost = ApiError { code: ErrorCode::NotSignedIn, detail: String::new() };
        let cases = [
            (at(0, None, true, None), "Export: 0 rows so far", Some((0, None))),
            (
                at(420_000, Some(1_000_000), true, None),
                "Export: 420\u{202f}000 of 1\u{202f}000\u{202f}000 rows",
                Some((420_000, Some(1_000_000))),
            ),
            (at(7, Some(5), true, None), "Export: 7 of 7 rows", Some((7, Some(7)))),
            (at(1, Some(1), false, None), "Export is ready: 1 row.", None),
            (at(20_000, None, false, None), "Export is ready: 20\u{202f}000 rows.", None),
            (
                at(3, Some(5), false, Some(ErrorCode::TooManyExports)),
                "The export failed. An export is still being written. Wait for it, then try again.",
                None,
            ),
            (Ok(None), "The export did not begin, or was broken off.", None),
            (Err(lost), "The export can't be followed. Your session is over. Sign in to go on.", None),
        ];
        for (answer, text, bar) in cases {
            assert_eq!(said(answer), (text.to_owned(), bar));
        }
    }
}
