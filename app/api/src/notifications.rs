//! Server functions of notifications: their rules, adding, testing, removing one.
//!
//! Each that changes something works as a plain form, too.
#![expect(clippy::too_many_arguments, reason = "one for each field of a form")]

use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;
use domain::notifications::OwnNotices;
use domain::notifications::contract::{NotificationRuleState, NotificationTest};

/// All rules of notifications, by name.
#[server(endpoint = "load_notification_rules", prefix = "/api", output = Answer)]
pub async fn load_notification_rules() -> Result<Vec<NotificationRuleState>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.notification_rules(&caller).await.map_err(|error| request::fail(&error))
}

/// Adds a rule. `on` and `types` have words between spaces, `to` a recipient a line; numbers are texts, since a field may
/// stay empty.
#[server(endpoint = "add_notification_rule", prefix = "/api", output = Answer)]
pub async fn add_notification_rule(
    name: String,
    #[server(default)] on: Vec<domain::notifications::Occasion>,
    channel: domain::notifications::Channel,
    #[server(default)] to: String,
    #[server(default)] asset_kind: String,
    #[server(default)] device_group: String,
    #[server(default)] min_severity: String,
    #[server(default)] proposed_by: String,
    #[server(default)] expiring_hours: String,
    #[server(default)] digest_hours: String,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::notifications::NotificationRule;
    let (backend, caller) = request::enter().await?;
    let fields = [
        ("name", &name),
        ("to", &to),
        ("asset_kind", &asset_kind),
        ("device_group", &device_group),
        ("min_severity", &min_severity),
        ("proposed_by", &proposed_by),
        ("expiring_hours", &expiring_hours),
        ("digest_hours", &digest_hours),
    ];
    let mut typed: Vec<_> = fields.map(|(name, value)| (name, value.clone())).into();
    typed.push(("channel", channel.to_string()));
    typed.push(("on", on.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")));
    if channel != domain::notifications::Channel::Email {
        // The URL of a webhook is a secret.
        typed.retain(|(name, _)| *name != "to");
    }
    let text = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let number = |field: &str, given: String| match text(given) {
        None => Ok(None),
        Some(digits) => digits.parse::<u32>().map(Some).map_err(|_| {
            request::fail(&domain::Error::invalid(format!("/{field}"), "must be a whole number"))
        }),
    };
    let word = |field: &str| request::fail(&domain::Error::invalid(format!("/{field}"), "is no such word"));
    let asset_kind = text(asset_kind).map(|kind| kind.parse().map_err(|_| word("asset_kind"))).transpose()?;
    let min_severity = text(min_severity).map(|severity| severity.parse().map_err(|_| word("min_severity")));
    let rule = NotificationRule {
        name: name.trim().to_owned(),
        on,
        asset_kind,
        device_group: text(device_group),
        types: Vec::new(),
        min_severity: min_severity.transpose()?,
        proposed_by: text(proposed_by),
        channel,
        to: to.split_whitespace().map(str::to_owned).collect(),
        expiring_hours: number("expiring_hours", expiring_hours)?
            .unwrap_or_else(domain::notifications::expiring_hours),
        digest_hours: number("digest_hours", digest_hours)?,
    };
    let added = backend.add_notification_rule(&caller, rule).await;
    added.map_err(|error| request::fail_keeping(&error, &typed))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Sends a message by a rule that says that it is a test. A plain form learns only whether it was taken.
#[server(endpoint = "test_notification_rule", prefix = "/api", output = Answer)]
pub async fn test_notification_rule(
    name: String,
    back: Option<String>,
) -> Result<NotificationTest, ApiError> {
    let (backend, caller) = request::enter().await?;
    let tested =
        backend.test_notification_rule(&caller, &name).await.map_err(|error| request::fail(&error))?;
    let back = back.map(|back| format!("{back}?tested={}", tested.works));
    request::go_back(back.as_deref());
    Ok(tested)
}

/// Removes a rule, and what it was going to send.
#[server(endpoint = "remove_notification_rule", prefix = "/api", output = Answer)]
pub async fn remove_notification_rule(name: String, back: Option<String>) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.remove_notification_rule(&caller, &name).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// The notifications that a person gets about actions that they proposed.
#[server(endpoint = "load_own_notices", prefix = "/api", output = Answer)]
pub async fn load_own_notices() -> Result<Option<OwnNotices>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.own_notices(&caller).await.map_err(|error| request::fail(&error))
}

/// Sets that: nothing, if no address is given.
#[server(endpoint = "save_own_notices", prefix = "/api", output = Answer)]
pub async fn save_own_notices(
    #[server(default)] address: String,
    #[server(default)] min_severity: String,
    #[server(default)] digest_hours: String,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::Error;
    let (backend, caller) = request::enter().await?;
    let wrong = |pointer: &str, detail: &str| request::fail(&Error::invalid(pointer, detail));
    let severity = Some(min_severity.as_str()).filter(|text| !text.is_empty()).map(str::parse).transpose();
    let hours = Some(digest_hours.as_str()).filter(|text| !text.is_empty()).map(str::parse).transpose();
    let min_severity = severity.map_err(|_| wrong("/min_severity", "names no severity"))?;
    let digest_hours = hours.map_err(|_| wrong("/digest_hours", "must be a number of hours"))?;
    let address = address.trim().to_owned();
    let notices = (!address.is_empty()).then_some(OwnNotices { address, min_severity, digest_hours });
    backend.set_own_notices(&caller, notices).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}
