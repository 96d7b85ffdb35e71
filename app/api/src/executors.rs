//! Server functions of executors: their list, one of them, adding, pausing, removing.
//!
//! Each that changes something works as a plain form, too.
#![expect(clippy::too_many_arguments, reason = "one for each field of a form")]

use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;
use domain::executors::ExecutorKind;
use domain::executors::contract::{Delivery, ExecutorDetail, ExecutorState, TestResult};
use domain::{ActionType, DeliveryId};

#[cfg(feature = "ssr")]
mod setup;

/// All executors, in the order in which they are asked.
#[server(endpoint = "load_executors", prefix = "/api", output = Answer)]
pub async fn load_executors() -> Result<Vec<ExecutorState>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.executors(&caller).await.map_err(|error| request::fail(&error))
}

/// One executor; and what a test finds, where one is asked for.
#[server(endpoint = "load_executor", prefix = "/api", output = Answer)]
pub async fn load_executor(
    name: String,
    #[server(default)] test: bool,
) -> Result<(ExecutorDetail, Option<TestResult>), ApiError> {
    let (backend, caller) = request::enter().await?;
    let tested = if test {
        Some(backend.test_executor(&caller, &name).await.map_err(|error| request::fail(&error))?)
    } else {
        None
    };
    let detail = backend.executor(&caller, &name).await.map_err(|error| request::fail(&error))?;
    Ok((detail, tested))
}

/// A key for the form that adds a webhook: shown there, and nowhere once the form is sent.
#[server(endpoint = "propose_executor_key", prefix = "/api", output = Answer)]
pub async fn propose_executor_key() -> Result<String, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.propose_key(&caller).await.map_err(|error| request::fail(&error))
}

/// Adds an executor. `serves` has a rule a line; numbers are texts, since a field may stay empty.
#[server(endpoint = "add_executor", prefix = "/api", output = Answer)]
pub async fn add_executor(
    name: String,
    kind: ExecutorKind,
    #[server(default)] serves: String,
    #[server(default)] url: String,
    #[server(default)] internal: bool,
    #[server(default)] profile: String,
    #[server(default)] options: String,
    #[server(default)] due_hours: String,
    #[server(default)] concurrency: String,
    #[server(default)] rate: String,
    #[server(default)] time_limit: String,
    #[server(default)] secret: String,
    #[server(default)] identity: String,
    #[server(default)] authority: String,
) -> Result<(), ApiError> {
    use domain::executors::contract::NewExecutor;
    let (backend, caller) = request::enter().await?;
    let typed = setup::typed(
        &[
            ("name", &name),
            ("serves", &serves),
            ("url", &url),
            ("profile", &profile),
            ("options", &options),
            ("due_hours", &due_hours),
            ("concurrency", &concurrency),
            ("rate", &rate),
            ("time_limit", &time_limit),
            ("authority", &authority),
        ],
        internal,
    );
    let form = setup::Form {
        name,
        kind,
        serves,
        url,
        internal,
        profile,
        options,
        due_hours,
        concurrency,
        rate,
        time_limit,
    };
    let mut setup = form.read().map_err(|error| request::fail(&error))?;
    if let Some(authority) = setup::text(authority) {
        setup.settings.options.insert("authority".to_owned(), authority.into());
    }
    let page = format!("/settings/executors/{}", setup.name);
    // Of a consumer; who gives both is told that only one does.
    let secret = match (setup::text(secret), setup::text(identity)) {
        (Some(_), Some(_)) => {
            let detail = "give a token, or a certificate and its key, not both";
            return Err(request::fail(&domain::Error::invalid("/secret", detail)));
        }
        (secret, identity) => secret.or(identity),
    };
    let new = NewExecutor { setup, secret };
    backend.add_executor(&caller, new).await.map_err(|error| request::fail_keeping(&error, &typed))?;
    leptos_axum::redirect(&page);
    Ok(())
}

/// Changes what is set up of an executor; its secret stays where none is given. The fields are those of adding one.
#[server(endpoint = "change_executor", prefix = "/api", output = Answer)]
pub async fn change_executor(
    name: String,
    kind: ExecutorKind,
    #[server(default)] serves: String,
    #[server(default)] url: String,
    #[server(default)] internal: bool,
    #[server(default)] profile: String,
    #[server(default)] options: String,
    #[server(default)] due_hours: String,
    #[server(default)] concurrency: String,
    #[server(default)] rate: String,
    #[server(default)] time_limit: String,
    #[server(default)] secret: String,
) -> Result<(), ApiError> {
    use domain::executors::contract::NewExecutor;
    let (backend, caller) = request::enter().await?;
    let typed = setup::typed(
        &[
            ("serves", &serves),
            ("url", &url),
            ("profile", &profile),
            ("options", &options),
            ("due_hours", &due_hours),
            ("concurrency", &concurrency),
            ("rate", &rate),
            ("time_limit", &time_limit),
        ],
        internal,
    );
    let form = setup::Form {
        name,
        kind,
        serves,
        url,
        internal,
        profile,
        options,
        due_hours,
        concurrency,
        rate,
        time_limit,
    };
    let mut setup = form.read().map_err(|error| request::fail(&error))?;
    let page = format!("/settings/executors/{}", setup.name);
    // The templates have a form of their own.
    let before = backend.executor(&caller, &setup.name).await.map_err(|error| request::fail(&error))?;
    setup.settings.steps = before.state.setup.settings.steps;
    let changed = NewExecutor { setup, secret: Some(secret) };
    backend.change_executor(&caller, changed).await.map_err(|error| request::fail_keeping(&error, &typed))?;
    leptos_axum::redirect(&page);
    Ok(())
}

/// Changes the steps of a type of action that is carried out by hand; without a text they are the usual ones.
#[server(endpoint = "set_executor_steps", prefix = "/api", output = Answer)]
pub async fn set_executor_steps(
    name: String,
    action_type: ActionType,
    #[server(default)] steps: String,
) -> Result<(), ApiError> {
    use domain::executors::contract::NewExecutor;
    let (backend, caller) = request::enter().await?;
    let typed = [("action_type", action_type.to_string()), ("steps", steps.clone())];
    let before = backend.executor(&caller, &name).await.map_err(|error| request::fail(&error))?;
    let mut setup = before.state.setup;
    match steps.trim() {
        "" => setup.settings.steps.remove(&action_type),
        text => setup.settings.steps.insert(action_type, text.to_owned()),
    };
    let changed = NewExecutor { setup, secret: None };
    let done = backend.change_executor(&caller, changed).await;
    done.map_err(|error| request::fail_keeping(&error, &typed))?;
    leptos_axum::redirect(&format!("/settings/executors/{name}"));
    Ok(())
}

/// A code that takes in the host of a device; shown this once.
#[server(endpoint = "make_responder_code", prefix = "/api", output = Answer)]
pub async fn make_responder_code(asset: String) -> Result<String, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.responder_code(&caller, &asset).await.map_err(|error| request::fail(&error))
}

/// Ends what the key of an enrolled host is good for.
#[server(endpoint = "revoke_host", prefix = "/api", output = Answer)]
pub async fn revoke_host(name: String) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.revoke_host(&caller, &name).await.map_err(|error| request::fail(&error))?;
    leptos_axum::redirect(&format!("/settings/executors/{name}"));
    Ok(())
}

/// Moves an executor to a place in the order.
#[server(endpoint = "move_executor", prefix = "/api", output = Answer)]
pub async fn move_executor(name: String, place: u32) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.move_executor(&caller, &name, place).await.map_err(|error| request::fail(&error))?;
    leptos_axum::redirect("/settings/executors");
    Ok(())
}

/// The last messages to a webhook, with their answers.
#[server(endpoint = "load_deliveries", prefix = "/api", output = Answer)]
pub async fn load_deliveries(name: String) -> Result<Vec<Delivery>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.deliveries(&caller, &name).await.map_err(|error| request::fail(&error))
}

/// Sends a delivery again.
#[server(endpoint = "replay_delivery", prefix = "/api", output = Answer)]
pub async fn replay_delivery(name: String, id: DeliveryId) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.redeliver(&caller, &name, id).await.map_err(|error| request::fail(&error))?;
    leptos_axum::redirect(&format!("/settings/executors/{name}"));
    Ok(())
}

/// Pauses an executor, or lets it go on.
#[server(endpoint = "pause_executor", prefix = "/api", output = Answer)]
pub async fn pause_executor(name: String, paused: bool, back: Option<String>) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.pause_executor(&caller, &name, paused).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Removes an executor.
#[server(endpoint = "remove_executor", prefix = "/api", output = Answer)]
pub async fn remove_executor(name: String) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.remove_executor(&caller, &name).await.map_err(|error| request::fail(&error))?;
    leptos_axum::redirect("/settings/executors");
    Ok(())
}
