//! Wrong verdicts, as people report them: of actions, and of what was found.

use domain::actions::proposal::check_comment;
use domain::investigations::PieceKind;
use domain::investigations::feedback::{Feedback, Judged, WrongVerdict, rule_name, rule_of};
use domain::investigations::report::EvidencePiece;
use domain::{AuditKind, Caller, Denied, Error, RowScope, Subject, SubjectKind};
use jiff::Timestamp;
use serde_json::json;
use store::AuditEntry;

use super::{Service, entry};

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
                let (_, stored) = self.seen(caller, &investigation).await?;
                let body = self.store.piece(&investigation, PieceKind::Evidence, &evidence).await?;
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
