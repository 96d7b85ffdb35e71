//! Take action: what a person has done at once. It is checked as a proposal is, and needs the permission that approving it
//! would need; where nothing may be carried out at once, it waits for somebody else.

use async_trait::async_trait;
use domain::actions::contract::{Availability, Protected};
use domain::actions::take::{NewAction, TakeActions, TakePreview};
use domain::{
    Action, Asset, AssetKind, AuditKind, Authorized, Caller, Denied, Error, FieldError, Lane, Lifecycle,
    RowScope, ScopedRow,
};
use jiff::Timestamp;
use serde_json::json;
use std::slice::from_ref;

use super::clock::new_id;
use super::decision::device_group;
use super::decision_times::give_time;
use super::detail::sentence;
use super::policies::{self, Beside};
use super::targets::named;
use super::{Service, detached, digest, entry};

/// Actions whose assets are suggested.
const RECENT_ACTIONS: u32 = 2_000;
/// Assets that are suggested.
const MAX_SUGGESTIONS: usize = 300;

#[async_trait]
impl TakeActions for Service {
    async fn preview_action(&self, caller: &Caller, new: NewAction) -> Result<TakePreview, Error> {
        let scope = RowScope::of(caller)?;
        let now = self.clock.now();
        let action = self.to_be_taken(caller, &scope, new, now).await?;
        let policies = self.store.policies().await?;
        let take = Self::may_take(caller, &scope, &action).map(drop).map_err(|error| sentence(&error));
        let protection = policies.on(&action).filter(|_| action.decision == domain::Decision::NotRequired);
        let protection = protection.map(|of| Protected {
            says: of.says(),
            first: None,
            break_glass: Availability::Allowed,
            step_up: caller.require_fresh_factor().is_err(),
        });
        let executor = self.executors.found(action.action_type, &action).map(|found| found.view());
        let impact = self.impact(&scope, &action).await?;
        let unconnected = (action.decision == domain::Decision::Pending).then(|| {
            let why = self.executors.why_none(action.action_type, &action);
            format!("It would wait for a decision of somebody else: {why}.")
        });
        let waits = protection.as_ref().map(|of| format!("{} It would wait for somebody else.", of.says));
        let waits = waits.or(unconnected);
        Ok(TakePreview { take: Availability::from(take), impact, waits, protection, executor, action })
    }

    async fn take_action(&self, caller: &Caller, new: NewAction) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.take_now(&caller, new).await }).await
    }

    async fn recent_assets(&self, caller: &Caller) -> Result<Vec<Asset>, Error> {
        let mut assets = self.store.recent_assets(&RowScope::of(caller)?, RECENT_ACTIONS).await?;
        assets.truncate(MAX_SUGGESTIONS);
        Ok(assets)
    }
}

impl Service {
    async fn take_now(&self, caller: &Caller, new: NewAction) -> Result<Action, Error> {
        let scope = RowScope::of(caller)?;
        let now = self.clock.now();
        let alone = new.break_glass;
        let action = self.to_be_taken(caller, &scope, new, now).await?;
        let by = Self::may_take(caller, &scope, &action)?;
        let mut tx = self.store.begin().await?;
        let now = tx.time(now).await?;
        let mut action = Action { id: new_id(now), proposed_at: now, updated_at: now, ..action };
        let reason = action.comment.clone().unwrap_or_default();
        let policies = tx.policies().await?;
        let beside = policies::at_once(caller, &policies, &mut action, (alone, &reason), now)?;
        give_time(&mut *tx, &mut action, now).await?;
        let commands = match action.decision {
            domain::Decision::NotRequired => self.commands(&action, now).0,
            _ => Vec::new(),
        };
        tx.insert_actions(&by, from_ref(&action)).await?;
        // It is carried out at once, so that a role that was taken away meanwhile must not count any more.
        if !tx.may_still_take(&by, action.id, now).await? {
            return Err(Denied::Revoked.into());
        }
        let more = json!({ "type": action.action_type, "entity": action.entity, "asset": action.asset,
            "parameters": action.parameters, "comment": action.comment });
        let more = named(&commands, more);
        tx.append_audit(&by, entry(now, AuditKind::Proposed, &action, more)).await?;
        if let Beside::BreakGlass(_, of, why) = &beside {
            tx.append_audit(&by, policies::broken(now, &action, of, why)).await?;
        }
        beside.write(&mut *tx, &by, &action).await?;
        if !commands.is_empty() {
            tx.enqueue(&by, &commands).await?;
        }
        tx.commit().await?;
        Ok(action)
    }

    /// Whether the caller may take it: whom it hides from may not, either.
    fn may_take(caller: &Caller, scope: &RowScope, action: &Action) -> Result<Authorized, Error> {
        let by = caller.authorize_on(action.permission(), device_group(action))?;
        if shows(scope, &action.asset) { Ok(by) } else { Err(not_yours()) }
    }

    /// What is known of an asset: what it is, its name says; only where neither that nor rules say it can the caller. Who
    /// sees some device groups says nothing, and hears the same of a device of another group and of one that there is not.
    async fn asset_of(&self, scope: &RowScope, asset: Asset) -> Result<Asset, Error> {
        let is_limited = asset.kind == AssetKind::Device && scope.device_groups.is_some();
        let known = self.store.known_asset(asset.kind, &asset.name).await?;
        let by_rules = self.group_by_rules(&asset).await?;
        let said = asset.device_group.filter(|_| by_rules.is_none() && !is_limited);
        let criticality = known.as_ref().and_then(|known| known.criticality).or(asset.criticality);
        let (device_group, is_told) = match (known, by_rules) {
            (Some(known), _) => (known.device_group.or(said), true),
            // What no rule names may be anything.
            (None, by_rules) => {
                let is_told = by_rules.as_ref().is_some_and(Option::is_some);
                (by_rules.unwrap_or(said), is_told)
            }
        };
        let asset = Asset { criticality, device_group, ..asset };
        if is_limited && !(is_told && shows(scope, &asset)) {
            return Err(not_yours());
        }
        Ok(asset)
    }

    /// The action that it would be, checked.
    async fn to_be_taken(
        &self,
        caller: &Caller,
        scope: &RowScope,
        mut new: NewAction,
        now: Timestamp,
    ) -> Result<Action, Error> {
        caller.decider()?;
        new.asset = self.asset_of(scope, new.asset).await?;
        let mut proposal = new.into_proposal();
        let mut errors: Vec<FieldError> = proposal.check(now);
        errors.retain(|error| error.pointer != "/external_id");
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        proposal.normalize();
        let digest =
            digest(proposal.action_type, &proposal.entity, &proposal.asset, &[], &proposal.parameters)?;
        let action = proposal.into_action(uuid::Uuid::nil().into(), digest, caller.actor.clone(), now);
        let executor = self.executors.find(&action).map(|executor| executor.name().to_owned());
        let mut action = Action { external_id: None, ..action };
        if let Some(executor) = executor {
            let state = Lifecycle::NOT_REQUIRED.state();
            (action.decision, action.status) = (state.decision(), state.status());
            action.executor = Some(executor);
        }
        Ok(action)
    }
}

/// Whether the scope shows what the caller takes on an asset.
fn shows(scope: &RowScope, asset: &Asset) -> bool {
    scope.shows(&ScopedRow {
        // Whoever may see only what they proposed sees this.
        proposed_by: scope.proposer.clone().unwrap_or_default(),
        lane: Lane::Pending,
        asset_kind: asset.kind,
        device_group: asset.device_group.clone(),
    })
}

fn not_yours() -> Error {
    Error::invalid("/asset/name", "must be a device of a device group that you see")
}
