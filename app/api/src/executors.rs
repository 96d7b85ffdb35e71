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
use domain::executors::contract::{ExecutorDetail, ExecutorState, TestResult};

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
    use domain::executors::{ExecutorSetup, Settings, default_concurrency};
    let (backend, caller) = request::enter().await?;
    let text = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let number = |field: &str, given: String| match text(given) {
        None => Ok(None),
        Some(digits) => digits.parse::<u32>().map(Some).map_err(|_| {
            request::fail(&domain::Error::invalid(format!("/{field}"), "must be a whole number"))
        }),
    };
    let mut rules = Vec::new();
    for (index, line) in serves.lines().filter(|line| !line.trim().is_empty()).enumerate() {
        let rule = line.parse().map_err(|detail: String| {
            request::fail(&domain::Error::invalid(format!("/serves/{index}"), detail))
        })?;
        rules.push(rule);
    }
    let mut options = match text(options) {
        None => serde_json::Map::new(),
        Some(json) => serde_json::from_str(&json).map_err(|error| {
            request::fail(&domain::Error::invalid(
                "/settings/options",
                format!("must be a JSON object: {error}"),
            ))
        })?,
    };
    if let Some(authority) = text(authority) {
        options.insert("authority".to_owned(), authority.into());
    }
    let settings = Settings {
        url: text(url),
        internal,
        profile: text(profile),
        due_hours: number("due_hours", due_hours)?,
        options,
        ..Settings::default()
    };
    let setup = ExecutorSetup {
        name: name.trim().to_owned(),
        kind,
        settings,
        serves: rules,
        concurrency: number("concurrency", concurrency)?.unwrap_or_else(default_concurrency),
        rate: number("rate", rate)?,
        time_limit: number("time_limit", time_limit)?,
    };
    let page = format!("/settings/executors/{}", setup.name);
    // Of a consumer; who gives both is told that only one does.
    let secret = match (text(secret), text(identity)) {
        (Some(_), Some(_)) => {
            let detail = "give a token, or a certificate and its key, not both";
            return Err(request::fail(&domain::Error::invalid("/secret", detail)));
        }
        (secret, identity) => secret.or(identity),
    };
    let new = NewExecutor { setup, secret };
    backend.add_executor(&caller, new).await.map_err(|error| request::fail(&error))?;
    leptos_axum::redirect(&page);
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
