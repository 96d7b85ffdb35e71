//! What screens and REST API ask of the server about incidents.

use async_trait::async_trait;

use crate::access::Caller;
use crate::core::error::Error;
use crate::incidents::{IncidentChange, IncidentComment, IncidentReport, IncidentSummary, IncidentView};

/// The part of the server that answers about incidents.
#[async_trait]
pub trait IncidentsBackend: Send + Sync {
    /// Takes in a report.
    async fn report_incident(
        &self,
        caller: &Caller,
        report: IncidentReport,
    ) -> Result<IncidentSummary, Error>;

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
