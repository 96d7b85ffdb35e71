//! Wrong verdicts, as people report them: of actions, and of what was found.

use std::collections::BTreeSet;

use domain::actions::proposal::check_comment;
use domain::investigations::PieceKind;
use domain::investigations::feedback::{Feedback, FeedbackList, Judged, WrongVerdict, rule_name, rule_of};
use domain::investigations::report::EvidencePiece;
use domain::{AuditKind, Caller, Denied, Error, RowScope, Subject, SubjectKind};
use jiff::Timestamp;
use serde_json::json;
use store::AuditEntry;

use super::{Service, entry};

/// Feedback that is read at a time.
const READ_AT_ONCE: u32 = 500;

impl Service {
    pub(super) async fn feedback_now(
        &self,
        caller: &Caller,
        judged: Judged,
        kind: WrongVerdict,
        comment: Option<String>,
    ) -> Result<Feedback, Error> {
        let by = caller.authorize_triage()?;
        if let Some(text) = &comment {
            check_comment(text).map_err(|detail| Error::invalid("/comment", detail))?;
        }
        let (feedback, subject) = self.judged(caller, judged, kind).await?;
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let feedback = Feedback { at: now, by: by.actor().label(), comment, ..feedback };
        if !tx.add_feedback(&by, &feedback, now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "kind": kind, "comment": feedback.comment, "evidence": feedback.evidence_id,
            "rule": feedback.rule });
        let action = match feedback.action_id {
            Some(id) => tx.action(&RowScope::ALL, id).await?,
            None => None,
        };
        let record = match &action {
            // With its facts, so that those hear of it who follow the action.
            Some(action) => entry(now, AuditKind::FeedbackGiven, action, body),
            None => AuditEntry { at: now, kind: AuditKind::FeedbackGiven, subject: Some(subject), body },
        };
        tx.append_audit(&by, record).await?;
        tx.commit().await?;
        Ok(feedback)
    }

    /// What was said after a place, of what the scope shows, and the place up to which was read.
    pub(super) async fn feedback_after(&self, scope: &RowScope, after: i64) -> Result<FeedbackList, Error> {
        let mut next = after;
        loop {
            let items = self.store.feedback(scope.proposer.as_deref(), next, READ_AT_ONCE).await?;
            let is_last = items.len() < READ_AT_ONCE as usize;
            next = items.last().map_or(next, |last| last.position);
            let items = self.shown_feedback(scope, items).await?;
            // An empty answer says that there is nothing more.
            if is_last || !items.is_empty() {
                return Ok(FeedbackList { items, next });
            }
        }
    }

    /// Of these only what is about an action or evidence that the scope shows.
    async fn shown_feedback(&self, scope: &RowScope, items: Vec<Feedback>) -> Result<Vec<Feedback>, Error> {
        if scope.device_groups.is_none() {
            return Ok(items);
        }
        let ids: BTreeSet<_> = items.iter().filter_map(|of| of.action_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let actions: BTreeSet<_> =
            self.store.actions(scope, &ids).await?.into_iter().map(|(action, _)| action.id).collect();
        let mut shown = Vec::new();
        for of in items {
            let is_shown = match (of.action_id, &of.investigation_id, &of.evidence_id) {
                (Some(id), ..) => actions.contains(&id),
                (None, Some(investigation), Some(evidence)) => {
                    let kind = PieceKind::Evidence;
                    self.store.investigation(scope, investigation).await?.is_some()
                        && self.store.piece(scope, investigation, kind, evidence).await?.is_some()
                }
                _ => false,
            };
            shown.extend(is_shown.then_some(of));
        }
        Ok(shown)
    }

    /// What is known of what was judged, as far as the caller sees it.
    async fn judged(
        &self,
        caller: &Caller,
        judged: Judged,
        kind: WrongVerdict,
    ) -> Result<(Feedback, Subject), Error> {
        let nothing = Feedback {
            position: 0,
            at: Timestamp::UNIX_EPOCH,
            kind,
            by: String::new(),
            comment: None,
            action_id: None,
            external_id: None,
            investigation_id: None,
            evidence_id: None,
            entity: None,
            alert_id: None,
            rule: None,
        };
        match judged {
            Judged::Action(id) => {
                let scope = RowScope::of(caller)?;
                let action =
                    self.store.action(&scope, id).await?.ok_or_else(|| Error::NotFound(id.into()))?;
                let feedback = Feedback {
                    action_id: Some(id),
                    rule: Some(rule_of(&action)),
                    entity: Some(action.entity.title()),
                    external_id: action.external_id,
                    investigation_id: action.investigation_id,
                    alert_id: action.alert.map(|alert| alert.id),
                    ..nothing
                };
                Ok((feedback, id.into()))
            }
            Judged::Evidence { investigation, evidence } => {
                let (scope, stored) = self.seen(caller, &investigation).await?;
                let body = self.store.piece(&scope, &investigation, PieceKind::Evidence, &evidence).await?;
                let unknown = || Error::invalid("/evidence_id", "names no evidence of this investigation");
                let read = |error: serde_json::Error| Error::Internal(error.to_string());
                let piece: EvidencePiece = serde_json::from_str(&body.ok_or_else(unknown)?).map_err(read)?;
                let rule = piece.detection_origin.or(stored.summary.detection_source);
                let feedback = Feedback {
                    entity: Some(piece.entity.title()),
                    rule: Some(rule_name(&rule.unwrap_or(stored.summary.title))),
                    evidence_id: Some(evidence),
                    investigation_id: Some(investigation.clone()),
                    ..nothing
                };
                Ok((feedback, Subject::new(SubjectKind::Investigation, investigation)))
            }
        }
    }
}
