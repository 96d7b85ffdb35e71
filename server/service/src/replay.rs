//! Answers kept under an Idempotency-Key, so that a repeat gets the first one again.
//!
//! The answer to a decision is kept in the decision's own transaction: after it, also a process that is killed leaves
//! the answer behind. Other answers follow what they answer to; if one is lost, what it answered to is asked for once
//! more, which changes nothing. An answer that was kept is given only to those who may still see what stands in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::{ActionId, Authorized, Caller, Error, RowScope};
use jiff::SignedDuration;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::clock::SharedClock;
use store::{KeyState, SharedStore, Transaction};

/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The kept answers.
pub struct Replays {
    store: SharedStore,
    clock: SharedClock,
}

/// An answer as it was given: HTTP status and body.
pub type Answer = (u16, String);

/// A key that is ours to answer. It must be settled, or it stays in flight.
#[must_use]
#[derive(Clone)]
pub struct Claim {
    by: Authorized,
    principal: String,
    key: String,
    /// Whether what was done has committed its own answer.
    settled: Arc<AtomicBool>,
}

tokio::task_local! {
    /// The claim for which the current task does what it does.
    static CLAIM: Claim;
}

/// The same work, for the claim of whoever calls this, wherever it runs then.
pub(crate) fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    // Here and now: in the task that runs the work there is none.
    let claim = CLAIM.try_with(Clone::clone).ok();
    async move {
        match claim {
            Some(claim) => CLAIM.scope(claim, work).await,
            None => work.await,
        }
    }
}

/// Keeps the answer to what the transaction does, if there is a key for it; it is kept exactly if that is done.
pub(crate) async fn settle_in(tx: &mut dyn Transaction, value: &impl Serialize) -> Result<(), Error> {
    let Ok(claim) = CLAIM.try_with(Clone::clone) else { return Ok(()) };
    let body = serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))?;
    tx.answer_key(&claim.by, &claim.principal, &claim.key, Some((OK, &body))).await?;
    claim.settled.store(true, Ordering::Release);
    Ok(())
}

/// Fields of answers that only those get who decide.
const DECIDERS: &[&str] = &["preview", "progress", "paused"];

/// The status of an answer that is kept with what it answers to.
const OK: u16 = 200;

impl Claim {
    /// Does the work for the claim.
    pub async fn work<T>(&self, work: impl Future<Output = T>) -> T {
        CLAIM.scope(self.clone(), work).await
    }
}

/// What became of a claim.
pub enum Claimed {
    /// Do it, then settle the claim.
    Ours(Claim),
    /// It was done; this was the answer.
    Answered(Answer),
}

impl Replays {
    /// Over a store and a clock.
    #[must_use]
    pub fn new(store: SharedStore, clock: SharedClock) -> Self {
        Self { store, clock }
    }

    /// Claims a key for a request. Keys of different principals have nothing to do with each other.
    ///
    /// # Errors
    /// Another request has the key, or the first one is still being answered; or the store failed.
    pub async fn claim(&self, caller: &Caller, key: &str, request: &[&[u8]]) -> Result<Claimed, Error> {
        let by = caller.recorded();
        // A tool's whose secret was renewed still is the same: a repeat after it is one.
        let principal = format!("{}:{}", caller.actor.kind, caller.principal());
        let mut hash = Sha256::new();
        for part in request {
            // With its length before each part, no two requests read the same.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let state =
            tx.claim_key(&by, &principal, key, &hex::encode(hash.finalize()), now, now - KEPT).await?;
        tx.commit().await?;
        match state {
            KeyState::New => {
                let settled = Arc::default();
                Ok(Claimed::Ours(Claim { by, principal, key: key.to_owned(), settled }))
            }
            KeyState::InFlight => Err(Error::IdempotencyInFlight),
            KeyState::OtherRequest => Err(Error::IdempotencyKeyReused),
            KeyState::Answered { status, body } => {
                self.check_sight(caller, &body).await?;
                Ok(Claimed::Answered((status, body)))
            }
        }
    }

    /// Whether the caller may see what stands in an answer: the actions of which it tells.
    async fn check_sight(&self, caller: &Caller, body: &str) -> Result<(), Error> {
        let mut ids = Vec::new();
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(body) {
            // Plans, jobs, and what is said of dispatch are for those who decide.
            if DECIDERS.iter().any(|field| value.get(field).is_some()) {
                caller.decider()?;
            }
            collect_actions(&value, &mut ids);
        }
        if ids.is_empty() {
            return Ok(());
        }
        ids.sort_unstable();
        ids.dedup();
        let scope = RowScope::of(caller)?;
        let seen = self.store.actions(&scope, &ids).await?;
        let hidden = |id: &&ActionId| !seen.iter().any(|(action, _)| action.id == **id);
        match ids.iter().find(hidden) {
            Some(id) => Err(Error::NotFound((*id).into())),
            None => Ok(()),
        }
    }

    /// Keeps the answer; with none, the key is free again.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn settle(&self, claim: Claim, answer: Option<&Answer>) -> Result<(), Error> {
        if claim.settled.load(Ordering::Acquire) && answer.is_some_and(|(status, _)| *status == OK) {
            return Ok(());
        }
        let answer = answer.map(|(status, body)| (*status, body.as_str()));
        let mut tx = self.store.begin().await?;
        tx.answer_key(&claim.by, &claim.principal, &claim.key, answer).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The ids of the actions in an answer, wherever they stand in it: an object with a digest and an id is one.
fn collect_actions(value: &serde_json::Value, ids: &mut Vec<ActionId>) {
    match value {
        serde_json::Value::Object(fields) => {
            let id = fields.get("id").filter(|_| fields.contains_key("digest"));
            ids.extend(id.and_then(|id| id.as_str()?.parse::<ActionId>().ok()));
            fields.values().for_each(|value| collect_actions(value, ids));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| collect_actions(value, ids)),
        _ => {}
    }
}
