//! What screens and REST API ask of the server about incidents.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::core::error::Error;
use crate::incidents::{IncidentChange, IncidentComment, IncidentReport, IncidentSummary, IncidentView};

/// What became of a report of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReportedIncident {
    /// The incident as it is since.
    #[serde(flatten)]
    pub incident: IncidentSummary,
    /// Whether this report made it.
    pub created: bool,
    /// Which facts a repeat brought up to date, by their names in the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Which alerts were dropped, by their place, as `alerts/0`: a later one of the report has the same id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

/// The part of the server that answers about incidents.
#[async_trait]
pub trait IncidentsBackend: Send + Sync {
    /// Takes in a report.
    async fn report_incident(
        &self,
        caller: &Caller,
        report: IncidentReport,
    ) -> Result<ReportedIncident, Error>;

    /// One incident with all that its page shows.
    async fn incident(&self, caller: &Caller, id: &str) -> Result<IncidentView, Error>;

    /// Changes what people say of it, if it is still what the caller saw.
    async fn change_incident(
        &self,
        caller: &Caller,
        id: &str,
        change: IncidentChange,
    ) -> Result<IncidentSummary, Error>;

    /// Adds a comment.
    async fn comment_incident(
        &self,
        caller: &Caller,
        id: &str,
        text: String,
    ) -> Result<IncidentComment, Error>;
}
