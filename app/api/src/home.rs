//! Server functions of the home page.

use domain::home::HomeView;
use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// What waits, what was decided, what is stuck.
#[server(endpoint = "load_home", prefix = "/api", output = Answer)]
pub async fn load_home() -> Result<HomeView, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.home(&caller).await.map_err(|error| request::fail(&error))
}
