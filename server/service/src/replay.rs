//! Answers kept under an Idempotency-Key, so that a repeat gets the first one again.

use domain::{Authorized, Caller, Error};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::clock::SharedClock;
use store::{KeyState, SharedStore};

/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The kept answers.
pub struct Replays {
    store: SharedStore,
    clock: SharedClock,
}

/// An answer as it was given: HTTP status and body.
pub type Answer = (u16, String);

/// A key that is ours to answer. It must be settled, or it stays in flight for its 24 hours.
#[must_use]
pub struct Claim {
    by: Authorized,
    principal: String,
    key: String,
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
            KeyState::New => Ok(Claimed::Ours(Claim { by, principal, key: key.to_owned() })),
            KeyState::InFlight => Err(Error::IdempotencyInFlight),
            KeyState::OtherRequest => Err(Error::IdempotencyKeyReused),
            KeyState::Answered { status, body } => Ok(Claimed::Answered((status, body))),
        }
    }

    /// Keeps the answer; with none, the key is free again.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn settle(&self, claim: Claim, answer: Option<&Answer>) -> Result<(), Error> {
        let answer = answer.map(|(status, body)| (*status, body.as_str()));
        let mut tx = self.store.begin().await?;
        tx.answer_key(&claim.by, &claim.principal, &claim.key, answer).await?;
        tx.commit().await?;
        Ok(())
    }
}
