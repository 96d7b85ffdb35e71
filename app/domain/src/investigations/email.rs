//! One email message, or a cluster of them: what is known of it from investigations and from the actions on it.

use serde::{Deserialize, Serialize};

use crate::actions::action::{Action, Verdict};
use crate::actions::catalog::ActionType;
use crate::actions::entity::{Delivery, Entity, MailLocation};
use crate::actions::lifecycle::{Status, UndoState};
use crate::core::time::{Timestamp, six_decimals};

/// A message, as an investigation tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EmailPiece {
    /// The Message-ID (RFC 5322).
    pub message_id: String,
    /// The cluster that it belongs to, as its tool calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// Its subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The sender's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The recipients' addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
    /// When it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub received_at: Option<Timestamp>,
    /// What was done with it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// What the checks of its sender said: SPF, DKIM, DMARC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authentication: Vec<AuthenticationResult>,
    /// The links in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<EmailUrl>,
    /// The files attached to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<EmailFile>,
    /// Where each copy of it was and is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<EmailCopy>,
}

/// What a check of the sender said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AuthenticationResult {
    /// For example `spf`, `dkim` or `dmarc`.
    pub method: String,
    /// For example `pass` or `fail`.
    pub result: String,
}

/// A link in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EmailUrl {
    /// The link.
    pub url: String,
    /// What it was found to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// A file attached to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EmailFile {
    /// Its name.
    pub file_name: String,
    /// SHA-256 of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What it was found to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// A copy of a message in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EmailCopy {
    /// The mailbox's address.
    pub mailbox: String,
    /// What was done with it when it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// When it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub delivered_at: Option<Timestamp>,
    /// Where it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<MailLocation>,
    /// Since when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub located_at: Option<Timestamp>,
}

/// A cluster of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ClusterView {
    /// How its tool calls it.
    pub cluster_id: String,
    /// The subject that its messages share.
    pub subject: String,
    /// How many messages, in how many mailboxes.
    pub messages: u32,
    /// In how many mailboxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailboxes: Option<u32>,
    /// How many were delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u32>,
    /// How many were delivered to junk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub junked: Option<u32>,
    /// How many were blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<u32>,
}

/// All that is known of a message or a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EmailView {
    /// The messages: the one that was asked for, or those of the cluster that are known.
    pub messages: Vec<EmailPiece>,
    /// The cluster that was asked for, or that the message belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterView>,
    /// What was found of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The actions on it, on its attachments and on the cluster, the latest first.
    pub actions: Vec<Action>,
    /// The investigations that looked at it.
    pub investigations: Vec<String>,
    /// The server's time of the answer.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}

/// The id under which the page of an email entity stands: the Message-ID, or the cluster's.
#[must_use]
pub fn email_id(entity: &Entity) -> Option<&str> {
    match entity {
        Entity::EmailMessage { message_id, .. } | Entity::EmailAttachment { message_id, .. } => {
            Some(message_id)
        }
        Entity::EmailCluster { cluster_id, .. } => Some(cluster_id),
        _ => None,
    }
}

/// Where an action put what it is on, if it did, and that stands.
#[must_use]
pub const fn moved_to(action: &Action) -> Option<MailLocation> {
    if !matches!(action.status, Status::Completed) || matches!(action.undo, UndoState::Undone) {
        return None;
    }
    Some(match action.action_type {
        ActionType::SoftDeleteEmail | ActionType::MoveToDeletedItems => MailLocation::Deleted,
        ActionType::MoveToJunk => MailLocation::Junk,
        ActionType::QuarantineEmail => MailLocation::Quarantine,
        ActionType::HardDeleteEmail => MailLocation::Dropped,
        ActionType::MoveToInbox | ActionType::ReleaseEmailFromQuarantine => MailLocation::Inbox,
        _ => return None,
    })
}

impl EmailPiece {
    /// A message of which nothing but its id is known.
    #[must_use]
    pub fn of(message_id: impl Into<String>) -> Self {
        Self {
            message_id: message_id.into(),
            cluster_id: None,
            subject: None,
            sender: None,
            recipients: Vec::new(),
            received_at: None,
            delivery: None,
            authentication: Vec::new(),
            urls: Vec::new(),
            attachments: Vec::new(),
            copies: Vec::new(),
        }
    }

    /// Takes from another report of the message what this one does not tell.
    pub fn fill(&mut self, other: Self) {
        fn or<T>(mine: &mut Vec<T>, other: Vec<T>) {
            if mine.is_empty() {
                *mine = other;
            }
        }
        self.cluster_id = self.cluster_id.take().or(other.cluster_id);
        self.subject = self.subject.take().or(other.subject);
        self.sender = self.sender.take().or(other.sender);
        self.received_at = self.received_at.or(other.received_at);
        self.delivery = self.delivery.or(other.delivery);
        or(&mut self.recipients, other.recipients);
        or(&mut self.authentication, other.authentication);
        or(&mut self.urls, other.urls);
        or(&mut self.attachments, other.attachments);
        for copy in other.copies {
            self.note(copy);
        }
    }

    /// Notes where a copy is; what is known later holds.
    pub fn note(&mut self, copy: EmailCopy) {
        let same = |known: &&mut EmailCopy| known.mailbox.eq_ignore_ascii_case(&copy.mailbox);
        let Some(known) = self.copies.iter_mut().find(same) else {
            self.copies.push(copy);
            return;
        };
        known.delivery = known.delivery.or(copy.delivery);
        known.delivered_at = known.delivered_at.or(copy.delivered_at);
        if copy.location.is_some() && (known.location.is_none() || copy.located_at > known.located_at) {
            (known.location, known.located_at) = (copy.location, copy.located_at);
        }
    }

    /// Takes what an action on it tells.
    pub fn take(&mut self, action: &Action) {
        let mut told = Self::of(self.message_id.clone());
        match &action.entity {
            Entity::EmailMessage { subject, sender, recipients, received_at, delivery, location, .. } => {
                told.subject = Some(subject.clone());
                told.sender = Some(sender.clone()).filter(|sender| !sender.is_empty());
                told.recipients.clone_from(recipients);
                (told.received_at, told.delivery) = (*received_at, *delivery);
                let moved = moved_to(action);
                let located_at = if moved.is_some() { action.updated_at } else { action.proposed_at };
                told.copies.push(EmailCopy {
                    mailbox: action.asset.name.clone(),
                    delivery: *delivery,
                    delivered_at: *received_at,
                    location: moved.or(*location),
                    located_at: moved.or(*location).map(|_| located_at),
                });
            }
            Entity::EmailAttachment { file_name, sha256, .. } => {
                let file = EmailFile {
                    file_name: file_name.clone(),
                    sha256: sha256.clone(),
                    verdict: action.verdict,
                };
                if !self.attachments.iter().any(|known| known.file_name == file.file_name) {
                    self.attachments.push(file);
                }
            }
            _ => {}
        }
        self.fill(told);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(mailbox: &str, location: MailLocation, at: i64) -> EmailCopy {
        EmailCopy {
            mailbox: mailbox.to_owned(),
            delivery: None,
            delivered_at: None,
            location: Some(location),
            located_at: Timestamp::from_second(at).ok(),
        }
    }

    #[test]
    fn what_is_known_later_of_a_copy_holds() {
        let mut email = EmailPiece::of("<a@b>");
        email.note(copy("kim@a.example", MailLocation::Inbox, 10));
        email.note(copy("KIM@a.example", MailLocation::Quarantine, 20));
        email.note(copy("kim@a.example", MailLocation::Junk, 15));
        email.note(copy("lee@a.example", MailLocation::Inbox, 1));
        let known: Vec<_> = email.copies.iter().map(|of| (of.mailbox.as_str(), of.location)).collect();
        assert_eq!(
            known,
            [("kim@a.example", Some(MailLocation::Quarantine)), ("lee@a.example", Some(MailLocation::Inbox))]
        );
    }

    #[test]
    fn one_report_fills_what_another_leaves_out() {
        let mut email = EmailPiece { subject: Some("Parcel".to_owned()), ..EmailPiece::of("<a@b>") };
        let other = EmailPiece {
            subject: Some("Other".to_owned()),
            sender: Some("x@bad.example".to_owned()),
            ..EmailPiece::of("<a@b>")
        };
        email.fill(other);
        assert_eq!(
            (email.subject.as_deref(), email.sender.as_deref()),
            (Some("Parcel"), Some("x@bad.example"))
        );
    }
}
