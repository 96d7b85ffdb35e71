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
    /// Which facts a repeat brought up to date, by their names in the API; of pieces the name of their list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Which pieces were dropped, by their list and their place in it, as `alerts/0`: a later one of the report is the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// What became of each proposed action, in the order of the report.
    pub actions: Vec<ReportedAction>,
}

/// What became of one proposed action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReportedAction {
    /// The proposer's id of it.
    pub external_id: String,
    /// The action; none if it was not proposed.
    pub id: Option<ActionId>,
    /// Whether this report made it.
    #[serde(default)]
    pub created: bool,
    /// Which newer facts of a repeat were taken; then the action has a new version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Which newer facts of a repeat were dropped, since the action is no longer pending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// Its decision; none if it was not proposed.
    pub decision: Option<crate::Decision>,
    /// The rule that decided, or why it was not proposed.
    pub rule: Option<String>,
}

/// What became of a report, and of each of its actions by itself.
pub type EachReported = (Reported, Vec<Result<ReportedAction, Error>>);

/// The part of the server that answers about investigations.
#[async_trait]
pub trait InvestigationsBackend: Send + Sync {
    /// Takes in a report, all of it or nothing.
    async fn report_investigation(
        &self,
        caller: &Caller,
        report: InvestigationReport,
    ) -> Result<Reported, Error>;

    /// Takes in a report, each of its actions by itself: what became of them stands beside the rest, which names none.
    async fn report_each(&self, caller: &Caller, report: InvestigationReport) -> Result<EachReported, Error>;

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
