//! A wrong verdict, as a person reports it: feedback to who proposed.

use serde::{Deserialize, Serialize};

use crate::core::id::ActionId;
use crate::core::string_enum::string_enum;
use crate::core::time::Timestamp;

string_enum! {
    /// In which way a verdict is wrong.
    WrongVerdict {
        FalsePositive = "false_positive" "False positive",
        FalseNegative = "false_negative" "False negative",
    }
}

/// A report of a wrong verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Feedback {
    /// Its place: what comes later has a greater one.
    pub position: i64,
    /// When.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub at: Timestamp,
    /// In which way the verdict is wrong.
    pub kind: WrongVerdict,
    /// By whom.
    pub by: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The action that it is about.
    pub action_id: ActionId,
    /// What its proposer calls the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The investigation that proposed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub investigation_id: Option<String>,
    /// The alert that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<String>,
}

/// What feedback there is after a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FeedbackList {
    /// In the order in which it came.
    pub items: Vec<Feedback>,
    /// The place after which one asks next.
    pub next: i64,
}
