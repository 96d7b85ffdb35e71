//! What an executor's kind needs to know. What each kind takes stands in one table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ExecutorKind;
use crate::actions::catalog::ActionType;
use crate::actions::proposal::{check_comment, is_web_url};
use crate::core::error::FieldError;

/// The settings of an executor, of which each kind takes some.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Settings {
    /// Where it is: http or https. Of a webhook and an `OpenC2` consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether its address may be a private, link-local or loopback one. Of a webhook and an `OpenC2` consumer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// The actuator profile that commands are addressed by. Of an `OpenC2` consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The steps of each type of action in words, where they are others than the usual. Of a manual one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ssr", schema(value_type = BTreeMap<String, String>))]
    pub steps: BTreeMap<ActionType, String>,
    /// What a directory, a mail system or a ban list needs, by the names of its own settings; of an `OpenC2` consumer
    /// `authority`, the certificates that its own must be of, as PEM, and `specifiers`, which of its actuators is meant.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub options: serde_json::Map<String, serde_json::Value>,
    /// Hours until it should be done. Of a manual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_hours: Option<u32>,
}

impl Settings {
    /// The options as a JSON object, for a form.
    #[must_use]
    pub fn options_text(&self) -> String {
        serde_json::to_string_pretty(&self.options).unwrap_or_default()
    }

    /// What is wrong with them for a kind.
    #[must_use]
    pub fn check(&self, kind: ExecutorKind) -> Vec<FieldError> {
        let info = kind.info();
        let (is_manual, is_openc2) = (kind == ExecutorKind::Manual, kind == ExecutorKind::OpenC2);
        let mut wrong = Vec::new();
        let mut refuse = |field: &str, given: bool, takes: bool| {
            if given && !takes {
                let detail = format!("is no setting of the kind {kind}");
                wrong.push(FieldError::new(format!("/settings/{field}"), detail));
            }
        };
        refuse("url", self.url.is_some(), info.has_url);
        refuse("internal", self.internal, info.has_url);
        refuse("profile", self.profile.is_some(), is_openc2);
        refuse("steps", !self.steps.is_empty(), is_manual);
        refuse("options", !self.options.is_empty(), info.has_options);
        refuse("due_hours", self.due_hours.is_some(), is_manual);
        if info.has_url {
            let detail = match self.url.as_deref() {
                None => Some("is missing: where is it?"),
                Some(url)
                    if !is_web_url(url) || url.len() > 2_000 || url.chars().any(char::is_whitespace) =>
                {
                    Some("must be an http or https URL")
                }
                Some(_) => None,
            };
            wrong.extend(detail.map(|detail| FieldError::new("/settings/url", detail)));
        }
        for (of, text) in &self.steps {
            if let Err(detail) = check_comment(text) {
                wrong.push(FieldError::new(format!("/settings/steps/{of}"), detail));
            }
        }
        if self.due_hours.is_some_and(|hours| hours == 0 || hours > 24 * 365) {
            wrong.push(FieldError::new("/settings/due_hours", "must be 1 to 8760"));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_its_own() {
        let of = |kind, settings: serde_json::Value| {
            let settings: Settings = serde_json::from_value(settings).unwrap();
            settings.check(kind).into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        let url = |url: &str| serde_json::json!({ "url": url });
        assert_eq!(of(ExecutorKind::Webhook, url("https://a.example/x")), Vec::<String>::new());
        assert_eq!(of(ExecutorKind::Webhook, url("ftp://a")), ["/settings/url"]);
        assert_eq!(of(ExecutorKind::OpenC2, serde_json::json!({})), ["/settings/url"]);
        assert_eq!(of(ExecutorKind::Manual, url("https://a.example")), ["/settings/url"]);
        let steps = serde_json::json!({ "steps": { "isolate_device": " " }, "due_hours": 0 });
        assert_eq!(
            of(ExecutorKind::Manual, steps),
            ["/settings/steps/isolate_device", "/settings/due_hours"]
        );
    }
}
