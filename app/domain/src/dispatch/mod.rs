//! Dispatch as a whole: whether commands are handed to executors, or wait for a person's word since the database went
//! back in time.

pub mod contract;

use serde::{Deserialize, Serialize};

use crate::actions::catalog::ActionType;
use crate::core::id::{ActionId, CommandId};
use crate::core::time::{Timestamp, six_decimals};

/// Commands that are named; more are only counted.
pub const COMMANDS_SHOWN: u32 = 100;

/// Why nothing is handed to executors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Pause {
    /// Since when.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub since: Timestamp,
    /// What was found, in a sentence.
    pub reason: String,
}

/// What a page says of a pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseNotice {
    /// What was found, in a sentence.
    pub reason: String,
    /// Commands that would be handed to executors.
    pub open: u64,
}

/// A command that would be handed to its executor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WaitingCommand {
    /// The command, with the id that its executor knows or will know.
    pub command_id: CommandId,
    /// The action to carry out.
    pub action_id: ActionId,
    /// What is done.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// On what.
    pub entity: String,
    /// Where.
    pub asset: String,
    /// When it was decided on.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub created_at: Timestamp,
    /// Whether it may have been sent before.
    pub possibly_sent: bool,
}

/// Whether commands are handed to executors, and which of them wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DispatchState {
    /// Why not; none if they are.
    pub paused: Option<Pause>,
    /// Commands that are not done.
    pub open: u64,
    /// The first hundred of them, the oldest first.
    pub commands: Vec<WaitingCommand>,
}
