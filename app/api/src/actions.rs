//! Server functions of actions: their lists, their details, decisions on one.

use domain::actions::contract::{ActionDetail, UndoAnswer};
use domain::actions::query::Counts;
use domain::{Action, ActionId, ActionPage, Buckets, FollowUpVerb, Lane};
use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// One page of a lane. `shows` is the rest of the query, encoded as in a URL.
#[server(endpoint = "list_actions", prefix = "/api", output = Answer)]
pub async fn list_actions(
    lane: Lane,
    #[server(default)] shows: String,
    cursor: Option<String>,
) -> Result<ActionPage, ApiError> {
    let (backend, caller) = request::enter().await?;
    let query = request::query(lane, &shows, cursor).map_err(|error| request::fail(&error))?;
    let mut page = backend.list(&caller, query).await.map_err(|error| request::fail(&error))?;
    page.items = page.items.into_iter().map(Action::brief).collect();
    Ok(page)
}

/// How many rows of a lane match, and of which values. `shows` as in [`list_actions`].
#[server(endpoint = "count_actions", prefix = "/api", output = Answer)]
pub async fn count_actions(lane: Lane, #[server(default)] shows: String) -> Result<Counts, ApiError> {
    let (backend, caller) = request::enter().await?;
    let query = request::query(lane, &shows, None).map_err(|error| request::fail(&error))?;
    let counts = backend.counts(&caller, query).await.map_err(|error| request::fail(&error))?;
    // What they did themselves is what people look for first.
    Ok(counts.led_by(domain::actions::query::Facet::DecidedBy, &caller.actor.name))
}

/// How many actions wait and how many are being carried out.
#[server(endpoint = "lane_counts", prefix = "/api", output = Answer)]
pub async fn lane_counts() -> Result<domain::LaneCounts, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.lane_counts(&caller).await.map_err(|error| request::fail(&error))
}

/// What of a lane is similar, in buckets. `shows` as in [`list_actions`].
#[server(endpoint = "load_buckets", prefix = "/api", output = Answer)]
pub async fn load_buckets(lane: Lane, #[server(default)] shows: String) -> Result<Buckets, ApiError> {
    let (backend, caller) = request::enter().await?;
    let query = request::query(lane, &shows, None).map_err(|error| request::fail(&error))?;
    backend.buckets(&caller, query).await.map_err(|error| request::fail(&error))
}

/// One action with all that a person needs to decide.
#[server(endpoint = "load_action", prefix = "/api", output = Answer)]
pub async fn load_action(id: ActionId) -> Result<ActionDetail, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.detail(&caller, id).await.map_err(|error| request::fail(&error))
}

/// Lets the action happen, if it is still what the caller saw.
#[server(endpoint = "approve_action", prefix = "/api", output = Answer)]
pub async fn approve_action(
    id: ActionId,
    expected_version: i64,
    digest: String,
    comment: Option<String>,
) -> Result<Action, ApiError> {
    use domain::Seen;
    let (backend, caller) = request::enter().await?;
    let comment = comment.filter(|comment| !comment.trim().is_empty());
    let seen = Seen { expected_version, digest };
    backend.approve(&caller, id, seen, comment).await.map_err(|error| request::fail(&error))
}

/// Refuses the action, if it is still what the caller saw.
#[server(endpoint = "reject_action", prefix = "/api", output = Answer)]
pub async fn reject_action(
    id: ActionId,
    expected_version: i64,
    digest: String,
    reason: String,
) -> Result<Action, ApiError> {
    use domain::Seen;
    let (backend, caller) = request::enter().await?;
    let seen = Seen { expected_version, digest };
    backend.reject(&caller, id, seen, reason).await.map_err(|error| request::fail(&error))
}

/// Starts the reverse of the action; of several targets, on those that are named, one a line, or on all.
#[server(endpoint = "undo_action", prefix = "/api", output = Answer)]
pub async fn undo_action(
    id: ActionId,
    expected_version: i64,
    digest: String,
    reason: String,
    #[server(default)] lift_others: bool,
    #[server(default)] targets: String,
    #[server(default)] break_glass: bool,
) -> Result<UndoAnswer, ApiError> {
    use domain::Seen;
    use domain::actions::contract::UndoRequest;
    let (backend, caller) = request::enter().await?;
    let seen = Seen { expected_version, digest };
    let lines = targets.lines().map(str::trim).filter(|line| !line.is_empty());
    let undo = UndoRequest { reason, lift_others, break_glass, targets: lines.map(str::to_owned).collect() };
    let action = backend.undo(&caller, id, seen, undo).await.map_err(|error| request::fail(&error))?;
    // It was taken, whatever becomes of the question what it waits for.
    let waits = backend.undo_waits(&caller, &action).await.unwrap_or_default();
    Ok(UndoAnswer { action, waits })
}

/// Takes the action back, calls it off, tries it again or says how it ended, if it is still what the caller saw.
#[server(endpoint = "follow_up_action", prefix = "/api", output = Answer)]
pub async fn follow_up_action(
    id: ActionId,
    expected_version: i64,
    digest: String,
    verb: FollowUpVerb,
    reason: Option<String>,
    by: Option<ActionId>,
) -> Result<Action, ApiError> {
    use domain::{FollowUp, Seen};
    let (backend, caller) = request::enter().await?;
    let seen = Seen { expected_version, digest };
    let what = FollowUp { replaced_by: by, ..FollowUp::new(verb, reason) };
    backend.follow_up(&caller, id, seen, what).await.map_err(|error| request::fail(&error))
}
