//! Server functions of what is done by hand: the list, and who has it in hand.

use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;
use domain::ActionId;
use domain::actions::tasks::{TaskHolder, TaskList};

/// What is to be done by hand.
#[server(endpoint = "load_tasks", prefix = "/api", output = Answer)]
pub async fn load_tasks(holder: TaskHolder) -> Result<TaskList, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.tasks(&caller, holder).await.map_err(|error| request::fail(&error))
}

/// Assigns what is to be done by hand, to the caller where nobody is named.
#[server(endpoint = "assign_task", prefix = "/api", output = Answer)]
pub async fn assign_task(
    id: ActionId,
    expected_version: i64,
    digest: String,
    #[server(default)] to: String,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::{FollowUp, FollowUpVerb, Seen};
    let (backend, caller) = request::enter().await?;
    let seen = Seen { expected_version, digest };
    let assignee = Some(to.trim().to_owned()).filter(|to| !to.is_empty());
    let what = FollowUp { assignee, ..FollowUp::new(FollowUpVerb::Take, None) };
    backend.follow_up(&caller, id, seen, what).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}
