//! What is asked of the server about executors, and the shapes of its answers.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::ExecutorSetup;
use crate::access::Caller;
use crate::actions::lifecycle::{Outcome, Status};
use crate::core::error::Error;
pub use crate::core::executor::Health;
use crate::core::id::{ActionId, CommandId, DeliveryId};
use crate::core::time::{Timestamp, six_decimals};

/// The part of the server that keeps executors. All of it is for administrators.
#[async_trait]
pub trait ExecutorsBackend: Send + Sync {
    /// All executors, in the order in which they are asked.
    async fn executors(&self, caller: &Caller) -> Result<Vec<ExecutorState>, Error>;

    /// One executor, with its last answers.
    async fn executor(&self, caller: &Caller, name: &str) -> Result<ExecutorDetail, Error>;

    /// Adds one, at the end of the order. The secret that was made for it comes back this once.
    async fn add_executor(&self, caller: &Caller, new: NewExecutor) -> Result<AddedExecutor, Error>;

    /// Replaces what is set up of one, but neither its name nor its kind; its secret stays where none is given.
    async fn change_executor(&self, caller: &Caller, changed: NewExecutor) -> Result<ExecutorDetail, Error>;

    /// Pauses one, or lets it go on.
    async fn pause_executor(
        &self,
        caller: &Caller,
        name: &str,
        paused: bool,
    ) -> Result<ExecutorDetail, Error>;

    /// Removes one that nothing waits for.
    async fn remove_executor(&self, caller: &Caller, name: &str) -> Result<(), Error>;

    /// A key for a webhook that is going to be added.
    async fn propose_key(&self, caller: &Caller) -> Result<String, Error>;

    /// Asks it whether it is there, without any effect.
    async fn test_executor(&self, caller: &Caller, name: &str) -> Result<TestResult, Error>;

    /// Moves one to a place in the order, counted from 1.
    async fn move_executor(&self, caller: &Caller, name: &str, place: u32) -> Result<(), Error>;

    /// A code that takes in one host, for a device, within a quarter of an hour. It is shown this once.
    async fn responder_code(&self, caller: &Caller, asset: &str) -> Result<String, Error>;

    /// Ends what the key of an enrolled host is good for: it gets no order from then on, until it is enrolled anew.
    async fn revoke_host(&self, caller: &Caller, name: &str) -> Result<ExecutorDetail, Error>;

    /// The last messages to a webhook, with their answers, newest first.
    async fn deliveries(&self, caller: &Caller, name: &str) -> Result<Vec<Delivery>, Error>;

    /// Sends a delivery again, under the id that it had, as long as its command is not over.
    async fn redeliver(&self, caller: &Caller, name: &str, id: DeliveryId) -> Result<Delivery, Error>;
}

/// What executors say later of what they were handed. Who sends it is known by its signature.
#[async_trait]
pub trait ReportsBackend: Send + Sync {
    /// Takes a report.
    async fn take_report(&self, report: SealedReport) -> Result<ReportTaken, Error>;
}

/// A report as it came: the three headers of Standard Webhooks, and the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedReport {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
    /// The body: a [`Report`] as JSON.
    pub body: Vec<u8>,
}

/// What an executor says of a command that it was handed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Report {
    /// The command, as the event named it.
    pub command_id: CommandId,
    /// How it stands.
    pub status: ReportedStatus,
    /// In words.
    #[serde(default)]
    pub detail: Option<String>,
    /// How it stands with each target, where there are several.
    #[serde(default)]
    pub results: Vec<TargetResult>,
}

/// How it stands with one of several targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TargetResult {
    /// The target.
    pub target: String,
    /// How it stands.
    pub status: ReportedStatus,
    /// In words.
    #[serde(default)]
    pub detail: Option<String>,
}

crate::core::string_enum::string_enum! {
    /// How a command stands, in an executor's words.
    ReportedStatus {
        InProgress = "in_progress" "In progress",
        Completed = "completed" "Completed",
        PartiallyCompleted = "partially_completed" "Partially completed",
        Failed = "failed" "Failed",
        Skipped = "skipped" "Skipped",
        Cancelled = "cancelled" "Cancelled",
    }
}

impl ReportedStatus {
    /// The end that it means; none of what goes on.
    #[must_use]
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::InProgress => None,
            Self::Completed => Some(Outcome::Completed),
            Self::PartiallyCompleted => Some(Outcome::PartiallyCompleted),
            Self::Failed => Some(Outcome::Failed),
            Self::Skipped => Some(Outcome::Skipped),
            Self::Cancelled => Some(Outcome::Cancelled),
        }
    }
}

impl Report {
    /// Its words, with those on its targets.
    #[must_use]
    pub fn in_words(&self) -> String {
        let of = |result: &TargetResult| {
            let detail = result.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            format!("{} {}{detail}", result.target, result.status.label().to_lowercase())
        };
        let mut parts: Vec<_> = self.detail.iter().cloned().collect();
        parts.extend(self.results.iter().map(of));
        if parts.is_empty() {
            format!("reported {}", self.status.label().to_lowercase())
        } else {
            parts.join("\n")
        }
    }
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReportTaken {
    /// The action that the command carries out.
    pub action_id: ActionId,
    /// Its status since.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub status: Status,
    /// Whether this report changed it; false for a repeat.
    pub changed: bool,
}

/// An executor to be set up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewExecutor {
    /// What is known of it.
    pub setup: ExecutorSetup,
    /// Its secret.
    pub secret: Option<String>,
}

/// Without the secret, which no log shows.
impl std::fmt::Debug for NewExecutor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewExecutor").field("setup", &self.setup).finish_non_exhaustive()
    }
}

/// An executor that was added.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AddedExecutor {
    /// As it is.
    pub executor: ExecutorState,
    /// The secret that was made for it, for the other side; it is not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// An executor as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ExecutorState {
    /// What is set up of it; of a built-in one, its name and kind alone.
    pub setup: ExecutorSetup,
    /// Whether it comes with an option of the server, and can't be changed here.
    pub built_in: bool,
    /// Whether a secret is kept for it.
    pub has_secret: bool,
    /// Whether it is paused: what is approved waits until it goes on.
    pub paused: bool,
    /// How it is.
    pub health: Health,
    /// How it is, in a sentence.
    pub says: String,
    /// Commands that wait for it, or that it has.
    pub backlog: u64,
    /// Attempts of the last 24 hours that failed or had no trustworthy answer.
    pub failures: u64,
}

/// An executor with its last answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ExecutorDetail {
    /// As it is.
    #[serde(flatten)]
    pub state: ExecutorState,
    /// What it can do, by its own words where it was asked.
    pub can: Vec<String>,
    /// Its last attempts, newest first.
    pub answers: Vec<ExecutorAnswer>,
    /// The server's time of this answer.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub rendered_at: Timestamp,
}

/// How one attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ExecutorAnswer {
    /// When.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub at: Timestamp,
    /// The action.
    pub action: ActionId,
    /// The command.
    pub command: CommandId,
    /// How it ended.
    pub result: AnswerKind,
    /// In words.
    pub detail: String,
}

crate::core::string_enum::string_enum! {
    /// What came of an attempt.
    AnswerKind {
        Done = "done" "Done",
        Failed = "failed" "Failed",
        Handed = "handed" "Handed over",
        NotSent = "not_sent" "Not sent",
        Uncertain = "uncertain" "No trustworthy answer",
    }
}

/// What a webhook was sent, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The action.
    pub action: ActionId,
    /// The command, whose id is that of the message.
    pub command: CommandId,
    /// When.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub at: Timestamp,
    /// How long it took.
    pub milliseconds: u32,
    /// The status of the answer; none where there was no answer.
    pub status: Option<u16>,
    /// What was sent.
    pub request: String,
    /// How the answer begins, or why there was none.
    pub answer: String,
    /// Whether a person had it sent again.
    pub again: bool,
}

/// What a test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TestResult {
    /// Whether it works.
    pub works: bool,
    /// In a sentence: what it answered, or what is wrong.
    pub says: String,
}

impl From<Result<String, String>> for TestResult {
    fn from(found: Result<String, String>) -> Self {
        let works = found.is_ok();
        Self { works, says: found.unwrap_or_else(|why| why) }
    }
}
