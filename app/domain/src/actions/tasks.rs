//! What is to be done by hand: the tasks that people have, as a list.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::actions::action::Action;
use crate::core::error::Error;
use crate::core::string_enum::string_enum;
use crate::core::time::{Timestamp, six_decimals};

/// Tasks in one answer.
pub const MAX_TASKS: u32 = 500;

string_enum! {
    /// Whose tasks are asked for.
    TaskHolder {
        Anybody = "anybody" "All",
        Nobody = "nobody" "Nobody's",
        Me = "me" "Mine",
    }
}

/// An action, or one of its targets, that people carry out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Task {
    /// The action; of several targets, on the one that is meant.
    pub action: Action,
    /// What is to be done, in words.
    pub steps: String,
    /// Who has it in hand.
    pub assigned_to: Option<String>,
    /// When it should be done.
    #[serde(default, serialize_with = "six_decimals::optional")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    pub due_at: Option<Timestamp>,
}

/// What is to be done by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TaskList {
    /// What is due first comes first.
    pub tasks: Vec<Task>,
    /// The server's time of the answer.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub rendered_at: Timestamp,
}

/// What people do by hand.
#[async_trait]
pub trait ListTasks: Send + Sync {
    /// What is to be done by hand, as far as the caller sees it.
    async fn tasks(&self, caller: &Caller, of: TaskHolder) -> Result<TaskList, Error>;
}
