//! Deciding on many: plans that are stored before anything happens, and jobs that carry them out item by item through
//! the one write path of `decide`.
//!
//! A step (`steps`) is one transaction, which holds the database's write lock: it takes the waiting items of the job
//! whose turn it is, decides on each by the same rules, writes what they have in common at once, and where each stands
//! now. If that does not go through, each is written in a part of its own. So an item is decided exactly if it
//! says so, whatever dies when, and instances that work on the same job take turns. Between two steps all who wait for
//! the lock come first. The authority of a job ends with the session or token that started it.

mod preview;
mod steps;
mod targets;

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use domain::actions::contract::UndoRequest;
use domain::bulk::ITEMS_SHOWN;
use domain::bulk::contract::BulkBackend;
use domain::core::subject::{Current, Subject};
use domain::core::text::escape_controls;
use domain::{
    Action, ActionId, BulkId, BulkJob, BulkPlan, BulkRequest, BulkVerb, Caller, Error, FollowUpVerb,
    ItemState, RowScope, Seen, Targets, Transition, UserId,
};
use jiff::{SignedDuration, Timestamp};

use self::preview::PreviewBuilder;
use super::clock::new_id;
use super::decision::Verb;
use super::detail::sentence;
use super::policies::by_itself;
use super::{Service, detached};
use store::{Bulk, BulkStart, DecidedState, NewBulkItem};

/// How long a plan can be started.
pub const PLAN_LIVES: SignedDuration = SignedDuration::from_mins(10);

/// How long a plan that nobody started is kept, to say that it is over.
const PLAN_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Items of one step: others wait for the write lock no longer than these take.
const STEP: usize = 50;

/// Looks for jobs of before a restart, and of other instances.
const POLL_INTERVAL: Duration = Duration::from_secs(3);

/// Actions that are looked at to say what a job waits for.
const LOOKED_AT: u32 = 5;

/// Actions that are named for a reason.
const EXAMPLES: usize = 3;

/// Every state but that of what was never meant to be tried.
const TRIED: &[ItemState] =
    &[ItemState::Waiting, ItemState::Decided, ItemState::Skipped, ItemState::Refused, ItemState::Failed];

#[async_trait]
impl BulkBackend for Service {
    async fn plan_bulk(&self, caller: &Caller, request: BulkRequest) -> Result<BulkPlan, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.plan(&caller, request).await }).await
    }

    async fn bulk_plan(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error> {
        self.load_plan(caller, id).await
    }

    async fn start_bulk(
        &self,
        caller: &Caller,
        id: BulkId,
        reason: Option<String>,
    ) -> Result<BulkJob, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.start_job(&caller, id, reason).await }).await
    }

    async fn bulk_job(
        &self,
        caller: &Caller,
        id: BulkId,
        state: Option<ItemState>,
        after: i64,
    ) -> Result<BulkJob, Error> {
        self.load_job(caller, id, state, after).await
    }

    async fn retry_bulk(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.plan_again(&caller, id).await }).await
    }
}

impl Service {
    pub(super) async fn plan(&self, caller: &Caller, mut request: BulkRequest) -> Result<BulkPlan, Error> {
        let (owner, by) = (caller.decider()?, caller.authorize_plan()?);
        let scope = RowScope::of(caller)?;
        let now = self.clock.now();
        if let Targets::Matching { query, .. } = &mut request.targets {
            **query = self.in_zone(caller, (**query).clone()).await?;
        }
        let ids = self.targets(&scope, &request, now).await?;
        let actions = self.store.actions(&scope, &ids).await?;
        if actions.len() != ids.len() {
            return Err(unknown(&ids, &actions));
        }
        let policies = self.store.policies().await?;
        let mut builder = PreviewBuilder::default();
        let mut items = Vec::with_capacity(actions.len());
        let mut undone = HashSet::new();
        for (action, proposer) in actions {
            let may = self.check(caller, &action, proposer, request.verb, now);
            let may = may.and_then(|()| by_itself(&policies, &action, request.verb == BulkVerb::Undo));
            let refusal = may.err();
            let left_out = refusal.map(|error| sentence(&error));
            builder.add(&action, left_out.as_deref());
            if request.verb == BulkVerb::Undo && left_out.is_none() {
                builder.lift(&self.standing_twins(&scope, &action, &[]).await?);
                undone.insert(action.id);
            }
            let seen = Seen { expected_version: action.version, digest: action.digest };
            items.push(NewBulkItem { action: action.id, seen, left_out });
        }
        let bulk = Bulk {
            id: new_id(now),
            owner,
            verb: request.verb,
            preview: builder.preview(request.verb, request.from, &undone),
            created_at: now,
            expires_at: now + PLAN_LIVES,
            start: None,
        };
        let mut tx = self.store.begin().await?;
        tx.forget_plans(&by, now - PLAN_KEPT).await?;
        tx.insert_bulk(&by, &bulk, &items).await?;
        tx.commit().await?;
        self.shown_plan(caller, bulk, now).await
    }

    /// Whether the caller could take this decision now, as the write itself will ask.
    fn check(
        &self,
        caller: &Caller,
        action: &Action,
        proposer: Option<UserId>,
        verb: BulkVerb,
        now: Timestamp,
    ) -> Result<(), Error> {
        match verb {
            BulkVerb::Approve => {
                self.check_decision(caller, action, proposer, Transition::Approve, now).map(drop)
            }
            BulkVerb::Reject => {
                self.check_decision(caller, action, proposer, Transition::Reject, now).map(drop)
            }
            BulkVerb::Undo => self.check_undo(caller, action).map(drop),
            BulkVerb::Retry => {
                self.check_follow_up(caller, action, proposer, FollowUpVerb::Retry, now).map(drop)
            }
        }
    }

    pub(super) async fn load_plan(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error> {
        let bulk = self.find(caller, id).await?;
        self.shown_plan(caller, bulk, self.clock.now()).await
    }

    /// A plan or job of the caller's; another's is like one that there is not.
    async fn find(&self, caller: &Caller, id: BulkId) -> Result<Bulk, Error> {
        let unknown = || Error::NotFound(Subject::bulk_plan(id));
        // A token of the owner that decides nothing has no plans, either.
        let owner = caller.decider().map_err(|_| unknown())?;
        RowScope::of(caller).map_err(|_| unknown())?;
        self.store.bulk(owner, id).await?.ok_or_else(unknown)
    }

    /// As it was planned, but for the names of what the caller sees no more, or not by this token.
    async fn shown_plan(&self, caller: &Caller, bulk: Bulk, now: Timestamp) -> Result<BulkPlan, Error> {
        let Bulk { id, verb, mut preview, expires_at, start, .. } = bulk;
        let scope = RowScope::of(caller)?;
        let items = self.store.bulk_items(&scope, id, TRIED, 0, shown()).await?;
        if !scope.is_all() {
            let named = preview.left_out.iter().flat_map(|group| &group.examples).chain(&preview.lifts);
            let named: Vec<_> = named.map(|line| line.id).collect();
            let seen = self.store.actions(&scope, &named).await?;
            let seen: HashSet<_> = seen.into_iter().map(|(action, _)| action.id).collect();
            for group in &mut preview.left_out {
                group.examples.retain(|line| seen.contains(&line.id));
            }
            preview.lifts.retain(|line| seen.contains(&line.id));
        }
        Ok(BulkPlan { id, verb, preview, items, expires_at, started: start.is_some(), rendered_at: now })
    }

    pub(super) async fn start_job(
        &self,
        caller: &Caller,
        id: BulkId,
        reason: Option<String>,
    ) -> Result<BulkJob, Error> {
        let by = caller.authorize_plan()?;
        let bulk = self.find(caller, id).await?;
        self::verb(bulk.verb, reason.clone()).check()?;
        if bulk.preview.decidable == 0 {
            return Err(Error::invalid(
                "",
                "nothing in this plan can be decided; make one of actions that wait and that you may decide",
            ));
        }
        let now = self.clock.now();
        let start = BulkStart { at: now, reason, approval_id: new_id(now), ended_at: None };
        let mut tx = self.store.begin().await?;
        if !tx.start_bulk(&by, id, &start).await? {
            drop(tx);
            if self.find(caller, id).await?.start.is_none() {
                return Err(Error::PlanExpired);
            }
            let detail = "this plan was started before".to_owned();
            return Err(Error::Conflict {
                detail,
                current: Box::new(Current::named(Subject::bulk_plan(id))),
            });
        }
        tx.commit().await?;
        self.started.notify_one();
        self.load_job(caller, id, None, 0).await
    }

    pub(super) async fn load_job(
        &self,
        caller: &Caller,
        id: BulkId,
        state: Option<ItemState>,
        after: i64,
    ) -> Result<BulkJob, Error> {
        let bulk = self.find(caller, id).await?;
        let start = bulk.start.ok_or_else(|| Error::NotFound(Subject::bulk_job(id)))?;
        let states = state.as_ref().map_or(TRIED, std::slice::from_ref);
        // Before the items: where these numbers say that all is over, the items do, too.
        let execution = self.store.bulk_execution(id, bulk.verb).await?;
        let scope = RowScope::of(caller)?;
        let mut items = self.store.bulk_items(&scope, id, states, after, shown() + 1).await?;
        let more = items.len() > ITEMS_SHOWN;
        items.truncate(ITEMS_SHOWN);
        let goes_on = start.ended_at.is_none() || execution.running > 0;
        Ok(BulkJob {
            waits: if goes_on { self.why_job_waits(caller, id, bulk.verb).await? } else { None },
            id,
            verb: bulk.verb,
            reason: start.reason,
            approval_id: start.approval_id,
            started_at: start.at,
            ended_at: start.ended_at,
            from: bulk.preview.from,
            progress: self.store.bulk_progress(id).await?,
            execution,
            next: items.last().filter(|_| more).map(|item| item.position),
            items,
            rendered_at: self.clock.now(),
        })
    }

    /// Why what is left of a job waits: nothing is handed to executors, or what the first waits for that waits.
    async fn why_job_waits(
        &self,
        caller: &Caller,
        id: BulkId,
        verb: BulkVerb,
    ) -> Result<Option<String>, Error> {
        if let Some(why) = self.waits_for_dispatch().await? {
            return Ok(Some(why));
        }
        let ids = self.store.bulk_decided(id, verb, DecidedState::Running, LOOKED_AT).await?;
        let scope = RowScope::of(caller)?;
        for (action, _) in self.store.actions(&scope, &ids).await? {
            let why = match verb {
                BulkVerb::Undo => self.waits_of(&scope, &action).await?,
                BulkVerb::Approve | BulkVerb::Reject | BulkVerb::Retry => self.held(&action).await?,
            };
            if let Some(why) = why {
                let asset = escape_controls(&action.asset.name);
                return Ok(Some(format!("{} on {asset}: {why}", action.action_type.label())));
            }
        }
        Ok(None)
    }

    /// A new plan of what a job did not get done, as it is now: of what was not decided and of undos that failed; if there
    /// is none, to carry out once more what was approved and failed.
    pub(super) async fn plan_again(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error> {
        let bulk = self.find(caller, id).await?;
        if bulk.start.is_none_or(|start| start.ended_at.is_none()) {
            let detail = "it has not ended; wait for it, then try the rest again".to_owned();
            return Err(Error::Conflict { detail, current: Box::new(Current::named(Subject::bulk_job(id))) });
        }
        let mut ids = self.store.bulk_actions(id, &[ItemState::Refused, ItemState::Failed]).await?;
        let mut verb = bulk.verb;
        if verb == BulkVerb::Undo || ids.is_empty() {
            let failed = self.store.bulk_decided(id, verb, DecidedState::Failed, u32::MAX).await?;
            ids.extend(failed);
            verb = if verb == BulkVerb::Undo { verb } else { BulkVerb::Retry };
        }
        let (targets, from) = (Targets::Ids(ids), bulk.preview.from);
        self.plan(caller, BulkRequest { verb, targets, from }).await
    }
}

/// Items of an answer.
fn shown() -> u32 {
    u32::try_from(ITEMS_SHOWN).unwrap_or(u32::MAX)
}

fn verb(verb: BulkVerb, reason: Option<String>) -> Verb {
    match verb {
        BulkVerb::Approve => Verb::Approve { comment: reason, alone: false },
        BulkVerb::Reject => Verb::Reject { reason: reason.unwrap_or_default() },
        BulkVerb::Undo => Verb::Undo(UndoRequest::because(reason.unwrap_or_default())),
        BulkVerb::Retry => Verb::Retry { comment: reason },
    }
}

fn unknown(ids: &[ActionId], actions: &[(Action, Option<UserId>)]) -> Error {
    let known: HashSet<_> = actions.iter().map(|(action, _)| action.id).collect();
    let missing: Vec<_> = ids.iter().filter(|id| !known.contains(id)).map(ToString::to_string).collect();
    let first = missing.iter().take(EXAMPLES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if missing.len() > EXAMPLES { ", …" } else { "" };
    let detail = format!("{} of them do not exist, or you may not see them: {first}{more}", missing.len());
    Error::invalid("/ids", detail)
}
