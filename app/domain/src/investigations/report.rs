//! What a tool reports of an investigation: all of it at once, or parts in any order. A part that comes again replaces
//! what is there of it; what a report leaves out stays.

use serde::{Deserialize, Serialize};

use crate::actions::action::{Severity, Verdict};
use crate::actions::entity::{Criticality, Entity};
use crate::actions::proposal::{Proposal, is_web_url};
use crate::core::error::FieldError;
use crate::core::text::{MAX_TEXT, check_text};
use crate::core::time::{Timestamp, six_decimals};
use crate::investigations::email::EmailPiece;
use crate::investigations::{InvestigationState, Remediation};

/// Pieces of one kind in one report.
pub const MAX_PIECES: usize = 5_000;
/// Recipients, links, files or copies of one message.
#[cfg(feature = "ssr")]
const MAX_PARTS: usize = 1_000;
/// Characters of an id.
const MAX_ID: usize = 200;

/// What a tool reports of an investigation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InvestigationReport {
    /// The tool's own id of it.
    pub id: String,
    /// What it is about.
    #[serde(default)]
    pub title: Option<String>,
    /// How far it is.
    #[serde(default)]
    pub state: Option<InvestigationState>,
    /// How bad the alert is.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The category of the alert.
    #[serde(default)]
    pub category: Option<String>,
    /// What raised the alert.
    #[serde(default)]
    pub detection_source: Option<String>,
    /// The incident that it belongs to.
    #[serde(default)]
    pub incident_id: Option<String>,
    /// When it began.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub ended_at: Option<Timestamp>,
    /// For how many seconds it was queued.
    #[serde(default)]
    pub queue_time: Option<u32>,
    /// What raised it.
    #[serde(default)]
    pub alerts: Vec<AlertPiece>,
    /// Devices that were looked at.
    #[serde(default)]
    pub devices: Vec<DevicePiece>,
    /// Mailboxes that were looked at.
    #[serde(default)]
    pub mailboxes: Vec<MailboxPiece>,
    /// Users that were looked at.
    #[serde(default)]
    pub users: Vec<UserPiece>,
    /// What was found.
    #[serde(default)]
    pub evidence: Vec<EvidencePiece>,
    /// Messages that were looked at.
    #[serde(default)]
    pub emails: Vec<EmailPiece>,
    /// What it did.
    #[serde(default)]
    pub log: Vec<LogPiece>,
    /// What it proposes; investigation and incident are its own.
    #[serde(default)]
    pub actions: Vec<Proposal>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AlertPiece {
    /// The tool's id of it.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How bad it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Where the tool shows it: http or https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub at: Option<Timestamp>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DevicePiece {
    /// Its host name.
    pub name: String,
    /// Its operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Its device group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_group: Option<String>,
    /// How much the organisation depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criticality: Option<Criticality>,
}

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MailboxPiece {
    /// Its address.
    pub address: String,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct UserPiece {
    /// User principal name or account name.
    pub name: String,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EvidencePiece {
    /// The tool's id of it.
    pub id: String,
    /// What was found.
    pub entity: Entity,
    /// What it was found to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Remediation>,
    /// When it was seen first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub first_seen: Option<Timestamp>,
    /// On which assets it was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<String>,
    /// What detected it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection_origin: Option<String>,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LogPiece {
    /// The tool's id of it.
    pub id: String,
    /// What kind of step it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_type: Option<String>,
    /// What was done.
    pub action: String,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// On which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was created.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub created_at: Timestamp,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub started_at: Option<Timestamp>,
    /// In seconds: how long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// In seconds: for how long it waited for a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_time: Option<u32>,
    /// In seconds: for how long it was queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_time: Option<u32>,
}

/// Collects what is wrong.
pub(crate) struct Findings(pub(crate) Vec<FieldError>);

impl Findings {
    fn check(&mut self, pointer: impl Into<String>, result: Result<(), String>) {
        if let Err(detail) = result {
            self.0.push(FieldError::new(pointer, detail));
        }
    }

    pub(crate) fn id(&mut self, pointer: impl Into<String>, text: &str) {
        self.check(pointer, check_text(text, MAX_ID));
    }

    pub(crate) fn text(&mut self, pointer: impl Into<String>, text: Option<&String>) {
        if let Some(text) = text {
            self.check(pointer, check_text(text, MAX_TEXT));
        }
    }

    fn count(&mut self, name: &str, count: usize) {
        if count > MAX_PIECES {
            self.0.push(FieldError::new(
                format!("/{name}"),
                format!("has {count} items; at most {MAX_PIECES}"),
            ));
        }
    }

    #[cfg(feature = "ssr")]
    fn email(&mut self, at: &str, email: &EmailPiece) {
        self.id(format!("{at}/message_id"), &email.message_id);
        if let Some(cluster) = &email.cluster_id {
            self.id(format!("{at}/cluster_id"), cluster);
        }
        self.text(format!("{at}/sender"), email.sender.as_ref());
        // A message may have no subject.
        self.text(format!("{at}/subject"), email.subject.as_ref().filter(|subject| !subject.is_empty()));
        for (index, recipient) in email.recipients.iter().enumerate() {
            self.id(format!("{at}/recipients/{index}"), recipient);
        }
        for (index, of) in email.authentication.iter().enumerate() {
            self.id(format!("{at}/authentication/{index}/method"), &of.method);
            self.id(format!("{at}/authentication/{index}/result"), &of.result);
        }
        for (index, of) in email.urls.iter().enumerate() {
            self.text(format!("{at}/urls/{index}/url"), Some(&of.url));
        }
        for (index, of) in email.attachments.iter().enumerate() {
            self.text(format!("{at}/attachments/{index}/file_name"), Some(&of.file_name));
        }
        for (index, of) in email.copies.iter().enumerate() {
            self.id(format!("{at}/copies/{index}/mailbox"), &of.mailbox);
        }
        let parts = [
            ("recipients", email.recipients.len()),
            ("authentication", email.authentication.len()),
            ("urls", email.urls.len()),
            ("attachments", email.attachments.len()),
            ("copies", email.copies.len()),
        ];
        for (name, count) in parts {
            if count > MAX_PARTS {
                let detail = format!("has {count} items; at most {MAX_PARTS}");
                self.0.push(FieldError::new(format!("{at}/{name}"), detail));
            }
        }
    }

    pub(crate) fn alerts(&mut self, alerts: &[AlertPiece]) {
        self.count("alerts", alerts.len());
        for (at, alert) in alerts.iter().enumerate() {
            let at = format!("/alerts/{at}");
            self.id(format!("{at}/id"), &alert.id);
            self.text(format!("{at}/title"), Some(&alert.title));
            self.text(format!("{at}/category"), alert.category.as_ref());
            self.text(format!("{at}/url"), alert.url.as_ref());
            if alert.url.as_ref().is_some_and(|url| !is_web_url(url)) {
                self.0.push(FieldError::new(format!("{at}/url"), "must start with https:// or http://"));
            }
        }
    }
}

impl InvestigationReport {
    /// A report of nothing but an id.
    #[must_use]
    pub fn of(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: None,
            state: None,
            severity: None,
            category: None,
            detection_source: None,
            incident_id: None,
            started_at: None,
            ended_at: None,
            queue_time: None,
            alerts: Vec::new(),
            devices: Vec::new(),
            mailboxes: Vec::new(),
            users: Vec::new(),
            evidence: Vec::new(),
            emails: Vec::new(),
            log: Vec::new(),
            actions: Vec::new(),
        }
    }

    /// Everything that is wrong with it, but for its actions, which are checked as proposals are.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found = Findings(Vec::new());
        found.id("/id", &self.id);
        found.text("/title", self.title.as_ref());
        found.text("/category", self.category.as_ref());
        found.text("/detection_source", self.detection_source.as_ref());
        if let Some(incident) = &self.incident_id {
            found.id("/incident_id", incident);
        }
        if self.state == Some(InvestigationState::PendingApproval) {
            let detail = "follows from its actions; report running, or how it ended";
            found.0.push(FieldError::new("/state", detail));
        }
        if let (Some(from), Some(to)) = (self.started_at, self.ended_at)
            && to < from
        {
            found.0.push(FieldError::new("/ended_at", "lies before its start"));
        }
        found.alerts(&self.alerts);
        for (name, count) in [
            ("devices", self.devices.len()),
            ("mailboxes", self.mailboxes.len()),
            ("users", self.users.len()),
            ("evidence", self.evidence.len()),
            ("emails", self.emails.len()),
            ("log", self.log.len()),
        ] {
            found.count(name, count);
        }
        for (at, device) in self.devices.iter().enumerate() {
            found.id(format!("/devices/{at}/name"), &device.name);
            found.text(format!("/devices/{at}/os"), device.os.as_ref());
            found.text(format!("/devices/{at}/device_group"), device.device_group.as_ref());
        }
        for (at, mailbox) in self.mailboxes.iter().enumerate() {
            found.id(format!("/mailboxes/{at}/address"), &mailbox.address);
            found.text(format!("/mailboxes/{at}/owner"), mailbox.owner.as_ref());
        }
        for (at, user) in self.users.iter().enumerate() {
            found.id(format!("/users/{at}/name"), &user.name);
        }
        for (at, piece) in self.evidence.iter().enumerate() {
            let at = format!("/evidence/{at}");
            found.id(format!("{at}/id"), &piece.id);
            let below =
                |error: FieldError| FieldError::new(format!("{at}/entity{}", error.pointer), error.detail);
            found.0.extend(piece.entity.check().into_iter().map(below));
            found.text(format!("{at}/detection_origin"), piece.detection_origin.as_ref());
            for (index, asset) in piece.assets.iter().enumerate() {
                found.id(format!("{at}/assets/{index}"), asset);
            }
        }
        for (at, email) in self.emails.iter().enumerate() {
            found.email(&format!("/emails/{at}"), email);
        }
        for (at, entry) in self.log.iter().enumerate() {
            let at = format!("/log/{at}");
            found.id(format!("{at}/id"), &entry.id);
            found.text(format!("{at}/action"), Some(&entry.action));
            found.text(format!("{at}/action_type"), entry.action_type.as_ref());
            found.text(format!("{at}/status"), entry.status.as_ref());
            found.text(format!("{at}/device"), entry.device.as_ref());
            if let Some(text) = &entry.description {
                found.check(format!("{at}/description"), check_text(text, crate::core::text::MAX_LONG_TEXT));
            }
        }
        found.0
    }
}
