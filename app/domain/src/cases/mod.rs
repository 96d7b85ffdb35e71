//! Lists of incidents and investigations, and the tabs of an investigation: one table of fields, one kind of page.

#[cfg(feature = "ssr")]
pub mod cells;
pub mod contract;
#[cfg(feature = "ssr")]
pub mod fields;

use serde::{Deserialize, Serialize};

use crate::access::device_group::RemediationLevel;
use crate::actions::action::Action;
use crate::actions::contract::Availability;
use crate::core::string_enum::string_enum;
use crate::core::time::{Timestamp, six_decimals};
use crate::incidents::IncidentSummary;
use crate::investigations::graph::Graph;
use crate::investigations::report::{
    AlertPiece, DevicePiece, EvidencePiece, LogPiece, MailboxPiece, UserPiece,
};
use crate::investigations::{EntityFigures, InvestigationSummary, PieceKind, Tab, WaitingAction};
use crate::list::ListView;

#[cfg(feature = "ssr")]
pub use fields::CaseQuery;

string_enum! {
    /// A list.
    CaseList {
        Investigations = "investigations" "Investigations",
        Incidents = "incidents" "Incidents",
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

impl CaseList {
    /// The list of a tab; none if it is made otherwise.
    #[must_use]
    pub const fn of_tab(tab: Tab) -> Option<Self> {
        match tab {
            Tab::Graph => None,
            Tab::Alerts => Some(Self::Alerts),
            Tab::Devices => Some(Self::Devices),
            Tab::Mailboxes => Some(Self::Mailboxes),
            Tab::Users => Some(Self::Users),
            Tab::Evidence => Some(Self::Evidence),
            Tab::Entities => Some(Self::Entities),
            Tab::Log => Some(Self::Log),
            Tab::Pending => Some(Self::Pending),
            Tab::History => Some(Self::History),
        }
    }

    /// The pieces of an investigation that it lists; none if it is made otherwise.
    #[must_use]
    pub const fn pieces(self) -> Option<PieceKind> {
        match self {
            Self::Alerts => Some(PieceKind::Alert),
            Self::Devices => Some(PieceKind::Device),
            Self::Mailboxes => Some(PieceKind::Mailbox),
            Self::Users => Some(PieceKind::User),
            Self::Evidence => Some(PieceKind::Evidence),
            Self::Log => Some(PieceKind::Log),
            Self::Investigations | Self::Incidents | Self::Entities | Self::Pending | Self::History => None,
        }
    }
}

/// The rows of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CaseRows {
    /// Investigations.
    Investigations(Vec<InvestigationSummary>),
    /// Incidents.
    Incidents(Vec<IncidentSummary>),
    /// The graph, with what it says in words.
    Graph(Graph),
    /// Alerts.
    Alerts(Vec<AlertPiece>),
    /// Devices, each with its remediation level.
    Devices(Vec<(DevicePiece, RemediationLevel)>),
    /// Mailboxes.
    Mailboxes(Vec<MailboxPiece>),
    /// Users.
    Users(Vec<UserPiece>),
    /// Evidence.
    Evidence(Vec<EvidencePiece>),
    /// Figures by kind of entity.
    Entities(Vec<EntityFigures>),
    /// Log entries.
    Log(Vec<LogPiece>),
    /// What waits.
    Pending(Vec<WaitingAction>),
    /// What was decided.
    History(Vec<Action>),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasePage {
    /// Its rows.
    pub rows: CaseRows,
    /// How they are shown.
    pub view: ListView,
    /// The server's time of the answer.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}

/// An investigation with one of its tabs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvestigationView {
    /// What the header says.
    pub summary: InvestigationSummary,
    /// In seconds: from its start to its end, or until now.
    pub duration: i64,
    /// In seconds: for how long one of its actions waited.
    pub pending_time: i64,
    /// In seconds: for how long it was queued, as its tool says.
    pub queue_time: Option<i64>,
    /// How many rows each tab has.
    pub counts: Vec<(Tab, u64)>,
    /// The page of the tab.
    pub page: CasePage,
    /// May the caller end it?
    pub cancel: Availability,
}
