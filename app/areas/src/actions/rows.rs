//! The rows of a list of actions.

use api::{ApiError, Load};
use domain::{Action, ActionId, ActionPage, Lane, Status, UndoState};
use kit::table::{row_hold, selection};

/// A page of a list: its tab, its identity and its rows.
pub(crate) type List = Load<(Lane, String, Result<ActionPage, ApiError>)>;
/// The rows that are shown, while new ones are held back.
pub(crate) type RowHold = row_hold::RowHold<Action>;
/// A list's shown rows.
pub(crate) type ShownActions = row_hold::ShownRows<Action>;
/// The selected rows.
pub(crate) type Selection = selection::Selection<ActionId>;

/// Whether an executor has the action, or its reverse, so that changes are to be expected.
pub(crate) const fn is_running(action: &Action) -> bool {
    matches!(action.status, Status::Queued | Status::InProgress)
        || matches!(action.undo, UndoState::Requested)
}
