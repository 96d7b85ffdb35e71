//! Incidents: alerts and investigations that belong together, who cares for them, and how they ended.

pub mod contract;
#[cfg(feature = "ssr")]
mod repeat;

use serde::{Deserialize, Serialize};

use crate::actions::action::{Action, Severity};
use crate::actions::contract::Availability;
use crate::core::error::FieldError;
use crate::core::string_enum::string_enum;
use crate::core::text::check_text;
use crate::core::time::{Timestamp, six_decimals};
use crate::investigations::report::{AlertPiece, EvidencePiece, Findings};
use crate::investigations::{InvestigationSummary, WaitingAction};

/// Characters of a comment.
pub const MAX_COMMENT: usize = 4_000;

string_enum! {
    /// How far an incident is.
    IncidentStatus {
        Active = "active" "Active",
        InProgress = "in_progress" "In progress",
        Resolved = "resolved" "Resolved",
    }
}

string_enum! {
    /// What an incident turned out to be.
    Classification {
        TruePositive = "true_positive" "True positive",
        Expected = "informational_expected_activity" "Informational, expected activity",
        FalsePositive = "false_positive" "False positive",
    }
}

/// What a tool reports of an incident: parts in any order; what a report leaves out stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IncidentReport {
    /// The tool's own id of it.
    pub id: String,
    /// What it is about.
    #[serde(default)]
    pub title: Option<String>,
    /// How bad it is.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// When it began.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub started_at: Option<Timestamp>,
    /// Alerts of which no investigation tells.
    #[serde(default)]
    pub alerts: Vec<AlertPiece>,
}

impl IncidentReport {
    /// Everything that is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found = Findings(Vec::new());
        found.id("/id", &self.id);
        found.text("/title", self.title.as_ref());
        found.alerts(&self.alerts);
        found.0
    }
}

/// What a person says of an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IncidentChange {
    /// The incident's `version` as it was seen.
    pub expected_version: i64,
    /// How far it is.
    #[serde(default)]
    pub status: Option<IncidentStatus>,
    /// What it turned out to be; empty for nothing.
    #[serde(default)]
    pub classification: Option<String>,
    /// Who cares for it; empty for nobody.
    #[serde(default)]
    pub assigned_to: Option<String>,
}

impl IncidentChange {
    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        if let Some(text) = self.classification.as_deref().filter(|text| !text.is_empty())
            && let Err(error) = text.parse::<Classification>()
        {
            found.push(FieldError::new("/classification", error.to_string()));
        }
        if let Some(text) = self.assigned_to.as_deref().filter(|text| !text.is_empty())
            && let Err(detail) = check_text(text, 200)
        {
            found.push(FieldError::new("/assigned_to", detail));
        }
        found
    }
}

/// What a list says of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IncidentSummary {
    /// Its id, as its tool gave it.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// How far it is.
    pub status: IncidentStatus,
    /// What it turned out to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    /// Who cares for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<String>,
    /// When it began.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub started_at: Timestamp,
    /// When it changed last.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub updated_at: Timestamp,
    /// How many investigations it has.
    pub investigations: u64,
    /// How many of its actions wait for a decision.
    pub waiting: u64,
    /// Grows with each change.
    pub version: i64,
}

/// One page of the list of incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IncidentList {
    /// The latest change first.
    pub items: Vec<IncidentSummary>,
    /// The cursor of the next page; none on the last.
    pub next: Option<String>,
    /// The server's time of the answer.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}

/// A comment on an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IncidentComment {
    /// When.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What.
    pub text: String,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryLine {
    /// When.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// An incident with all that its page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentView {
    /// What the header says.
    pub summary: IncidentSummary,
    /// What happened, in order.
    pub story: Vec<StoryLine>,
    /// Its alerts, and those of its investigations.
    pub alerts: Vec<AlertPiece>,
    /// Its investigations.
    pub investigations: Vec<InvestigationSummary>,
    /// What these found.
    pub evidence: Vec<EvidencePiece>,
    /// What waits for a decision.
    pub pending: Vec<WaitingAction>,
    /// What was decided, the latest first.
    pub decided: Vec<Action>,
    /// Comments, the latest last.
    pub comments: Vec<IncidentComment>,
    /// May the caller change it?
    pub change: Availability,
    /// The server's time of the answer.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}
