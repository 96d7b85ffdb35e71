//! The write path of tools: proposals come in, all or none, and a repeat changes nothing.

use app::backend::Proposed;
use app::domain::{Action, AuditKind, Authorized, Caller, Decision, Error, FieldError, Proposal, proposal};
use jiff::Timestamp;
use serde_json::json;

use super::clock::new_id;
use super::{Service, digest, entry};
use crate::store::Transaction;

impl Service {
    pub(super) async fn take_in(
        &self,
        caller: &Caller,
        mut proposals: Vec<Proposal>,
    ) -> Result<Vec<Proposed>, Error> {
        let by = caller.authorize_proposal()?;
        let now = self.clock.now();
        check(&proposals, now)?;
        proposals.iter_mut().for_each(Proposal::normalize);
        let mut tx = self.store.begin().await?;
        let mut taken = Vec::with_capacity(proposals.len());
        for (index, proposal) in proposals.into_iter().enumerate() {
            taken.push(take_one(&mut *tx, &by, proposal, index, now).await?);
        }
        tx.commit().await?;
        Ok(taken)
    }
}

fn check(proposals: &[Proposal], now: Timestamp) -> Result<(), Error> {
    if proposals.is_empty() {
        return Err(Error::invalid("/actions", "names no action"));
    }
    if proposals.len() > proposal::MOST_ACTIONS {
        let detail = format!("names {} actions; at most {}", proposals.len(), proposal::MOST_ACTIONS);
        return Err(Error::invalid("/actions", detail));
    }
    let errors: Vec<_> = proposals
        .iter()
        .enumerate()
        .flat_map(|(index, proposal)| {
            let at = move |error: FieldError| {
                FieldError::new(format!("/actions/{index}{}", error.pointer), error.detail)
            };
            proposal.check(now).into_iter().map(at)
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

async fn take_one(
    tx: &mut dyn Transaction,
    by: &Authorized,
    proposal: Proposal,
    index: usize,
    now: Timestamp,
) -> Result<Proposed, Error> {
    let known = tx.action_by_external_id(&by.actor().id, proposal.source, &proposal.external_id).await?;
    let digest = digest(proposal.action_type, &proposal.entity, &proposal.asset, &proposal.parameters)?;
    let fresh = proposal.into_action(new_id(now), digest, by.actor().clone(), now);
    let Some(before) = known else {
        tx.insert_action(by, &fresh).await?;
        let more = json!({ "type": fresh.action_type, "entity": fresh.entity, "asset": fresh.asset,
            "parameters": fresh.parameters, "source": fresh.source, "external_id": fresh.external_id });
        tx.append_audit(entry(now, AuditKind::Proposed, by, &fresh, more)).await?;
        return Ok(Proposed { action: fresh, created: true });
    };
    if before.digest == fresh.digest {
        return Ok(Proposed { action: before, created: false });
    }
    // Another target or other parameters under the same id: a new version, which nobody has seen yet.
    let after = Action {
        id: before.id,
        version: before.version + 1,
        proposed_by: before.proposed_by.clone(),
        proposed_at: before.proposed_at,
        updated_at: now.max(before.updated_at),
        ..fresh
    };
    if before.decision != Decision::Pending || !tx.revise_action(by, &before, &after).await? {
        let detail =
            format!("/actions/{index}/external_id names an action that was decided; it can't be changed");
        return Err(Error::Conflict { detail, current: Some(Box::new(before)) });
    }
    let more = json!({ "type": after.action_type, "entity": after.entity, "asset": after.asset,
        "parameters": after.parameters, "before": before.digest });
    tx.append_audit(entry(now, AuditKind::Revised, by, &after, more)).await?;
    Ok(Proposed { action: after, created: false })
}
