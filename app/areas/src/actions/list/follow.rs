//! Loads again what changed, and says what somebody else did to it.

use leptos::prelude::*;

use crate::actions::location::ListLocation;
use crate::live::stream::Live;
use domain::{ActionId, AuditKind, Change};
use kit::effect::effect;

/// The parts of the page that a change may concern.
pub(crate) struct ChangeTargets<Row, Note, List, Detail, Tell> {
    /// The list's location.
    pub(crate) location: Memo<ListLocation>,
    /// The name of a row, if it is shown.
    pub(crate) row: Row,
    /// Called for each action that changed, or with `None` if any may have, before the list is loaded.
    pub(crate) note: Note,
    /// Loads the list again.
    pub(crate) list: List,
    /// Loads the open action again.
    pub(crate) detail: Detail,
    /// Announces what somebody else did, to a row or (`true`) to the open action.
    pub(crate) tell: Tell,
}

/// Loads again what changes concern: the list if one of its rows changed, or something came to its tab; the open
/// action if it is the one.
pub(crate) fn follow<Row, Note, List, Detail, Tell>(shown: ChangeTargets<Row, Note, List, Detail, Tell>)
where
    Row: Fn(ActionId) -> Option<String> + 'static,
    Note: Fn(Option<ActionId>) + 'static,
    List: Fn() + 'static,
    Detail: Fn() + 'static,
    Tell: Fn(String, bool) + 'static,
{
    let changes = Live::current().changes;
    effect(move || {
        let batch = changes.get();
        if batch.is_empty() {
            return;
        }
        let ListLocation { lane, open, .. } = shown.location.get_untracked();
        let is_open = |change: &Change| open.as_ref().is_some_and(|open| *open == change.subject.id);
        let mut decided = Vec::new();
        let mut list = batch.everything;
        for change in &batch.changes {
            let Some(action) = change.subject.action() else { continue };
            let row = (shown.row)(action);
            list |= row.is_some() || change.lane == lane;
            (shown.note)(Some(action));
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

/// The verb of a change, in the past tense.
const fn verb(kind: AuditKind) -> Option<&'static str> {
    match kind {
        AuditKind::Approved => Some("approved"),
        AuditKind::Rejected => Some("rejected"),
        AuditKind::UndoRequested => Some("asked to undo"),
        _ => None,
    }
}
