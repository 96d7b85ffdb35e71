//! What was done elsewhere: recorded for History, never carried out. A repeat under the same external id says anew how it
//! ended.

use domain::core::subject::Current;
use domain::{Action, AuditKind, Decision, Error, Proposal, Transition};
use serde_json::json;

use super::clock::new_id;
use super::decision::{conflict, lifecycle_of, next};
use super::intake::{Intake, of};
use super::{digest, entry};
use domain::actions::contract::Proposed;
use store::{Guard, Transaction};

impl Intake<'_> {
    /// Takes in one record.
    pub(super) async fn record(
        &mut self,
        tx: &mut dyn Transaction,
        proposal: Proposal,
        index: usize,
    ) -> Result<Proposed, Error> {
        let by = self.caller.authorize_record()?;
        let now = self.now;
        let name = (proposal.source, proposal.external_id.clone());
        let Proposal { action_type, entity, asset, targets, parameters, .. } = &proposal;
        let digest = digest(*action_type, entity, asset, targets, parameters)?;
        let Some(before) = self.known.get(&name).cloned() else {
            let action = proposal.into_action(new_id(now), digest, by.actor().clone(), now);
            let more = json!({ "type": action.action_type, "entity": action.entity, "asset": action.asset,
                "parameters": action.parameters, "source": action.source, "external_id": action.external_id,
                "occurred_at": action.updated_at, "detail": action.status_detail });
            tx.append_audit(&by, entry(now, AuditKind::Recorded, &action, more)).await?;
            self.known.insert(name, action.clone());
            self.fresh.push(action.clone());
            return Ok(Proposed {
                action,
                created: true,
                changed: Vec::new(),
                dropped: Vec::new(),
                twins: Vec::new(),
            });
        };
        if before.decision != Decision::NotRequired || of(&before)? != digest {
            let detail = format!(
                "/actions/{index}/external_id names another action, or one that was proposed; record it under another one"
            );
            return Err(Error::Conflict { detail, current: Box::new(Current::new(before.id, &before)) });
        }
        let (outcome, result) = (proposal.outcome(), proposal.result.clone());
        let occurred_at = proposal.occurred_at;
        let dropped = proposal.update(&before).1.iter().map(|change| change.field).collect();
        let outcome = outcome.ok_or_else(|| Error::Internal("a record without an end".to_owned()))?;
        let mut changed = Vec::new();
        if outcome.status() != before.status {
            changed.push("status");
        }
        if result.is_some() && result != before.status_detail {
            changed.push("result");
        }
        if changed.is_empty() {
            return Ok(Proposed { action: before, created: false, changed, dropped, twins: Vec::new() });
        }
        let lifecycle = lifecycle_of(&before)?
            .apply(Transition::Correct(outcome))
            .map_err(|refusal| conflict(&before, refusal))?;
        let at = occurred_at.unwrap_or(now);
        let after =
            Action { status_detail: result.or(before.status_detail.clone()), ..next(&before, lifecycle, at) };
        // It may be of this same request.
        self.write(tx).await?;
        if !tx.update_state(Guard { by: &by, deciding: false, policy: None, now }, &before, &after).await? {
            return Err(Error::Forbidden(domain::Denied::Revoked));
        }
        let more = json!({ "occurred_at": at, "detail": after.status_detail, "before": before.status });
        tx.append_audit(&by, entry(now, AuditKind::Recorded, &after, more)).await?;
        self.known.insert(name, after.clone());
        Ok(Proposed { action: after, created: false, changed, dropped, twins: Vec::new() })
    }
}
