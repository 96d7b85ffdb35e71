//! Server functions of access: who is signed in.

use domain::access::contract::SessionView;
use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// Who is signed in.
#[server(endpoint = "session", prefix = "/api", output = Answer)]
pub async fn session() -> Result<SessionView, ApiError> {
    let (_, caller) = request::enter().await?;
    Ok(SessionView::of(&caller))
}
