//! Server functions of dispatch as a whole.

use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// Goes on handing commands to executors after a pause, and leads back to where the form stood.
#[server(endpoint = "resume_dispatch", prefix = "/api", output = Answer)]
pub async fn resume_dispatch(#[server(default)] back: String) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.resume_dispatch(&caller).await.map_err(|error| request::fail(&error))?;
    request::go_back(Some(&back));
    Ok(())
}
