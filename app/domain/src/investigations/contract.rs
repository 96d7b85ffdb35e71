//! What screens and REST API ask of the server about investigations.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::core::error::Error;
use crate::core::id::ActionId;
use crate::investigations::InvestigationSummary;
use crate::investigations::email::EmailView;
use crate::investigations::feedback::{Feedback, FeedbackList, Judged, WrongVerdict};
use crate::investigations::report::InvestigationReport;

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Reported {
    /// The investigation as it is since.
    pub investigation: InvestigationSummary,
    /// Whether this report made it.
    pub created: bool,
    /// What became of each proposed action, in the order of the report.
    pub actions: Vec<ReportedAction>,
}

/// What became of one proposed action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReportedAction {
    /// The proposer's id of it.
    pub external_id: String,
    /// The action; none if it was not proposed.
    pub id: Option<ActionId>,
    /// Whether this report made it.
    #[serde(default)]
    pub created: bool,
    /// Its decision; none if it was not proposed.
    pub decision: Option<crate::Decision>,
    /// The rule that decided, or why it was not proposed.
    pub rule: Option<String>,
}

/// The part of the server that answers about investigations.
#[async_trait]
pub trait InvestigationsBackend: Send + Sync {
    /// Takes in a report, all of it or nothing.
    async fn report_investigation(
        &self,
        caller: &Caller,
        report: InvestigationReport,
    ) -> Result<Reported, Error>;

    /// One investigation.
    async fn investigation(&self, caller: &Caller, id: &str) -> Result<InvestigationSummary, Error>;

    /// An email message by its Message-ID, or a cluster by its id.
    async fn email(&self, caller: &Caller, id: &str) -> Result<EmailView, Error>;

    /// Says that a verdict is wrong, to whose it is.
    async fn report_verdict(
        &self,
        caller: &Caller,
        judged: Judged,
        kind: WrongVerdict,
        comment: Option<String>,
    ) -> Result<Feedback, Error>;

    /// Feedback after a place: of what the caller proposed, or for people of everything.
    async fn feedback(&self, caller: &Caller, after: i64) -> Result<FeedbackList, Error>;

    /// Ends an investigation; what waits goes on waiting.
    async fn end_investigation(&self, caller: &Caller, id: &str) -> Result<InvestigationSummary, Error>;
}
