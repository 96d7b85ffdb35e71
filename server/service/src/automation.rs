//! What becomes of the actions that an investigation proposes: the rule of the device group's level decides at once, or a
//! person does. Asked again whenever newer facts come. `switch` stops all rules and keeps their quotas, `simulate` says
//! what another level would have done.

mod simulate;
mod switch;

use domain::actions::contract::Proposed;
use domain::investigations::automation::{Automation, Subject, decide};
use domain::investigations::contract::ReportedAction;
use domain::{Action, ActionType, AssetKind, AuditKind, Decision, Error, Lifecycle, Proposal, Status};
use serde_json::json;

use super::intake::Intake;
use super::targets::named;
use super::{Service, entry, timeline};
use store::{Guard, PolicyGuard, Transaction};

impl Service {
    /// Takes in one action of an investigation, and has the rule decide on it if there is one, of these types also on
    /// users that are compromised.
    pub(super) async fn take_in_automated(
        &self,
        tx: &mut dyn Transaction,
        intake: &mut Intake<'_>,
        on_compromised_users: &[ActionType],
        proposal: Proposal,
        index: usize,
    ) -> Result<ReportedAction, Error> {
        let external_id = proposal.external_id.clone();
        if !proposal.targets.is_empty() {
            let detail = "are of no investigation's action: its rules decide for each device by itself";
            return Err(Error::invalid(format!("/actions/{index}/targets"), detail));
        }
        if proposal.is_record() {
            let taken = intake.record(tx, proposal, index).await?;
            return Ok(reported(external_id, taken, None));
        }
        let group = match proposal.asset.kind {
            AssetKind::Device => proposal.asset.device_group.clone(),
            AssetKind::Mailbox | AssetKind::Account => None,
        };
        let level = tx.level_of(group.as_deref()).await?;
        let subject = Subject::of(proposal.action_type, &proposal.entity, on_compromised_users);
        let automation = decide(level, proposal.verdict, subject);
        if let Automation::Nothing(why) = automation {
            let rule = Some(format!("Not proposed: {why}."));
            return Ok(ReportedAction { external_id, rule, ..ReportedAction::default() });
        }
        let taken = intake.take_one(tx, proposal, index).await?;
        let before = taken.action.clone();
        let (action, said) = match automation {
            Automation::Approve(rule) if before.decision == Decision::Pending => {
                self.auto_approve(tx, intake, before, rule).await?
            }
            Automation::HoldBack { rule, why } if before.decision == Decision::Pending => {
                hold_back(tx, intake, before, &rule, &why).await?
            }
            _ => return Ok(reported(external_id, taken, None)),
        };
        Ok(reported(external_id, Proposed { action, ..taken }, Some(said)))
    }

    /// Approves by a rule what can be carried out now; anything else waits, and it is said why.
    async fn auto_approve(
        &self,
        tx: &mut dyn Transaction,
        intake: &mut Intake<'_>,
        before: Action,
        rule: String,
    ) -> Result<(Action, String), Error> {
        let now = intake.now;
        // Nobody else writes meanwhile: what is read here holds until this is committed.
        let automation = tx.automation(now).await?;
        let policies = tx.policies().await?;
        let protected = policies.on(&before).map(|of| format!("it is protected: {}", of.name));
        let why = match automation.stopped {
            Some(stop) => Some(format!("all automation is stopped by {}", stop.by)),
            None => protected.or_else(|| automation.quota(before.action_type).spent()),
        };
        if let Some(why) = why {
            return hold_back(tx, intake, before, &rule, &why).await;
        }
        let ended = timeline::end_of(&before).is_some_and(|end| end <= now);
        if ended || before.expires_at <= now || !self.has_executor(&before) {
            return hold_back(tx, intake, before, &rule, "nothing can carry it out now").await;
        }
        let by = intake.caller.authorize_automation()?;
        let reason = format!("Approved by a rule: {rule}.");
        let after = Action {
            version: before.version + 1,
            decision: Decision::AutoApproved,
            status: Status::Queued,
            decided_by: Some(by.actor().clone()),
            decided_at: Some(now),
            reason: Some(reason.clone()),
            updated_at: now.max(before.updated_at),
            status_detail: None,
            ..before.clone()
        };
        Lifecycle::from_columns(after.decision, after.status, after.undo)
            .map_err(|pair| Error::Internal(pair.to_string()))?;
        let (commands, executor) = self.commands(&after, now);
        let after = Action { executor, ..after };
        // What is new is written together, and has to be there first.
        intake.write(tx).await?;
        let policy = Some(PolicyGuard { revision: policies.revision, second: false });
        if !tx.update_state(Guard { by: &by, deciding: false, policy, now }, &before, &after).await? {
            return Err(Error::Forbidden(domain::Denied::Revoked));
        }
        let more = named(&commands, json!({ "rule": rule }));
        tx.enqueue(&by, &commands).await?;
        tx.note_automatic(&by, &after, now).await?;
        tx.append_audit(&by, entry(now, AuditKind::AutoApproved, &after, more)).await?;
        if let Some(name) = &after.external_id {
            intake.known.insert((after.source, name.clone()), after.clone());
        }
        Ok((after, reason))
    }
}

/// Leaves to a person what a rule would approve, and says on the action why. Said again, it changes nothing.
async fn hold_back(
    tx: &mut dyn Transaction,
    intake: &mut Intake<'_>,
    before: Action,
    rule: &str,
    why: &str,
) -> Result<(Action, String), Error> {
    let said = format!("It waits, as {why}. The rule was: {rule}.");
    if before.status_detail.as_ref() == Some(&said) {
        return Ok((before, said));
    }
    let (by, now) = (intake.caller.authorize_automation()?, intake.now);
    let mut after = Action { status_detail: Some(said.clone()), ..before.clone() };
    if let Some(fresh) = intake.fresh.iter_mut().find(|fresh| fresh.id == before.id) {
        fresh.clone_from(&after);
    } else {
        after.version += 1;
        after.updated_at = now.max(before.updated_at);
        if !tx.update_state(Guard { by: &by, deciding: false, policy: None, now }, &before, &after).await? {
            return Err(Error::Forbidden(domain::Denied::Revoked));
        }
    }
    tx.append_audit(&by, entry(now, AuditKind::HeldBack, &after, json!({ "rule": rule, "why": why })))
        .await?;
    if let Some(name) = &after.external_id {
        intake.known.insert((after.source, name.clone()), after.clone());
    }
    Ok((after, said))
}

fn reported(external_id: String, taken: Proposed, rule: Option<String>) -> ReportedAction {
    let Proposed { action, created, changed, dropped, .. } = taken;
    let names = |fields: Vec<&str>| fields.into_iter().map(str::to_owned).collect();
    ReportedAction {
        external_id,
        id: Some(action.id),
        created,
        changed: names(changed),
        dropped: names(dropped),
        decision: Some(action.decision),
        rule,
    }
}
