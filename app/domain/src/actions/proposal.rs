//! What a tool sends to have an action proposed, and the rules that it must keep.

use serde::{Deserialize, Serialize};

use crate::actions::action::{Alert, Evidence, Severity, Source, Verdict};
use crate::actions::catalog::ActionType;
use crate::actions::entity::{Asset, Entity};
use crate::actions::lifecycle::{Decision, Execution, Outcome, State, Status};
use crate::actions::parameter::Parameters;
use crate::core::text::check_text;
use crate::core::time::{SignedDuration, Timestamp};

#[cfg(feature = "ssr")]
mod intake;
#[cfg(feature = "ssr")]
mod repeat;

#[cfg(feature = "ssr")]
pub use repeat::FactChange;

/// Time to decide where the proposer names none (product default: 7 days).
pub const DEFAULT_TIME_TO_DECIDE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The longest time to decide that a proposer may ask for.
pub const MAX_TIME_TO_DECIDE: SignedDuration = SignedDuration::from_hours(180 * 24);
/// Actions in one request.
pub const MAX_ACTIONS: usize = 500;
/// Characters of a comment or reason.
pub const MAX_COMMENT_LENGTH: usize = 2_000;

/// One action as its proposer describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Proposal {
    /// The proposer's own id of it: with `source` it makes a repeat harmless.
    pub external_id: String,
    /// What to do.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// On what.
    pub entity: Entity,
    /// Where it lives.
    pub asset: Asset,
    /// Further devices on which the same is done; of a file alone, and at most 999. Each has its own status.
    #[serde(default)]
    pub targets: Vec<Asset>,
    /// What is known of the device, for the rules of device groups.
    #[serde(default)]
    pub device: Option<DeviceFacts>,
    /// With which parameters.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub parameters: Parameters,
    /// Why. Some types require it.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub comment: Option<String>,
    /// How bad the finding is.
    pub severity: Severity,
    /// Where it comes from.
    pub source: Source,
    /// What the proposer thinks of the entity.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub verdict: Option<Verdict>,
    /// What was found.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// The alert that led to it.
    #[serde(default)]
    pub alert: Option<Alert>,
    /// The attack campaign it belongs to.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub campaign: Option<String>,
    /// The investigation that proposes it.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub investigation_id: Option<String>,
    /// The incident it belongs to.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub incident_id: Option<String>,
    /// Until when it can be decided; where none is named, as long as is set for the type: 7 days at first.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::time_or_nothing"))]
    pub expires_at: Option<Timestamp>,
    /// `NotRequired` for what was done already: it is recorded and never carried out. Otherwise it waits for a decision.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub decision: Option<Decision>,
    /// How it ended; only with decision `NotRequired`.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub status: Option<Status>,
    /// When it was done; only with decision `NotRequired`, now where none is named.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::time_or_nothing"))]
    pub occurred_at: Option<Timestamp>,
    /// What came of it, such as the output of a command; only with decision `NotRequired`.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub result: Option<String>,
}

impl Proposal {
    /// Whether it was done already, and is only to be recorded.
    #[must_use]
    pub fn is_record(&self) -> bool {
        self.decision == Some(Decision::NotRequired)
    }

    /// How what was done already ended; none if it says none, or one that is no end.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match State::from_pair(Decision::NotRequired, self.status?) {
            Ok(State::Granted(_, Execution::Ended(outcome))) => Some(outcome),
            _ => None,
        }
    }
}

/// What a tool knows of a device, for the rules of device groups; what it leaves out stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeviceFacts {
    /// Its domain; what follows the host in a full name where none is named.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub domain: Option<String>,
    /// Its operating system.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub os: Option<String>,
    /// Its tags, at most 50.
    #[serde(default)]
    pub tags: std::collections::BTreeSet<String>,
}

/// Tags of a device.
pub const MAX_TAGS: usize = 50;

/// Checks a comment or reason: not blank, not too long.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_comment(text: &str) -> Result<(), String> {
    check_text(text, MAX_COMMENT_LENGTH)
}

/// Whether a link may be followed: only the web's schemes, never `javascript:` or `data:`.
#[must_use]
pub fn is_web_url(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}
