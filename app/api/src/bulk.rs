//! Server functions of plans and jobs: deciding on many at once.

use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;
use domain::{ActionId, BulkId, BulkJob, BulkPlan, BulkVerb, ItemState, Lane};

/// Stores what would be decided, and leads to the page that shows it: the actions named, or with `all` every match of
/// the list but those excepted, or every instance of the same file.
#[server(endpoint = "plan_bulk", prefix = "/api", output = Answer)]
pub async fn plan_bulk(
    verb: BulkVerb,
    #[server(default)] ids: Vec<ActionId>,
    #[server(default)] all: bool,
    lane: Option<Lane>,
    #[server(default)] shows: String,
    #[server(default)] except: Vec<ActionId>,
    same_file: Option<ActionId>,
) -> Result<BulkId, ApiError> {
    use domain::{BulkRequest, Targets};
    let (backend, caller) = request::enter().await?;
    let query = request::query(lane.unwrap_or(Lane::Pending), &shows, None);
    // What it chooses from is the way back later; of what was chosen one by one it decides nothing.
    let from = if query.is_ok() { shows } else { String::new() };
    let targets = match same_file {
        Some(id) => Targets::SameFile(id),
        None if all => {
            Targets::Matching { query: Box::new(query.map_err(|error| request::fail(&error))?), except }
        }
        None => Targets::Ids(ids),
    };
    let plan = backend.plan_bulk(&caller, BulkRequest { verb, targets, from }).await;
    let plan = plan.map_err(|error| request::fail_in_words(&error))?;
    leptos_axum::redirect(&format!("/action-center/plans/{}", plan.id));
    Ok(plan.id)
}

/// A plan.
#[server(endpoint = "load_plan", prefix = "/api", output = Answer)]
pub async fn load_plan(id: BulkId) -> Result<BulkPlan, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.bulk_plan(&caller, id).await.map_err(|error| request::fail(&error))
}

/// Starts a plan, and leads to the page that shows how far it is.
#[server(endpoint = "start_bulk", prefix = "/api", output = Answer)]
pub async fn start_bulk(id: BulkId, reason: Option<String>) -> Result<BulkId, ApiError> {
    let (backend, caller) = request::enter().await?;
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    backend.start_bulk(&caller, id, reason).await.map_err(|error| request::fail(&error))?;
    leptos_axum::redirect(&format!("/action-center/jobs/{id}"));
    Ok(id)
}

/// How far a job is, with a page of its items.
#[server(endpoint = "load_job", prefix = "/api", output = Answer)]
pub async fn load_job(id: BulkId, state: Option<ItemState>, after: Option<i64>) -> Result<BulkJob, ApiError> {
    let (backend, caller) = request::enter().await?;
    let job = backend.bulk_job(&caller, id, state, after.unwrap_or(0)).await;
    job.map_err(|error| request::fail(&error))
}

/// Plans what a job did not get done, and leads to the page that shows it.
#[server(endpoint = "retry_bulk", prefix = "/api", output = Answer)]
pub async fn retry_bulk(id: BulkId) -> Result<BulkId, ApiError> {
    let (backend, caller) = request::enter().await?;
    let plan = backend.retry_bulk(&caller, id).await.map_err(|error| request::fail_in_words(&error))?;
    leptos_axum::redirect(&format!("/action-center/plans/{}", plan.id));
    Ok(plan.id)
}
