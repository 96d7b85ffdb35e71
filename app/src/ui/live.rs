//! Keeps what is shown fresh: one clock that ticks from the answer's time, and loading again what changed.
//!
//! Everything here is an effect, which only the browser runs; the server renders each answer at its own time.

use std::time::Duration;

use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::*;

use super::derived::{Derived, derived};
use super::place::Place;
use super::stream::{Link, Live};
use super::whenever::whenever;
use domain::core::time::{SignedDuration, Timestamp};
use domain::{Action, ActionId, AuditKind, Change, Status, UndoState};

/// Between two looks at something that runs.
const POLL: Duration = Duration::from_secs(2);
/// Seconds between two steps of the relative times.
const TICK: u32 = 15;

/// Whether an executor has the action, or its reverse, so that news are to be expected.
pub(super) const fn is_running(action: &Action) -> bool {
    matches!(action.status, Status::Queued | Status::InProgress)
        || matches!(action.undo, UndoState::Requested)
}

/// The present as the page knows it: the time of the answer, and what passed since.
pub(super) fn ticking(rendered_at: Derived<Timestamp>) -> Derived<Timestamp> {
    let passed = RwSignal::new(SignedDuration::ZERO);
    whenever(move || {
        rendered_at.track();
        passed.set(SignedDuration::ZERO);
    });
    every(Duration::from_secs(TICK.into()), move || {
        passed.update(|passed| *passed += SignedDuration::from_secs(TICK.into()));
    });
    derived(move || {
        let at = rendered_at.get();
        at.checked_add(passed.get()).unwrap_or(at)
    })
}

/// Calls `look` every two seconds while `running` says so, somebody can see the page, and changes do not come by
/// themselves.
pub(super) fn poll_while(running: Derived<bool>, look: impl Fn() + Clone + 'static) {
    let link = Live::of_page().link;
    poll(derived(move || running.get() && link.get() == Link::Off), look);
}

/// Calls `look` every two seconds while `wanted` says so and somebody can see the page: for what the stream of changes
/// does not tell.
pub(super) fn poll(wanted: Derived<bool>, look: impl Fn() + Clone + 'static) {
    whenever(move || {
        if wanted.get() {
            let look = look.clone();
            interval(POLL, move || {
                if !document().hidden() {
                    look();
                }
            });
        }
    });
}

/// What a page shows, for changes to find out whether they concern it.
pub(super) struct Shown<Row, Note, List, Detail, Tell> {
    /// Where the person is.
    pub(super) here: Memo<Place>,
    /// What a row is called, if it is shown.
    pub(super) row: Row,
    /// Hears of each action that changed, or (none) that any may have, before the list loads.
    pub(super) note: Note,
    /// Loads the list again.
    pub(super) list: List,
    /// Loads the open action again.
    pub(super) detail: Detail,
    /// Says what somebody else did, to a row or (true) to the open action.
    pub(super) tell: Tell,
}

/// Loads again what changes concern: the list if one of its rows changed, or something came to its tab; the open
/// action if it is the one.
pub(super) fn follow<Row, Note, List, Detail, Tell>(shown: Shown<Row, Note, List, Detail, Tell>)
where
    Row: Fn(ActionId) -> Option<String> + 'static,
    Note: Fn(Option<ActionId>) + 'static,
    List: Fn() + 'static,
    Detail: Fn() + 'static,
    Tell: Fn(String, bool) + 'static,
{
    let news = Live::of_page().news;
    whenever(move || {
        let batch = news.get();
        if batch.is_empty() {
            return;
        }
        let Place { lane, open, .. } = shown.here.get_untracked();
        let is_open = |change: &Change| open.as_ref().is_some_and(|open| *open == change.action.to_string());
        let mut decided = Vec::new();
        let mut list = batch.everything;
        for change in &batch.changes {
            let row = (shown.row)(change.action);
            list |= row.is_some() || change.lane == lane;
            (shown.note)(Some(change.action));
            if let (false, Some(verb)) = (change.mine, verb(change.kind)) {
                if is_open(change) {
                    (shown.tell)(format!("{} {verb} this action.", change.by), true);
                }
                decided.extend(row.map(|row| format!("{} {verb} {row}", change.by)));
            }
        }
        match decided.as_slice() {
            [] => {}
            [only] => (shown.tell)(format!("{only}."), false),
            [.., newest] => {
                (shown.tell)(format!("{newest}, and {} more by others.", decided.len() - 1), false);
            }
        }
        if batch.everything {
            (shown.note)(None);
        }
        if list {
            (shown.list)();
        }
        if open.is_some() && (batch.everything || batch.changes.iter().any(is_open)) {
            (shown.detail)();
        }
    });
}

/// What people do to an action, in the past tense.
const fn verb(kind: AuditKind) -> Option<&'static str> {
    match kind {
        AuditKind::Approved => Some("approved"),
        AuditKind::Rejected => Some("rejected"),
        AuditKind::UndoRequested => Some("asked to undo"),
        _ => None,
    }
}

/// Calls `step` at that pace for as long as the current owner lives.
fn every(pace: Duration, step: impl Fn() + Clone + 'static) {
    whenever(move || interval(pace, step.clone()));
}

/// Calls `step` at that pace for as long as the current owner lives, or its effect does not run again.
pub(super) fn interval(pace: Duration, step: impl Fn() + 'static) {
    if let Ok(handle) = set_interval_with_handle(step, pace) {
        on_cleanup(move || handle.clear());
    }
}
