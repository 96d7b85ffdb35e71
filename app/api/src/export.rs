//! Server functions of exports.

use domain::actions::contract::ExportProgress;
use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// How far the person's export is, or how it ended a moment ago.
#[server(endpoint = "load_export", prefix = "/api", output = Answer)]
pub async fn load_export() -> Result<Option<ExportProgress>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.export_progress(&caller).await.map_err(|error| request::fail(&error))
}
