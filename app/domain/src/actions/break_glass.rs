//! Break-glass: one person lets happen alone what a policy asks two people for, with a reason that somebody else reviews.

use serde::{Deserialize, Serialize};

use crate::actions::catalog::ActionType;
use crate::core::id::ActionId;
use crate::core::string_enum::string_enum;
use crate::core::time::{Timestamp, six_decimals};

/// Characters that the reason has at least.
pub const MIN_REASON: usize = 20;

string_enum! {
    /// Whether one person let an action happen alone where a policy asks for somebody else, as exports say it.
    Exception {
        No = "no" "As policies ask",
        Yes = "yes" "Break-glass",
    }
}

/// One use of break-glass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BreakGlassUse {
    /// The action that was let happen.
    pub action: ActionId,
    /// Its type.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// On what it is.
    pub entity: String,
    /// Where that lives.
    pub asset: String,
    /// The policy that asked for somebody else.
    pub policy: String,
    /// Who let it happen.
    pub by: String,
    /// When.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub at: Timestamp,
    /// Why, in their words.
    pub reason: String,
    /// What a different person said of it later; none while that is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<BreakGlassReview>,
}

/// What a different person said of a use of break-glass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BreakGlassReview {
    /// Who.
    pub by: String,
    /// When.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub at: Timestamp,
    /// What.
    pub comment: String,
}

/// Whether a reason is one.
///
/// # Errors
/// A sentence.
pub fn check_reason(text: &str) -> Result<(), String> {
    let length = text.trim().chars().count();
    if length >= MIN_REASON {
        return Ok(());
    }
    Err(format!("must say why this can't wait for somebody else, in {MIN_REASON} characters at least"))
}
