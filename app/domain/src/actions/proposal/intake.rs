//! What the server makes of a proposal: one form, everything that is wrong with it, and the action that it becomes.

use std::collections::BTreeMap;

use super::{DEFAULT_TIME_TO_DECIDE, MAX_TAGS, MAX_TIME_TO_DECIDE, Proposal, check_comment, is_web_url};
use crate::actions::action::Action;
use crate::actions::catalog::{ActionType, FileRule};
use crate::actions::entity::{Asset, AssetKind, EntityKind};
use crate::actions::lifecycle::{Decision, Outcome, Status, UndoState};
use crate::actions::parameter::ParameterName;
use crate::actions::targets::{MAX_TARGETS, target_count};
use crate::core::actor::Actor;
use crate::core::canonical;
use crate::core::error::FieldError;
use crate::core::id::ActionId;
use crate::core::text::{MAX_LONG_TEXT, MAX_TEXT, check_text};
use crate::core::time::{SignedDuration, Timestamp};

/// Pieces of evidence on one action.
const MAX_EVIDENCE: usize = 50;

/// How far another machine's clock may be ahead.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The beginning of 2000, in seconds: nothing here was done before.
const YEAR_2000: i64 = 946_684_800;

/// A technique of MITRE ATT&CK.
fn check_technique(text: &str) -> Result<(), String> {
    check_text(text, MAX_TEXT)?;
    let (technique, sub) =
        text.trim().split_once('.').map_or((text.trim(), None), |(of, sub)| (of, Some(sub)));
    let is_number =
        |text: &str, digits: usize| text.len() == digits && text.bytes().all(|of| of.is_ascii_digit());
    let number = technique.strip_prefix(['T', 't']);
    if number.is_some_and(|number| is_number(number, 4)) && sub.is_none_or(|sub| is_number(sub, 3)) {
        Ok(())
    } else {
        Err("must be the id of a MITRE ATT&CK technique, for example T1059 or T1059.001".to_owned())
    }
}

/// Microseconds are all that the store keeps.
pub(super) fn to_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
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

    fn below(&mut self, pointer: &str, errors: Vec<FieldError>) {
        let at = |error: FieldError| FieldError::new(format!("{pointer}{}", error.pointer), error.detail);
        self.0.extend(errors.into_iter().map(at));
    }

    fn text(&mut self, pointer: &str, text: Option<&String>) {
        if let Some(text) = text {
            self.check(pointer, check_text(text, MAX_TEXT));
        }
    }
}

impl Proposal {
    /// Brings what means the same into one form: names out of their dress, hashes in lower case, times in UTC, targets in
    /// their order.
    pub fn normalize(&mut self) {
        self.entity = self.entity.plain();
        self.asset = self.asset.plain();
        for target in &mut self.targets {
            *target = target.plain();
        }
        for technique in self.evidence.iter_mut().filter_map(|found| found.technique.as_mut()) {
            *technique = technique.trim().to_ascii_uppercase();
        }
        for hash in self.entity.hashes_mut().into_iter().flatten() {
            hash.make_ascii_lowercase();
        }
        if let Some(end) = self.parameters.get_mut(&ParameterName::Expiry)
            && let Ok(at) = end.parse::<Timestamp>()
        {
            *end = at.to_string();
        }
        self.targets.sort_by_cached_key(|target| canonical::name(&target.name));
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
                "{} does not act on {}; it takes {}",
                info.name,
                self.entity.kind().with_article(),
                kinds.join(" or ")
            );
            found.note("/entity", detail);
        }
        self.check_entity(&mut found);
        found.below("/asset", self.asset.check());
        self.check_targets(&mut found);
        // What is over may have named an end that has passed.
        self.check_parameters(&mut found, if self.is_record() { Timestamp::UNIX_EPOCH } else { now });
        self.check_record(&mut found, now);
        self.check_device(&mut found);
        match &self.comment {
            Some(comment) => found.check("/comment", check_comment(comment)),
            None if info.comment_required && !self.is_record() => {
                found.note("/comment", format!("{} requires a comment", info.name));
            }
            None => {}
        }
        if self.evidence.len() > MAX_EVIDENCE {
            found.note("/evidence", format!("holds {} pieces; at most {MAX_EVIDENCE}", self.evidence.len()));
        }
        for (index, evidence) in self.evidence.iter().enumerate() {
            found.text(&format!("/evidence/{index}/title"), Some(&evidence.title));
            let detail = check_text(&evidence.detail, MAX_LONG_TEXT);
            found.check(&format!("/evidence/{index}/detail"), detail);
            let technique = evidence.technique.as_deref().map_or(Ok(()), check_technique);
            found.check(&format!("/evidence/{index}/technique"), technique);
        }
        if let Some(alert) = &self.alert {
            found.text("/alert/id", Some(&alert.id));
            found.text("/alert/title", Some(&alert.title));
            if let Some(url) = &alert.url {
                let is_web =
                    || is_web_url(url).then_some(()).ok_or("must start with https:// or http://".to_owned());
                found.check("/alert/url", check_text(url, MAX_TEXT).and_then(|()| is_web()));
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

    fn check_record(&self, found: &mut Findings, now: Timestamp) {
        match self.decision {
            None | Some(Decision::Pending) => {
                let given = [
                    ("/status", self.status.is_some()),
                    ("/occurred_at", self.occurred_at.is_some()),
                    ("/result", self.result.is_some()),
                ];
                for (pointer, _) in given.into_iter().filter(|(_, given)| *given) {
                    found.note(pointer, "is of what was done already: send it with decision NotRequired");
                }
            }
            Some(Decision::NotRequired) => {
                if self.outcome().is_none() {
                    let ends = Outcome::ALL.map(|outcome| outcome.status().as_str()).join(", ");
                    let given = if self.status.is_none() { "is missing" } else { "is not over" };
                    found.note("/status", format!("{given}: what was done already ended as one of {ends}"));
                }
                match self.occurred_at {
                    Some(at) if at.duration_since(now) > MAX_CLOCK_SKEW => {
                        found.note("/occurred_at", "lies in the future");
                    }
                    // What programs send that know of no time: 0, or the first day of their calendar.
                    Some(at) if at.as_second() < YEAR_2000 => {
                        found.note(
                            "/occurred_at",
                            format!("is {at}, before the year 2000; leave it out if it is not known"),
                        );
                    }
                    _ => {}
                }
                if let Some(result) = &self.result {
                    found.check("/result", check_text(result, MAX_LONG_TEXT));
                }
            }
            Some(_) => found.note("/decision", "must be Pending, or NotRequired for what was done already"),
        }
    }

    fn check_entity(&self, found: &mut Findings) {
        let errors = self.entity.check();
        // What was done already is known as another tool tells it, and nothing is done to it here.
        if errors.is_empty() && !self.is_record() {
            found.below("/entity", self.entity.check_target());
            if matches!(self.action_type, ActionType::BlockIpAddress | ActionType::BlockUrl) {
                found.below("/entity", self.entity.check_block());
            }
        }
        found.below("/entity", errors);
        if self.action_type.info().file == FileRule::Hash
            && self.entity.kind() == EntityKind::File
            && self.entity.hash().is_none()
        {
            let name = self.action_type.info().name;
            found.note("/entity/sha256", format!("{name} needs the file's sha256, sha1 or md5"));
        }
    }

    fn check_targets(&self, found: &mut Findings) {
        if self.targets.is_empty() {
            return;
        }
        if self.entity.kind() != EntityKind::File {
            found.note("/targets", "are of an action on a file; name the asset alone");
        }
        if self.is_record() {
            found
                .note("/targets", "are of what is to be done; record what was done on each device by itself");
        }
        if self.asset.kind != AssetKind::Device {
            found.note("/targets", "go together with an asset that is a device only");
        }
        let count = self.targets.len() + 1;
        if count > MAX_TARGETS {
            let detail = format!("are {count} devices with the asset; at most {MAX_TARGETS}");
            return found.note("/targets", detail);
        }
        let name_of = |asset: &Asset| canonical::name(&asset.plain().name);
        let mut names = BTreeMap::from([(name_of(&self.asset), "the asset".to_owned())]);
        for (index, target) in self.targets.iter().enumerate() {
            let pointer = format!("/targets/{index}");
            found.below(&pointer, target.check());
            if target.kind != AssetKind::Device {
                found.note(format!("{pointer}/kind"), "must be device");
            }
            let place = format!("targets/{index}");
            if let Some(first) = names.insert(name_of(target), place) {
                found.note(format!("{pointer}/name"), format!("names the same device as {first}"));
            }
        }
    }

    fn check_device(&self, found: &mut Findings) {
        let Some(device) = &self.device else { return };
        if self.asset.kind != AssetKind::Device {
            found.note("/device", "goes together with an asset that is a device only");
        }
        found.text("/device/domain", device.domain.as_ref());
        found.text("/device/os", device.os.as_ref());
        if device.tags.len() > MAX_TAGS {
            found.note("/device/tags", format!("holds {} tags; at most {MAX_TAGS}", device.tags.len()));
        }
        for (index, tag) in device.tags.iter().enumerate() {
            found.text(&format!("/device/tags/{index}"), Some(tag));
        }
    }

    fn check_parameters(&self, found: &mut Findings, now: Timestamp) {
        let specs = self.action_type.info().parameters;
        for (name, value) in &self.parameters {
            let pointer = format!("/parameters/{name}");
            match specs.iter().find(|spec| spec.name == *name) {
                Some(spec) => found.check(&pointer, spec.kind.check(value, now)),
                None => found.note(&pointer, format!("{} does not take it", self.action_type.info().name)),
            }
        }
        for spec in specs.iter().filter(|spec| spec.required && !self.parameters.contains_key(&spec.name)) {
            found.note(format!("/parameters/{}", spec.name), "is required");
        }
    }

    /// The action that it becomes: pending, or over if it was done already. The caller gives the digest of what it
    /// proposes.
    #[must_use]
    pub fn into_action(self, id: ActionId, digest: String, proposed_by: Actor, now: Timestamp) -> Action {
        let default_expiry = now.checked_add(DEFAULT_TIME_TO_DECIDE).unwrap_or(now);
        let expires_at = self.expires_at.unwrap_or(default_expiry);
        let record = self.outcome().filter(|_| self.is_record());
        let at = self.occurred_at.map_or(now, to_micros);
        let (decision, status) =
            record.map_or((Decision::Pending, Status::None), |of| (Decision::NotRequired, of.status()));
        Action {
            id,
            version: 1,
            digest,
            external_id: Some(self.external_id),
            action_type: self.action_type,
            entity: self.entity,
            asset: self.asset,
            target_count: target_count(&self.targets),
            targets: self.targets,
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
            proposed_at: at,
            expires_at: to_micros(expires_at),
            updated_at: at,
            decision,
            status,
            status_detail: self.result,
            undo: UndoState::None,
            decided_by: None,
            decided_at: None,
            reason: None,
            break_glass: false,
            approval_id: None,
            undo_of: None,
            undone_by: None,
            executor: None,
        }
    }
}

#[cfg(test)]
mod tests;
