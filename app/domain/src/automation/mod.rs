//! How far rules may decide by themselves: whether any does now, how many actions of a type in an hour, and what would
//! have happened under another remediation level. The rules are a table: `investigations::automation`.

pub mod contract;

use serde::{Deserialize, Serialize};

use crate::access::Permission;
use crate::access::device_group::RemediationLevel;
use crate::actions::action::{Action, Verdict};
use crate::actions::catalog::ActionType;
use crate::actions::entity::EntityKind;
use crate::actions::lifecycle::Decision;
use crate::core::error::FieldError;
use crate::core::id::{ActionId, DeviceGroupId};
use crate::core::string_enum::string_enum;
use crate::core::time::{Timestamp, six_decimals};
use crate::investigations::automation::{Automation, Subject, decide};

/// Automatic actions of a type in an hour where nothing else is set.
pub const DEFAULT_QUOTA: u32 = 100;
/// The highest quota that can be set.
pub const MAX_QUOTA: u32 = 100_000;
/// Characters of the reason for a stop.
pub const MAX_REASON: usize = 500;
/// Days that a simulation looks back at most.
pub const MAX_DAYS: u16 = 90;
/// Actions that a simulation looks at: the latest.
pub const MAX_SIMULATED: u32 = 10_000;
/// Actions that a simulation names.
pub const MAX_NAMED: usize = 300;

/// Since when, by whom and why no rule decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Stop {
    /// Since when.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub since: Timestamp,
    /// Who stopped it.
    pub by: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How many automatic actions of a type there may be in an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Quota {
    /// The type.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// So many in any hour; more wait for a person.
    pub per_hour: u32,
    /// Whether nothing else was set.
    pub is_default: bool,
    /// How many there were in the last hour; not told to those who do not see all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u32>,
}

impl Quota {
    /// Why one more has to wait; none if it does not.
    #[must_use]
    pub fn spent(&self) -> Option<String> {
        self.used.is_some_and(|used| used >= self.per_hour).then(|| {
            format!(
                "the quota of {} is spent: at most {} in an hour without a person",
                self.action_type.label(),
                self.per_hour
            )
        })
    }
}

/// The types of action that a policy can let rules approve on users that are compromised: all on users but what only
/// reverses another.
pub fn compromised_user_types() -> impl Iterator<Item = ActionType> {
    let on_users = |of: &ActionType| {
        of.info().entities.contains(&EntityKind::User)
            && of.permission(EntityKind::User) == Permission::Users
            && !of.is_reverse()
    };
    ActionType::ALL.iter().copied().filter(on_users)
}

/// The types that rules may approve on users that are compromised, each once and in their order.
///
/// # Errors
/// The first that is not done to users.
pub fn check_compromised_users(types: &[ActionType]) -> Result<Vec<ActionType>, FieldError> {
    let all: Vec<_> = compromised_user_types().collect();
    if let Some((index, wrong)) = types.iter().enumerate().find(|(_, of)| !all.contains(of)) {
        let names: Vec<_> = all.iter().map(|of| of.as_str()).collect();
        let detail =
            format!("names {wrong}, which rules never do to users; name some of {}", names.join(", "));
        return Err(FieldError::new(format!("/types/{index}"), detail));
    }
    Ok(all.into_iter().filter(|of| types.contains(of)).collect())
}

/// Whether rules decide now, and their quotas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AutomationState {
    /// Why no rule decides; none if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
    /// The types of action that rules approve on users whose verdict is Compromised; where there are none, a person decides.
    pub compromised_users: Vec<ActionType>,
    /// Of each type of action.
    pub quotas: Vec<Quota>,
}

impl AutomationState {
    /// The quota of a type.
    #[must_use]
    pub fn quota(&self, action_type: ActionType) -> Quota {
        let known = self.quotas.iter().find(|of| of.action_type == action_type).cloned();
        known.unwrap_or(Quota { action_type, per_hour: DEFAULT_QUOTA, is_default: true, used: Some(0) })
    }
}

string_enum! {
    /// What would have become of an action.
    Simulated {
        Automatic = "automatic" "Automatic",
        Waits = "waits" "Would wait",
        NotProposed = "not_proposed" "Not proposed",
    }
}

/// What is asked of a simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SimulationRequest {
    /// The device group.
    pub device_group: DeviceGroupId,
    /// The level to try.
    pub level: RemediationLevel,
    /// How many days to look back: 1 to 90.
    pub days: u16,
}

/// What would have become of one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SimulatedAction {
    /// The action.
    pub id: ActionId,
    /// When it was proposed.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub proposed_at: Timestamp,
    /// What was to be done.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// On what.
    pub entity: String,
    /// Where.
    pub asset: String,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What became of it.
    pub decision: Decision,
    /// What would have.
    pub outcome: Simulated,
    /// By which rule, or why.
    pub rule: String,
}

impl SimulatedAction {
    /// What would have become of an action under a level, where a policy lets rules approve these types on users that are
    /// compromised.
    #[must_use]
    pub fn under(level: RemediationLevel, on_compromised_users: &[ActionType], action: &Action) -> Self {
        let subject = Subject::of(action.action_type, &action.entity, on_compromised_users);
        let (outcome, rule) = match decide(level, action.verdict, subject) {
            Automation::Approve(rule) => (Simulated::Automatic, rule),
            Automation::Wait => (Simulated::Waits, "a person decides".to_owned()),
            Automation::HoldBack { why, .. } => (Simulated::Waits, format!("a person decides, as {why}")),
            Automation::Nothing(why) => (Simulated::NotProposed, why),
        };
        Self {
            id: action.id,
            proposed_at: action.proposed_at,
            action_type: action.action_type,
            entity: action.entity.title(),
            asset: action.asset.name.clone(),
            verdict: action.verdict,
            decision: action.decision,
            outcome,
            rule,
        }
    }
}

/// What would have happened under another level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Simulation {
    /// The name of the device group.
    pub device_group: String,
    /// Its level now.
    pub current: RemediationLevel,
    /// The level that was tried.
    pub level: RemediationLevel,
    /// So many days were looked back.
    pub days: u16,
    /// Actions that investigations proposed on its devices in this time, at most the latest ten thousand.
    pub total: u64,
    /// Of which so many would have been automatic.
    pub automatic: u64,
    /// Of which so many would have waited.
    pub waits: u64,
    /// Of which so many would not have been proposed.
    pub not_proposed: u64,
    /// Whether there were more than were looked at.
    pub more: bool,
    /// Those that would have been automatic first, the latest first in each.
    pub actions: Vec<SimulatedAction>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_spent_when_all_of_it_is_used() {
        let of = |per_hour, used| Quota {
            action_type: ActionType::QuarantineFile,
            per_hour,
            is_default: false,
            used: Some(used),
        };
        assert_eq!(of(2, 1).spent(), None);
        assert!(of(2, 2).spent().unwrap().contains("at most 2 in an hour"));
        assert!(of(0, 0).spent().is_some(), "none at all");
    }

    #[test]
    fn what_was_not_set_is_the_default() {
        let state = AutomationState { stopped: None, compromised_users: Vec::new(), quotas: Vec::new() };
        let quota = state.quota(ActionType::IsolateDevice);
        assert_eq!((quota.per_hour, quota.is_default), (DEFAULT_QUOTA, true));
    }

    #[test]
    fn rules_do_to_compromised_users_only_what_is_done_to_users() {
        use ActionType::{
            ConfirmUserCompromised, ContainUser, DisableUser, EnableUser, InitiateInvestigation,
            IsolateDevice, ResetPassword, RevokeSessions,
        };
        let all: Vec<_> = compromised_user_types().collect();
        let want = [
            ContainUser,
            InitiateInvestigation,
            DisableUser,
            ResetPassword,
            RevokeSessions,
            ConfirmUserCompromised,
        ];
        assert_eq!(all, want);
        let twice = check_compromised_users(&[RevokeSessions, DisableUser, RevokeSessions]);
        assert_eq!(twice, Ok(vec![DisableUser, RevokeSessions]));
        assert_eq!(check_compromised_users(&[]), Ok(Vec::new()));
        for wrong in [IsolateDevice, EnableUser] {
            let error = check_compromised_users(&[DisableUser, wrong]).unwrap_err();
            assert_eq!(error.pointer, "/types/1");
            assert!(error.detail.contains("disable_user, reset_password"), "{}", error.detail);
        }
    }
}
