//! Rows of a list as somebody has them who knows what stands in them: where each stands, and in which of its states it is.

use domain::actions::query::SortKey;
use domain::{Action, ActionId};
use jiff::Timestamp;

use crate::keys::KeyValue;
use crate::position::Position;

/// What tells one state of an action from all others of it. Each change makes a new version, except that of its device's
/// group, which may also bind its digest anew; and after a failover a version may be there again, at another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowStamp {
    /// Its id.
    pub id: ActionId,
    /// Its version.
    pub version: i64,
    /// Its time.
    pub updated_at: Timestamp,
    /// Its digest.
    pub digest: String,
    /// The group of its device.
    pub device_group: Option<String>,
}

impl RowStamp {
    /// The stamp of an action as it was read.
    #[must_use]
    pub fn of(action: &Action) -> Self {
        Self {
            id: action.id,
            version: action.version,
            updated_at: action.updated_at,
            digest: action.digest.clone(),
            device_group: action.asset.device_group.clone(),
        }
    }
}

/// One row of a list.
#[derive(Debug, Clone)]
pub struct ListedRow {
    /// Which action, and in which state.
    pub stamp: RowStamp,
    /// The key of the list's order.
    pub(crate) key: KeyValue,
    pub(crate) number: i64,
}

impl ListedRow {
    /// Where it stands in the list, whose order that is.
    #[must_use]
    pub fn position(&self, sort: SortKey, before: bool) -> Position {
        Position { sort, key: self.key.clone(), id: self.stamp.id, before }
    }
}
