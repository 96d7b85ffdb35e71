//! Who is exporting, one at a time, and how far that is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::actions::contract::ExportProgress;
use domain::{Error, ErrorCode};

/// Exports that may be written at a time.
const MAX_EXPORTS: usize = 4;

/// How long an end is kept for whoever asks for it: a page asks twice a second.
const END_RETENTION: Duration = Duration::from_secs(10);

/// Who is exporting now, and who was a moment ago.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExportSlots(Arc<Mutex<HashMap<String, ExportState>>>);

#[derive(Debug, Default)]
struct ExportState {
    written: Arc<AtomicU64>,
    total: Option<u64>,
    ended: Option<(Instant, Option<ErrorCode>)>,
}

/// The caller's one export at a time. A slot that is dropped without an end was broken off, and is forgotten.
#[derive(Debug)]
pub(super) struct ExportSlot {
    slots: ExportSlots,
    principal: String,
    written: Arc<AtomicU64>,
}

impl ExportSlots {
    pub(super) fn start(&self, principal: &str) -> Result<ExportSlot, Error> {
        let mut states = self.states();
        let is_running = |state: &ExportState| state.ended.is_none();
        if states.get(principal).is_some_and(is_running) {
            return Err(Error::TooManyExports);
        }
        let full = states.values().filter(|state| is_running(state)).count() >= MAX_EXPORTS;
        let ended = full.then(|| (Instant::now(), Some(ErrorCode::TooManyExports)));
        let written = Arc::default();
        let state = ExportState { written: Arc::clone(&written), total: None, ended };
        states.insert(principal.to_owned(), state);
        drop(states);
        if full {
            return Err(Error::TooManyExports);
        }
        Ok(ExportSlot { slots: self.clone(), principal: principal.to_owned(), written })
    }

    /// How far the caller's is. Its end is told once.
    pub(super) fn progress(&self, principal: &str) -> Option<ExportProgress> {
        let mut states = self.states();
        let state = states.get(principal)?;
        let progress = ExportProgress {
            written: state.written.load(Ordering::Relaxed),
            total: state.total,
            running: state.ended.is_none(),
            failed: state.ended.and_then(|(_, failed)| failed),
        };
        if !progress.running {
            states.remove(principal);
        }
        Some(progress)
    }

    /// Without what nobody asked for in time.
    fn states(&self) -> MutexGuard<'_, HashMap<String, ExportState>> {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.retain(|_, state| state.ended.is_none_or(|(at, _)| at.elapsed() < END_RETENTION));
        states
    }
}

impl ExportSlot {
    /// Counts the rows as they are written.
    pub(super) fn written(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.written)
    }

    /// So many there will be.
    pub(super) fn expect(&self, total: u64) {
        if let Some(state) = self.slots.states().get_mut(&self.principal) {
            state.total = Some(total);
        }
    }

    /// Says how it ended.
    pub(super) fn end(self, failed: Option<ErrorCode>) {
        if let Some(state) = self.slots.states().get_mut(&self.principal) {
            state.ended = Some((Instant::now(), failed));
        }
    }
}

impl Drop for ExportSlot {
    fn drop(&mut self) {
        let mut states = self.slots.states();
        if states.get(&self.principal).is_some_and(|state| state.ended.is_none()) {
            states.remove(&self.principal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_export_a_caller_and_four_in_all() {
        let slots = ExportSlots::default();
        let first = slots.start("a").unwrap();
        assert!(slots.start("a").is_err(), "one at a time");
        let others: Vec<_> = ["b", "c", "d"].iter().map(|name| slots.start(name).unwrap()).collect();
        assert!(slots.start("e").is_err(), "four in all");
        let refused = slots.progress("e").unwrap();
        assert_eq!((refused.running, refused.failed), (false, Some(ErrorCode::TooManyExports)));
        drop(first);
        assert!(slots.start("a").is_ok());
        drop(others);
        assert!(slots.start("e").is_ok());
    }

    #[test]
    fn progress_is_the_callers_own_and_its_end_is_told_once() {
        let slots = ExportSlots::default();
        assert_eq!(slots.progress("a"), None);
        let slot = slots.start("a").unwrap();
        let so_far = ExportProgress { written: 0, total: None, running: true, failed: None };
        assert_eq!(slots.progress("a"), Some(so_far));
        slot.expect(5);
        slot.written().store(3, Ordering::Relaxed);
        let so_far = ExportProgress { written: 3, total: Some(5), ..so_far };
        assert_eq!((slots.progress("a"), slots.progress("b")), (Some(so_far), None));
        assert_eq!(slots.progress("a"), Some(so_far), "as often as one likes");
        slot.end(None);
        let ended = ExportProgress { running: false, ..so_far };
        assert_eq!((slots.progress("a"), slots.progress("a")), (Some(ended), None));

        slots.start("a").unwrap().end(Some(ErrorCode::Busy));
        assert!(slots.start("a").is_ok(), "an end that nobody asked for is in nobody's way");
        assert_eq!(slots.progress("a"), None, "one that was broken off has no end");
    }
}
