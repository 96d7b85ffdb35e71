//! Notifications: rules of who is told of what, on which channel. A message has links only: nothing is decided by one.

pub mod contract;

use serde::{Deserialize, Serialize};

use crate::actions::action::{Action, Severity};
use crate::actions::catalog::ActionType;
use crate::actions::entity::AssetKind;
use crate::core::error::{Error, FieldError};
use crate::core::id::UserId;
use crate::core::string_enum::string_enum;

/// The most rules that are kept.
pub const MAX_RULES: usize = 100;
/// The most recipients of a rule.
const MAX_RECIPIENTS: usize = 20;
/// In place of an address: whoever proposed the action, if their name is an address.
pub const PROPOSER: &str = "proposer";

string_enum! {
    /// What a notification is about.
    Occasion {
        Waits = "waits" "Waits for a decision",
        Expiring = "expiring" "Expires soon",
        Decided = "decided" "Decided",
        Completed = "completed" "Carried out",
        Failed = "failed" "Failed",
        Unknown = "unknown" "Outcome unknown",
        Undone = "undone" "Undone",
        Settled = "settled" "Waits no more",
        WrongVerdict = "wrong_verdict" "Wrong verdict reported",
        BreakGlass = "break_glass" "Break-glass was used",
    }
}

string_enum! {
    /// How a message travels.
    Channel {
        Email = "email" "Email",
        Webhook = "webhook" "Webhook (JSON)",
        Slack = "slack" "Slack",
        Teams = "teams" "Microsoft Teams",
    }
}

impl Channel {
    /// Whether a message that was sent can be followed by one that says that it is over.
    #[must_use]
    pub const fn can_follow_up(self) -> bool {
        matches!(self, Self::Email | Self::Webhook)
    }
}

/// Who is told of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NotificationRule {
    /// Its name, which never changes.
    pub name: String,
    /// What is told.
    pub on: Vec<Occasion>,
    /// Of which kind of asset; of all where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_kind: Option<AssetKind>,
    /// Of which device group; of all where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_group: Option<String>,
    /// Of which types; of all where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<ActionType>,
    /// Of which severity at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_severity: Option<Severity>,
    /// Of what this person or tool proposed; of all where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<String>,
    /// How the message travels.
    pub channel: Channel,
    /// Addresses, or `proposer`; of the other channels one URL.
    pub to: Vec<String>,
    /// Hours before the end at which an action expires soon.
    #[serde(default = "expiring_hours")]
    pub expiring_hours: u32,
    /// Hours for which news of low and informational severity is gathered into one message; told at once where none is
    /// named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_hours: Option<u32>,
}

/// What begins the name of the rule that a person keeps for themselves.
pub const OWN: &str = "own-";

/// Of what a person is told that they proposed: how it was decided, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnNotices {
    /// Where the mail goes.
    pub address: String,
    /// Of which severity at least; of all where none is named.
    pub min_severity: Option<Severity>,
    /// Hours for which news of low and informational severity is gathered; told at once where none is named.
    pub digest_hours: Option<u32>,
}

impl OwnNotices {
    /// The name of a person's rule.
    #[must_use]
    pub fn rule_of(person: UserId) -> String {
        format!("{OWN}{person}")
    }

    /// As a rule.
    #[must_use]
    pub fn into_rule(self, person: UserId) -> NotificationRule {
        let Self { address, min_severity, digest_hours } = self;
        NotificationRule {
            name: Self::rule_of(person),
            on: vec![
                Occasion::Decided,
                Occasion::Completed,
                Occasion::Failed,
                Occasion::Unknown,
                Occasion::Undone,
            ],
            asset_kind: None,
            device_group: None,
            types: Vec::new(),
            min_severity,
            proposed_by: Some(person.to_string()),
            channel: Channel::Email,
            to: vec![address],
            expiring_hours: expiring_hours(),
            digest_hours,
        }
    }

    /// Of a rule that was made of it.
    #[must_use]
    pub fn of(rule: &NotificationRule) -> Self {
        let address = rule.to.first().cloned().unwrap_or_default();
        Self { address, min_severity: rule.min_severity, digest_hours: rule.digest_hours }
    }
}

/// Hours before the end where a rule names none.
#[must_use]
pub const fn expiring_hours() -> u32 {
    24
}

impl NotificationRule {
    /// Whether the rule is about that action.
    #[must_use]
    pub fn fits(&self, action: &Action) -> bool {
        let by = &action.proposed_by;
        let is_named = |name: &String| {
            by.name == *name || by.id == *name || by.person.as_ref().is_some_and(|person| person.id == *name)
        };
        self.asset_kind.is_none_or(|kind| action.asset.kind == kind)
            && self.device_group.as_ref().is_none_or(|group| action.asset.device_group.as_ref() == Some(group))
            && (self.types.is_empty() || self.types.contains(&action.action_type))
            // The worst comes first.
            && self.min_severity.is_none_or(|least| severity_rank(action.severity) <= severity_rank(least))
            && self.proposed_by.as_ref().is_none_or(is_named)
    }

    /// For how many hours news of this severity is gathered, if it is.
    #[must_use]
    pub fn gathers(&self, severity: Severity) -> Option<u32> {
        self.digest_hours.filter(|_| matches!(severity, Severity::Low | Severity::Informational))
    }

    /// As people see it later: a URL of a webhook is a secret.
    #[must_use]
    pub fn shown(mut self) -> Self {
        if self.channel != Channel::Email {
            self.to = self.to.iter().map(|url| without_path(url)).collect();
        }
        self
    }

    /// Checks it.
    ///
    /// # Errors
    /// [`Error::Invalid`] with each field that does not do.
    pub fn check(&self) -> Result<(), Error> {
        let mut wrong = Vec::new();
        let mut refuse = |pointer: &str, detail: &str| wrong.push(FieldError::new(pointer, detail));
        let is_plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter);
        if self.name.is_empty() || self.name.len() > 60 || !self.name.chars().all(is_plain) {
            refuse("/name", "must be 1 to 60 of a-z, 0-9, '.', '_' and '-'");
        }
        if self.on.is_empty() {
            refuse("/on", "must name what is told, for example waits");
        }
        if self.on.contains(&Occasion::Settled) {
            refuse("/on", "settled follows what waits by itself");
        }
        if !(1..=720).contains(&self.expiring_hours) {
            refuse("/expiring_hours", "must be 1 to 720");
        }
        if self.digest_hours.is_some_and(|hours| !(1..=168).contains(&hours)) {
            refuse("/digest_hours", "must be 1 to 168");
        }
        if self.to.is_empty() || self.to.len() > MAX_RECIPIENTS {
            refuse("/to", "must name 1 to 20 recipients");
        }
        match self.channel {
            Channel::Email if !self.to.iter().all(|to| to == PROPOSER || is_address(to)) => {
                refuse("/to", "must be mail addresses, or proposer");
            }
            Channel::Email => {}
            _ if self.to.len() != 1 || !self.to.iter().all(|to| is_web_url(to)) => {
                refuse("/to", "must be one http or https URL");
            }
            _ => {}
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }
}

const fn severity_rank(severity: Severity) -> u8 {
    severity as u8
}

/// Whether it can be a mail address: one `@`, and nothing that could end a header.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let plain =
        |letter: char| !letter.is_control() && !letter.is_whitespace() && !"<>,;:\"()[]\\".contains(letter);
    text.len() <= 254
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.contains('@') && domain.contains('.') && !domain.ends_with('.')
        })
        && text.chars().all(plain)
}

fn is_web_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    text.len() <= 2_000
        && !host.is_empty()
        && !host.contains('@')
        && !text.chars().any(|letter| letter.is_control() || letter.is_whitespace())
}

fn without_path(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".to_owned() };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}/…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(more: serde_json::Value) -> NotificationRule {
        let mut rule = serde_json::json!({
            "name": "soc", "on": ["waits"], "channel": "email", "to": ["soc@corp.example"],
        });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(rule).unwrap()
    }

    #[test]
    fn what_does_not_do_is_named() {
        let table = [
            (serde_json::json!({}), None),
            (serde_json::json!({ "to": ["proposer"] }), None),
            (serde_json::json!({ "channel": "slack", "to": ["https://hooks.slack.example/x"] }), None),
            (serde_json::json!({ "name": "Sp ace" }), Some("/name")),
            (serde_json::json!({ "on": [] }), Some("/on")),
            (serde_json::json!({ "on": ["settled"] }), Some("/on")),
            (serde_json::json!({ "to": [] }), Some("/to")),
            (serde_json::json!({ "to": ["a@b.example\r\nBcc: c@d.example"] }), Some("/to")),
            (serde_json::json!({ "channel": "teams" }), Some("/to")),
            (serde_json::json!({ "channel": "webhook", "to": ["file:///etc/passwd"] }), Some("/to")),
            (serde_json::json!({ "expiring_hours": 0 }), Some("/expiring_hours")),
            (serde_json::json!({ "digest_hours": 1000 }), Some("/digest_hours")),
        ];
        for (more, field) in table {
            let found = match rule(more.clone()).check() {
                Err(Error::Invalid(wrong)) => wrong.first().map(|error| error.pointer.clone()),
                _ => None,
            };
            assert_eq!(found.as_deref(), field, "{more}");
        }
    }

    #[test]
    fn what_somebody_keeps_for_themselves_is_a_rule_about_what_they_proposed() {
        let person = UserId::from(uuid::Uuid::nil());
        let notices = OwnNotices {
            address: "ana@corp.example".to_owned(),
            min_severity: Some(Severity::High),
            digest_hours: Some(8),
        };
        let rule = notices.clone().into_rule(person);
        assert!(rule.check().is_ok() && rule.name.starts_with(OWN));
        assert_eq!(rule.proposed_by, Some(person.to_string()));
        assert_eq!(OwnNotices::of(&rule), notices);
        let none = OwnNotices { address: PROPOSER.to_owned() + " x", ..notices };
        assert!(none.into_rule(person).check().is_err());
    }

    #[test]
    fn the_url_of_a_webhook_is_not_shown() {
        let url = "https://hooks.slack.example/services/T0/B0/secret";
        let shown = rule(serde_json::json!({ "channel": "slack", "to": [url] })).shown();
        assert_eq!(shown.to, ["https://hooks.slack.example/…"]);
        assert_eq!(rule(serde_json::json!({})).shown().to, ["soc@corp.example"]);
    }
}
