//! Investigations: what was found, what was made of it, and what they propose.
//!
//! A tool reports them in parts and in any order (`report`); what becomes of their actions without a person says
//! `automation`, in which class of folder a file lies `folder`. An investigation ends only when each of its actions is
//! decided: [`shown_state`].

pub mod automation;
pub mod contract;
pub mod email;
pub mod feedback;
pub mod folder;
pub mod graph;
#[cfg(feature = "ssr")]
pub mod repeat;
pub mod report;

use serde::{Deserialize, Serialize};

use crate::actions::action::{Action, Severity, Verdict};
use crate::actions::contract::Availability;
use crate::actions::entity::EntityKind;
use crate::core::string_enum::string_enum;
#[cfg(feature = "ssr")]
use crate::core::time::SignedDuration;
use crate::core::time::{Timestamp, six_decimals};

string_enum! {
    /// How far an investigation is, or how it ended.
    InvestigationState {
        Queued = "queued" "Queued",
        Running = "running" "Running",
        PendingApproval = "pending_approval" "Pending approval",
        PendingResource = "pending_resource" "Pending resource",
        Benign = "benign" "No threats found",
        PartiallyInvestigated = "partially_investigated" "Partially investigated",
        PartiallyRemediated = "partially_remediated" "Partially remediated",
        SuccessfullyRemediated = "successfully_remediated" "Successfully remediated",
        Failed = "failed" "Failed",
        TerminatedByUser = "terminated_by_user" "Terminated by user",
        TerminatedBySystem = "terminated_by_system" "Terminated by system",
        UnsupportedAlertType = "unsupported_alert_type" "Unsupported alert type",
        UnsupportedOs = "unsupported_os" "Unsupported OS",
        SuppressedAlert = "suppressed_alert" "Suppressed alert",
        PreexistingAlert = "preexisting_alert" "Preexisting alert",
        InnerFailure = "inner_failure" "Inner failure",
        Unknown = "unknown" "Unknown",
    }
}

impl InvestigationState {
    /// Whether it goes on.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::PendingApproval | Self::PendingResource)
    }
}

string_enum! {
    /// What became of a piece of evidence.
    Remediation {
        None = "none" "None",
        Active = "active" "Active",
        PendingApproval = "pending_approval" "Pending approval",
        Running = "running" "Running",
        Remediated = "remediated" "Remediated",
        PartiallyRemediated = "partially_remediated" "Partially remediated",
        Prevented = "prevented" "Prevented",
        Blocked = "blocked" "Blocked",
        Declined = "declined" "Declined",
        Unremediated = "unremediated" "Unremediated",
        NotFound = "not_found" "Not found",
    }
}

/// The state of an investigation that is shown: whatever was reported, it waits for approval while one of its actions
/// does.
#[must_use]
pub const fn shown_state(reported: InvestigationState, waiting: u64) -> InvestigationState {
    if waiting > 0 { InvestigationState::PendingApproval } else { reported }
}

/// For how long an investigation waited for decisions: the time in which at least one of its actions did.
#[cfg(feature = "ssr")]
#[must_use]
pub fn pending_time(actions: &[Action], now: Timestamp) -> SignedDuration {
    let mut spans: Vec<(Timestamp, Timestamp)> = actions
        .iter()
        .filter(|action| action.decision == crate::Decision::Pending || action.decided_at.is_some())
        .map(|action| (action.proposed_at, action.decided_at.unwrap_or(now)))
        .collect();
    spans.sort_unstable();
    let mut total = SignedDuration::ZERO;
    let mut until: Option<Timestamp> = None;
    for (from, to) in spans {
        let from = until.map_or(from, |until| from.max(until));
        if to > from {
            total = total.checked_add(to.duration_since(from)).unwrap_or(SignedDuration::MAX);
            until = Some(to);
        }
    }
    total
}

string_enum! {
    /// A tab of the page of an investigation.
    Tab {
        Graph = "graph" "Investigation graph",
        Alerts = "alerts" "Alerts",
        Devices = "devices" "Devices",
        Mailboxes = "mailboxes" "Mailboxes",
        Users = "users" "Users",
        Evidence = "evidence" "Evidence",
        Entities = "entities" "Entities",
        Log = "log" "Log",
        Pending = "pending" "Pending actions",
        History = "history" "Pending actions history",
    }
}

string_enum! {
    /// The kinds of pieces of which an investigation consists.
    PieceKind {
        Alert = "alert" "Alert",
        Device = "device" "Device",
        Mailbox = "mailbox" "Mailbox",
        User = "user" "User",
        Evidence = "evidence" "Evidence",
        Log = "log" "Log entry",
        Email = "email" "Email",
    }
}

impl PieceKind {
    /// The list of a report in which they stand.
    #[must_use]
    pub const fn list(self) -> &'static str {
        match self {
            Self::Alert => "alerts",
            Self::Device => "devices",
            Self::Mailbox => "mailboxes",
            Self::User => "users",
            Self::Evidence => "evidence",
            Self::Log => "log",
            Self::Email => "emails",
        }
    }
}

/// What a list says of an investigation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InvestigationSummary {
    /// Its id, as its tool gave it.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// How far it is.
    pub state: InvestigationState,
    /// How bad the alert is.
    pub severity: Severity,
    /// The category of the alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What raised the alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection_source: Option<String>,
    /// The incident that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident_id: Option<String>,
    /// When it began.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub started_at: Timestamp,
    /// When it ended; none while it goes on, or while one of its actions waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub ended_at: Option<Timestamp>,
    /// When it changed last.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub updated_at: Timestamp,
    /// How many of its actions wait for a decision.
    pub waiting: u64,
    /// Grows with each report.
    pub version: i64,
}

/// One page of the list of investigations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InvestigationList {
    /// The latest change first.
    pub items: Vec<InvestigationSummary>,
    /// The cursor of the next page; none on the last.
    pub next: Option<String>,
    /// The server's time of the answer.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}

/// How many entities of a kind there are, and what they were found to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EntityFigures {
    /// The kind.
    pub kind: EntityKind,
    /// All of them.
    pub total: u64,
    /// Of which no threat is left.
    pub remediated: u64,
    /// Found malicious, or compromised.
    pub malicious: u64,
    /// Found suspicious.
    pub suspicious: u64,
    /// Of which anything is known.
    pub verified: u64,
    /// In which no threats were found.
    pub clean: u64,
    /// Of which nothing is known.
    pub unknown: u64,
}

/// A waiting action, and what the caller may do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingAction {
    /// The action.
    pub action: Action,
    /// May the caller approve it now?
    pub approve: Availability,
    /// May the caller reject it now?
    pub reject: Availability,
}

/// A verdict that stands for something bad.
#[must_use]
pub const fn is_threat(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Malicious | Verdict::Suspicious | Verdict::Compromised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_approval_while_an_action_does() {
        use InvestigationState::{PendingApproval, Running, SuccessfullyRemediated};
        assert_eq!(shown_state(Running, 0), Running);
        assert_eq!(shown_state(Running, 2), PendingApproval);
        assert_eq!(shown_state(SuccessfullyRemediated, 1), PendingApproval);
        assert_eq!(shown_state(SuccessfullyRemediated, 0), SuccessfullyRemediated);
    }
}
