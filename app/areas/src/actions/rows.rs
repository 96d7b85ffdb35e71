//! The rows of a list of actions.

use api::{ApiError, Load};
use domain::{Action, ActionId, ActionPage, Lane, Status, UndoState};
use kit::table::{row_hold, selection};

/// A page of a list, with the place that it was loaded for.
pub(crate) type List = Load<(Lane, String, Result<ActionPage, ApiError>)>;
/// Which rows are shown.
pub(crate) type RowHold = row_hold::RowHold<Action>;
/// Those rows.
pub(crate) type ShownActions = row_hold::ShownRows<Action>;
/// Which rows are selected.
pub(crate) type Selection = selection::Selection<ActionId>;

/// Whether an executor has the action, or its reverse, so that news are to be expected.
pub(crate) const fn is_running(action: &Action) -> bool {
    matches!(action.status, Status::Queued | Status::InProgress)
        || matches!(action.undo, UndoState::Requested)
}
