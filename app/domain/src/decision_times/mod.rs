//! How long there is to decide on an action whose proposer names no end, by its type.

pub mod contract;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actions::catalog::ActionType;
use crate::core::time::{SignedDuration, Timestamp};

/// Hours where nothing else is set: seven days.
pub const DEFAULT_HOURS: u32 = 7 * 24;
/// The most that can be set: what a proposer may ask for, too.
pub const MAX_HOURS: u32 = 180 * 24;

/// The time to decide on actions of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DecisionTime {
    /// The type.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// So many hours from the proposal on.
    pub hours: u32,
    /// Whether the hours are the default, because no others were set for the type.
    pub is_default: bool,
}

/// The hours that were set, by action type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecisionTimes(pub BTreeMap<ActionType, u32>);

impl DecisionTimes {
    /// The time to decide on actions of a type.
    #[must_use]
    pub fn of(&self, action_type: ActionType) -> DecisionTime {
        let set = self.0.get(&action_type).copied();
        DecisionTime { action_type, hours: set.unwrap_or(DEFAULT_HOURS), is_default: set.is_none() }
    }

    /// Until when an action of a type can be decided that is proposed now.
    #[must_use]
    pub fn end(&self, action_type: ActionType, now: Timestamp) -> Timestamp {
        let hours = SignedDuration::from_hours(i64::from(self.of(action_type).hours));
        now.checked_add(hours).unwrap_or(now)
    }

    /// The times to decide of all action types.
    #[must_use]
    pub fn all(&self) -> Vec<DecisionTime> {
        ActionType::ALL.iter().map(|of| self.of(*of)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::proposal::{DEFAULT_TIME_TO_DECIDE, MAX_TIME_TO_DECIDE};

    #[test]
    fn a_type_has_its_time_and_the_others_the_default() {
        let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let times = DecisionTimes([(ActionType::IsolateDevice, 4)].into());
        assert_eq!(times.end(ActionType::IsolateDevice, now).to_string(), "2026-03-01T12:00:00Z");
        assert_eq!(times.end(ActionType::DisableUser, now).to_string(), "2026-03-08T08:00:00Z");
        assert!(
            !times.of(ActionType::IsolateDevice).is_default && times.of(ActionType::DisableUser).is_default
        );
        assert_eq!(times.all().len(), ActionType::ALL.len());
        assert_eq!(SignedDuration::from_hours(DEFAULT_HOURS.into()), DEFAULT_TIME_TO_DECIDE);
        assert_eq!(SignedDuration::from_hours(MAX_HOURS.into()), MAX_TIME_TO_DECIDE);
    }
}
