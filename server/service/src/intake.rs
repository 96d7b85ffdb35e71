//! The write path of tools: proposals come in, all or none, and a repeat changes nothing.

use std::collections::HashSet;

use async_trait::async_trait;
use domain::actions::contract::{ProposeActions, Proposed};
use domain::actions::proposal;
use domain::core::subject::Current;
use domain::{Action, AuditKind, Authorized, Caller, Decision, Error, FieldError, Proposal, Source};
use jiff::Timestamp;
use serde_json::json;

use super::clock::new_id;
use super::{Service, detached, digest, entry};
use store::Transaction;

#[async_trait]
impl ProposeActions for Service {
    async fn propose(&self, caller: &Caller, proposals: Vec<Proposal>) -> Result<Vec<Proposed>, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.take_in(&caller, proposals).await }).await
    }
}

impl Service {
    async fn take_in(&self, caller: &Caller, mut proposals: Vec<Proposal>) -> Result<Vec<Proposed>, Error> {
        let by = caller.authorize_proposal()?;
        check(&proposals, self.clock.now())?;
        proposals.iter_mut().for_each(Proposal::normalize);
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let mut taken = Vec::with_capacity(proposals.len());
        let mut fresh = Fresh::default();
        for (index, proposal) in proposals.into_iter().enumerate() {
            taken.push(take_one(&mut *tx, &by, &mut fresh, proposal, index, now).await?);
        }
        fresh.write(&mut *tx, &by).await?;
        tx.commit().await?;
        Ok(taken)
    }
}

fn check(proposals: &[Proposal], now: Timestamp) -> Result<(), Error> {
    if proposals.is_empty() {
        return Err(Error::invalid("/actions", "names no action"));
    }
    if proposals.len() > proposal::MAX_ACTIONS {
        let detail = format!("names {} actions; at most {}", proposals.len(), proposal::MAX_ACTIONS);
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

/// New actions, to be written together.
#[derive(Default)]
struct Fresh {
    actions: Vec<Action>,
    names: HashSet<(Source, String)>,
}

impl Fresh {
    async fn write(&mut self, tx: &mut dyn Transaction, by: &Authorized) -> Result<(), Error> {
        tx.insert_actions(by, &self.actions).await?;
        *self = Self::default();
        Ok(())
    }
}

async fn take_one(
    tx: &mut dyn Transaction,
    by: &Authorized,
    fresh: &mut Fresh,
    proposal: Proposal,
    index: usize,
    now: Timestamp,
) -> Result<Proposed, Error> {
    let name = (proposal.source, proposal.external_id.clone());
    if fresh.names.contains(&name) {
        // Twice in one request: the second finds the first.
        fresh.write(tx, by).await?;
    }
    let known = tx.action_by_external_id(&by.actor().id, proposal.source, &proposal.external_id).await?;
    let digest = digest(proposal.action_type, &proposal.entity, &proposal.asset, &proposal.parameters)?;
    let proposed = proposal.into_action(new_id(now), digest, by.actor().clone(), now);
    let Some(before) = known else {
        let more = json!({ "type": proposed.action_type, "entity": proposed.entity, "asset": proposed.asset,
            "parameters": proposed.parameters, "source": proposed.source, "external_id": proposed.external_id });
        tx.append_audit(by, entry(now, AuditKind::Proposed, &proposed, more)).await?;
        fresh.names.insert(name);
        fresh.actions.push(proposed.clone());
        return Ok(Proposed { action: proposed, created: true });
    };
    if before.digest == proposed.digest {
        return Ok(Proposed { action: before, created: false });
    }
    // Another target or other parameters under the same id: a new version, which nobody has seen yet.
    let after = Action {
        id: before.id,
        version: before.version + 1,
        proposed_by: before.proposed_by.clone(),
        proposed_at: before.proposed_at,
        updated_at: now.max(before.updated_at),
        ..proposed
    };
    if before.decision != Decision::Pending || !tx.revise_action(by, &before, &after).await? {
        let detail =
            format!("/actions/{index}/external_id names an action that was decided; it can't be changed");
        return Err(Error::Conflict { detail, current: Box::new(Current::new(before.id, &before)) });
    }
    let more = json!({ "type": after.action_type, "entity": after.entity, "asset": after.asset,
        "parameters": after.parameters, "before": before.digest });
    tx.append_audit(by, entry(now, AuditKind::Revised, &after, more)).await?;
    Ok(Proposed { action: after, created: false })
}
