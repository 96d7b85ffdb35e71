//! Deciding on many: plans that are stored before anything happens, and jobs that carry them out item by item through
//! the one write path of `decide`.
//!
//! A step is one transaction, which holds the database's write lock: it takes the waiting items of the job whose turn
//! it is, decides on each in a part of its own, and writes where each stands now. So an item is decided exactly if it
//! says so, whatever dies when, and instances that work on the same job take turns. Between two steps all who wait for
//! the lock come first. The authority of a job ends with the session or token that started it.

mod preview;
mod targets;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use domain::SystemAuthority;
use domain::bulk::ITEMS_SHOWN;
use domain::bulk::contract::BulkBackend;
use domain::core::subject::{Current, Subject};
use domain::{
    Action, ActionId, ApprovalId, BulkId, BulkJob, BulkPlan, BulkRequest, BulkVerb, Caller, Decision, Denied,
    Error, ItemState, RowScope, Seen, Targets, Transition, UndoState, UserId,
};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use self::preview::PreviewBuilder;
use super::clock::new_id;
use super::decide::{Verb, refused};
use super::detail::sentence;
use super::session;
use super::{Service, detached};
use crash::crash_point;
use store::{Bulk, BulkStart, NewBulkItem, StepItem, Transaction};

/// How long a plan can be started.
pub const PLAN_LIVES: SignedDuration = SignedDuration::from_mins(10);

/// How long a plan that nobody started is kept, to say that it is over.
const PLAN_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Items of one step: others wait for the write lock no longer than these take.
const STEP: usize = 50;

/// Looks for jobs of before a restart, and of other instances.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

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
        let mut builder = PreviewBuilder::default();
        let mut items = Vec::with_capacity(actions.len());
        for (action, proposer) in actions {
            let refusal = self.check(caller, &action, proposer, request.verb, now).err();
            let left_out = refusal.map(|error| sentence(&error));
            builder.add(&action, left_out.as_deref());
            let seen = Seen { expected_version: action.version, digest: action.digest };
            items.push(NewBulkItem { action: action.id, seen, left_out });
        }
        let bulk = Bulk {
            id: new_id(now),
            owner,
            verb: request.verb,
            preview: builder.preview(request.verb, request.from),
            created_at: now,
            expires_at: now + PLAN_LIVES,
            start: None,
        };
        let mut tx = self.store.begin().await?;
        tx.forget_plans(&by, now - PLAN_KEPT).await?;
        tx.insert_bulk(&by, &bulk, &items).await?;
        tx.commit().await?;
        self.shown_plan(bulk, now).await
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
        }
    }

    pub(super) async fn load_plan(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error> {
        let bulk = self.find(caller, id).await?;
        self.shown_plan(bulk, self.clock.now()).await
    }

    /// A plan or job of the caller's; another's is like one that there is not.
    async fn find(&self, caller: &Caller, id: BulkId) -> Result<Bulk, Error> {
        RowScope::of(caller)?;
        let owner = caller.person.ok_or(Denied::NoPerson)?;
        self.store.bulk(owner, id).await?.ok_or_else(|| Error::NotFound(Subject::bulk_plan(id)))
    }

    async fn shown_plan(&self, bulk: Bulk, now: Timestamp) -> Result<BulkPlan, Error> {
        let Bulk { id, verb, preview, expires_at, start, .. } = bulk;
        let items = self.store.bulk_items(id, TRIED, 0, shown()).await?;
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
            return Err(Error::invalid("", "nothing in this plan can be decided"));
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
        let mut items = self.store.bulk_items(id, states, after, shown() + 1).await?;
        let more = items.len() > ITEMS_SHOWN;
        items.truncate(ITEMS_SHOWN);
        Ok(BulkJob {
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

    /// A new plan of what a job did not get done, as it is now.
    pub(super) async fn plan_again(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error> {
        let bulk = self.find(caller, id).await?;
        if bulk.start.is_none_or(|start| start.ended_at.is_none()) {
            let detail = "it has not ended; wait for it, then try the rest again".to_owned();
            return Err(Error::Conflict { detail, current: Box::new(Current::named(Subject::bulk_job(id))) });
        }
        let mut ids = self.store.bulk_actions(id, &[ItemState::Refused, ItemState::Failed]).await?;
        if bulk.verb == BulkVerb::Undo {
            ids.extend(self.store.bulk_undo_failed(id).await?);
        }
        let (verb, targets, from) = (bulk.verb, Targets::Ids(ids), bulk.preview.from);
        self.plan(caller, BulkRequest { verb, targets, from }).await
    }

    /// Carries out jobs until `stop` is cancelled, also those that a process before left behind.
    pub async fn carry_out(self, authority: SystemAuthority, stop: CancellationToken) {
        let mut look = tokio::time::interval(POLL_INTERVAL);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.started.notified() => {}
                _ = look.tick() => {}
            }
            loop {
                match self.step(&authority).await {
                    Ok(true) if !stop.is_cancelled() => {}
                    Ok(_) => break,
                    Err(Error::Internal(text)) => {
                        tracing::error!(text, "a step of a job failed");
                        break;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a step of a job failed");
                        break;
                    }
                }
            }
        }
    }

    /// Decides on the next items of the job whose slot it is. False if no job has more to do.
    ///
    /// # Errors
    /// If the store fails; nothing of the step happened then.
    pub async fn step(&self, authority: &SystemAuthority) -> Result<bool, Error> {
        if !self.store.bulk_is_running().await? {
            return Ok(false);
        }
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        let most = u32::try_from(STEP).unwrap_or(u32::MAX);
        let Some(step) = tx.step_bulk(now, most).await? else { return Ok(false) };
        let (credential, user) = tx
            .principal(step.credential)
            .await?
            .ok_or_else(|| Error::Internal(format!("job {} was started by nobody", step.id)))?;
        // With the roles of now: one that was taken away since the start stops the rest.
        let caller = session::caller(&credential, user);
        let verb = verb(step.verb, step.reason);
        let mut settled: BTreeMap<(ItemState, Option<String>), Vec<i64>> = BTreeMap::new();
        for item in &step.items {
            let state = self.decide_item(&mut *tx, &caller, item, &verb, step.approval_id).await?;
            settled.entry(state).or_default().push(item.position);
        }
        for ((state, detail), positions) in settled {
            tx.settle_items(step.id, state, detail.as_deref(), &positions).await?;
        }
        if step.items.len() < STEP {
            tx.end_bulk(step.id, self.clock.now()).await?;
        }
        crash_point!("bulk.before_commit");
        tx.commit().await?;
        crash_point!("bulk.after_commit");
        Ok(true)
    }

    async fn decide_item(
        &self,
        tx: &mut dyn Transaction,
        caller: &Caller,
        item: &StepItem,
        verb: &Verb,
        together: ApprovalId,
    ) -> Result<(ItemState, Option<String>), Error> {
        tx.begin_savepoint().await?;
        match self.write(tx, caller, item.action, &item.seen, verb, Some(together)).await {
            Ok(_) => {
                tx.end_savepoint(true).await?;
                Ok((ItemState::Decided, None))
            }
            // It goes away, and the whole step is tried again.
            Err(error) if error.is_transient() => Err(error),
            Err(error) => {
                tx.end_savepoint(false).await?;
                if let Some(entry) = refused(item.action, verb.transition(), &error, self.clock.now()) {
                    tx.append_audit(&caller.recorded(), entry).await?;
                }
                if let Error::Internal(text) = &error {
                    tracing::error!(text, action = %item.action, "an item of a job failed");
                }
                let (state, detail) = outcome(verb, &error);
                Ok((state, Some(detail)))
            }
        }
    }
}

/// Items of an answer.
fn shown() -> u32 {
    u32::try_from(ITEMS_SHOWN).unwrap_or(u32::MAX)
}

fn verb(verb: BulkVerb, reason: Option<String>) -> Verb {
    match verb {
        BulkVerb::Approve => Verb::Approve { comment: reason },
        BulkVerb::Reject => Verb::Reject { reason: reason.unwrap_or_default() },
        BulkVerb::Undo => Verb::Undo { reason: reason.unwrap_or_default() },
    }
}

/// Where an item stands that was not decided, and why.
fn outcome(verb: &Verb, error: &Error) -> (ItemState, String) {
    let current: Option<Action> = match error {
        Error::Conflict { current, .. } => current.read(),
        _ => None,
    };
    let state = match (error, current, verb) {
        (Error::Internal(_), ..) => ItemState::Failed,
        (_, Some(current), Verb::Undo { .. })
            if matches!(current.undo, UndoState::Requested | UndoState::Undone) =>
        {
            ItemState::Skipped
        }
        (_, Some(current), Verb::Approve { .. } | Verb::Reject { .. })
            if current.decision != Decision::Pending =>
        {
            let by = current.decided_by.as_ref().map(|actor| format!(" by {}", actor.label()));
            let detail = format!("{}{}.", current.decision.label(), by.unwrap_or_default());
            return (ItemState::Skipped, detail);
        }
        _ => ItemState::Refused,
    };
    (state, sentence(error))
}

fn unknown(ids: &[ActionId], actions: &[(Action, Option<UserId>)]) -> Error {
    let known: HashSet<_> = actions.iter().map(|(action, _)| action.id).collect();
    let missing: Vec<_> = ids.iter().filter(|id| !known.contains(id)).map(ToString::to_string).collect();
    let first = missing.iter().take(EXAMPLES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if missing.len() > EXAMPLES { ", …" } else { "" };
    let detail = format!("{} of them do not exist, or you may not see them: {first}{more}", missing.len());
    Error::invalid("/ids", detail)
}
