//! What a tool sends to have an action proposed, and the rules that it must keep.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::actions::action::Action;
use crate::actions::action::{Alert, Evidence, Severity, Source, Verdict};
use crate::actions::catalog::{ActionType, FileRule};
use crate::actions::entity::{Asset, Entity, Field};
use crate::actions::parameter::Parameters;
#[cfg(feature = "ssr")]
use crate::core::actor::Actor;
use crate::core::error::FieldError;
#[cfg(feature = "ssr")]
use crate::core::id::ActionId;
use crate::core::time::{SignedDuration, Timestamp};

/// Time to decide where the proposer names none (product default: 7 days).
pub const DEFAULT_TIME_TO_DECIDE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The longest time to decide that a proposer may ask for.
pub const MAX_TIME_TO_DECIDE: SignedDuration = SignedDuration::from_hours(180 * 24);
/// Actions in one request.
pub const MAX_ACTIONS: usize = 500;
/// Pieces of evidence on one action.
const MAX_EVIDENCE: usize = 50;
/// Characters of a comment or reason.
pub const MAX_COMMENT_LENGTH: usize = 2_000;
/// Characters of any other text.
const MAX_TEXT_LENGTH: usize = 4_096;

/// One action as its proposer describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Proposal {
    /// The proposer's own id of it: with `source` it makes a repeat harmless.
    pub external_id: String,
    /// What to do.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// On what.
    pub entity: Entity,
    /// Where it lives.
    pub asset: Asset,
    /// With which parameters.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub parameters: Parameters,
    /// Why. Some types require it.
    #[serde(default)]
    pub comment: Option<String>,
    /// How bad the finding is.
    pub severity: Severity,
    /// Where it comes from.
    pub source: Source,
    /// What the proposer thinks of the entity.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// What was found.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// The alert that led to it.
    #[serde(default)]
    pub alert: Option<Alert>,
    /// The attack campaign it belongs to.
    #[serde(default)]
    pub campaign: Option<String>,
    /// The investigation that proposes it.
    #[serde(default)]
    pub investigation_id: Option<String>,
    /// The incident it belongs to.
    #[serde(default)]
    pub incident_id: Option<String>,
    /// Until when it can be decided; 7 days from now where none is named.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    pub expires_at: Option<Timestamp>,
}

/// Checks a comment or reason: not blank, not too long.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_comment(text: &str) -> Result<(), String> {
    check_text(text, MAX_COMMENT_LENGTH)
}

fn check_text(text: &str, limit: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("must not be empty".to_owned());
    }
    let count = text.chars().count();
    if count > limit {
        return Err(format!("has {count} characters; at most {limit}"));
    }
    // PostgreSQL stores no NUL, and nothing that a person names holds one.
    if text.contains('\0') {
        return Err("must not contain the character NUL".to_owned());
    }
    Ok(())
}

fn check_hash(value: &str, digits: usize) -> Result<(), String> {
    if value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(format!("must be {digits} hexadecimal digits"))
    }
}

/// Collects what is wrong, each with its pointer below the proposal.
struct Findings(Vec<FieldError>);

impl Findings {
    fn note(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError::new(pointer, detail));
    }

    fn check(&mut self, pointer: &str, result: Result<(), String>) {
        if let Err(detail) = result {
            self.note(pointer, detail);
        }
    }

    fn text(&mut self, pointer: &str, text: Option<&String>) {
        if let Some(text) = text {
            self.check(pointer, check_text(text, MAX_TEXT_LENGTH));
        }
    }
}

impl Proposal {
    /// Brings what means the same into one form: hashes in lower case.
    pub fn normalize(&mut self) {
        let (Entity::File { sha256, .. }
        | Entity::Process { sha256, .. }
        | Entity::EmailAttachment { sha256, .. }
        | Entity::CloudFile { sha256, .. }) = &mut self.entity
        else {
            return;
        };
        if let Some(hash) = sha256 {
            hash.make_ascii_lowercase();
        }
        if let Entity::File { sha1: Some(hash), .. } = &mut self.entity {
            hash.make_ascii_lowercase();
        }
    }

    /// Everything that is wrong with it, with pointers below the proposal (`/entity`, `/comment`).
    #[must_use]
    pub fn check(&self, now: Timestamp) -> Vec<FieldError> {
        let mut found = Findings(Vec::new());
        let info = self.action_type.info();
        found.text("/external_id", Some(&self.external_id));
        if !info.entities.contains(&self.entity.kind()) {
            let kinds: Vec<_> = info.entities.iter().map(|kind| kind.as_str()).collect();
            let detail = format!(
                "{} does not act on a {}; it takes {}",
                info.name,
                self.entity.kind().label(),
                kinds.join(" or ")
            );
            found.note("/entity", detail);
        }
        self.check_entity(&mut found);
        found.text("/asset/name", Some(&self.asset.name));
        found.text("/asset/device_group", self.asset.device_group.as_ref());
        self.check_parameters(&mut found);
        match &self.comment {
            Some(comment) => found.check("/comment", check_comment(comment)),
            None if info.comment_required => {
                found.note("/comment", format!("{} requires a comment", info.name));
            }
            None => {}
        }
        if self.evidence.len() > MAX_EVIDENCE {
            found.note("/evidence", format!("holds {} pieces; at most {MAX_EVIDENCE}", self.evidence.len()));
        }
        for (index, evidence) in self.evidence.iter().enumerate() {
            found.text(&format!("/evidence/{index}/title"), Some(&evidence.title));
            found.text(&format!("/evidence/{index}/detail"), Some(&evidence.detail));
            found.text(&format!("/evidence/{index}/technique"), evidence.technique.as_ref());
        }
        if let Some(alert) = &self.alert {
            found.text("/alert/id", Some(&alert.id));
            found.text("/alert/title", Some(&alert.title));
            found.text("/alert/url", alert.url.as_ref());
            if alert.url.as_ref().is_some_and(|url| !is_web_url(url)) {
                found.note("/alert/url", "must start with https:// or http://");
            }
        }
        found.text("/campaign", self.campaign.as_ref());
        found.text("/investigation_id", self.investigation_id.as_ref());
        found.text("/incident_id", self.incident_id.as_ref());
        if let Some(expires_at) = self.expires_at {
            let left = expires_at.duration_since(now);
            if left <= SignedDuration::ZERO {
                found.note("/expires_at", "lies in the past");
            } else if left > MAX_TIME_TO_DECIDE {
                found.note("/expires_at", "lies more than 180 days ahead");
            }
        }
        found.0
    }

    fn check_entity(&self, found: &mut Findings) {
        for Field { label, value, .. } in self.entity.fields() {
            if let Err(detail) = check_text(&value, MAX_TEXT_LENGTH) {
                found.note("/entity", format!("{label} {detail}"));
            }
        }
        match &self.entity {
            Entity::File { path, sha256, sha1 } => {
                if path.is_none() && sha256.is_none() && sha1.is_none() {
                    found.note("/entity", "a file needs a path, a sha256 or a sha1");
                }
                if self.action_type.info().file == FileRule::Hash && sha256.is_none() && sha1.is_none() {
                    let name = self.action_type.info().name;
                    found.note("/entity/sha256", format!("{name} needs the file's sha256 or sha1"));
                }
                if let Some(hash) = sha1 {
                    found.check("/entity/sha1", check_hash(hash, 40));
                }
                check_sha256(found, sha256.as_ref());
            }
            Entity::Process { pid, image, sha256 } => {
                if sha256.is_none() && (pid.is_none() || image.is_none()) {
                    found.note("/entity", "a process needs pid and image, or the image's sha256");
                }
                check_sha256(found, sha256.as_ref());
            }
            Entity::EmailAttachment { sha256, .. } | Entity::CloudFile { sha256, .. } => {
                check_sha256(found, sha256.as_ref());
            }
            Entity::IpAddress { address } if address.parse::<std::net::IpAddr>().is_err() => {
                found.note("/entity/address", "must be an IPv4 or IPv6 address");
            }
            Entity::EmailCluster { messages: 0, .. } => {
                found.note("/entity/messages", "a cluster holds at least one message");
            }
            Entity::EmailCluster { messages, mailboxes, delivered, junked, blocked, replaced, .. } => {
                let known = [delivered, junked, blocked, replaced].into_iter().flatten();
                if known.map(|&count| u64::from(count)).sum::<u64>() > u64::from(*messages) {
                    found.note(
                        "/entity/messages",
                        "is less than delivered, junked, blocked and replaced together",
                    );
                }
                if mailboxes.is_some_and(|mailboxes| !(1..=*messages).contains(&mailboxes)) {
                    found.note("/entity/mailboxes", "must be one at least, and not more than the messages");
                }
            }
            _ => {}
        }
    }

    fn check_parameters(&self, found: &mut Findings) {
        let specs = self.action_type.info().parameters;
        for (name, value) in &self.parameters {
            let pointer = format!("/parameters/{name}");
            match specs.iter().find(|spec| spec.name == *name) {
                Some(spec) => found.check(&pointer, spec.kind.check(value)),
                None => found.note(&pointer, format!("{} does not take it", self.action_type.info().name)),
            }
        }
        for spec in specs.iter().filter(|spec| spec.required && !self.parameters.contains_key(&spec.name)) {
            found.note(format!("/parameters/{}", spec.name), "is required");
        }
    }
}

fn check_sha256(found: &mut Findings, hash: Option<&String>) {
    if let Some(hash) = hash {
        found.check("/entity/sha256", check_hash(hash, 64));
    }
}

/// Whether a link may be followed: only the web's schemes, never `javascript:` or `data:`.
#[must_use]
pub fn is_web_url(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// Only the server makes actions.
#[cfg(feature = "ssr")]
impl Proposal {
    /// The pending action that it becomes. The caller gives the digest of what it proposes.
    #[must_use]
    pub fn into_action(self, id: ActionId, digest: String, proposed_by: Actor, now: Timestamp) -> Action {
        use crate::actions::lifecycle::{Decision, Status, UndoState};
        let default_expiry = now.checked_add(DEFAULT_TIME_TO_DECIDE).unwrap_or(now);
        let expires_at = self.expires_at.unwrap_or(default_expiry);
        Action {
            id,
            version: 1,
            digest,
            external_id: Some(self.external_id),
            action_type: self.action_type,
            entity: self.entity,
            asset: self.asset,
            parameters: self.parameters,
            comment: self.comment,
            severity: self.severity,
            source: self.source,
            verdict: self.verdict,
            evidence: self.evidence,
            alert: self.alert,
            campaign: self.campaign,
            investigation_id: self.investigation_id,
            incident_id: self.incident_id,
            proposed_by,
            proposed_at: now,
            // Microseconds are all that the store keeps.
            expires_at: Timestamp::from_microsecond(expires_at.as_microsecond()).unwrap_or(expires_at),
            updated_at: now,
            decision: Decision::Pending,
            status: Status::None,
            status_detail: None,
            undo: UndoState::None,
            decided_by: None,
            decided_at: None,
            reason: None,
            approval_id: None,
            undo_of: None,
            undone_by: None,
            executor: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(change: serde_json::Value) -> Result<Proposal, serde_json::Error> {
        let mut body = serde_json::json!({
            "external_id": "x-1", "type": "quarantine_file", "severity": "high", "source": "antivirus_action",
            "entity": {"kind": "file", "path": "/srv/a", "sha256": "AB".repeat(32)},
            "asset": {"kind": "device", "name": "web-1"},
        });
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        serde_json::from_value(body)
    }

    fn cluster(counts: serde_json::Value) -> serde_json::Value {
        let mut entity = serde_json::json!({"kind": "email_cluster", "cluster_id": "c", "subject": "Parcel"});
        entity.as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
        serde_json::json!({"type": "soft_delete_email", "comment": "c", "entity": entity})
    }

    #[test]
    fn each_rule_points_at_its_field() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let table = [
            (serde_json::json!({}), None),
            (serde_json::json!({"entity": {"kind": "user", "name": "ana"}}), Some("/entity")),
            (serde_json::json!({"entity": {"kind": "file"}}), Some("/entity")),
            (serde_json::json!({"entity": {"kind": "file", "sha256": "12"}}), Some("/entity/sha256")),
            (serde_json::json!({"entity": {"kind": "file", "path": " "}}), Some("/entity")),
            (
                serde_json::json!({"type": "stop_and_quarantine_file", "comment": "c",
                "entity": {"kind": "file", "path": "/a"}}),
                Some("/entity/sha256"),
            ),
            (
                serde_json::json!({"type": "isolate_device", "entity": {"kind": "device", "name": "d"}}),
                Some("/comment"),
            ),
            (serde_json::json!({"comment": ""}), Some("/comment")),
            (serde_json::json!({"parameters": {"scope": "Full"}}), Some("/parameters/scope")),
            (
                serde_json::json!({"type": "run_antivirus_scan", "comment": "c",
                "entity": {"kind": "device", "name": "d"}}),
                Some("/parameters/scope"),
            ),
            (
                serde_json::json!({"type": "run_antivirus_scan", "comment": "c", "parameters": {"scope": "Deep"},
                "entity": {"kind": "device", "name": "d"}}),
                Some("/parameters/scope"),
            ),
            (
                serde_json::json!({"alert": {"id": "1", "title": "t", "url": "javascript:alert(1)"}}),
                Some("/alert/url"),
            ),
            (serde_json::json!({"expires_at": "2025-12-31T00:00:00Z"}), Some("/expires_at")),
            (serde_json::json!({"expires_at": "2027-12-31T00:00:00Z"}), Some("/expires_at")),
            (
                serde_json::json!({"type": "block_ip_address", "comment": "c",
                "entity": {"kind": "ip_address", "address": "1.2.3"}}),
                Some("/entity/address"),
            ),
            (cluster(serde_json::json!({"messages": 0})), Some("/entity/messages")),
            (cluster(serde_json::json!({"messages": 9, "mailboxes": 9, "delivered": 7, "junked": 2})), None),
            (
                cluster(serde_json::json!({"messages": 9, "delivered": u32::MAX, "blocked": 2})),
                Some("/entity/messages"),
            ),
            (
                cluster(serde_json::json!({"messages": 9, "junked": 5, "replaced": 5})),
                Some("/entity/messages"),
            ),
            (cluster(serde_json::json!({"messages": 9, "mailboxes": 10})), Some("/entity/mailboxes")),
            (cluster(serde_json::json!({"messages": 9, "mailboxes": 0})), Some("/entity/mailboxes")),
        ];
        for (change, pointer) in table {
            let found = proposal(change.clone()).unwrap().check(now);
            assert_eq!(found.first().map(|error| error.pointer.as_str()), pointer, "{change} gave {found:?}");
        }
        for broken in [
            serde_json::json!({"type": "fly_to_the_moon"}),
            serde_json::json!({"surprise": 1}),
            serde_json::json!({"entity": {"kind": "file", "path": "/a", "colour": "red"}}),
        ] {
            assert!(proposal(broken.clone()).is_err(), "{broken}");
        }
    }

    #[test]
    fn hashes_are_kept_in_lower_case() {
        let mut given = proposal(serde_json::json!({})).unwrap();
        given.normalize();
        assert_eq!(given.entity.fields()[1].value, "ab".repeat(32));
    }
}
