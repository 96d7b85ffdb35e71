//! What is protected: who keeps it, what the details of an action say of it, break-glass and its review. What it means for
//! a decision stands in `policies`.

use async_trait::async_trait;
use domain::actions::break_glass::{BreakGlassReview, BreakGlassUse};
use domain::actions::contract::{Availability, Protected};
use domain::actions::proposal;
use domain::core::subject::Current;
use domain::policies::contract::PoliciesBackend;
use domain::policies::{Demand, MAX_PROTECTIONS, Protection};
use domain::{
    Action, ActionId, AuditKind, Authorized, Caller, Decision, Denied, Error, FollowUpVerb, Outcome,
    Permission, RowScope, Seen, Subject, SubjectKind, Transition, UserId,
};
use jiff::Timestamp;
use serde_json::json;

use super::change::Change;
use super::decision::{Verb, device_group};
use super::detail::sentence;
use super::policies::reverse_of;
use super::{Service, detached, entry};
use store::{AuditEntry, Transaction};

/// Uses of break-glass on the page of policies.
const MAX_USES: u32 = 200;

#[async_trait]
impl PoliciesBackend for Service {
    async fn protections(&self, caller: &Caller) -> Result<Vec<Protection>, Error> {
        RowScope::of(caller)?;
        self.all_protections().await
    }

    async fn add_protection(
        &self,
        caller: &Caller,
        protection: Protection,
    ) -> Result<Vec<Protection>, Error> {
        self.protect(caller.authorize_administration(Permission::Configure)?, protection).await
    }

    async fn remove_protection(&self, caller: &Caller, name: String) -> Result<Vec<Protection>, Error> {
        self.unprotect(caller.authorize_administration(Permission::Configure)?, name).await
    }

    async fn break_glass(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        reason: String,
    ) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        let verb = Verb::Approve { comment: Some(reason), alone: true };
        detached(async move { service.decide(&caller, id, seen, verb).await }).await
    }

    async fn break_glass_uses(&self, caller: &Caller) -> Result<Vec<BreakGlassUse>, Error> {
        Ok(self.store.break_glass_uses(&RowScope::of(caller)?, MAX_USES).await?)
    }

    async fn review_break_glass(
        &self,
        caller: &Caller,
        id: ActionId,
        comment: String,
    ) -> Result<BreakGlassUse, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.review(&caller, id, comment).await }).await
    }
}

impl Service {
    /// What is protected, by name.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn all_protections(&self) -> Result<Vec<Protection>, Error> {
        Ok(self.store.policies().await?.protections)
    }

    /// Protects something more, by whoever may.
    ///
    /// # Errors
    /// What is wrong with it, or a failure of the store.
    pub async fn protect(
        &self,
        by: Authorized,
        mut protection: Protection,
    ) -> Result<Vec<Protection>, Error> {
        protection.name = protection.name.trim().to_owned();
        let errors = protection.check();
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let service = self.clone();
        let name = protection.name.clone();
        detached(async move { service.change_policy(&by, &name, Some(protection)).await }).await
    }

    /// Protects it no more, by whoever may.
    ///
    /// # Errors
    /// That there is none of this name, or a failure of the store.
    pub async fn unprotect(&self, by: Authorized, name: String) -> Result<Vec<Protection>, Error> {
        let service = self.clone();
        detached(async move { service.change_policy(&by, &name, None).await }).await
    }

    async fn change_policy(
        &self,
        by: &Authorized,
        name: &str,
        after: Option<Protection>,
    ) -> Result<Vec<Protection>, Error> {
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let protections = tx.policies().await?.protections;
        let before = protections.iter().find(|of| of.name == name);
        let subject = Subject::new(SubjectKind::Setting, "policies");
        match (before, &after) {
            (None, None) => return Err(Error::NotFound(subject)),
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "/name",
                    "is taken: remove the one that there is, then add it anew",
                ));
            }
            (None, Some(_)) if protections.len() >= MAX_PROTECTIONS => {
                return Err(Error::invalid("", format!("there may be {MAX_PROTECTIONS} at most")));
            }
            _ => {}
        }
        if !tx.set_protection(by, name, after.as_ref(), now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "before": before, "after": after });
        let entry = AuditEntry { at: now, kind: AuditKind::PolicyChanged, subject: Some(subject), body };
        tx.append_audit(by, entry).await?;
        tx.commit().await?;
        self.all_protections().await
    }

    async fn review(&self, caller: &Caller, id: ActionId, comment: String) -> Result<BreakGlassUse, Error> {
        proposal::check_comment(&comment).map_err(|detail| Error::invalid("/comment", detail))?;
        let scope = RowScope::of(caller)?;
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let action = tx.action(&scope, id).await?.ok_or_else(|| Error::NotFound(id.into()))?;
        if !action.break_glass {
            return Err(Error::NotFound(id.into()));
        }
        let by = caller.authorize_on(action.permission(), device_group(&action))?;
        let review = BreakGlassReview { by: caller.actor.label(), at: now, comment };
        if !tx.review_break_glass(&by, id, &review).await? {
            drop(tx);
            let reviewed = self.store.break_glass(id).await?.and_then(|of| of.review);
            return Err(match reviewed {
                Some(review) => {
                    let detail = format!("{} reviewed it before", review.by);
                    Error::Conflict { detail, current: Box::new(Current::new(action.id, &action)) }
                }
                None => Denied::OwnBreakGlass.into(),
            });
        }
        let more = json!({ "comment": review.comment });
        tx.append_audit(&by, entry(now, AuditKind::BreakGlassReviewed, &action, more)).await?;
        tx.commit().await?;
        self.store.break_glass(id).await?.ok_or_else(|| Error::NotFound(id.into()))
    }

    /// Appends the records of a change whose rows are written, with what goes beside. What was to be undone, and will not
    /// be, says so.
    pub(super) async fn record(
        &self,
        tx: &mut dyn Transaction,
        change: Change,
        now: Timestamp,
    ) -> Result<Action, Error> {
        let by = change.by.clone();
        let after = change.record(tx).await?;
        self.close_undo(tx, &by, &after, now).await?;
        Ok(after)
    }

    /// Tells what was to be undone that its undo, which waited for somebody, will not be.
    pub(super) async fn close_undo(
        &self,
        tx: &mut dyn Transaction,
        by: &Authorized,
        reverse: &Action,
        now: Timestamp,
    ) -> Result<(), Error> {
        let closed = matches!(
            reverse.decision,
            Decision::Rejected | Decision::Expired | Decision::Withdrawn | Decision::Superseded
        );
        if reverse.undo_of.is_none() || !closed {
            return Ok(());
        }
        let detail = format!("its undo was not let happen: {}", reverse.decision.label().to_lowercase());
        self.report_undo(tx, by, reverse, (Outcome::Cancelled, &detail), now).await
    }

    /// What a policy asks for of the decision on an action as it stands, of its undo, or of trying it again; and why the
    /// caller is not the one who decides or tries again.
    pub(super) async fn protection(
        &self,
        caller: &Caller,
        action: &Action,
        proposer: Option<UserId>,
        now: Timestamp,
    ) -> Result<(Option<Protected>, Result<(), Error>), Error> {
        let policies = self.store.policies().await?;
        let pending = action.decision == Decision::Pending;
        let retry = self.check_follow_up(caller, action, proposer, FollowUpVerb::Retry, now).is_ok();
        let reverse = reverse_of(action).filter(|_| !pending && action.undoable().is_ok());
        let undo = reverse.as_ref().and_then(|reverse| policies.on(reverse));
        let itself = policies.on(action).filter(|_| pending || retry);
        let Some(protection) = undo.or(itself) else { return Ok((None, Ok(()))) };
        let two = protection.demand == Demand::SecondPerson && proposer.is_none();
        let first = if itself.is_some() && two { self.store.first_approval(action.id).await? } else { None };
        let first = first.filter(|first| first.version == action.version);
        let own = first.as_ref().is_some_and(|first| Some(first.person) == caller.person);
        let own_proposal = retry && itself.is_some() && proposer.is_some() && proposer == caller.person;
        let allowed = if pending {
            self.check_decision(caller, action, proposer, Transition::Approve, now).map(drop)
        } else {
            self.check_undo(caller, action).map(drop)
        };
        let break_glass = match allowed {
            Err(error) => Err(sentence(&error)),
            Ok(()) if pending && !two => Err("One more person is enough.".to_owned()),
            Ok(()) => Ok(()),
        };
        let protected = Protected {
            says: protection.says(),
            first: first.map(|first| first.actor.label()),
            break_glass: Availability::from(break_glass),
            step_up: caller.require_fresh_factor().is_err(),
        };
        let not_alone = match (own, own_proposal) {
            (true, _) => Err(Denied::ApprovedFirst.into()),
            (_, true) => Err(Denied::OwnProposal.into()),
            _ => Ok(()),
        };
        Ok((Some(protected), not_alone))
    }
}
