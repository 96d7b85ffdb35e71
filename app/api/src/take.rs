//! Server functions of Take action: its form, and what is sent from it.

use domain::Action;
use domain::actions::take::TakeForm;
use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// What the form shows; `fields` are its fields, encoded as in the page's URL, and with a preview if that is asked for.
#[server(endpoint = "load_take_form", prefix = "/api", output = Answer)]
pub async fn load_take_form(
    #[server(default)] fields: String,
    #[server(default)] preview: bool,
) -> Result<TakeForm, ApiError> {
    use domain::Error;
    use domain::actions::take::NewAction;
    let (backend, caller) = request::enter().await?;
    let assets = backend.recent_assets(&caller).await.map_err(|error| request::fail(&error))?;
    let mut form = TakeForm { assets, preview: None, errors: Vec::new() };
    if !preview {
        return Ok(form);
    }
    let pairs = request::pairs(&fields).map_err(|error| request::fail(&error))?;
    match NewAction::from_pairs(&pairs) {
        Err(errors) => form.errors = errors,
        Ok(new) => match backend.preview_action(&caller, new).await {
            Ok(preview) => form.preview = Some(preview),
            Err(Error::Invalid(errors)) => form.errors = errors,
            Err(error) => return Err(request::fail(&error)),
        },
    }
    Ok(form)
}

/// Takes the action that the fields describe, and leads to it; with break-glass at once also where a policy asks for
/// somebody else.
#[server(endpoint = "take_action", prefix = "/api", output = Answer)]
pub async fn take_action(fields: String, #[server(default)] break_glass: bool) -> Result<Action, ApiError> {
    use domain::Error;
    use domain::actions::take::NewAction;
    let (backend, caller) = request::enter().await?;
    let pairs = request::pairs(&fields).map_err(|error| request::fail(&error))?;
    let mut new = NewAction::from_pairs(&pairs).map_err(|errors| request::fail(&Error::Invalid(errors)))?;
    new.break_glass = break_glass;
    let action = backend.take_action(&caller, new).await.map_err(|error| request::fail(&error))?;
    let tab = if action.decision == domain::Decision::Pending { "pending" } else { "in-progress" };
    leptos_axum::redirect(&format!("/action-center/{tab}?open={}", action.id));
    Ok(action)
}
