//! The write path of tools: proposals come in, all or none, or each for itself. A repeat changes nothing, unless it brings
//! newer facts.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::actions::contract::{ProposeActions, Proposed};
use domain::actions::proposal;
use domain::actions::targets::target_count;
use domain::core::subject::Current;
use domain::decision_times::DecisionTimes;
use domain::{
    Action, AuditKind, Authorized, Caller, Decision, Denied, Error, FieldError, Outcome, Proposal, RowScope,
    Source, Status,
};
use jiff::Timestamp;
use serde_json::json;

use super::access::device_groups::place_proposals;
use super::clock::new_id;
use super::{Service, detached, digest, entry};
use store::Transaction;

#[async_trait]
impl ProposeActions for Service {
    async fn propose(&self, caller: &Caller, proposals: Vec<Proposal>) -> Result<Vec<Proposed>, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        let taken = detached(async move { service.take_in(&caller, proposals, OnError::Stop).await }).await?;
        taken.into_iter().collect()
    }

    async fn propose_each(
        &self,
        caller: &Caller,
        proposals: Vec<Proposal>,
    ) -> Result<Vec<Result<Proposed, Error>>, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.take_in(&caller, proposals, OnError::GoOn).await }).await
    }
}

/// What becomes of the others when one proposal can't be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnError {
    /// None is.
    Stop,
    /// They are.
    GoOn,
}

impl OnError {
    /// The result of one proposal; an error, if it is everybody's. What one can be at fault for wrote nothing of it.
    pub(super) fn result<T>(self, one: Result<T, Error>) -> Result<Result<T, Error>, Error> {
        let is_own = |error: &Error| {
            matches!(
                error,
                Error::Invalid(_) | Error::Conflict { .. } | Error::Forbidden(Denied::TokenScope(_))
            )
        };
        match one {
            Err(error) if self == Self::Stop || !is_own(&error) => Err(error),
            one => Ok(one),
        }
    }
}

impl Service {
    async fn take_in(
        &self,
        caller: &Caller,
        proposals: Vec<Proposal>,
        on_error: OnError,
    ) -> Result<Vec<Result<Proposed, Error>>, Error> {
        let by =
            caller.authorize_proposal().or_else(|missing| caller.authorize_record().map_err(|_| missing))?;
        check_count(proposals.len())?;
        let now = self.clock.now();
        let mut checked: Vec<_> =
            proposals.into_iter().enumerate().map(|(at, of)| check(at, of, now)).collect();
        if on_error == OnError::Stop {
            let errors: Vec<_> =
                checked.iter().filter_map(|of| of.as_ref().err()).flatten().cloned().collect();
            if !errors.is_empty() {
                return Err(Error::Invalid(errors));
            }
        }
        let mut tx = self.store.begin().await?;
        let now = tx.time(now).await?;
        place_proposals(&mut *tx, &by, &mut checked, now).await?;
        check_groups(&mut checked);
        let times = tx.decision_times().await?;
        let known = known(&mut *tx, &by, &checked).await?;
        let mut intake = Intake { caller, by: &by, now, times, known, fresh: Vec::new() };
        let mut taken = Vec::with_capacity(checked.len());
        for (index, proposal) in checked.into_iter().enumerate() {
            let one = match proposal {
                Ok(proposal) if proposal.is_record() => intake.record(&mut *tx, proposal, index).await,
                Ok(proposal) => intake.take_one(&mut *tx, proposal, index).await,
                Err(errors) => Err(Error::Invalid(errors)),
            };
            taken.push(on_error.result(one)?);
        }
        intake.write(&mut *tx).await?;
        for reverse in recorded_reverses(&taken) {
            let (by, done) = (caller.authorize_record()?, (reverse, Outcome::Completed));
            Box::pin(self.lift_twins(&mut *tx, &by, reverse, done, now)).await?;
        }
        tx.commit().await?;
        if let Ok(scope) = RowScope::of(caller) {
            let new: Vec<_> = taken.iter().flatten().filter(|of| of.created).map(|of| &of.action).collect();
            let shared = self.store.that_share_entities(&new).await?;
            for proposed in
                taken.iter_mut().flatten().filter(|of| of.created && shared.contains(&of.action.id))
            {
                proposed.twins = self.twins(&scope, &proposed.action).await?;
            }
        }
        Ok(taken)
    }
}

/// What was done elsewhere, is recorded now, and reversed what others did.
fn recorded_reverses(taken: &[Result<Proposed, Error>]) -> impl Iterator<Item = &Action> {
    let is_new = |of: &&Proposed| of.created || of.changed.contains(&"status");
    let actions = taken.iter().flatten().filter(is_new).map(|of| &of.action);
    actions.filter(|of| of.status == Status::Completed && of.action_type.is_reverse())
}

fn check_count(count: usize) -> Result<(), Error> {
    match count {
        0 => Err(Error::invalid("/actions", "names no action; send at least one")),
        1..=proposal::MAX_ACTIONS => Ok(()),
        count => {
            let detail = format!("names {count} actions; at most {}", proposal::MAX_ACTIONS);
            Err(Error::invalid("/actions", detail))
        }
    }
}

/// The proposal in its one form, or everything that is wrong with it.
pub(super) fn check(
    index: usize,
    mut proposal: Proposal,
    now: Timestamp,
) -> Result<Proposal, Vec<FieldError>> {
    let at = |error: FieldError| FieldError::new(format!("/actions/{index}{}", error.pointer), error.detail);
    let errors: Vec<_> = proposal.check(now).into_iter().map(at).collect();
    if errors.is_empty() {
        proposal.normalize();
        Ok(proposal)
    } else {
        Err(errors)
    }
}

/// Targets of one action are of one device group: who decides on them may see all of them.
pub(super) fn check_groups(checked: &mut [Result<Proposal, Vec<FieldError>>]) {
    for (index, proposal) in checked.iter_mut().enumerate() {
        let errors = proposal.as_ref().map(|of| of_one_group(index, of)).unwrap_or_default();
        if !errors.is_empty() {
            *proposal = Err(errors);
        }
    }
}

fn of_one_group(index: usize, proposal: &Proposal) -> Vec<FieldError> {
    let name = |group: &Option<String>| group.clone().unwrap_or_else(|| RowScope::UNGROUPED.to_owned());
    let group = name(&proposal.asset.device_group);
    let others =
        proposal.targets.iter().enumerate().filter(|(_, target)| name(&target.device_group) != group);
    let error = |(place, target): (usize, &domain::Asset)| {
        let detail = format!(
            "is {} of device group {}, and the asset of {group}; propose an action for each group",
            target.name,
            name(&target.device_group)
        );
        FieldError::new(format!("/actions/{index}/targets/{place}/device_group"), detail)
    };
    others.map(error).collect()
}

/// How tools find their actions again.
pub(super) type Name = (Source, String);

/// What is there of what was sent.
pub(super) async fn known(
    tx: &mut dyn Transaction,
    by: &Authorized,
    checked: &[Result<Proposal, Vec<FieldError>>],
) -> Result<HashMap<Name, Action>, Error> {
    let sent = checked.iter().flatten();
    let names: Vec<_> = sent.map(|proposal| (proposal.source, proposal.external_id.as_str())).collect();
    let found = tx.actions_by_external_ids(by.principal(), &names).await?;
    let by_name = |action: Action| Some(((action.source, action.external_id.clone()?), action));
    Ok(found.into_iter().filter_map(by_name).collect())
}

/// A request as it is taken in.
pub(super) struct Intake<'a> {
    pub(super) caller: &'a Caller,
    pub(super) by: &'a Authorized,
    pub(super) now: Timestamp,
    /// How long there is to decide where a proposal names no end.
    pub(super) times: DecisionTimes,
    /// What was there before, and what the request made of it so far.
    pub(super) known: HashMap<Name, Action>,
    /// New actions, to be written together.
    pub(super) fresh: Vec<Action>,
}

impl Intake<'_> {
    /// Writes what is new.
    pub(super) async fn write(&mut self, tx: &mut dyn Transaction) -> Result<(), Error> {
        tx.insert_actions(self.by, &self.fresh).await?;
        self.fresh.clear();
        Ok(())
    }

    /// Writes a new version over what is known, which may be new itself.
    async fn revise(
        &mut self,
        tx: &mut dyn Transaction,
        before: &Action,
        after: &Action,
    ) -> Result<bool, Error> {
        self.write(tx).await?;
        let revised = tx.revise_action(self.by, before, after).await?;
        if revised && let Some(name) = &after.external_id {
            self.known.insert((after.source, name.clone()), after.clone());
        }
        Ok(revised)
    }

    pub(super) async fn take_one(
        &mut self,
        tx: &mut dyn Transaction,
        proposal: Proposal,
        index: usize,
    ) -> Result<Proposed, Error> {
        // A credential to record alone proposes nothing.
        self.caller.authorize_proposal()?;
        let (by, now) = (self.by, self.now);
        let name = (proposal.source, proposal.external_id.clone());
        let known = self.known.get(&name).cloned();
        let mut proposal = proposal;
        let repeated = known.as_ref().filter(|known| proposal.is_on_target_of(known)).cloned();
        if let Some(before) = &repeated {
            proposal.complete(before);
        }
        let Proposal { action_type, entity, asset, targets, parameters, .. } = &proposal;
        let digest = digest(*action_type, entity, asset, targets, parameters)?;
        if let Some(before) = &repeated {
            return self.repeat(tx, before, proposal, digest, index).await;
        }
        let end = self.times.end(proposal.action_type, now);
        let proposal = Proposal { expires_at: proposal.expires_at.or(Some(end)), ..proposal };
        let proposed = proposal.into_action(new_id(now), digest, by.actor().clone(), now);
        let Some(before) = known else {
            let more = json!({ "type": proposed.action_type, "entity": proposed.entity, "asset": proposed.asset,
                "parameters": proposed.parameters, "source": proposed.source, "external_id": proposed.external_id });
            let more = with_targets(&proposed, more);
            tx.append_audit(by, entry(now, AuditKind::Proposed, &proposed, more)).await?;
            self.known.insert(name, proposed.clone());
            self.fresh.push(proposed.clone());
            return Ok(Proposed { created: true, ..unchanged(&proposed) });
        };
        // Another target under the same id: a new version, which nobody has seen yet.
        let after = Action {
            id: before.id,
            version: before.version + 1,
            proposed_by: before.proposed_by.clone(),
            proposed_at: before.proposed_at,
            updated_at: now.max(before.updated_at),
            ..proposed
        };
        if before.decision != Decision::Pending || !self.revise(tx, &before, &after).await? {
            return Err(was_decided(&before, index));
        }
        let more = json!({ "type": after.action_type, "entity": after.entity, "asset": after.asset,
            "parameters": after.parameters, "before": before.digest });
        let more = with_targets(&after, more);
        tx.append_audit(by, entry(now, AuditKind::Revised, &after, more)).await?;
        let differs = [
            ("type", after.action_type != before.action_type),
            ("entity", after.entity != before.entity),
            ("asset", after.asset != before.asset),
            ("targets", after.targets != before.targets),
            ("parameters", after.parameters != before.parameters),
            ("severity", after.severity != before.severity),
            ("verdict", after.verdict != before.verdict),
            ("comment", after.comment != before.comment),
            ("campaign", after.campaign != before.campaign),
            ("investigation_id", after.investigation_id != before.investigation_id),
            ("incident_id", after.incident_id != before.incident_id),
            ("evidence", after.evidence != before.evidence),
            ("alert", after.alert != before.alert),
            ("expires_at", after.expires_at != before.expires_at),
        ];
        let changed = differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect();
        Ok(Proposed { changed, ..unchanged(&after) })
    }

    /// The same again: with newer facts a pending action gets a new version, so that nobody decides on the older one.
    /// What was decided keeps its facts, and is bound to its parameters and targets.
    async fn repeat(
        &mut self,
        tx: &mut dyn Transaction,
        before: &Action,
        proposal: Proposal,
        digest: String,
        index: usize,
    ) -> Result<Proposed, Error> {
        let (by, now) = (self.by, self.now);
        let target = if of(before)? == digest { Vec::new() } else { proposal.target_changes(before) };
        let bound = target.iter().any(|change| matches!(change.field, "targets" | "parameters"));
        let Proposal { entity, asset, targets, parameters, .. } = proposal.clone();
        let (facts, mut changes) = proposal.update(before);
        let mut after =
            Action { version: before.version + 1, updated_at: now.max(before.updated_at), ..facts };
        if !target.is_empty() {
            changes.extend(target);
            let target_count = target_count(&targets);
            after = Action { entity, asset, targets, target_count, parameters, digest, ..after };
        }
        if changes.is_empty() {
            return Ok(unchanged(before));
        }
        let fields = changes.iter().map(|change| change.field).collect();
        let open = before.decision == Decision::Pending && before.expires_at > now;
        if !open || !self.revise(tx, before, &after).await? {
            if bound {
                return Err(was_decided(before, index));
            }
            return Ok(Proposed { dropped: fields, ..unchanged(before) });
        }
        tx.append_audit(by, entry(now, AuditKind::Revised, &after, json!({ "changes": changes }))).await?;
        Ok(Proposed { changed: fields, ..unchanged(&after) })
    }
}

fn unchanged(action: &Action) -> Proposed {
    let action = action.clone();
    Proposed { action, created: false, changed: Vec::new(), dropped: Vec::new(), twins: Vec::new() }
}

fn was_decided(action: &Action, index: usize) -> Error {
    let detail =
        format!("/actions/{index}/external_id names an action that was decided; it can't be changed");
    Error::Conflict { detail, current: Box::new(Current::new(action.id, action)) }
}

/// A record with the further targets of its action.
fn with_targets(action: &Action, mut more: serde_json::Value) -> serde_json::Value {
    if action.has_targets() {
        more["targets"] = json!(action.targets);
    }
    more
}

/// The digest that a stored action would get today.
pub(super) fn of(action: &Action) -> Result<String, Error> {
    digest(action.action_type, &action.entity, &action.asset, &action.targets, &action.parameters)
}
