//! Positions in lists, from which pages go on.

use domain::actions::query::SortKey;
use domain::{Action, ActionId};
use serde::{Deserialize, Serialize};

use crate::actions_fields::stored;
use crate::case_fields::SortField;
use crate::keys::KeyValue;

/// A position in a list: the key and the id of the row at the edge of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowPosition<K, I> {
    /// What the list is sorted by.
    pub sort: K,
    /// The sort key of the row at the edge.
    pub key: KeyValue,
    /// Its id, which tells it from rows with the same key.
    pub id: I,
    /// Whether the page lies before the position rather than after it.
    pub before: bool,
}

impl<K: PartialEq, I> RowPosition<K, I> {
    /// Whether it is of this order, whose column is that: a cursor is what a stranger sends.
    pub(crate) fn is_of(&self, sort: K, field: Option<SortField>) -> bool {
        self.sort == sort && field.is_some_and(|field| self.key.fits(field.is_number))
    }
}

/// A position in a list of actions.
pub type Position = RowPosition<SortKey, ActionId>;

impl Position {
    /// The position of a row in a list with this order.
    #[must_use]
    pub fn of(action: &Action, sort: SortKey, before: bool) -> Self {
        Self { sort, key: stored(sort.field()).key(action), id: action.id, before }
    }

    /// Whether it can be a position in that order: a cursor is what a stranger sends.
    #[must_use]
    pub fn fits(&self, sort: SortKey) -> bool {
        self.sort == sort && stored(sort.field()).takes(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_of_another_order_does_not_fit() {
        let id = uuid::Uuid::nil().into();
        let at = |sort, key| Position { sort, key, id, before: false };
        assert!(at(SortKey::Updated, KeyValue::Number(1)).fits(SortKey::Updated));
        assert!(!at(SortKey::Updated, KeyValue::Number(1)).fits(SortKey::Expires));
        assert!(!at(SortKey::Updated, KeyValue::Text("1".into())).fits(SortKey::Updated));
        assert!(!at(SortKey::Asset, KeyValue::Number(1)).fits(SortKey::Asset));
        assert!(at(SortKey::Asset, KeyValue::Text("a".into())).fits(SortKey::Asset));
        assert!(!at(SortKey::Asset, KeyValue::Text("a\0".into())).fits(SortKey::Asset));
        assert!(at(SortKey::ActionType, KeyValue::Number(1)).fits(SortKey::ActionType));
        assert!(!at(SortKey::Approval, KeyValue::Text("1".into())).fits(SortKey::Approval));
    }
}
